"""The cameras of a weather, all in one process: beside the measured ones, not among them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from lab.bench.media import SMALL, BenchMedia
from lab.bench.spawned import Spawned
from lab.bench.weather import MANNERS, WEATHERS
from lab.footage.simulator import Simulator, load_clip
from lab.footage.simulator.odd_camera import odd_camera

CREDENTIALS = ("bench", "bench")
"""What the faults of logins are about."""

Connections = dict[str, int]
"""How often each camera was connected to."""
Skipped = dict[str, int]
"""Pictures that clients did not take in time, by camera."""


class BadCameras(Spawned):
    """One camera for each name of `WEATHERS`."""

    def __init__(self, names: Iterable[str], media: BenchMedia) -> None:
        clips = {name: media.clips[WEATHERS[name].clip] for name in names}
        super().__init__("the bad cameras", _serve, clips, media.clips[SMALL])
        self.urls: Mapping[str, str] = self.told

    def counted(self) -> tuple[Connections, Skipped]:
        connections, skipped = self.ask("")
        return connections, skipped


Count = Callable[[], tuple[int, int]]
"""Connections, and pictures that were not taken in time."""


def _serve(clips: Mapping[str, Path], small: Path, asked: Connection) -> None:
    """Each in a server of its own: some faults are of the whole device."""
    with ExitStack() as stack:
        cameras = {name: _camera(stack, name, clip, small) for name, clip in clips.items()}
        asked.send({name: url for name, (url, _) in cameras.items()})
        while True:
            asked.recv()
            counts = {name: count() for name, (_, count) in cameras.items()}
            asked.send(tuple({name: of[place] for name, of in counts.items()} for place in (0, 1)))


def _camera(stack: ExitStack, name: str, clip: Path, small: Path) -> tuple[str, Count]:
    """Its address, and what is counted of it."""
    weather = WEATHERS[name]
    if weather.manner is None:
        faults = {name: weather.fault} if weather.fault else {}
        simulator = Simulator({name: clip, SMALL: small}, faults=faults, credentials=CREDENTIALS)
        stack.enter_context(simulator)
        return simulator.url(name, with_credentials=True), partial(_counted, simulator, name)
    picture_s = 1 / load_clip(clip).fps
    odd = stack.enter_context(odd_camera(clip, MANNERS[weather.manner], picture_s=picture_s))
    return odd.url, lambda: (odd.connections, 0)


def _counted(simulator: Simulator, name: str) -> tuple[int, int]:
    stats = simulator.stats.cameras[name]
    return stats.connects, stats.pictures_skipped
