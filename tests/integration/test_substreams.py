"""Cameras with two streams: looked at on the small one, recorded from the large one."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from cases.book import CaseBook
from domain.evidence import EvidenceKind, MissingReason
from domain.health import CameraHealth, CameraStatus, FaultKind
from edge import feeds
from lab.footage.simulator import Fault, Simulator
from streams.frame import Image
from streams.replay import replay
from tests.block_detector import blocks_picture
from tests.builders import NOON
from tests.integration.rig import block_clip, case_book, prepare, store_of, wait_for, worker
from tests.media import make_clip

LARGE_WH = (640, 384)
CAR = {(4, 3): "car"}
PARKING = {"road_occupation": {"for_s": 3, "min_area": 0}}

pytestmark = pytest.mark.timeout(120)


def large_clip(path: Path, blocks: dict[tuple[int, int], str]) -> Path:
    """A main stream: what a clip of `blocks` shows, in twice the size."""

    def paint(number: int) -> Image:
        image = blocks_picture(blocks).repeat(2, axis=0).repeat(2, axis=1)
        noise = np.random.default_rng(number).integers(0, 30, image.shape, np.uint8)
        return np.asarray(image // 2 + noise, np.uint8)

    return make_clip(path, paint=paint, seconds=6, fps=10, gop=10, size_wh=LARGE_WH)


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, Path]:
    """The car is seen on the small stream alone, so that one knows where it was found."""
    return {
        "kerb": large_clip(tmp_path / "main.mp4", {}),
        "kerb/sub": block_clip(tmp_path / "sub.mp4", CAR),
    }


def urls(cameras: Simulator) -> dict[str, object]:
    return {"url": cameras.url("kerb"), "detect_url": cameras.url("kerb/sub"), "rules": PARKING}


def health(book: CaseBook) -> CameraHealth | None:
    (row,) = book.cameras()
    return row.health


def says(book: CaseBook, what: Callable[[CameraHealth], bool]) -> CameraHealth:
    def found() -> CameraHealth | None:
        said = health(book)
        return said if said is not None and what(said) else None

    said = wait_for(found, "what the camera's health says")
    assert said is not None
    return said


def said_looks(book: CaseBook) -> int:
    (row,) = book.cameras()
    return row.looks.looks if row.looks is not None else 0


def test_what_is_found_on_the_small_stream_has_its_evidence_from_the_large_one(
    tmp_path: Path, bus_url: str, clips: dict[str, Path]
) -> None:
    with Simulator(clips) as cameras:
        configuration = prepare(tmp_path, {"kerb": urls(cameras)})
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):
            (case,) = wait_for(lambda: book.cases().cases, "the case")
            wait_for(lambda: len(book.evidence(case.no)) == 3, "all its evidence")
            store = store_of(configuration)
            pieces = {e.kind: e for e in book.evidence(case.no)}
            paths = {}
            for kind, piece in pieces.items():
                assert piece.status == "sealed"
                paths[kind] = store.path(piece)
            for kind in (EvidenceKind.SNAPSHOT, EvidenceKind.SNAPSHOT_BOXED):
                picture = cv2.imread(str(paths[kind]))
                assert picture is not None
                assert (picture.shape[1], picture.shape[0]) == LARGE_WH
            clip = list(
                replay(paths[EvidenceKind.CLIP], look_every_s=0.5, start_at=NOON, decode="all")
            )
            assert clip[0].size_wh == LARGE_WH
            incident = book.incident(case.no)
            assert incident is not None
            snapshot = pieces[EvidenceKind.SNAPSHOT]
            assert snapshot.status == "sealed"
            assert abs(snapshot.captured_from - incident.opened_at) < timedelta(seconds=1)

            def sees_and_records(health: CameraHealth) -> bool:
                return health.status is CameraStatus.SEEING and health.size_wh is not None

            assert says(book, sees_and_records).size_wh == LARGE_WH


def test_without_its_main_stream_a_camera_still_sees_and_owns_up_to_missing_evidence(
    tmp_path: Path, bus_url: str, clips: dict[str, Path]
) -> None:
    with Simulator(clips, faults={"kerb": Fault(kind="not_found")}) as cameras:
        configuration = prepare(tmp_path, {"kerb": urls(cameras)})
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):
            said = says(book, lambda h: h.status is CameraStatus.IMPAIRED)
            assert said.fault is FaultKind.NOT_FOUND
            assert "evidence is missing" in said.detail
            (case,) = wait_for(lambda: book.cases().cases, "the case")
            wait_for(lambda: len(book.evidence(case.no)) == 3, "word of all its evidence")
            (clip,) = [e for e in book.evidence(case.no) if e.kind is EvidenceKind.CLIP]
            assert getattr(clip, "reason", None) is MissingReason.NOT_BUFFERED


def test_looks_fall_back_to_the_main_stream_and_return_by_themselves(
    tmp_path: Path, bus_url: str, clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FALL_BACK_AFTER_S", 1)
    with Simulator(clips, faults={"kerb/sub": Fault(kind="refuse")}) as cameras:
        configuration = prepare(tmp_path, {"kerb": urls(cameras)})
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):
            said = says(book, lambda h: "looks use the main stream" in h.detail)
            assert said.status is CameraStatus.SEEING
            wait_for(lambda: said_looks(book) > 0, "looks at the main stream")
            assert book.cases().cases == ()
            cameras.set_fault("kerb/sub", None)
            wait_for(lambda: book.cases().cases, "what only the small stream shows")
