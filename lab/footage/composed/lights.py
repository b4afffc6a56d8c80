"""Lights that are mistaken for fire: neon, the sun, lamps of cars and of streets."""

import cv2
import numpy as np

from lab.footage.composed.layer import Canvas, Field
from lab.footage.composed.turbulence import Random, softened
from models.letterbox import Image

Colour = tuple[float, float, float]
"""Blue, green, red; 1 is full."""

_NEON: tuple[Colour, ...] = (
    (0.1, 0.15, 1.0), (0.05, 0.45, 1.0), (0.6, 0.2, 1.0), (0.1, 0.8, 1.0), (1.0, 0.5, 0.15),
    (0.3, 1.0, 0.2), (0.95, 0.95, 1.0),
)  # fmt: skip
_SODIUM: Colour = (0.25, 0.65, 1.0)
_WORDS = ("OPEN", "HOTEL", "24H", "BAR", "KTV", "SALE", "BBQ", "FOOD", "WOK", "88", "CAFE")


def neon(random: Random, canvas: Canvas) -> None:
    """Signs of glowing tubes: words, frames, lines, in red and orange mostly."""
    height, width = canvas.shape[:2]
    for _ in range(int(random.integers(1, 4))):
        drawn = np.zeros((height, width), np.uint8)
        at = int(random.uniform(0.02, 0.75) * width), int(random.uniform(0.1, 0.75) * height)
        size = float(np.exp(random.uniform(np.log(0.04), np.log(0.25)))) * height
        thick = max(round(size * random.uniform(0.05, 0.16)), 1)
        _tube(random, drawn, at, size, thick)
        colour = _NEON[int(random.choice(len(_NEON), p=[0.28, 0.28, 0.1, 0.14, 0.08, 0.06, 0.06]))]
        _shine(canvas, _as_field(drawn), colour, glow_px=size * random.uniform(0.15, 0.5), core=0.9)


def _tube(random: Random, drawn: Image, at: tuple[int, int], size: float, thick: int) -> None:
    kind = int(random.integers(4))
    x, y = at
    if kind == 0:
        word = _WORDS[int(random.integers(len(_WORDS)))]
        font = int(random.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX]))
        cv2.putText(drawn, word, at, font, size / 30, 255, thick, cv2.LINE_AA)
    elif kind == 1:
        far = round(x + size * random.uniform(0.8, 3.0)), round(y + size)
        cv2.rectangle(drawn, at, far, 255, thick, cv2.LINE_AA)
    elif kind == 2:  # strokes as of Chinese characters
        for n in range(int(random.integers(2, 5))):
            for _ in range(int(random.integers(4, 7))):
                a, b = random.uniform(0, size, 2), random.uniform(0, size, 2)
                end = (b[0], a[1]) if random.random() < 0.5 else (a[0], b[1])
                start = round(x + n * 1.2 * size + a[0]), round(y + a[1])
                stop = round(x + n * 1.2 * size + end[0]), round(y + end[1])
                cv2.line(drawn, start, stop, 255, thick, cv2.LINE_AA)
    else:
        slope = random.uniform(-0.4, 0.4)
        stop = round(x + size * 5), round(y + size * 5 * slope)
        cv2.line(drawn, at, stop, 255, thick, cv2.LINE_AA)


def sun(random: Random, canvas: Canvas) -> None:
    """A low sun: burnt-out disc, wide warm halo, and the ghosts of the lens."""
    height, width = canvas.shape[:2]
    x, y = float(random.uniform(0.05, 0.95) * width), float(random.uniform(0.02, 0.55) * height)
    radius = float(random.uniform(0.015, 0.09)) * height
    warm: Colour = (float(random.uniform(0.15, 0.7)), float(random.uniform(0.55, 0.9)), 1.0)
    canvas *= np.array([0.75, 0.9, 1.05], np.float32)
    drawn = np.zeros((height, width), np.uint8)
    cv2.circle(drawn, (round(x), round(y)), max(round(radius), 2), 255, -1, cv2.LINE_AA)
    _shine(
        canvas,
        _as_field(drawn),
        warm,
        glow_px=radius * random.uniform(1.5, 5.0),
        core=1.0,
        glow=2.5,
    )
    _veil(canvas, (x, y), 0.35 * width, warm, float(random.uniform(0.1, 0.55)))
    for _ in range(int(random.integers(0, 6))):
        along = random.uniform(0.3, 2.0)
        ghost = round(x + (width / 2 - x) * along), round(y + (height / 2 - y) * along)
        drawn = np.zeros((height, width), np.uint8)
        cv2.circle(drawn, ghost, max(round(radius * random.uniform(0.2, 1.5)), 2), 255, -1)
        canvas += softened(_as_field(drawn), 1.5)[..., None] * np.array(
            random.uniform(0.0, 0.28, 3) * warm, np.float32
        )


def street_lamps(random: Random, canvas: Canvas) -> None:
    """A row of lamps with halos, sodium orange or white."""
    height, width = canvas.shape[:2]
    colour = _SODIUM if random.random() < 0.6 else (0.9, 0.95, 1.0)
    x, y = random.uniform(0, width), random.uniform(0.05, 0.4) * height
    size = random.uniform(0.008, 0.035) * height
    for _ in range(int(random.integers(1, 6))):
        _lamp(canvas, (x, y), size, colour, reach=float(random.uniform(2, 7)))
        x += random.uniform(-0.05, 0.3) * width
        y += random.uniform(-0.02, 0.04) * height
        size *= 0.8


def tail_lights(random: Random, canvas: Canvas) -> None:
    """Pairs of red lamps, near and far, some with the orange of an indicator."""
    _pairs(random, canvas, ((0.05, 0.06, 1.0), (0.05, 0.12, 1.0), (0.05, 0.5, 1.0)))


def head_lights(random: Random, canvas: Canvas) -> None:
    """Pairs of white or yellowish lamps that dazzle."""
    _pairs(random, canvas, ((0.85, 0.95, 1.0), (0.55, 0.85, 1.0), (1.0, 0.97, 0.95)), 2.0)


def _pairs(
    random: Random, canvas: Canvas, colours: tuple[Colour, ...], dazzle: float = 1.0
) -> None:
    height, width = canvas.shape[:2]
    for _ in range(int(random.integers(1, 6))):
        y = random.uniform(0.4, 0.92) * height
        apart = (y / height - 0.25) * random.uniform(0.08, 0.3) * width
        x = random.uniform(0, width)
        colour = colours[int(random.integers(len(colours)))]
        size, reach = max(apart * random.uniform(0.06, 0.16), 1.0), random.uniform(1.2, 3.5)
        for place in (x, x + apart):
            _lamp(canvas, (place, y), size, colour, reach=reach * dazzle)
        if random.random() < 0.5:  # on a wet road
            for place in (x, x + apart):
                _streak(canvas, (place, y), (size, 5 * apart), colour)


def _streak(
    canvas: Canvas, at: tuple[float, float], size_wh: tuple[float, float], colour: Colour
) -> None:
    """The mirrored light of a lamp on wet ground, below it."""
    x1, x2 = round(at[0] - size_wh[0] * 1.5), round(at[0] + size_wh[0] * 1.5) + 1
    y1, y2 = round(at[1] + size_wh[0] * 3), round(at[1] + size_wh[1])
    part = canvas[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
    if part.size:
        fading = np.linspace(0.45, 0, part.shape[0], dtype=np.float32)[:, None, None]
        across = np.hanning(part.shape[1] + 2)[1:-1].astype(np.float32)[None, :, None]
        part += fading * across * np.array(colour, np.float32)


def _lamp(
    canvas: Canvas, at: tuple[float, float], radius: float, colour: Colour, *, reach: float
) -> None:
    """A burnt-out disc with a halo, worked on only where it reaches."""
    height, width = canvas.shape[:2]
    far = radius * reach * 3 + 3
    x1, x2 = max(int(at[0] - far), 0), min(int(at[0] + far) + 1, width)
    y1, y2 = max(int(at[1] - far), 0), min(int(at[1] + far) + 1, height)
    if x1 >= x2 or y1 >= y2:
        return
    x = np.arange(x1, x2, dtype=np.float32)[None] - np.float32(at[0])
    y = np.arange(y1, y2, dtype=np.float32)[:, None] - np.float32(at[1])
    distance = np.sqrt(x**2 + y**2)
    disc = np.clip(radius + 0.5 - distance, 0, 1)[..., None]
    halo = np.exp(-((distance / (radius * reach)) ** 2))[..., None]
    edge = np.clip(1 - distance / far, 0, 1)[..., None]
    tone = np.array(colour, np.float32)
    part = canvas[y1:y2, x1:x2]
    part += 0.7 * halo * edge * tone
    part += disc * (1.1 * (0.35 + 0.65 * tone) - part)


def _as_field(drawn: Image) -> Field:
    """What was drawn with up to 255, as 0-1: lines are only smooth on bytes."""
    return np.asarray(drawn, np.float32) / np.float32(255)


def _shine(
    canvas: Canvas, mask: Field, colour: Colour, *, glow_px: float, core: float, glow: float = 1.2
) -> None:
    """Lay a shape of light: its core nearly white, around it a glow of its colour."""
    tone = np.array(colour, np.float32)
    canvas += (glow * softened(mask, max(glow_px, 1.0)))[..., None] * tone
    inner = (mask * np.float32(core))[..., None]
    canvas *= 1 - inner
    canvas += inner * (0.45 * tone + 0.6)


def _veil(
    canvas: Canvas, at: tuple[float, float], radius: float, colour: Colour, strength: float
) -> None:
    height, width = canvas.shape[:2]
    x = (np.arange(width, dtype=np.float32) - at[0])[None] / radius
    y = (np.arange(height, dtype=np.float32) - at[1])[:, None] / radius
    near = (strength / (1 + x**2 + y**2))[..., None]
    canvas += near * np.array(colour, np.float32)
