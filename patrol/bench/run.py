"""One bench run: start everything, wait until all cameras are seen, then measure."""

import hashlib
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from domain.errors import ConfigurationError
from events_bridge.consumer import Consumer
from models.speed import this_machine
from patrol.bench.ears import Ears
from patrol.bench.media import BenchMedia
from patrol.bench.processes import Cost, child_named, cost_of
from patrol.bench.report import BenchReport, intervals, spread, summed
from patrol.bench.stage import CameraServer, clips_of, configuration_of, plants_of, program
from patrol.bus import open_bus
from patrol.loading import load

STARTS_WITHIN_S = 120.0
SETTLE_S = 10.0
"""Evidence and cases may come this much later than what they are of."""
PAGE = 200

Tell = Callable[[str, float], None]
"""Called with what goes on and the share that is done, 0-1."""


@dataclass(frozen=True)
class BenchOrder:
    """What is to be measured."""

    cameras: int
    seconds: float
    fires: int = 3
    look_every_s: float = 4.0
    source: str | None = None
    """An address with {} for the number of the camera; else the simulator plays."""
    substreams: bool = False
    """Looks are taken from a second, small stream of each simulated camera."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Parts of a configuration: detector, streams …"""


def run_bench(order: BenchOrder, media: BenchMedia, data: Path, tell: Tell) -> BenchReport:
    """Run everything below `data`, an empty folder, and stop it again.

    Raises:
        ConfigurationError: something does not start.
    """
    with ExitStack() as stack:
        small = None
        if order.substreams:
            small = media.small(lambda what, done, of: tell(what, done / of))
        server = None if order.source else CameraServer(clips_of(order.cameras, media, small))
        if server is not None:
            stack.callback(server.stop)
        port = _free_port()
        urls = server.watched if server else _urls(order)
        config = data / "bench.yaml"
        text = configuration_of(
            urls,
            order.settings,
            look_every_s=order.look_every_s,
            port=port,
            small=server.small if server else None,
        )
        config.write_text(text, encoding="utf-8")
        configuration = load(config, data_dir=data)
        bus_url = stack.enter_context(open_bus(configuration))
        ears = stack.enter_context(_listening(bus_url))
        pids = {"center": stack.enter_context(program("center", config, data)).pid}
        if (bus := child_named("valkey-server")) is not None:
            pids["bus"] = bus
        pids["worker"] = stack.enter_context(program("worker", config, data)).pid
        if server is not None:
            pids["simulator"] = server.pid
        startup_s = _wait_for_all(ears, order.cameras, tell)
        return _measure(order, server, ears, pids, port, startup_s, tell)


def _measure(
    order: BenchOrder,
    server: CameraServer | None,
    ears: Ears,
    pids: Mapping[str, int],
    port: int,
    startup_s: float | None,
    tell: Tell,
) -> BenchReport:
    ears.begin()
    skipped = server.skipped() if server else 0
    before, began_s = {name: cost_of(pid) for name, pid in pids.items()}, time.monotonic()
    waiting = plants_of(order.cameras, order.fires, order.seconds) if server else {}
    onsets: dict[str, datetime] = {}
    while (done_s := time.monotonic() - began_s) < order.seconds:
        tell("measuring", done_s / order.seconds)
        if server is not None:
            for camera in [name for name, at_s in waiting.items() if at_s <= done_s]:
                onsets[camera] = server.burn(camera)
                del waiting[camera]
        time.sleep(0.5)
    after = {name: cost_of(pid) for name, pid in pids.items()}
    lasted_s = time.monotonic() - began_s
    per_camera, late, looks, gaps, runs_on = ears.counts()
    lost = server.skipped() - skipped if server else 0
    tell("waiting for evidence", 1.0)
    time.sleep(SETTLE_S)
    every, worst = intervals(per_camera)
    found = _cases(onsets, port)
    machine = this_machine()
    return BenchReport(
        cameras=order.cameras,
        seconds=round(lasted_s, 1),
        startup_s=startup_s,
        looks_per_s=round(looks / lasted_s, 2),
        look_interval_s=every,
        worst_camera_p99_s=worst,
        late=summed(late),
        gaps=gaps,
        packets_lost=lost,
        reconnects=sum(ears.reconnects.values()),
        cpu_cores=_cores(before, after, lasted_s),
        rss_mb={name: round(cost.rss_mb, 1) for name, cost in after.items()},
        runs_on=runs_on,
        machine=f"{machine.processor}, {machine.cores} cores",
        **found,
    )


def _cores(
    before: Mapping[str, Cost], after: Mapping[str, Cost], lasted_s: float
) -> dict[str, float]:
    return {name: round((after[name].cpu_s - before[name].cpu_s) / lasted_s, 3) for name in after}


def _cases(onsets: Mapping[str, datetime], port: int) -> dict[str, Any]:
    """Cases against what was planted, and their evidence against its hashes."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as web:
        cases = web.get("/api/cases", params={"limit": PAGE, "order": "newest"}).json()["cases"]
        evidence = _verified(web, cases)
    opened: defaultdict[str, list[datetime]] = defaultdict(list)
    for case in cases:
        opened[case["camera_id"]].append(datetime.fromisoformat(case["opened_at"]))
    latencies_s = {
        camera: min((at - onset).total_seconds() for at in opened[camera] if at >= onset)
        for camera, onset in onsets.items()
        if any(at >= onset for at in opened[camera])
    }
    return {
        "planted": len(onsets),
        "missed": len(onsets) - len(latencies_s),
        "cases": len(cases),
        "extra": len(cases) - len(latencies_s),
        "latency_s": spread(latencies_s.values(), (50, 95)),
        "evidence": evidence,
    }


def _verified(web: httpx.Client, cases: list[dict[str, Any]]) -> dict[str, int]:
    counts = {"checked": 0, "bad": 0, "missing": 0}
    for case in cases:
        for piece in web.get(f"/api/cases/{case['no']}/evidence").json():
            if piece["status"] != "sealed":
                counts["missing"] += 1
                continue
            content = web.get(f"/api/evidence/{piece['id']}/file").content
            whole = hashlib.sha256(content).hexdigest() == piece["sha256"]
            counts["checked" if whole else "bad"] += 1
    return counts


def _wait_for_all(ears: Ears, cameras: int, tell: Tell) -> float | None:
    """Seconds until every camera was looked at once; None if that did not come in time."""
    began_s = time.monotonic()
    while (waited_s := time.monotonic() - began_s) < STARTS_WITHIN_S:
        tell("starting", ears.looked / cameras)
        if ears.looked == cameras:
            return round(waited_s, 1)
        time.sleep(0.2)
    if not ears.looked:
        raise ConfigurationError(
            f"expected looks at {cameras} cameras, got none within {STARTS_WITHIN_S:g} s; "
            "worker.log in the bench's folder tells why"
        )
    return None


@contextmanager
def _listening(bus_url: str) -> Iterator[Ears]:
    ears, stopping = Ears(), threading.Event()
    consumer = Consumer(bus_url, group="bench", name="bench", handler=ears.hear)
    thread = threading.Thread(target=consumer.run, args=(stopping,), daemon=True)
    thread.start()
    try:
        yield ears
    finally:
        stopping.set()
        thread.join(5)
        consumer.close()


def _urls(order: BenchOrder) -> dict[str, str]:
    assert order.source is not None
    if "{}" not in order.source:
        raise ConfigurationError(f"--source: expected an address with {{}}, got {order.source}")
    return {f"cam{n}": order.source.replace("{}", str(n)) for n in range(order.cameras)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
