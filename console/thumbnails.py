"""Small WebP copies of snapshots for the queue, made on demand and kept in memory."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

import cv2
from cachetools import LRUCache

_WEBP_QUALITY = 72


class Thumbnails:
    """A bounded store of thumbnails by the sha256 of their picture. Thread-safe."""

    def __init__(self, size_wh: tuple[int, int], limit_bytes: int) -> None:
        self._size_wh = size_wh
        self._made: LRUCache[str, bytes] = LRUCache(limit_bytes, getsizeof=len)
        self._lock = Lock()

    def of(self, sha256: str, path: Path) -> bytes | None:
        """The WebP of the picture at `path`, or None when it is not a picture."""
        with self._lock:
            if (kept := self._made.get(sha256)) is not None:
                return kept
        made = _shrink(path, self._size_wh)
        if made is not None:
            with self._lock, suppress(ValueError):  # one that is larger than the store is not kept
                self._made[sha256] = made
        return made


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
