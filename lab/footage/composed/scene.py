"""One composed picture: a background at some hour, in it fires or what is mistaken for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.footage.composed import lights, things
from lab.footage.composed.backgrounds import any_background
from lab.footage.composed.cutouts import FlameShelf
from lab.footage.composed.flames import flames
from lab.footage.composed.grading import Hour, any_hour, graded, lit, photographed
from lab.footage.composed.layer import Canvas, Corners, Layer, lay, overlap, shown_extent
from lab.footage.composed.smoke import any_plume, smoke
from lab.footage.composed.turbulence import Random, softened, step
from models.letterbox import Image

NAMES = ("fire", "smoke")
FIRE, SMOKE = 0, 1
LEAST_SIDE_PX = 5.0
"""What is narrower or lower is not put in: nobody would mark it."""
LEAST_CONTRAST = 0.09
"""By how much a layer must change the picture, of full brightness, on average."""
_MORE_TRIES = 8

Lure = Callable[[Random, Canvas], None]
LURES: dict[str, Lure] = {
    "neon": lights.neon, "sun": lights.sun, "tail_lights": lights.tail_lights,
    "head_lights": lights.head_lights, "street_lamps": lights.street_lamps,
    "vests": things.vests, "banners": things.banners, "flags": things.flags, "fog": things.fog,
    "clouds": things.clouds, "steam": things.steam, "sunset": things.sunset,
}  # fmt: skip
"""What is mistaken for fire or smoke, by name."""
_NIGHT_LURES = ("neon", "tail_lights", "head_lights", "street_lamps")
_DAY_LURES = tuple(name for name in LURES if name not in _NIGHT_LURES)
_HARMLESS = ("neon", "tail_lights", "head_lights", "street_lamps", "vests", "banners", "flags")
"""What may stand beside a fire without hiding it."""


@dataclass(frozen=True, eq=False)
class Composed:
    """Attributes:
    image: (height, width, 3) uint8 BGR.
    boxes: class id of `NAMES` and corners in pixels of all that burns or smokes.
    what: what was put in, one word.
    """

    image: Image
    boxes: tuple[tuple[int, Corners], ...]
    what: str


def compose_fire(
    random: Random, backgrounds: Sequence[Path], shelf: FlameShelf | None = None
) -> Composed:
    """A picture with one to three fires; their flames are cut from `shelf` where there is one."""
    hour = any_hour(random)
    canvas = graded(random, any_background(random, backgrounds), hour)
    if random.random() < 0.35:
        _any_of(random, _HARMLESS)(random, canvas)
    boxes: list[tuple[int, Corners]] = []
    wanted = int(random.choice([1, 2, 3], p=[0.68, 0.22, 0.10]))
    for tried in range(wanted + _MORE_TRIES):
        if tried < wanted or not boxes:
            boxes += _burn(random, canvas, hour, shelf)
    image = photographed(random, canvas, hour)
    return Composed(image, tuple(boxes), "made" if shelf is None else f"cut_{shelf.name}")


def compose_lure(random: Random, backgrounds: Sequence[Path], name: str) -> Composed:
    """A picture without fire and smoke, with what is mistaken for them."""
    night = name in _NIGHT_LURES and random.random() < 0.85
    hour: Hour = "night" if night else ("day" if random.random() < 0.75 else "dusk")
    canvas = graded(random, any_background(random, backgrounds), hour)
    LURES[name](random, canvas)
    if random.random() < 0.4:
        _any_of(random, _NIGHT_LURES if night else _DAY_LURES)(random, canvas)
    return Composed(photographed(random, canvas, hour), (), name)


def _any_of(random: Random, names: Sequence[str]) -> Lure:
    return LURES[names[int(random.integers(len(names)))]]


def _burn(
    random: Random, canvas: Canvas, hour: Hour, shelf: FlameShelf | None
) -> list[tuple[int, Corners]]:
    """Put one fire in: smoke behind, glow, flames; returns what of it can be seen."""
    height, width = canvas.shape[:2]
    tall = _any_height(random, height)
    foot = float(random.uniform(0.05, 0.95) * width), float(random.uniform(0.35, 0.97) * height)
    only = random.random()
    boxes: list[tuple[int, Corners]] = []
    if only < 0.62:  # smoke alone, or over the flames
        boxes += _smoke_over(random, canvas, hour, foot, tall, alone=only < 0.18)
    if only >= 0.18:
        boxes += _flames_at(random, canvas, hour, foot, tall, shelf)
    return boxes


def _any_height(random: Random, height: int) -> int:
    """Of flames in pixels: two fifths are as small as distant ones are."""
    low, high = ((8, 30), (28, 100), (90, 0.55 * height))[
        int(random.choice(3, p=[0.42, 0.38, 0.2]))
    ]
    return round(float(np.exp(random.uniform(np.log(low), np.log(high)))))


def _flames_at(
    random: Random,
    canvas: Canvas,
    hour: Hour,
    foot: tuple[float, float],
    tall: int,
    shelf: FlameShelf | None,
) -> list[tuple[int, Corners]]:
    night = hour != "day"
    layer = shelf.take(random, night=night) if shelf is not None else None
    if layer is None:
        layer = flames(random, tall, night=night)
    else:
        layer = layer.resized((max(round(layer.size_wh[0] * tall / layer.size_wh[1]), 3), tall))
        layer = layer.mirrored() if random.random() < 0.5 else layer
    layer = _hidden_in_part(random, layer)
    at = round(foot[0] - layer.size_wh[0] / 2), round(foot[1] - layer.size_wh[1])
    if night:
        lit(canvas, (foot[0], foot[1] - tall / 3), tall * random.uniform(0.8, 2.2),
            float(random.uniform(0.3, 1.0)))  # fmt: skip
    box = _put(canvas, _bloomed(layer, night), at, 0.35)
    return [] if box is None else [(FIRE, box)]


def _bloomed(layer: Layer, night: bool) -> Layer:
    """With the soft light around flames that a lens adds, more at night."""
    bloom = softened(layer.light, max(layer.size_wh[1] / 18, 0.6))
    return Layer(layer.light + np.float32(0.3 if night else 0.1) * bloom, layer.cover)


def _smoke_over(
    random: Random,
    canvas: Canvas,
    hour: Hour,
    foot: tuple[float, float],
    tall: int,
    *,
    alone: bool,
) -> list[tuple[int, Corners]]:
    tallest = canvas.shape[0] * random.uniform(0.5, 1.1)
    high = round(float(np.clip(tall * random.uniform(2.0, 6.0), 24, tallest)))
    size_wh = max(round(high * random.uniform(0.5, 1.4)), 8), high
    plume = any_plume(random, night=hour == "night", lit=not alone)
    layer = _hidden_in_part(random, smoke(random, size_wh, plume))
    at = round(foot[0] - size_wh[0] / 2), round(foot[1] - 0.4 * tall * (not alone) - size_wh[1])
    if hour == "night" and not alone:
        layer = Layer(layer.light * _lit_below(layer), layer.cover)
    box = _put(canvas, layer, at, 0.25)
    return [] if box is None else [(SMOKE, box)]


def _lit_below(layer: Layer) -> np.ndarray:
    """A fire lights its smoke from below, (height, 1, 1)."""
    return np.linspace(0.5, 2.2, layer.cover.shape[0], dtype=np.float32)[:, None, None]


def _contrast(canvas: Canvas, layer: Layer, at_xy: tuple[int, int]) -> float:
    """By how much the layer would change the canvas where it covers it, on average."""
    part, inside = overlap(canvas, layer, at_xy)
    if part is None or inside is None:
        return 0.0
    thick = inside.cover > 0.25
    change = inside.light[thick] - part[thick] * inside.cover[thick][:, None]
    return float(np.abs(change.mean(axis=-1)).mean()) if thick.any() else 0.0


def _hidden_in_part(random: Random, layer: Layer) -> Layer:
    """Something stands before it, sometimes: a wall at its foot, a pole, the edge of a house."""
    if random.random() > 0.3:
        return layer
    width, height = layer.size_wh
    keep = np.ones((height, width), np.float32)
    kind = int(random.integers(3))
    if kind == 0:
        keep[round(height * random.uniform(0.6, 0.9)) :] = 0
    elif kind == 1:
        x = round(width * random.uniform(0.2, 0.8))
        keep[:, x : x + max(round(width * random.uniform(0.05, 0.2)), 1)] = 0
    else:
        side = np.linspace(0, 1, width, dtype=np.float32)[None]
        edge = float(random.uniform(0.1, 0.4))
        keep = np.broadcast_to(step(side, edge - 0.02, edge + 0.02), keep.shape)
    return layer.times(np.ascontiguousarray(keep))


def _put(canvas: Canvas, layer: Layer, at_xy: tuple[int, int], visible: float) -> Corners | None:
    """Lay a layer whose cover above `visible` would be marked; returns its box in the canvas.

    Lays nothing and returns None where it could hardly be seen: what is in a picture and is not
    marked would be learned as something else.
    """
    box = shown_extent(canvas, layer, at_xy, visible)
    if box is None or min(box[2] - box[0], box[3] - box[1]) < LEAST_SIDE_PX:
        return None
    if _contrast(canvas, layer, at_xy) < LEAST_CONTRAST:
        return None
    lay(canvas, layer, at_xy)
    return box
