"""Sealed files, thumbnails and last looks over HTTP."""

from datetime import timedelta
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from domain.clock import VirtualClock
from domain.evidence import EvidenceKind
from domain.messages import EvidenceMissed
from tests.builders import make_missing
from tests.console.conftest import Center, jpeg, picture
from tests.media import make_clip


def test_a_sealed_file_is_cached_for_ever_by_its_hash(center: Center, client: httpx.Client) -> None:
    sealed = center.seal(center.open_case())
    answer = client.get(f"/api/evidence/{sealed.id}/file")
    assert answer.content == center.store.path(sealed).read_bytes()
    assert answer.headers["etag"] == f'"{sealed.sha256}"'
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "image/jpeg"
    again = client.get(
        f"/api/evidence/{sealed.id}/file", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_clip_comes_in_ranges(center: Center, client: httpx.Client, tmp_path: Path) -> None:
    data = make_clip(tmp_path / "c.mp4", seconds=2).read_bytes()
    sealed = center.seal(center.open_case(), EvidenceKind.CLIP, data)
    answer = client.get(f"/api/evidence/{sealed.id}/file", headers={"Range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.content == data[100:200]
    assert answer.headers["content-range"] == f"bytes 100-199/{len(data)}"
    beyond = client.get(f"/api/evidence/{sealed.id}/file", headers={"Range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(("query", "kind"), [("", "inline"), ("?download=1", "attachment")])
def test_a_file_has_a_name_that_says_where_when_what(
    center: Center, client: httpx.Client, query: str, kind: str
) -> None:
    sealed = center.seal(center.open_case())
    disposition = client.get(f"/api/evidence/{sealed.id}/file{query}").headers[
        "content-disposition"
    ]
    assert disposition == f'{kind}; filename="gate-1_20261123T040000Z_snapshot.jpg"'


def test_a_file_that_is_unknown_missing_or_lost_is_not_found(
    center: Center, client: httpx.Client
) -> None:
    case = center.open_case()
    center.book.handle(EvidenceMissed(evidence=make_missing("evi_gone")))
    lost = center.seal(case)
    center.store.path(lost).unlink()
    for evidence_id in ("evi_unknown", "evi_gone", lost.id):
        answer = client.get(f"/api/evidence/{evidence_id}/file")
        assert answer.status_code == 404
        assert answer.json()["detail_zh"] == "没有这份证据文件"


def test_a_thumbnail_is_small_webp(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.seal(case, data=jpeg(picture((1920, 1080))))
    answer = client.get(f"/media/cases/{case.no}/thumbnail")
    assert answer.headers["content-type"] == "image/webp"
    assert len(answer.content) < 30_000
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (108, 192, 3)


@pytest.mark.parametrize("data", [None, b"not a picture"])
def test_without_a_picture_the_thumbnail_is_a_drawing_nobody_keeps(
    center: Center, client: httpx.Client, data: bytes | None
) -> None:
    case = center.open_case()
    if data is not None:
        center.seal(case, data=data)
    for no in (case.no, "HS-20260101-0009"):
        answer = client.get(f"/media/cases/{no}/thumbnail")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["cache-control"] == "no-store"


def test_a_last_look_tells_its_age(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    data = jpeg(picture())
    center.board.put("gate-1", data, clock.now())
    clock.advance(3)
    fresh = client.get("/api/cameras/gate-1/look.jpg")
    assert fresh.content == data
    assert fresh.headers["x-look-at"] == (clock.now() - timedelta(seconds=3)).isoformat()
    assert (fresh.headers["age"], fresh.headers["x-look-stale"]) == ("3", "0")
    clock.advance(60)
    stale = client.get("/api/cameras/gate-1/look.jpg")
    assert (stale.headers["age"], stale.headers["x-look-stale"]) == ("63", "1")
    assert stale.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("camera", ["gate-2", "no-such-camera"])
def test_without_a_look_there_is_no_picture(client: httpx.Client, camera: str) -> None:
    answer = client.get(f"/api/cameras/{camera}/look.jpg")
    assert answer.status_code == 404
    assert camera in answer.json()["detail_en"]
