"""Things that are mistaken for fire or smoke by their colour: vests, signs, flags, fog, steam."""

import cv2
import numpy as np

from lab.footage.composed.layer import Canvas, lay
from lab.footage.composed.smoke import Plume, smoke
from lab.footage.composed.turbulence import Random, noise, step

_VESTS = ((0.05, 0.45, 1.0), (0.1, 0.95, 0.85), (0.05, 0.3, 0.95), (0.15, 0.85, 1.0))
_REDS = ((0.1, 0.08, 0.8), (0.15, 0.1, 0.65), (0.05, 0.35, 0.95), (0.1, 0.75, 0.95))
_SILVER = (0.8, 0.8, 0.78)
_YELLOW = (0.2, 0.85, 0.95)


def vests(random: Random, canvas: Canvas) -> None:
    """Orange and yellow vests with silver strips, as standing people wear them."""
    height, width = canvas.shape[:2]
    light = float(np.clip(canvas.mean() * 2, 0.25, 1.0))
    for _ in range(int(random.integers(1, 6))):
        tall = float(np.exp(random.uniform(np.log(0.03), np.log(0.22)))) * height
        wide = tall * random.uniform(0.5, 0.8)
        x, y = random.uniform(0, width), random.uniform(0.3, 0.85) * height
        _body(canvas, (x, y), (wide, tall), light)
        colour = np.array(_VESTS[int(random.integers(len(_VESTS)))]) * light
        top, low = wide * 0.42, wide * 0.5
        corners = [(x - top, y), (x + top, y), (x + low, y + tall), (x - low, y + tall)]
        _fill(canvas, corners, colour * random.uniform(0.75, 1.05))
        for share in (0.45, 0.72):
            at = y + share * tall
            strip = [(x - low, at), (x + low, at), (x + low, at + tall * 0.09),
                     (x - low, at + tall * 0.09)]  # fmt: skip
            _fill(canvas, strip, np.array(_SILVER) * light * random.uniform(0.8, 1.2))


def _body(
    canvas: Canvas, at: tuple[float, float], size_wh: tuple[float, float], light: float
) -> None:
    """A head above and dark trousers below a vest."""
    (x, y), (wide, tall) = at, size_wh
    skin, cloth = np.array((0.45, 0.55, 0.7)) * light, np.array((0.25, 0.2, 0.18)) * light
    legs = [(x - wide * 0.42, y + tall), (x + wide * 0.42, y + tall),
            (x + wide * 0.35, y + 2.2 * tall), (x - wide * 0.35, y + 2.2 * tall)]  # fmt: skip
    _fill(canvas, legs, cloth)
    centre = round(x), round(y - tall * 0.18)
    cv2.circle(canvas, centre, max(round(tall * 0.17), 1), skin.tolist(), -1, cv2.LINE_AA)


def banners(random: Random, canvas: Canvas) -> None:
    """Red and yellow signs and banners with strokes of writing on them."""
    height, width = canvas.shape[:2]
    light = float(np.clip(canvas.mean() * 2, 0.3, 1.0))
    for _ in range(int(random.integers(1, 4))):
        tall = float(random.uniform(0.04, 0.22)) * height
        wide = tall * float(random.choice([0.35, 1.0, 3.0, 6.0]))
        x, y = random.uniform(0, 0.9) * width, random.uniform(0.05, 0.75) * height
        lean = random.uniform(-0.15, 0.15) * wide
        corners = [(x, y), (x + wide, y + lean), (x + wide, y + lean + tall), (x, y + tall)]
        colour = np.array(_REDS[int(random.integers(len(_REDS)))])
        _fill(canvas, corners, colour * light)
        ink = np.array(_YELLOW if colour[1] < 0.5 else (0.05, 0.05, 0.3)) * light
        _writing(random, canvas, (x, y, wide, tall, lean), ink)


def _writing(
    random: Random,
    canvas: Canvas,
    place: tuple[float, float, float, float, float],
    ink: np.ndarray,
) -> None:
    x, y, wide, tall, lean = place
    thick = max(round(tall * 0.07), 1)
    count = max(round(wide / tall), 1)
    for n in range(count):
        left = x + (n + 0.15) * wide / count
        top = y + 0.2 * tall + lean * n / count
        for _ in range(5):
            a, b = random.uniform(0, 0.62 * tall, 2), random.uniform(0, 0.62 * tall, 2)
            end = (b[0], a[1]) if random.random() < 0.6 else (a[0], b[1])
            start = round(left + a[0]), round(top + a[1])
            stop = round(left + end[0]), round(top + end[1])
            cv2.line(canvas, start, stop, ink.tolist(), thick, cv2.LINE_AA)


def flags(random: Random, canvas: Canvas) -> None:
    """Red and orange flags that wave, with their folds."""
    height, width = canvas.shape[:2]
    for _ in range(int(random.integers(1, 5))):
        tall = max(float(random.uniform(0.05, 0.2)) * height, 8.0)
        size_wh = round(tall * random.uniform(1.2, 1.8)), round(tall)
        x = np.linspace(0, 1, size_wh[0], dtype=np.float32)[None]
        y = np.linspace(0, 1, size_wh[1], dtype=np.float32)[:, None]
        phase, waves = random.uniform(0, 6.3), random.uniform(0.7, 2.0)
        wave = np.sin(6.3 * waves * x + phase) * 0.12 * x
        inside = step(np.asarray(0.40 - np.abs(y - 0.5 - wave), np.float32), 0.0, 0.04)
        fold = 0.8 + 0.3 * np.cos(6.3 * waves * x + phase + 0.5 * y)
        colour = np.array(_REDS[int(random.integers(len(_REDS)))], np.float32)
        light = np.clip(canvas.mean() * 2.2, 0.3, 1.0) * fold[..., None] * colour
        at = int(random.uniform(0, 0.9) * width), int(random.uniform(0.02, 0.6) * height)
        part = canvas[at[1] : at[1] + size_wh[1], at[0] : at[0] + size_wh[0]]
        rows, columns = part.shape[:2]
        cover = inside[:rows, :columns, None]
        part *= 1 - cover
        part += cover * light[:rows, :columns]


def fog(random: Random, canvas: Canvas) -> None:
    """Fog that is thicker far away (above), the same everywhere else; no plume in it."""
    height, width = canvas.shape[:2]
    grey = float(np.clip(canvas.mean() * 1.5 + 0.1, 0.15, 0.85))
    depth = np.linspace(random.uniform(0.5, 1.0), random.uniform(0.05, 0.4), height)[:, None]
    drift = noise(random, (width, height), (2.0, 2.0), octaves=3)
    cover = np.clip(depth.astype(np.float32) * (0.75 + 0.4 * drift), 0, 0.93)[..., None]
    canvas *= 1 - cover
    canvas += cover * np.float32(grey)


def clouds(random: Random, canvas: Canvas) -> None:
    """Clouds over the upper part of the picture, white, grey or lit by a low sun."""
    height, width = canvas.shape[:2]
    tall = round(height * random.uniform(0.25, 0.55))
    puffs = noise(random, (width, tall), (3.0, 2.0), octaves=5, gain=0.55)
    low = float(random.uniform(0.35, 0.5))
    up = np.linspace(1, 0, tall, dtype=np.float32)[:, None]
    cover = (step(puffs, low, low + 0.25) * step(up, 0.0, 0.35))[..., None]
    tint = ((1.0, 1.0, 1.0), (0.62, 0.72, 1.0), (0.95, 0.92, 0.9))[int(random.integers(3))]
    shade = (0.55 + 0.5 * puffs)[..., None] * np.clip(canvas.mean() * 2, 0.15, 1.0)
    part = canvas[:tall]
    part *= 1 - 0.92 * cover
    part += 0.92 * cover * shade * np.array(tint, np.float32)


def steam(random: Random, canvas: Canvas) -> None:
    """Small white steam from a pot or a manhole, that is gone after a few steps."""
    height, width = canvas.shape[:2]
    for _ in range(int(random.integers(1, 4))):
        tall = round(height * random.uniform(0.05, 0.18))
        size_wh = max(round(tall * random.uniform(0.5, 1.0)), 8), max(tall, 8)
        plume = Plume(
            foot=float(random.uniform(0.12, 0.3)),
            head=float(random.uniform(0.3, 0.6)),
            lean=float(random.uniform(-0.4, 0.4)),
            density=float(random.uniform(0.35, 0.9)),
            grey=float(np.clip(canvas.mean() * 2.2, 0.3, 0.95)),
        )
        at = int(random.uniform(0, 0.9) * width), int(random.uniform(0.35, 0.75) * height)
        lay(canvas, smoke(random, size_wh, plume), at)


def sunset(random: Random, canvas: Canvas) -> None:
    """Everything in the colours of a low sun, the sky most."""
    height = canvas.shape[0]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    red = np.array((0.35, 0.62, 1.15), np.float32)
    strength = np.float32(random.uniform(0.5, 1.0)) * (1 - 0.6 * down)
    canvas *= 1 - strength * (1 - red)
    canvas += 0.12 * strength * np.array((0.05, 0.4, 1.0), np.float32)


def _fill(canvas: Canvas, corners: list[tuple[float, float]], colour: np.ndarray) -> None:
    points = np.round(np.array(corners)).astype(np.int32)
    cv2.fillPoly(canvas, [points], colour.tolist(), cv2.LINE_8)
