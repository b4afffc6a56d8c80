"""What cameras do to a picture: few pixels, blur, hard compression, night.

Pictures of a training set are mostly sharp, large and taken by day. What they show must be found
again in a stream of 270 lines, through a dirty dome and in the noise of a dark street. Geometry
stays as it is, so boxes stay where they are.
"""

import cv2
import numpy as np
from numpy.random import Generator

from models.letterbox import Image

LONG_SIDE = (120, 320)
"""A picture is shrunk so that its longer side has so many pixels, and enlarged again."""
BLUR_SIGMA = (0.6, 2.2)
JPEG_QUALITY = (12, 55)
GAMMA = (1.4, 2.8)
NIGHT_NOISE = (3.0, 14.0)
"""Standard deviation of a dark sensor's noise in grey levels."""
GREY_AT_NIGHT = 0.25
"""This share of the night pictures has no colour left, as under infrared light."""

SHRINK, BLUR, NIGHT, COMPRESS = 0.55, 0.2, 0.25, 0.5
"""How likely each is for a picture to which hardship comes at all."""


def hardened(image: Image, random: Generator) -> Image:
    """A picture (h, w, 3) uint8 as a worse camera would give it; same size, channels alike."""
    worse = image
    if random.random() < NIGHT:
        worse = _at_night(worse, random)
    if random.random() < BLUR:
        sigma = random.uniform(*BLUR_SIGMA)
        worse = np.asarray(cv2.GaussianBlur(worse, (0, 0), sigma), np.uint8)
    if random.random() < SHRINK:
        worse = _shrunk(worse, random)
    if random.random() < COMPRESS:
        worse = _compressed(worse, int(random.integers(*JPEG_QUALITY)))
    return worse


def _shrunk(image: Image, random: Generator) -> Image:
    """Few pixels, enlarged to as many as there were."""
    height, width = image.shape[:2]
    factor = min(1.0, random.uniform(*LONG_SIDE) / max(width, height))
    small_wh = max(8, round(width * factor)), max(8, round(height * factor))
    small = cv2.resize(image, small_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _at_night(image: Image, random: Generator) -> Image:
    """Darker by a power law: what shines, a flame or a lamp, stays as bright as it is."""
    levels = np.linspace(0, 1, 256) ** random.uniform(*GAMMA)
    dark = np.asarray(cv2.LUT(image, (levels * 255).astype(np.uint8)), np.uint8)
    if random.random() < GREY_AT_NIGHT:
        grey = cv2.cvtColor(dark, cv2.COLOR_BGR2GRAY)
        dark = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    noise = random.normal(0, random.uniform(*NIGHT_NOISE), image.shape)
    return np.asarray(np.clip(dark + noise, 0, 255), np.uint8)


def _compressed(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
