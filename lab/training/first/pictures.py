"""What the first look learns from: prepared pictures, seen as a camera might give them.

The pictures are those that `lab.training.sets.prepare` wrote for the detector, teachers' boxes in
them. Each time one is learned it is cut, moved, mirrored, coloured and spoilt anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.footage.labelled import LabelledPicture, read_folder
from lab.training.hardships import hardened
from models.first_look import STRIDE
from models.letterbox import PAD_GREY, Image, SizeWH

Floats = NDArray[np.float32]

CLASSES = ("fire", "smoke")

ZOOM = (0.35, 1.7)
"""A picture is shown so many times as large as it would fill the input."""
SHIFT = 0.25
HUE, SATURATION, VALUE = 0.02, 0.6, 0.4
HARDSHIP = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One picture as it is learned."""

    image: Image
    """(h, w, 3) uint8 RGB of the network's size."""
    heat: Floats
    """(2, h / 16, w / 16): 1 where fire or smoke lies, 0 where it does not."""


def pictures_in(folder: Path, labels: Sequence[str]) -> tuple[LabelledPicture, ...]:
    """All prepared pictures of `folder`; their classes are `labels`, fire and smoke among them."""
    return read_folder(folder, labels)


def shown(picture: LabelledPicture, input_wh: SizeWH, random: Generator | None) -> Shown:
    """A picture drawn into the network's; plainly, without `random`."""
    image = picture.read()
    flames = picture.truth.of(*CLASSES).as_classes(CLASSES)
    move = _move(image, input_wh, random)
    seen = cv2.warpAffine(image, move, input_wh, flags=cv2.INTER_AREA, borderValue=(PAD_GREY,) * 3)
    if random is not None:
        seen = _spoilt(np.asarray(seen, np.uint8), random)
    size = np.array([image.shape[1], image.shape[0]])
    corners = flames.xyxy.reshape(-1, 2, 2) * size
    placed = corners @ move[:, :2].T + move[:, 2]
    low, high = placed.min(axis=1), placed.max(axis=1)
    boxes = np.concatenate([low, high], axis=1).astype(np.float32)
    rgb = np.ascontiguousarray(np.asarray(seen, np.uint8)[..., ::-1])
    return Shown(rgb, heat_of(boxes, flames.class_ids, input_wh))


def heat_of(boxes: Floats, class_ids: NDArray[np.int64], input_wh: SizeWH) -> Floats:
    """The heat map of boxes (n, 4) in pixels of the network's picture: a place is hot if at least
    a quarter of it is covered, and the place of a box's middle is whatever it covers."""
    width, height = input_wh[0] // STRIDE, input_wh[1] // STRIDE
    heat = np.zeros((len(CLASSES), height, width), np.float32)
    edges_x, edges_y = np.arange(width) * STRIDE, np.arange(height) * STRIDE
    for (x1, y1, x2, y2), class_id in zip(boxes, class_ids, strict=True):
        across = np.clip(np.minimum(x2, edges_x + STRIDE) - np.maximum(x1, edges_x), 0, None)
        down = np.clip(np.minimum(y2, edges_y + STRIDE) - np.maximum(y1, edges_y), 0, None)
        covered = np.outer(down, across) / STRIDE**2
        heat[class_id][covered >= 0.25] = 1
        column, row = int((x1 + x2) / 2 // STRIDE), int((y1 + y2) / 2 // STRIDE)
        if 0 <= column < width and 0 <= row < height:
            heat[class_id, row, column] = 1
    return heat


def _move(image: Image, input_wh: SizeWH, random: Generator | None) -> NDArray[np.float64]:
    """The affine map (2, 3) from pixels of the picture to those of the network's."""
    height, width = image.shape[:2]
    fit = min(input_wh[0] / width, input_wh[1] / height)
    zoom, mirrored, shift = 1.0, False, np.zeros(2)
    if random is not None:
        zoom = float(np.exp(random.uniform(*np.log(ZOOM))))
        mirrored = bool(random.random() < 0.5)
        shift = random.uniform(-SHIFT, SHIFT, 2) * np.array(input_wh)
    scale = fit * zoom
    across = -scale if mirrored else scale
    middle = np.array(input_wh) / 2 + shift
    moved = middle - np.array([across * width, scale * height]) / 2
    return np.array([[across, 0, moved[0]], [0, scale, moved[1]]])


def _spoilt(image: Image, random: Generator) -> Image:
    """Other colours, and now and then a worse camera."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + random.uniform(-HUE, HUE) * 180) % 180
    hsv[..., 1] *= 1 + random.uniform(-SATURATION, SATURATION)
    hsv[..., 2] *= 1 + random.uniform(-VALUE, VALUE)
    bounded = np.clip(hsv, 0, (179, 255, 255)).astype(np.uint8)
    coloured = np.asarray(cv2.cvtColor(bounded, cv2.COLOR_HSV2BGR), np.uint8)
    return hardened(coloured, random) if random.random() < HARDSHIP else coloured
