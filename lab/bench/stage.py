"""The bench's processes: simulated cameras, bus, center and worker, each by itself."""

import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigurationError
from lab.bench.cast import SHOWN_FROM, SUB, Distinct, Footage, distinct
from lab.bench.plants import Plant
from lab.bench.spawned import STOP_WITHIN_S, Spawned
from lab.footage.simulator import Fault, Simulator

BUSY_WORKER, QUIET_WORKER = "street", "night"
"""Where quiet cameras are measured apart, each of the two kinds has a worker of its own."""
BAD_PROMISE = 3.0
"""Bad cameras are promised a look so many times as seldom as the measured ones: they are read and
recorded like those, and what a machine can look at is left for what is measured."""
_SKIPPED = "?skipped"
_SITE = {"id": "bench", "name": "测试场", "lon": 103.9, "lat": 30.5}
_APPROVALS = {
    "road_occupation": {
        "legal_basis": "测试片段 (clips of the bench)",
        "approved_by": "测试 (bench)",
        "approved_on": "2026-01-01",
    }
}

Skipped = dict[str, int]
"""Pictures that clients did not take in time, by camera."""


class CameraServer(Spawned):
    """The measured cameras' simulator."""

    def __init__(self, footage: Footage) -> None:
        """Raises ConfigurationError when two cameras have a keyframe in common."""
        super().__init__("the simulator", _serve, footage)
        urls, self.distinct = self.told
        assert isinstance(self.distinct, Distinct)
        if alike := self.distinct.alike:
            self.stop()
            raise ConfigurationError(
                "expected keyframes of each camera's own, got the same in "
                + ", ".join(" and ".join(pair) for pair in alike[:3])
            )
        self.watched: Mapping[str, str] = {
            name: url
            for name, url in urls.items()
            if not name.startswith(SHOWN_FROM) and not name.endswith(SUB)
        }
        self.small = {name: urls[name + SUB] for name in self.watched if name + SUB in urls}
        """Addresses of second streams, by the names of their cameras."""

    def skipped(self) -> Skipped:
        """Pictures that clients did not take in time, since the start; of both streams."""
        counts: Skipped = self.ask(_SKIPPED)
        return counts

    def show(self, camera: str) -> datetime:
        """Let a camera see what is planted in it, from its beginning on; when that was."""
        at: datetime = self.ask(camera)
        return at


def _serve(footage: Footage, asked: Connection) -> None:
    with Simulator(footage.clips, keyframes=footage.keyframes) as simulator:
        urls = {name: simulator.url(name) for name in footage.clips}
        asked.send((urls, distinct(simulator.clips)))
        while True:
            asked.send(_answer(simulator, *asked.recv()))


def _answer(simulator: Simulator, camera: str) -> Skipped | datetime:
    if camera == _SKIPPED:
        counts: Skipped = {}
        for name, stats in simulator.stats.cameras.items():
            whose = name.removesuffix(SUB)
            counts[whose] = counts.get(whose, 0) + stats.pictures_skipped
        return counts
    for end in [SUB, ""] if camera + SUB in simulator.names else [""]:
        simulator.set_fault(camera + end, Fault(kind="switch", to=SHOWN_FROM + camera + end))
    return datetime.now(UTC)


def configuration_of(
    urls: Mapping[str, str],
    base: Mapping[str, Any],
    *,
    look_every_s: float,
    port: int,
    small: Mapping[str, str] | None = None,
    plants: Iterable[Plant] = (),
    bad: Mapping[str, str] | None = None,
    quiet: Collection[str] = (),
) -> str:
    """The configuration of a bench as YAML; `base` is what the user's own file says, `small` the
    addresses of second streams, `bad` those of cameras that misbehave. Cameras in which something
    is planted watch for it; those that are `quiet` have a worker of their own."""
    urls = {**urls, **(bad or {})}
    own: dict[str, dict[str, Any]] = {name: {} for name in urls}
    for name in bad or {}:
        own[name]["look_every_s"] = BAD_PROMISE * look_every_s
    for name, url in (small or {}).items():
        own[name]["detect_url"] = url
    for plant in plants:
        own[plant.camera] |= {"rules": dict(plant.kind.rules), "zones": list(plant.kind.zones)}
    for name in own if quiet else ():
        own[name]["worker"] = QUIET_WORKER if name in quiet else BUSY_WORKER
    data = {
        **base,
        **(_two_workers(base.get("worker", {})) if quiet else {}),
        "console": {"host": "127.0.0.1", "port": port},
        "defaults": {"look_every_s": look_every_s, "rules": {"fire": {}}},
        "approvals": _APPROVALS,
        "sites": [_SITE],
        "cameras": [
            {"id": name, "name": f"测试 {name}", "site_id": "bench", "url": url} | own[name]
            for name, url in urls.items()
        ],
    }
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def _two_workers(usual: Mapping[str, Any]) -> dict[str, Any]:
    """Where there are two, the name that a file gives to the only one is nobody's."""
    unnamed = {key: value for key, value in usual.items() if key != "id"}
    return {"worker": unnamed, "workers": {BUSY_WORKER: {}, QUIET_WORKER: {}}}


@contextmanager
def program(
    command: str, config: Path, data: Path, worker_id: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`patrol COMMAND`, for as long as the block lasts; its words go to a file below `data`.
    `worker_id`: which worker it is, where there are several."""
    words = (data / f"{'-'.join(filter(None, (command, worker_id)))}.log").open("wb")
    call = [sys.executable, "-m", "patrol", command, "--config", str(config), "--data", str(data)]
    call += ["--id", worker_id] if worker_id else []
    process = subprocess.Popen(call, stdout=words, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
        words.close()
