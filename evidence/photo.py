"""Photos that people hand in: looked at by their first bytes only, and sealed as they came."""

import hashlib
from datetime import datetime

from domain.errors import EvidenceRefused
from domain.evidence import Evidence, EvidenceKind
from domain.ids import id_of
from evidence.store import EvidenceStore

PHOTO_MAX_PIXELS = 64_000_000
"""Whoever shows a photo has to decode it: a few bytes may stand for gigabytes of one colour."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})
"""Markers among those of frames that begin no frame (ITU-T T.81, table B.1)."""


def seal_photo(store: EvidenceStore, case_no: str, data: bytes, *, taken_at: datetime) -> Evidence:
    """Seal a JPEG or a PNG for a case. The same photo again has the same id, so that handing it in
    once more changes nothing.

    Raises:
        EvidenceRefused: it is neither, or has too many pixels.
        EvidenceStorageFull, EvidenceError: it could not be kept.
    """
    media_type, suffix = _format(data)
    return store.seal(
        evidence_id=id_of("evi", case_no, hashlib.sha256(data).hexdigest()),
        kind=EvidenceKind.PHOTO,
        case_no=case_no,
        captured_from=taken_at,
        captured_to=taken_at,
        media_type=media_type,
        suffix=suffix,
        write=lambda path: path.write_bytes(data),
    )


def _format(data: bytes) -> tuple[str, str]:
    """Media type and suffix, once the photo's size is known to be bearable."""
    is_png, is_jpeg = data.startswith(_PNG), data.startswith(_JPEG)
    size_wh = _png_wh(data) if is_png else _jpeg_wh(data) if is_jpeg else None
    if size_wh is None or 0 in size_wh:
        raise EvidenceRefused(
            f"expected a JPEG or a PNG, got {len(data)} bytes that begin with {data[:8].hex()}",
            zh="请上传 JPEG 或 PNG 格式的照片",
        )
    if size_wh[0] * size_wh[1] > PHOTO_MAX_PIXELS:
        raise EvidenceRefused(
            f"expected at most {PHOTO_MAX_PIXELS} pixels, got {size_wh[0]}×{size_wh[1]}",
            zh=f"照片过大, 最多 {PHOTO_MAX_PIXELS // 1_000_000} 百万像素",
        )
    return ("image/png", ".png") if is_png else ("image/jpeg", ".jpg")


def _png_wh(data: bytes) -> tuple[int, int] | None:
    """From the header chunk, which comes first."""
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _jpeg_wh(data: bytes) -> tuple[int, int] | None:
    """From the first frame header; the segments before it are passed over."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        else:
            at += 2 + max(length, 2)
    return None
