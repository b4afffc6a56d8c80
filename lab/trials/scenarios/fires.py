"""Scenarios of fire, and of what only looks like it: the carried detector looks at these itself."""

import cv2
import numpy as np

from lab.footage.demo.compose import night
from lab.footage.demo.fire import STEP_S, Fire
from lab.footage.demo.painter import Burning, FirePainter
from lab.trials.scenarios.cast import Random, passing, strollers
from lab.trials.scenarios.drawing import SIZE_WH, street
from lab.trials.scenarios.scenario import Staged, expected, seen
from lab.trials.scenarios.stage import Stage, Treat
from streams.frame import Image

FPS = 8
"""As many as a second look wants to see."""
SECONDS = 30.0
FIRE: dict[str, object] = {"fire": {}}


def _nothing(stage: Stage) -> Staged:
    return Staged(stage, {"rules": FIRE, "incidents": []})


def _stage(random: Random, treat: Treat, *, dark: bool = False, quiet: bool = False) -> Stage:
    """A street with passers-by, and what is special about it."""
    actors = [] if quiet else [*passing(random, SECONDS, 9), *strollers(random, SECONDS)]

    def lit(image: Image, at_s: float) -> Image:
        return treat(night(image) if dark else image, at_s)

    grain = 4.0 if dark else 2.0
    background = street(int(random.integers(99)))
    return Stage(background, tuple(actors), SECONDS, FPS, lit, grain=grain)


def _fire(random: Random, *, dark: bool) -> Staged:
    starts_s = float(random.uniform(4, 7))
    burning = Burning(starts_s=starts_s, grown_s=starts_s + 5, fades_s=60, out_s=70)
    seat = float(random.uniform(0.25, 0.7)), float(random.uniform(0.7, 0.9))
    painter = FirePainter(SIZE_WH, seat=seat, burning=burning)
    stage = _stage(random, painter.paint, dark=dark)
    # It has not grown before some seconds, and is found within twelve after that.
    truth = {"rules": FIRE, "incidents": expected("fire", starts_s, starts_s + 5 + 12)}
    return Staged(stage, truth)


def fire_by_day(random: Random) -> Staged:
    """Something at the roadside catches fire."""
    return _fire(random, dark=False)


def fire_by_night(random: Random) -> Staged:
    """The same in the dark."""
    return _fire(random, dark=True)


def steam(random: Random) -> Staged:
    """White steam whenever somebody lifts the lid of a steamer: soft, gone a little above it, and
    over after some seconds."""
    begins_s = float(random.uniform(2, 6))
    gas = Fire((64, 64), seat_w=18, seat_at=(0.5, 0.94), seed=int(random.integers(99)))
    x, y = float(random.uniform(0.25, 0.75)), float(random.uniform(0.5, 0.85))
    wide, high = round(0.16 * SIZE_WH[0]), round(0.3 * SIZE_WH[1])
    left, top = round(x * SIZE_WH[0] - wide / 2), round(y * SIZE_WH[1] - high)
    up = np.linspace(1, 0, high, dtype=np.float32)[:, None]
    aside = np.abs(np.linspace(-1, 1, wide, dtype=np.float32))[None]
    # As it mixes with cold air it is gone.
    lasting = np.clip(1.15 - 1.6 * up, 0, 1) * np.clip(3 - 3 * aside, 0, 1)
    done_s = 0.0

    def puff(image: Image, at_s: float) -> Image:
        nonlocal done_s
        while done_s <= at_s:
            gas.step(0.8 if (done_s - begins_s) % 12 < 3 else 0.0)
            done_s += STEP_S
        dense = cv2.GaussianBlur(cv2.resize(gas.smoke, (wide, high)), (0, 0), 2.5)
        cover = (np.clip(0.9 * dense, 0, 0.7) * lasting)[..., None]
        copy = image.copy()
        part = copy[top : top + high, left : left + wide]
        part[:] = np.clip(part * (1 - cover) + 230 * cover, 0, 255)
        return copy

    return _nothing(_stage(random, puff))


def sunset(random: Random) -> Staged:
    """A low sun: the sky turns orange, the sun itself sinks behind the houses and dazzles."""
    x, height = float(random.uniform(0.2, 0.8)) * SIZE_WH[0], SIZE_WH[1]
    rows, columns = np.mgrid[0:height, 0 : SIZE_WH[0]].astype(np.float32)
    down = (rows / height)[..., None]
    red = np.array((0.35, 0.62, 1.15), np.float32)

    def glow(image: Image, at_s: float) -> Image:
        strength = 0.55 + 0.4 * at_s / SECONDS
        warm = image * (1 - strength * (1 - 0.5 * down) * (1 - red))
        y = (0.06 + 0.16 * at_s / SECONDS) * height
        distance = np.hypot(columns - x, rows - y)[..., None] / height
        sun = np.array((150, 215, 255), np.float32)
        lit = warm + sun * (np.clip(1.6 - 22 * distance, 0, 1) + 0.55 * np.exp(-5 * distance))
        return np.asarray(np.clip(lit, 0, 255), np.uint8)

    return _nothing(_stage(random, glow))


def flag(random: Random) -> Staged:
    """A red flag, and a yellow one, in a wind that comes and goes."""
    places = [(float(random.uniform(0.1, 0.4)), 0.14), (float(random.uniform(0.55, 0.8)), 0.2)]
    colours = ((45, 40, 205), (40, 160, 240))
    wide, high = 62, 40
    down, along = np.mgrid[0:high, 0:wide].astype(np.float32)

    def wave(image: Image, at_s: float) -> Image:
        copy = image.copy()
        wind = 0.6 + 0.4 * np.sin(at_s / 3.1)
        phase = 0.14 * along - 7.0 * wind * at_s
        lift = 5 * wind * np.sin(phase) * along / wide
        inside = (np.abs(down - high / 2 - lift) < high / 2 - 6).astype(np.float32)[..., None]
        fold = (0.85 + 0.2 * np.cos(phase))[..., None]
        for (x, y), colour in zip(places, colours, strict=True):
            left, top = round(x * SIZE_WH[0]), round(y * SIZE_WH[1])
            cv2.line(copy, (left, top - 4), (left, top + 110), (90, 90, 90), 2)
            part = copy[top : top + high, left : left + wide]
            cloth = np.clip(fold * np.array(colour, np.float32), 0, 255)
            part[:] = part * (1 - inside) + cloth * inside
        return copy

    return _nothing(_stage(random, wave))


def headlight_sweep(random: Random) -> Staged:
    """By night cars turn: their beams sweep over the houses, their lamps dazzle."""
    begins_s = [float(random.uniform(2, 5)) + 8 * n for n in range(4)]
    rows, columns = np.mgrid[0 : SIZE_WH[1], 0 : SIZE_WH[0]].astype(np.float32)

    def sweep(image: Image, at_s: float) -> Image:
        lit = image.astype(np.float32)
        for begin_s in begins_s:
            share = (at_s - begin_s) / 5
            if 0 <= share <= 1:
                _shine(lit, share, rows, columns)
        return np.asarray(np.clip(lit, 0, 255), np.uint8)

    return _nothing(_stage(random, sweep, dark=True, quiet=True))


def _shine(lit: np.ndarray, share: float, rows: np.ndarray, columns: np.ndarray) -> None:
    """A car that has turned by `share`: its beam on the walls, its two lamps, their mirror in the
    wet road."""
    width, height = SIZE_WH
    beam_x = (0.05 + 0.9 * share) * width
    warm = np.array((170, 225, 255), np.float32)
    beam = np.exp(-(((columns - beam_x) / 55) ** 2) - ((rows - 0.3 * height) / 45) ** 2)
    lit *= 1 + 1.6 * beam[..., None]
    size = 4 + 5 * np.sin(np.pi * share)
    x, y = (0.9 - 0.7 * share) * width, (0.55 + 0.2 * share) * height
    for dx in (0.0, 6 * size):
        distance = np.hypot(columns - x - dx, rows - y)
        lamp = np.clip(1.5 - distance / size, 0, 1) + 0.5 * np.exp(-distance / (5 * size))
        mirror = 0.35 * np.exp(-(((columns - x - dx) / size) ** 2)) * (rows > y)
        mirror *= np.exp(-(rows - y) / (9 * size))
        lit += (lamp + mirror)[..., None] * warm


def welder(random: Random) -> Staged:
    """Somebody welds at the roadside: blue-white flashes that never rest, sparks."""
    x, y = float(random.uniform(0.3, 0.7)) * SIZE_WH[0], 0.8 * SIZE_WH[1]
    rows, columns = np.mgrid[0 : SIZE_WH[1], 0 : SIZE_WH[0]].astype(np.float32)
    distance = np.hypot(columns - x, rows - y)

    def flash(image: Image, at_s: float) -> Image:
        on = (at_s % 7) < 4.5
        level = float(random.uniform(0.4, 1.0)) if on else 0.0
        light = np.clip(2 - distance / 4, 0, 1) + 0.6 * np.exp(-distance / 22)
        lit = image + level * light[..., None] * np.array((255, 235, 215), np.float32)
        picture = np.asarray(np.clip(lit, 0, 255), np.uint8)
        for _ in range(6 if on else 0):
            spark = round(x + random.normal(0, 9)), round(y + abs(random.normal(0, 9)))
            cv2.circle(picture, spark, 1, (150, 220, 255), -1)
        return picture

    return _nothing(_stage(random, flash))


FIRES = (
    seen("fire-by-day", "白天起火", "A fire by day", fire_by_day),
    seen("fire-by-night", "夜间起火", "A fire by night", fire_by_night),
    seen("steam", "蒸汽", "Steam", steam),
    seen("sunset", "夕阳", "A sunset", sunset),
    seen("flag", "迎风旗帜", "Flags in the wind", flag),
    seen("headlight-sweep", "夜间车灯扫过", "Headlights that sweep by night", headlight_sweep),
    seen("welder", "电焊", "A welder", welder),
)
