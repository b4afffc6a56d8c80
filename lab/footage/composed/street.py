"""Streets that are only painted, for machines that have no pictures to put fires into."""

import cv2
import numpy as np

from lab.footage.composed.layer import Canvas
from lab.footage.composed.turbulence import Random, noise
from models.letterbox import Image


def painted_street(random: Random, size_wh: tuple[int, int]) -> Image:
    """A street that is only painted: sky, houses with windows, trees, road, cars."""
    width, height = size_wh
    canvas = np.zeros((height, width, 3), np.float32)
    horizon = round(height * random.uniform(0.3, 0.55))
    _sky(random, canvas[:horizon])
    _ground(random, canvas[horizon:])
    _houses(random, canvas, horizon)
    for _ in range(int(random.integers(0, 4))):
        _tree(random, canvas, horizon)
    for _ in range(int(random.integers(0, 6))):
        _car(random, canvas, horizon)
    grain = noise(random, size_wh, (40, 30), octaves=3, gain=0.8)[..., None]
    return np.asarray(np.clip(canvas * (0.85 + 0.3 * grain) * 255, 0, 255), np.uint8)


def _sky(random: Random, part: Canvas) -> None:
    top = np.array((0.9, 0.7, 0.5), np.float32) * np.float32(random.uniform(0.6, 1.0))
    low = np.array((0.9, 0.88, 0.85), np.float32)
    down = np.linspace(0, 1, part.shape[0], dtype=np.float32)[:, None, None]
    part[:] = top + (low - top) * down


def _ground(random: Random, part: Canvas) -> None:
    height, width = part.shape[:2]
    part[:] = np.float32(random.uniform(0.3, 0.6)) * np.array((0.95, 1.0, 1.0), np.float32)
    far_x = round(width * random.uniform(0.3, 0.7))
    near = sorted(int(v) for v in random.uniform(-0.3, 1.3, 2) * width)
    road = np.array([(far_x - 6, 0), (far_x + 6, 0), (near[1], height), (near[0], height)])
    grey = float(random.uniform(0.2, 0.4))
    cv2.fillPoly(part, [road.astype(np.int32)], (grey, grey, grey))


def _houses(random: Random, canvas: Canvas, horizon: int) -> None:
    width = canvas.shape[1]
    x = 0
    while x < width:
        wide = int(random.uniform(0.08, 0.25) * width)
        if random.random() < 0.8:
            top = round(horizon * random.uniform(0.1, 0.9))
            foot = round(horizon + random.uniform(0, 0.12) * canvas.shape[0])
            colour = random.uniform(0.35, 0.85) * (1 - random.uniform(0, 0.25, 3))
            cv2.rectangle(canvas, (x, top), (x + wide, foot), colour.tolist(), -1)
            _windows(random, canvas, (x, top, x + wide, foot), colour)
        x += wide


def _windows(
    random: Random, canvas: Canvas, xyxy: tuple[int, int, int, int], wall: np.ndarray
) -> None:
    x1, y1, x2, y2 = xyxy
    pane = max(round((x2 - x1) / random.integers(4, 9)), 3)
    for y in range(y1 + pane // 2, y2 - pane, round(pane * 1.8)):
        for x in range(x1 + pane // 2, x2 - pane // 2, round(pane * 1.6)):
            colour = wall * random.uniform(0.3, 0.7)
            cv2.rectangle(canvas, (x, y), (x + round(pane * 0.8), y + pane), colour.tolist(), -1)


def _tree(random: Random, canvas: Canvas, horizon: int) -> None:
    height, width = canvas.shape[:2]
    x, foot = random.uniform(0, width), horizon + random.uniform(0.05, 0.4) * (height - horizon)
    size = random.uniform(0.1, 0.3) * height
    trunk = round(x - size * 0.06), round(foot - size), round(x + size * 0.06), round(foot)
    cv2.rectangle(canvas, trunk[:2], trunk[2:], (0.15, 0.2, 0.25), -1)
    for _ in range(14):
        at = x + random.normal(0, 0.3) * size, foot - size * random.uniform(0.8, 1.6)
        green = random.uniform(0.15, 0.4)
        colour = (0.4 * green, green, 0.6 * green)
        radius = max(round(size * random.uniform(0.12, 0.3)), 1)
        cv2.circle(canvas, (round(at[0]), round(at[1])), radius, colour, -1, cv2.LINE_AA)


def _car(random: Random, canvas: Canvas, horizon: int) -> None:
    height, width = canvas.shape[:2]
    down = float(random.uniform(0.1, 0.85))
    tall = (0.04 + 0.2 * down) * height
    wide, x, foot = tall * 2.0, random.uniform(0, width), horizon + down * (height - horizon)
    colour = random.uniform(0.1, 0.9) * (1 - random.uniform(0, 0.5, 3))
    left, right = round(x), round(x + wide)
    cv2.rectangle(
        canvas, (left, round(foot - 0.6 * tall)), (right, round(foot)), colour.tolist(), -1
    )
    low, high = foot - 0.6 * tall, foot - tall
    roof = [(x + 0.2 * wide, high), (x + 0.75 * wide, high)]
    roof += [(x + 0.9 * wide, low), (x + 0.08 * wide, low)]
    cv2.fillPoly(canvas, [np.round(np.array(roof)).astype(np.int32)], (colour * 0.5).tolist())
    for share in (0.2, 0.8):
        wheel = round(x + share * wide), round(foot)
        cv2.circle(canvas, wheel, max(round(0.17 * tall), 1), (0.06, 0.06, 0.06), -1, cv2.LINE_AA)
