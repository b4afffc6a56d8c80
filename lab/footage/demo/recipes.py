"""The demo's cameras: which view each has, what is done to its picture, how it is encoded."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from lab.footage.demo.compose import Sensor, View, captioned, night, seen
from lab.footage.demo.painter import FirePainter
from streams.encode import Codec
from streams.frame import Image

FPS = 10
FIRE_CAPTION = "COMPOSED FIRE (DEMO)"

Treatment = Callable[[Iterable[Image]], Iterator[Image]]
"""What is done to a camera's pictures, in their order."""


@dataclass(frozen=True)
class Recipe:
    """How one camera's clip is made from the source clip. Only what must be long is long: a
    fresh machine makes all of them before the demo's first page."""

    camera: str
    treat: Treatment
    view: View = (0.0, 0.0, 1.0, 1.0)
    """The part of the source that this camera sees, x1 y1 x2 y2 in 0-1."""
    begins_s: float = 0.0
    """The camera's loop begins this far into the source, so that not all show the same moment."""
    loop_s: float = 80.0
    codec: Codec = "h264"
    gop: int = FPS
    """Pictures from keyframe to keyframe."""
    crf: int = 23
    preset: str = "veryfast"

    @property
    def count(self) -> int:
        """How many pictures the loop has."""
        return round(self.loop_s * FPS)

    def pictures(self, source: Iterable[Image], size_wh: tuple[int, int]) -> Iterator[Image]:
        """The clip's pictures, (height, width, 3) uint8 BGR of `size_wh`."""
        return self.treat(seen(image, self.view, size_wh) for image in source)


def as_it_is(images: Iterable[Image]) -> Iterator[Image]:
    """Nothing is done."""
    yield from images


def with_fire(images: Iterable[Image]) -> Iterator[Image]:
    """A fire breaks out, burns and goes out; the picture says that it is composed."""
    painter: FirePainter | None = None
    for number, image in enumerate(images):
        if painter is None:
            painter = FirePainter((image.shape[1], image.shape[0]))
        yield captioned(painter.paint(image, number / FPS), FIRE_CAPTION)


def frozen(images: Iterable[Image]) -> Iterator[Image]:
    """The first picture for ever, as an encoder that hangs sends it."""
    first: Image | None = None
    for image in images:
        first = image if first is None else first
        yield first


def black(images: Iterable[Image]) -> Iterator[Image]:
    """What comes through a covered lens: black, and the sensor's slight grain."""
    for image, sensor in _with_sensor(images, sigma=1.2):
        yield sensor.grainy(np.full_like(image, 6))


def dark(images: Iterable[Image]) -> Iterator[Image]:
    """The same place at night."""
    for image, sensor in _with_sensor(images, sigma=4.0):
        yield sensor.grainy(night(image))


def _with_sensor(images: Iterable[Image], *, sigma: float) -> Iterator[tuple[Image, Sensor]]:
    sensor: Sensor | None = None
    for image in images:
        sensor = sensor or Sensor((image.shape[1], image.shape[0]), sigma, seed=1)
        yield image, sensor


RECIPES = (
    Recipe("square", as_it_is),
    Recipe("kerb", as_it_is, view=(0.54, 0.0, 1.0, 0.46)),
    Recipe("fire", with_fire, begins_s=20, loop_s=60),
    # One group of pictures: every keyframe is the same to the bit, as from a camera that hangs.
    Recipe("frozen", frozen, view=(0.0, 0.1, 0.6, 0.7), begins_s=12, loop_s=2, gop=2 * FPS),
    Recipe("black", black, loop_s=20, gop=2 * FPS),
    Recipe("dark", dark, begins_s=4, loop_s=40, crf=29),
    Recipe("drops", as_it_is, view=(0.0, 0.15, 0.7, 0.85), begins_s=60),
    Recipe(
        "h265", as_it_is, view=(0.3, 0.05, 1.0, 0.75), begins_s=4, loop_s=40,
        codec="hevc", crf=26, preset="ultrafast",
    ),
)  # fmt: skip
"""The eight cameras of `configs/demo.yaml`. That one drops its connection is the simulator's
doing, not the picture's."""
