"""The bench's processes: simulated cameras, bus, center and worker, each by itself."""

import multiprocessing
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigurationError
from patrol.bench.media import BURNING, BenchMedia
from streams.simulator import Fault, Simulator

STOP_WITHIN_S = 15.0
START_WITHIN_S = 30.0
FOUND_WITHIN_S = 30.0
"""The last fire breaks out this long before the end, so that none is cut off."""
FIRE = "fire"
SUB = "/sub"
"""What the name of a camera's second stream ends with."""
_SKIPPED = "?skipped"
_SITE = {"id": "bench", "name": "测试场", "lon": 103.9, "lat": 30.5}


class CameraServer:
    """The simulator in a process of its own, so that its cost is not the bench's."""

    def __init__(self, clips: Mapping[str, Path]) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._ours, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_serve, args=(dict(clips), theirs), daemon=True)
        self._process.start()
        if not self._ours.poll(START_WITHIN_S):
            raise ConfigurationError(f"the simulator did not start within {START_WITHIN_S:g} s")
        urls: Mapping[str, str] = self._ours.recv()
        self.watched = {
            name: url for name, url in urls.items() if name != FIRE and not name.endswith(SUB)
        }
        self.small = {name: urls[name + SUB] for name in self.watched if name + SUB in urls}
        """Addresses of second streams, by the names of their cameras."""

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def skipped(self) -> int:
        """Pictures that clients did not take in time, since the start."""
        self._ours.send(_SKIPPED)
        count: int = self._ours.recv()
        return count

    def burn(self, camera: str) -> datetime:
        """Let a fire break out in front of a camera; when its first flame shows."""
        self._ours.send(camera)
        onset: datetime = self._ours.recv()
        return onset

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(STOP_WITHIN_S)


def _serve(clips: dict[str, Path], asked: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Simulator(clips) as simulator:
        asked.send({name: simulator.url(name) for name in clips})
        while True:
            asked.send(_answer(simulator, asked.recv()))


def _answer(simulator: Simulator, question: str) -> int | datetime:
    if question == _SKIPPED:
        return sum(c.pictures_skipped for c in simulator.stats.cameras.values())
    for end in [SUB, ""] if question + SUB in simulator.names else [""]:
        simulator.set_fault(question + end, Fault(kind="switch", to=FIRE + end))
    return datetime.now(UTC) + timedelta(seconds=BURNING.starts_s)


def plants_of(cameras: int, fires: int, seconds: float) -> dict[str, float]:
    """The cameras in which a fire breaks out, spread evenly among all, and when: seconds from the
    beginning, spread evenly over all but the last `FOUND_WITHIN_S`."""
    most = min(fires, cameras)
    apart_s = max(seconds - FOUND_WITHIN_S, 0.0) / max(most, 1)
    return {f"cam{int((i + 0.5) * cameras / most)}": i * apart_s for i in range(most)}


def clips_of(cameras: int, media: BenchMedia, small: BenchMedia | None = None) -> dict[str, Path]:
    """Which clip each camera plays, as its second stream too if there are `small` ones; and one
    that nobody watches, from which fires are taken."""
    clips = {f"cam{number}": media.street for number in range(cameras)} | {FIRE: media.fire}
    if small is None:
        return clips
    of = {media.street: small.street, media.fire: small.fire}
    return clips | {name + SUB: of[clip] for name, clip in clips.items()}


def configuration_of(
    urls: Mapping[str, str],
    base: Mapping[str, Any],
    *,
    look_every_s: float,
    port: int,
    small: Mapping[str, str] | None = None,
) -> str:
    """The configuration of a bench as YAML; `base` is what the user's own file says, `small` the
    addresses of second streams."""
    detect = {name: {"detect_url": url} for name, url in (small or {}).items()}
    data = {
        **base,
        "console": {"host": "127.0.0.1", "port": port},
        "defaults": {"look_every_s": look_every_s, "rules": {"fire": {}}},
        "sites": [_SITE],
        "cameras": [
            {"id": name, "name": f"测试 {name}", "site_id": "bench", "url": url}
            | detect.get(name, {})
            for name, url in urls.items()
        ],
    }
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


@contextmanager
def program(command: str, config: Path, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`patrol COMMAND`, for as long as the block lasts; its words go to a file below `data`."""
    words = (data / f"{command}.log").open("wb")
    call = [sys.executable, "-m", "patrol", command, "--config", str(config), "--data", str(data)]
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
