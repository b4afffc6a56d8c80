"""One bench run: start everything, wait until all cameras are seen, then measure."""

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationError
from events_bridge.consumer import Consumer
from lab.bench.bad_cameras import BadCameras
from lab.bench.ears import Ears, Heard
from lab.bench.measure import Measured, Stage, measured, wait_for_all, wait_for_cases
from lab.bench.media import BenchMedia
from lab.bench.plants import Plant, plants_of
from lab.bench.processes import child_named
from lab.bench.report import BenchMachine, BenchReport, bad_camera_seen, cameras_seen
from lab.bench.stage import CameraServer, clips_of, configuration_of, program
from lab.bench.steadiness import steadiness
from models.tuning.machine import this_machine
from patrol.bus import open_bus
from settings.loading import load

_NUMBER = re.compile(r"\{(\d*)\}")

Tell = Callable[[str, float], None]
"""Called with what goes on and the share that is done, 0-1."""


@dataclass(frozen=True)
class BenchOrder:
    """What is to be measured."""

    cameras: int
    seconds: float
    plant: Mapping[str, int] = field(default_factory=dict)
    """How many of which kind (`lab.bench.plants`); nothing is planted in foreign cameras."""
    weather: Sequence[str] = ()
    """Cameras that misbehave beside the measured ones (`lab.bench.weather`)."""
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
        server = None if order.source else _cameras(order, media, tell)
        if server is not None:
            stack.callback(server.stop)
        bad = BadCameras(order.weather, media) if order.weather else None
        if bad is not None:
            stack.callback(bad.stop)
        port = free_port()
        plants = plants_of(order.cameras, order.plant, order.seconds) if server else []
        config = _written(order, server, bad, plants, port, data)
        bus_url = stack.enter_context(open_bus(load(config, data_dir=data)))
        ears = stack.enter_context(_listening(bus_url))
        programs = {"center": stack.enter_context(program("center", config, data))}
        pids = {"center": programs["center"].pid}
        if (bus := child_named("valkey-server")) is not None:
            pids["bus"] = bus
        programs["worker"] = stack.enter_context(program("worker", config, data))
        pids["worker"] = programs["worker"].pid
        if server is not None:
            pids["simulator"] = server.pid
        if bad is not None:
            pids["bad cameras"] = bad.pid
        stage = Stage(ears, server, pids, port, bad, programs)
        startup_s = wait_for_all(stage, _names(order), tell)
        found = measured(stage, plants, order.seconds, tell)
        report = _report(order, stage, found, startup_s, tell)
        sent_mbit_s = None if order.source else round(media.street_mbit_s, 2)
        return report.model_copy(update={"camera_mbit_s": sent_mbit_s})


def _cameras(order: BenchOrder, media: BenchMedia, tell: Tell) -> CameraServer:
    small = None
    if order.substreams:
        small = media.small(lambda what, done, of: tell(what, done / of))
    return CameraServer(clips_of(order.cameras, media, small))


def _written(
    order: BenchOrder,
    server: CameraServer | None,
    bad: BadCameras | None,
    plants: Sequence[Plant],
    port: int,
    data: Path,
) -> Path:
    """The file of the bench's configuration."""
    config = data / "bench.yaml"
    text = configuration_of(
        server.watched if server else urls_of(order),
        order.settings,
        look_every_s=order.look_every_s,
        port=port,
        small=server.small if server else None,
        plants=plants,
        bad=bad.urls if bad else None,
    )
    config.write_text(text, encoding="utf-8")
    return config


def _report(
    order: BenchOrder, stage: Stage, found: Measured, startup_s: float | None, tell: Tell
) -> BenchReport:
    judged = wait_for_cases(stage, found, tell)
    heard, reconnects = found.heard, found.reconnects
    seen = cameras_seen(
        {name: heard[name] for name in _names(order) if name in heard}, reconnects, found.skipped
    )
    return BenchReport(
        cameras=order.cameras,
        seconds=round(found.lasted_s, 1),
        startup_s=startup_s,
        look_every_s=order.look_every_s,
        looks_per_s=round(seen.looks / found.lasted_s, 2),
        early_looks=seen.early_looks,
        looks_by_kind=seen.looks_by_kind,
        look_interval_s=seen.look_interval_s,
        worst_camera_p99_s=seen.worst_camera_p99_s,
        late=seen.late,
        gaps=sum(seen.gaps.values()),
        gap_causes=seen.gaps,
        packets_lost=seen.pictures_skipped,
        reconnects=seen.reconnects,
        cpu_cores=found.cpu_cores,
        worker_cores_per_camera=round(found.cpu_cores["worker"] / order.cameras, 4),
        rss_mb=found.rss_mb,
        rings=found.rings,
        worker=steadiness(found.held),
        ended=found.ended,
        weather={
            name: bad_camera_seen(
                cameras_seen({name: heard.get(name, Heard())}, reconnects, found.skipped),
                found.said.get(name),
                found.connections.get(name, 0),
            )
            for name in order.weather
        },
        runs_on=stage.ears.runs_on,
        machine=BenchMachine.of(this_machine(), stage.ears.runs_on),
        **judged,
    )


def _names(order: BenchOrder) -> list[str]:
    """The measured cameras."""
    return [f"cam{number}" for number in range(order.cameras)]


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


def urls_of(order: BenchOrder) -> dict[str, str]:
    """Addresses of the cameras of another server: ``{}`` in its address counts from 0, ``{1}``
    from 1.

    Raises:
        ConfigurationError: there is no place for the number.
    """
    assert order.source is not None
    place = _NUMBER.search(order.source)
    if place is None:
        raise ConfigurationError(
            f"--source: expected an address with {{}} for the number of the camera "
            f"({{1}} if the first is 1), got {order.source}"
        )
    first = int(place[1] or 0)
    return {
        name: _NUMBER.sub(str(first + number), order.source)
        for number, name in enumerate(_names(order))
    }


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
