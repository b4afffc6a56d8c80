"""Photos that people hand in: what is taken, and what is not."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.clock import VirtualClock
from domain.errors import EvidenceRefused
from domain.evidence import EvidenceKind
from evidence.photo import PHOTO_MAX_PIXELS, seal_photo
from evidence.store import EvidenceStore
from tests.builders import NOON

IMAGE = np.full((48, 64, 3), 90, np.uint8)
SOI = b"\xff\xd8"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EvidenceStore]:
    with EvidenceStore(tmp_path, VirtualClock(NOON), min_free_bytes=0) as store:
        yield store


def encoded(suffix: str, *options: int) -> bytes:
    done, data = cv2.imencode(suffix, IMAGE, list(options))
    assert done
    return data.tobytes()


JPEG = encoded(".jpg")
EXIF = b"\xff\xe1" + (2 + 300).to_bytes(2) + b"Exif\0\0" + b"\xff\xc0" * 147
"""A segment as phones write one, with what looks like a frame header in it."""


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (JPEG, ".jpg"),
        (encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1), ".jpg"),
        (SOI + EXIF + JPEG[2:], ".jpg"),
        (SOI + b"\xff\xff" + JPEG[3:], ".jpg"),
        (encoded(".png"), ".png"),
    ],
    ids=["baseline", "progressive", "with exif", "fill bytes", "png"],
)
def test_a_photo_is_sealed_as_it_came(store: EvidenceStore, data: bytes, suffix: str) -> None:
    sealed = seal_photo(store, "HS-1", data, taken_at=NOON)
    assert (sealed.kind, sealed.case_no, sealed.camera_id) == (EvidenceKind.PHOTO, "HS-1", None)
    assert sealed.path.endswith(suffix)
    assert store.path(sealed).read_bytes() == data
    store.verify(sealed)
    assert seal_photo(store, "HS-1", data, taken_at=NOON).id == sealed.id
    assert seal_photo(store, "HS-2", data, taken_at=NOON).id != sealed.id


def header(width: int, height: int) -> bytes:
    """A JPEG's frame header of such a size, and no more."""
    size = height.to_bytes(2) + width.to_bytes(2)
    return SOI + b"\xff\xc0" + (17).to_bytes(2) + b"\x08" + size + bytes(10)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "expected a JPEG or a PNG, got 0 bytes"),
        (b"GIF89a" + bytes(40), "that begin with 474946383961"),
        (JPEG[:40], "expected a JPEG or a PNG, got 40 bytes"),
        (encoded(".png")[:20], "expected a JPEG or a PNG, got 20 bytes"),
        (header(0, 48), "expected a JPEG or a PNG"),
        (header(65_535, 65_535), f"at most {PHOTO_MAX_PIXELS} pixels, got 65535×65535"),
        (SOI + b"\xff\xc4\0\0" * 50, "expected a JPEG or a PNG"),
    ],
)
def test_what_is_no_photo_or_too_large_is_refused(
    store: EvidenceStore, data: bytes, why: str
) -> None:
    with pytest.raises(EvidenceRefused, match=why) as refused:
        seal_photo(store, "HS-1", data, taken_at=NOON)
    assert refused.value.zh
    assert list(store.sealed_paths()) == []
