"""The main job: a live RTSP stream becomes one case with its evidence."""

from pathlib import Path

import pytest

from domain.case import CaseState
from domain.evidence import EvidenceKind, MissingReason
from domain.incident import IncidentKind
from edge import eyes
from lab.footage.simulator import Simulator
from streams.replay import replay
from tests.books import make_book
from tests.builders import NOON
from tests.integration.rig import block_clip, case_book, prepare, store_of, wait_for, worker

CAR = {(4, 3): "car"}
CROWD = {(column, row): "person" for column in (1, 4, 7) for row in (1, 4)}
PARKING = {"road_occupation": {"for_s": 3, "min_area": 0}}
GATHERING = {"crowding": {"count": 5, "for_s": 2, "smooth_s": 1}}

pytestmark = pytest.mark.timeout(180)


def test_two_cameras_make_two_cases_each_with_a_picture_and_a_clip(
    tmp_path: Path, bus_url: str
) -> None:
    clips = {
        "kerb": block_clip(tmp_path / "kerb.mp4", CAR),
        "square": block_clip(tmp_path / "square.mp4", CROWD, codec="hevc"),
    }
    with Simulator(clips, credentials=("viewer", "s3cret")) as cameras:
        configuration = prepare(
            tmp_path,
            {
                "kerb": {"url": cameras.url("kerb", with_credentials=True), "rules": PARKING},
                "square": {"url": cameras.url("square", with_credentials=True), "rules": GATHERING},
            },
        )
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):
            kinds_wanted = {"kerb": 3, "square": 4}

            def all_there() -> bool:
                found = {case.camera_id: case.no for case in book.cases().cases}
                return found.keys() == kinds_wanted.keys() and all(
                    len(book.evidence(no)) == kinds_wanted[str(camera)]
                    for camera, no in found.items()
                )

            wait_for(all_there, "two cases with all their evidence")
            cases = {case.kind: case for case in book.cases().cases}

            assert set(cases) == {IncidentKind.ROAD_OCCUPATION, IncidentKind.CROWDING}
            assert all(case.state is CaseState.PENDING_REVIEW for case in cases.values())
            assert cases[IncidentKind.CROWDING].count == len(CROWD)
            store = store_of(configuration)
            for case in cases.values():
                for evidence in book.evidence(case.no):
                    assert evidence.status == "sealed"
                    store.verify(evidence)
                    if evidence.kind is EvidenceKind.CLIP:
                        path = store.path(evidence)
                        frames = list(replay(path, look_every_s=0.01, start_at=NOON, decode="all"))
                        assert frames[-1].stream_s >= 3
            assert len(book.cases().cases) == 2
        with make_book(configuration.share().dir) as kept:
            assert kept.debts.open == ()
            assert {incident.camera_id for incident in kept.incidents} == set(kinds_wanted)
    log_and_files = b"".join(p.read_bytes() for p in tmp_path.rglob("*.json"))
    assert b"s3cret" not in log_and_files


def test_a_full_disk_costs_the_clip_and_not_the_case(tmp_path: Path, bus_url: str) -> None:
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", CAR)}) as cameras:
        configuration = prepare(
            tmp_path,
            {"kerb": {"url": cameras.url("kerb"), "rules": PARKING}},
            evidence={"pre_roll_s": 1, "post_roll_s": 1, "min_free_bytes": 10**18},
        )
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):
            (case,) = wait_for(lambda: book.cases().cases, "the case")
            missing = wait_for(
                lambda: [e for e in book.evidence(case.no) if e.kind is EvidenceKind.CLIP],
                "word of the clip",
            )
            assert [e.status for e in missing] == ["missing"]
            assert all(getattr(e, "reason", None) is MissingReason.STORAGE_FULL for e in missing)


def test_a_worker_that_starts_again_carries_its_incident_on(tmp_path: Path, bus_url: str) -> None:
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", CAR)}) as cameras:
        rules = {"road_occupation": {**PARKING["road_occupation"], "update_every_s": 1}}
        configuration = prepare(tmp_path, {"kerb": {"url": cameras.url("kerb"), "rules": rules}})
        with case_book(configuration, bus_url) as book:
            with worker(configuration, bus_url):
                (case,) = wait_for(lambda: book.cases().cases, "the case")

            def revision() -> int:
                incident = book.incident(case.no)
                return 0 if incident is None else incident.revision

            before = wait_for(revision, "the incident")
            with worker(configuration, bus_url):
                wait_for(lambda: revision() > before, "news of the same incident")
            assert [each.no for each in book.cases().cases] == [case.no]


def test_a_blind_worker_shows_pictures_and_sees_once_a_model_is_brought_in(
    tmp_path: Path, bus_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eyes, "RETRY_EVERY_S", 2.0)
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", CAR)}) as cameras:
        configuration = prepare(tmp_path, {"kerb": {"url": cameras.url("kerb"), "rules": PARKING}})
        model = configuration.models_dir / "blocks.onnx"
        elsewhere = model.rename(tmp_path / "elsewhere.onnx")
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):

            def skipped() -> bool:
                (row,) = book.cameras()
                return row.looks is not None and row.looks.skipped.get("no_detector", 0) > 0

            wait_for(skipped, "looks skipped for want of a detector")
            assert book.cases().cases == ()
            elsewhere.rename(model)
            wait_for(lambda: book.cases().cases, "the case", timeout_s=60)
