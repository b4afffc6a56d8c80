"""Pictures for people: a JPEG of a frame, and a copy with the boxes drawn into it."""

import zlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.errors import EvidenceError
from domain.geometry import Point
from domain.incident import LabelledBox

Image = NDArray[np.uint8]
"""A picture of shape (height, width, 3), uint8, BGR as OpenCV has it."""
Colour = tuple[int, int, int]

LOWEST_QUALITY = 30
_QUALITY_STEP = 10
_THUMBNAIL_QUALITY = 80
_THUMBNAIL_SHRINK = 0.8

_COLOURS: tuple[Colour, ...] = (
    (60, 60, 255),
    (0, 165, 255),
    (255, 144, 30),
    (80, 200, 60),
    (230, 70, 200),
    (210, 200, 0),
)
_ZONE_COLOUR: Colour = (0, 230, 255)
_DARK: Colour = (20, 20, 20)
_WHITE: Colour = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def encode_jpeg(image: Image, quality: int = 90, *, max_bytes: int | None = None) -> bytes:
    """A JPEG of `image` (h, w, 3) BGR. If it were larger than `max_bytes`, its quality (1-100)
    is lowered step by step, to LOWEST_QUALITY at the most; so only the size of a thumbnail is
    certain."""
    jpeg = _encode(image, quality)
    while max_bytes is not None and len(jpeg) > max_bytes and quality > LOWEST_QUALITY:
        quality = max(quality - _QUALITY_STEP, LOWEST_QUALITY)
        jpeg = _encode(image, quality)
    return jpeg


def thumbnail(image: Image, width: int = 320, *, max_bytes: int = 30_000) -> bytes:
    """A JPEG at most `width` pixels wide and at most `max_bytes` large, whatever it shows."""
    width = min(width, image.shape[1])
    while True:
        jpeg = encode_jpeg(_scaled(image, width), _THUMBNAIL_QUALITY, max_bytes=max_bytes)
        if len(jpeg) <= max_bytes or width == 1:
            return jpeg
        width = max(int(width * _THUMBNAIL_SHRINK), 1)


def draw_boxes(image: Image, boxes: Sequence[LabelledBox], zone: Sequence[Point] = ()) -> Image:
    """A full-size copy of `image` (h, w, 3) BGR with the zone's outline (frame units), the
    boxes, and each one's label and score. `image` itself stays as it is."""
    copy = image.copy()
    if len(zone) >= 3:
        _draw_zone(copy, zone)
    for box in boxes:
        _draw_box(copy, box)
    for box in boxes:  # after all boxes, so that no line crosses a label
        _draw_label(copy, box)
    return copy


def line_width(image: Image) -> int:
    """Pixels of a line that is as visible on a 4K picture as on a small one."""
    height, width = image.shape[:2]
    shorter_side: int = min(height, width)
    return max(2, round(shorter_side / 300))


def _encode(image: Image, quality: int) -> bytes:
    try:
        written, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise EvidenceError(f"expected a picture (h, w, 3), got {image.shape}") from error
    if not written:
        raise EvidenceError(f"expected a picture that JPEG can hold, got {image.shape}")
    return jpeg.tobytes()


def _scaled(image: Image, width: int) -> Image:
    height = max(round(image.shape[0] * width / image.shape[1]), 1)
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _pixels(image: Image, points: Sequence[Point]) -> NDArray[np.int32]:
    """Frame units to whole pixels inside the picture: (n, 2) int32, x before y."""
    height, width = image.shape[:2]
    scaled = np.asarray(points, np.float64) * (width - 1, height - 1)
    return np.asarray(np.rint(scaled), np.int32)


def _draw_zone(image: Image, zone: Sequence[Point]) -> None:
    corners, thick = _pixels(image, zone), line_width(image)
    # A dark line under a bright one shows on any ground.
    for colour, width in ((_DARK, thick + 2), (_ZONE_COLOUR, thick)):
        cv2.polylines(image, [corners], True, colour, width, cv2.LINE_AA)


def _draw_box(image: Image, box: LabelledBox) -> None:
    top_left, bottom_right = _corners(image, box)
    thick = line_width(image)
    cv2.rectangle(image, top_left, bottom_right, _DARK, thick + 2)
    cv2.rectangle(image, top_left, bottom_right, _colour(box.label), thick)


def _draw_label(image: Image, box: LabelledBox) -> None:
    (left, top), (_, bottom) = _corners(image, box)
    text = f"{_ascii(box.label)} {box.score:.2f}"
    thick, scale = line_width(image) // 2, 0.3 * line_width(image)
    (text_width, text_height), descent = cv2.getTextSize(text, _FONT, scale, thick)
    pad = 2 * thick
    height, width = text_height + descent + 2 * pad, text_width + 2 * pad
    # Above the box, below it where there is no room, and inside where neither has any.
    y = top - height if top >= height else min(bottom, image.shape[0] - height)
    x = max(min(left, image.shape[1] - width), 0)
    ground = _colour(box.label)
    cv2.rectangle(image, (x, y), (x + width, y + height), ground, cv2.FILLED)
    at = x + pad, y + pad + text_height
    cv2.putText(image, text, at, _FONT, scale, _ink_on(ground), thick, cv2.LINE_AA)


def _corners(image: Image, box: LabelledBox) -> tuple[tuple[int, int], tuple[int, int]]:
    (x1, y1), (x2, y2) = _pixels(image, [box.box.xyxy[:2], box.box.xyxy[2:]]).tolist()
    return (x1, y1), (x2, y2)


def _colour(label: str) -> Colour:
    """The same colour for a label in every process."""
    return _COLOURS[zlib.crc32(label.encode()) % len(_COLOURS)]


def _ink_on(ground: Colour) -> Colour:
    """Black or white, whichever can be read on `ground`."""
    blue, green, red = ground
    return _DARK if 0.114 * blue + 0.587 * green + 0.299 * red > 140 else _WHITE


def _ascii(label: str) -> str:
    """The drawing font has ASCII only; other characters become question marks."""
    return label.encode("ascii", "replace").decode()
