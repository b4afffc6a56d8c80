"""The pictures that a new model is tried on: drawn, the same for everybody, with much to guess at.

Nothing in them has to be found. They are there because a network guesses something at each place,
and its guesses show how its output is laid out.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from models.letterbox import Image, Letterbox, SizeWH

DRAWN_WH = 640, 384


def trial_canvases(input_wh: SizeWH, pictures: Sequence[Image] = ()) -> list[Image]:
    """Pictures (h, w, 3) uint8 BGR of that size: a black one, noise, a drawn street with a fire,
    and `pictures`."""
    dice = np.random.default_rng(20261129)
    noise = dice.integers(0, 256, (DRAWN_WH[1], DRAWN_WH[0], 3)).astype(np.uint8)
    black = np.zeros_like(noise)
    return [_laid(image, input_wh) for image in (black, noise, _street(dice), *pictures)]


def _laid(image: Image, input_wh: SizeWH) -> Image:
    return Letterbox.fit((image.shape[1], image.shape[0]), input_wh, centred=True).drawn(image)


def _street(dice: np.random.Generator) -> Image:
    """Sky, houses, a road with cars and people as blocks, and flames with smoke above."""
    width, height = DRAWN_WH
    image = np.full((height, width, 3), (200, 170, 140), np.uint8)
    cv2.rectangle(image, (0, height // 2), (width, height), (90, 90, 90), -1)
    for left in range(0, width, 80):
        wall = [int(value) for value in dice.integers(60, 200, 3)]
        cv2.rectangle(image, (left, 60), (left + 70, height // 2), wall, -1)
    for left, top, wide, tall in ((60, 250, 130, 60), (420, 300, 160, 70), (300, 190, 24, 60)):
        paint = [int(value) for value in dice.integers(0, 255, 3)]
        cv2.rectangle(image, (left, top), (left + wide, top + tall), paint, -1)
    for lift in range(6):
        cv2.circle(image, (240 + 6 * lift, 180 - 24 * lift), 18 + 8 * lift, (150, 150, 155), -1)
    for tall, shade in ((90, (20, 60, 220)), (60, (40, 150, 250)), (30, (170, 240, 255))):
        cv2.ellipse(image, (240, 260), (tall // 3, tall), 0, 180, 360, shade, -1)
    return np.asarray(cv2.GaussianBlur(image, (5, 5), 0), np.uint8)
