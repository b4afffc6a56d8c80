"""What the simulator's tests share: clips, a libav client, and reading its pictures."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

import av

OPEN_S, READ_S = 10.0, 10.0
"""The client's own limits; far above what a test should need."""


@contextmanager
def opened(url: str, transport: str = "tcp") -> Iterator[av.container.InputContainer]:
    """A libav client, with a short look at the stream's start."""
    options = {"rtsp_transport": transport, "analyzeduration": "100000"}
    with av.open(url, options=options, timeout=(OPEN_S, READ_S)) as container:
        yield container


def frames(container: av.container.InputContainer, count: int) -> list[av.VideoFrame]:
    taken: list[av.VideoFrame] = []
    for frame in container.decode(video=0):
        taken.append(frame)
        if len(taken) == count:
            break
    return taken


def pixels(frame: av.VideoFrame) -> bytes:
    """The picture alone, so that equal pictures are equal bytes."""
    return frame.to_ndarray(format="gray").tobytes()


def pictures_of(clip: Path) -> list[bytes]:
    with av.open(str(clip)) as container:
        return [pixels(frame) for frame in container.decode(video=0)]


def steps(container_frames: list[av.VideoFrame]) -> list[float]:
    """Seconds from one picture to the next. libav's parser loses the time of a connection's
    first picture when it comes in more than four packets, so that one is left out."""
    times = [frame.time for frame in container_frames[1:]]
    assert all(time is not None for time in times)
    return [round(b - a, 4) for a, b in pairwise(times)]


def eventually(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    until = monotonic() + within_s
    while not condition():
        if monotonic() > until:
            return False
        sleep(0.02)
    return True
