"""Small WebP copies of snapshots for the queue, made on demand and kept in memory."""

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from threading import Lock

import cv2

_WEBP_QUALITY = 72


class Thumbnails:
    """A bounded store of thumbnails by the sha256 of their picture. Thread-safe."""

    def __init__(self, size_wh: tuple[int, int], limit_bytes: int) -> None:
        self._size_wh = size_wh
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._made: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def of(self, sha256: str, path: Path) -> bytes | None:
        """The WebP of the picture at `path`, or None when it is not a picture."""
        with self._lock:
            if sha256 in self._made:
                self._made.move_to_end(sha256)
                return self._made[sha256]
        made = _shrink(path, self._size_wh)
        if made is not None:
            self._keep(sha256, made)
        return made

    def _keep(self, sha256: str, made: bytes) -> None:
        with self._lock:
            if sha256 not in self._made:
                self._made[sha256] = made
                self._held_bytes += len(made)
            while self._held_bytes > self._limit_bytes and len(self._made) > 1:
                self._held_bytes -= len(self._made.popitem(last=False)[1])


def _shrink(path: Path, size_wh: tuple[int, int]) -> bytes | None:
    # A quarter of the pixels is decoded at once; snapshots are far larger than thumbnails.
    image = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2)
    if image is None:
        return None
    height, width = image.shape[:2]
    scale = min(size_wh[0] / width, size_wh[1] / height, 1.0)
    target_wh = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, target_wh, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return data.tobytes() if done else None


@lru_cache(maxsize=512)  # sealed files never change
def picture_wh(path: Path) -> tuple[int, int] | None:
    """Width and height of the picture at `path` in pixels, or None when it is not a picture."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return None if image is None else (image.shape[1], image.shape[0])
