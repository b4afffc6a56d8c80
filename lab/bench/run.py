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
from lab.bench.cast import Cast, cast_of, footage_of, names_of
from lab.bench.ears import Ears, Heard
from lab.bench.measure import Measured, Stage, measured, wait_for_all, wait_for_cases
from lab.bench.media import NIGHT, STREET, BenchMedia
from lab.bench.processes import child_named
from lab.bench.report import (
    BenchMachine,
    BenchReport,
    FootageSent,
    bad_camera_seen,
    cameras_seen,
)
from lab.bench.scenes import NIGHT_WORKER, WORKER, scenes_seen, seen_of
from lab.bench.stage import BUSY_WORKER, QUIET_WORKER, CameraServer, configuration_of, program
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
    night: int = 0
    """So many of the cameras show a quiet night, and have a worker of their own, so that what they
    cost is known apart; none of those of a foreign server."""
    weather: Sequence[str] = ()
    """Cameras that misbehave beside the measured ones (`lab.bench.weather`)."""
    look_every_s: float = 4.0
    source: str | None = None
    """An address with {} for the number of the camera; else the simulator plays."""
    substreams: bool = False
    """Looks are taken from a second, small stream of each simulated camera."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Parts of a configuration: detector, streams …"""

    @property
    def cast(self) -> Cast:
        """Who shows what.

        Raises:
            ConfigurationError: what is to be planted does not fit, or too many are quiet.
        """
        plant = self.plant if self.source is None else {}
        return cast_of(self.cameras, self.night, plant, self.seconds)


def run_bench(order: BenchOrder, media: BenchMedia, data: Path, tell: Tell) -> BenchReport:
    """Run everything below `data`, an empty folder, and stop it again.

    Raises:
        ConfigurationError: something does not start.
    """
    with ExitStack() as stack:
        cast = order.cast
        server = None if order.source else _cameras(order, cast, media, tell)
        if server is not None:
            stack.callback(server.stop)
        bad = BadCameras(order.weather, media) if order.weather else None
        if bad is not None:
            stack.callback(bad.stop)
        port = free_port()
        config = _written(order, server, bad, cast, port, data)
        bus_url = stack.enter_context(open_bus(load(config, data_dir=data)))
        ears = stack.enter_context(_listening(bus_url))
        programs = {"center": stack.enter_context(program("center", config, data))}
        pids = {"center": programs["center"].pid}
        if (bus := child_named("valkey-server")) is not None:
            pids["bus"] = bus
        for name, worker_id in _workers(cast).items():
            programs[name] = stack.enter_context(program("worker", config, data, worker_id))
            pids[name] = programs[name].pid
        if server is not None:
            pids["simulator"] = server.pid
        if bad is not None:
            pids["bad cameras"] = bad.pid
        stage = Stage(ears, server, pids, port, bad, programs)
        startup_s = wait_for_all(stage, names_of(order.cameras), tell)
        found = measured(stage, cast.plants, order.seconds, tell)
        report = _report(order, stage, found, startup_s, tell)
        return report.model_copy(update=_shown(server, cast, media) if server else {})


def _workers(cast: Cast) -> dict[str, str | None]:
    """The workers by how the report calls them, and their ids where there are two."""
    if not (cast.busy and cast.quiet):
        return {WORKER: None}
    return {WORKER: BUSY_WORKER, NIGHT_WORKER: QUIET_WORKER}


def _shown(server: CameraServer, cast: Cast, media: BenchMedia) -> dict[str, Any]:
    """The report's part on what the simulator sent."""
    return {
        "camera_mbit_s": round(media.mbit_s(STREET if cast.busy else NIGHT), 2),
        "footage": FootageSent(
            clips=len({part.clip for name, part in cast.parts.items() if name in server.watched}),
            keyframes=server.distinct.keyframes,
        ),
    }


def _cameras(order: BenchOrder, cast: Cast, media: BenchMedia, tell: Tell) -> CameraServer:
    small = None
    if order.substreams:
        small = media.small(lambda what, done, of: tell(what, done / of))
    return CameraServer(footage_of(cast, media, small, tell))


def _written(
    order: BenchOrder,
    server: CameraServer | None,
    bad: BadCameras | None,
    cast: Cast,
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
        plants=cast.plants,
        bad=bad.urls if bad else None,
        quiet=cast.quiet if cast.busy else (),
    )
    config.write_text(text, encoding="utf-8")
    return config


def _report(
    order: BenchOrder, stage: Stage, found: Measured, startup_s: float | None, tell: Tell
) -> BenchReport:
    judged = wait_for_cases(stage, found, tell)
    heard, reconnects = found.heard, found.reconnects
    seen = seen_of(names_of(order.cameras), found)
    worker_cores = sum(found.cpu_cores[name] for name in _workers(order.cast))
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
        worker_cores_per_camera=round(worker_cores / order.cameras, 4),
        scenes=scenes_seen(order.cast, found),
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
        for number, name in enumerate(names_of(order.cameras))
    }


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
