"""A stage: a background and the actors that come into it, drawn and written down alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lab.footage.demo.compose import Sensor
from lab.trials.boxes import Moment, WrittenBox
from lab.trials.scenarios.drawing import SIZE_WH, Colour, Draw, Place
from streams.frame import Image

Point = tuple[float, float, float]
"""A second of the clip, and where the middle of the lower edge is then: at_s, x, y."""
Treat = Callable[[Image, float], Image]
"""What light or the camera does to the whole picture at a second."""

MISSED = 0.08
"""Share of the looks in which a detector overlooks what plainly stands there."""
SHAKY = 0.02
"""By how much of its own size each side of a box errs (standard deviation)."""
SCORES = (0.35, 0.75)
HIDDEN = 0.6
"""A thing that is covered by so much is not seen."""


@dataclass(frozen=True)
class Actor:
    """A thing that comes, stays and goes. `path` is where it stands at which second; it is there
    from its first point to its last, in between on the straight line."""

    draw: Draw
    size: tuple[float, float]
    """Width and height, frame units."""
    path: tuple[Point, ...]
    colour: Colour = (150, 150, 150)
    label: str | None = None
    """What a detector calls it; none: no class names it."""
    missed: float = MISSED

    def place(self, at_s: float) -> Place | None:
        """Where it is, or None while it is away."""
        times_s = [point[0] for point in self.path]
        if not times_s[0] <= at_s <= times_s[-1]:
            return None
        x = float(np.interp(at_s, times_s, [point[1] for point in self.path]))
        y = float(np.interp(at_s, times_s, [point[2] for point in self.path]))
        width, height = self.size
        return x - width / 2, y - height, x + width / 2, y


@dataclass(frozen=True)
class Turn:
    """From a second on the camera looks elsewhere: all that it shows lies so far beside."""

    at_s: float
    right: float
    down: float

    def seen(self, image: Image, at_s: float) -> Image:
        if at_s < self.at_s:
            return image
        height, width = image.shape[:2]
        shift = np.array([[1, 0, self.right * width], [0, 1, self.down * height]], np.float32)
        turned = cv2.warpAffine(image, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(turned, np.uint8)

    def place(self, place: Place, at_s: float) -> Place:
        if at_s < self.at_s:
            return place
        x1, y1, x2, y2 = place
        return x1 + self.right, y1 + self.down, x2 + self.right, y2 + self.down


@dataclass(frozen=True)
class Stage:
    """A scene of so many seconds."""

    background: Image
    actors: tuple[Actor, ...]
    seconds: float
    fps: int = 1
    treat: Treat | None = None
    turn: Turn | None = None
    grain: float = 2.0
    seed: int = 0

    def pictures(self) -> Iterator[Image]:
        """The pictures of the clip, with a sensor's grain on them."""
        sensor = Sensor(SIZE_WH, self.grain, self.seed)
        for at_s in self._times_s():
            image = self.background.copy()
            for actor, place in self._present(at_s):
                actor.draw(image, place, actor.colour)
            if self.treat is not None:
                image = self.treat(image, at_s)
            if self.turn is not None:
                image = self.turn.seen(image, at_s)
            yield sensor.grainy(image)

    def moments(self) -> list[Moment]:
        """What a detector would see: now and then something is overlooked, no box is exact, and
        what others cover is not seen."""
        random = np.random.default_rng(self.seed)
        return [Moment(at_s=at_s, seen=tuple(self._seen(at_s, random))) for at_s in self._times_s()]

    def _times_s(self) -> list[float]:
        return [number / self.fps for number in range(round(self.seconds * self.fps))]

    def _present(self, at_s: float) -> list[tuple[Actor, Place]]:
        """Who is there, from back to front."""
        placed = [(actor, actor.place(at_s)) for actor in self.actors]
        there = [(actor, place) for actor, place in placed if place is not None]
        return sorted(there, key=lambda one: one[1][3])

    def _seen(self, at_s: float, random: np.random.Generator) -> Iterator[WrittenBox]:
        present = self._present(at_s)
        for number, (actor, place) in enumerate(present):
            draws = random.random(2), random.normal(0, SHAKY, 4)
            (luck, sure), errors = draws
            covered = _covered(place, [other for _, other in present[number + 1 :]])
            if actor.label is None or luck < actor.missed or covered >= HIDDEN:
                continue
            score = round(SCORES[0] + float(sure) * (SCORES[1] - SCORES[0]), 3)
            shown = place if self.turn is None else self.turn.place(place, at_s)
            box = _shaken(shown, errors)
            if box[0] < box[2] and box[1] < box[3]:
                yield (actor.label, score, *box)


def _shaken(place: Place, errors: np.ndarray) -> Place:
    sides = (place[2] - place[0], place[3] - place[1]) * 2
    corners = (
        round(min(max(corner + side * float(error), 0.0), 1.0), 4)
        for corner, side, error in zip(place, sides, errors, strict=True)
    )
    x1, y1, x2, y2 = corners
    return x1, y1, x2, y2


def _covered(place: Place, others: Sequence[Place]) -> float:
    """The share of a place that the largest of the others covers."""
    size = (place[2] - place[0]) * (place[3] - place[1])
    shares = [
        max(min(place[2], other[2]) - max(place[0], other[0]), 0)
        * max(min(place[3], other[3]) - max(place[1], other[1]), 0)
        for other in others
    ]
    return max(shares, default=0.0) / size
