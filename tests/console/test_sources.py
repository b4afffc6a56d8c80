"""Cases that no camera found, over HTTP: reported, shown, given photos, and heard of elsewhere."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from console.console_settings import ConsoleSettings
from domain.actor import SYSTEM
from domain.case import Case, CaseSource, Move
from domain.evidence import EvidenceKind
from evidence.photo import PHOTO_MAX_PIXELS
from evidence.store import EvidenceStore
from tests.console.conftest import OPERATOR, SETTINGS, Center, jpeg, picture
from tests.console.server import LiveServer, serving
from tests.console.test_pages import page
from tests.console.test_stream import events, first

REPORT: dict[str, Any] = {
    "source": "snap",
    "description": "菜市场门口垃圾成堆",
    "duty_class": "environment",
    "lon": 103.8901,
    "lat": 30.5001,
    "address": "示例路 8 号",
}
PHOTO = jpeg(picture())


def tell(client: httpx.Client, **changes: Any) -> Case:
    answer = client.post("/api/cases", json={**REPORT, **changes})
    assert answer.status_code == 201, answer.text
    return Case.model_validate(answer.json())


def hand_in(client: httpx.Client, no: str, photo: bytes = PHOTO, **params: str) -> httpx.Response:
    headers = {"Content-Type": "image/jpeg"}
    path = f"/api/cases/{no}/photos"
    return client.post(path, content=photo, headers=headers, params=params)


def test_a_report_answers_its_case_with_source_and_actors(client: httpx.Client) -> None:
    case = tell(client)
    told = client.get(f"/api/cases/{case.no}").json()
    assert (told["source"], told["camera_id"], told["incident_id"]) == ("snap", None, None)
    entries = client.get(f"/api/cases/{case.no}/entries").json()
    assert [entry["actor"] for entry in entries] == [
        OPERATOR.model_dump(mode="json"),
        SYSTEM.model_dump(mode="json"),
    ]
    body = {"move": "confirm", "version": case.version}
    moved = client.post(f"/api/cases/{case.no}/moves", json=body).json()["case"]
    assert moved["reviewer"] == {
        "kind": "role",
        "id": "operator",
        "name": {"zh": "李(示例)", "en": "Li"},
    }
    assert client.get("/api/cases", params={"source": "snap"}).json()["total"] == 1


def test_the_same_key_reports_once(client: httpx.Client) -> None:
    answers = [
        client.post("/api/cases", json=REPORT, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert len({answer.json()["no"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": "video_ai"}, "video_ai cases are made of incidents"),
        ({"source": "rumour"}, "source"),
        ({"description": ""}, "description"),
        ({"camera_id": "gate-9"}, "expected a registered camera, got gate-9"),
    ],
)
def test_what_cannot_be_reported_is_a_problem(
    client: httpx.Client, changes: dict[str, Any], says: str
) -> None:
    answer = client.post("/api/cases", json={**REPORT, **changes})
    assert answer.status_code == 422
    assert says in answer.json()["detail_en"]
    assert client.get("/api/cases").json()["total"] == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_case_without_camera_is_shown_without_waiting_for_a_clip(
    center: Center, client: httpx.Client, language: str
) -> None:
    case = tell(client, external_no="A-1")
    center.open_case()
    for path in (f"/cases/{case.no}", f"/desk?group=all&case={case.no}"):
        answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer.status_code == 200
        html = answer.text
        assert "clip-words" not in html
        assert "data-expected" not in html
        assert ("没有照片" if language == "zh" else "No photo") in html
        assert ("随手拍" if language == "zh" else "Citizen") in html
        assert ("置信度" if language == "zh" else "Confidence") not in html
        assert "None" not in html
        assert ("没有证据" if language == "zh" else "No evidence") in html
    assert "环境保护" in page(client, "/desk/queue?group=all&lang=zh")
    assert "示例路 8 号" in page(client, "/desk/queue?group=all&lang=zh")


@pytest.mark.parametrize("place", [{}, {"lon": None, "lat": None, "address": ""}])
def test_candidates_wall_and_lists_bear_it(
    center: Center, client: httpx.Client, place: dict[str, Any]
) -> None:
    case, seen = tell(client, kind="fire", **place), center.open_case()
    for path in (
        f"/desk/cases/{seen.no}/candidates",
        f"/desk/cases/{case.no}/candidates",
        f"/desk/cases/{case.no}",
        "/desk/queue?group=all",
        "/wall",
        "/cameras",
        "/parts/counts",
    ):
        page(client, path)
    assert (
        client.get(f"/media/cases/{case.no}/thumbnail").headers["content-type"] == "image/svg+xml"
    )


def test_a_photo_is_sealed_for_its_case_and_shown(center: Center, client: httpx.Client) -> None:
    case = tell(client)
    taken = case.opened_at - timedelta(minutes=5)
    answer = hand_in(client, case.no, taken_at=taken.isoformat())
    assert answer.status_code == 201, answer.text
    [sealed] = center.book.evidence(case.no)
    assert answer.json() == sealed.model_dump(mode="json")
    assert (sealed.kind, sealed.case_no, sealed.incident_id) == (EvidenceKind.PHOTO, case.no, None)
    file = client.get(f"/api/evidence/{sealed.id}/file?download=1")
    assert file.content == PHOTO
    assert f"{case.no}_" in file.headers["content-disposition"]
    assert center.book.entries(case.no)[-1].actor == OPERATOR
    html = client.get(f"/cases/{case.no}").text
    assert f"/api/evidence/{sealed.id}/file" in html
    assert "没有照片" not in html
    thumbnail = client.get(f"/media/cases/{case.no}/thumbnail")
    assert thumbnail.headers["content-type"] == "image/webp"


def test_the_same_photo_twice_is_one(center: Center, client: httpx.Client) -> None:
    case = center.open_case()  # of a camera: it takes photos too
    answers = [hand_in(client, case.no) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(center.book.evidence(case.no)) == 1
    assert hand_in(client, case.no, jpeg(picture(shade=20))).status_code == 201
    assert len(center.book.evidence(case.no)) == 2


@pytest.mark.parametrize(
    "photo",
    [
        b"",
        b"<svg/>",
        PHOTO[:20],
        b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + (2**31 - 1).to_bytes(4) * 2 + bytes(9),
    ],
    ids=["empty", "no picture", "cut off", "a bomb"],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(
    center: Center, client: httpx.Client, photo: bytes
) -> None:
    case = tell(client)
    answer = hand_in(client, case.no, photo)
    assert answer.status_code == 422
    assert answer.json()["detail_zh"]
    assert center.book.evidence(case.no) == ()
    assert list(center.store.sealed_paths()) == []
    assert PHOTO_MAX_PIXELS < (2**31 - 1) ** 2


def test_a_photo_for_no_case_is_not_kept(center: Center, client: httpx.Client) -> None:
    assert hand_in(client, "HS-20260101-0001").status_code == 404
    assert list(center.store.sealed_paths()) == []


def test_a_store_that_takes_nothing_says_so(center: Center, tmp_path: Path) -> None:
    case = center.open_case()
    with EvidenceStore(tmp_path / "full", center.clock, min_free_bytes=2**62) as center.store:
        with serving(center.make_app) as server, httpx.Client(base_url=server.url) as client:
            answer = hand_in(client, case.no)
    assert (answer.status_code, answer.json()["detail_zh"][:3]) == (503, "证据库")
    assert center.book.evidence(case.no) == ()


@pytest.fixture
def small(center: Center) -> Iterator[LiveServer]:
    center.settings = SETTINGS.model_copy(
        update={"photo_max_bytes": ConsoleSettings().body_max_bytes * 2, "uploads_max": 1}
    )
    with serving(center.make_app) as server:
        yield server


def test_only_photos_may_be_large_and_not_too_large(center: Center, small: LiveServer) -> None:
    case = center.open_case()
    with httpx.Client(base_url=small.url, timeout=20) as client:
        much = PHOTO + bytes(ConsoleSettings().body_max_bytes)
        assert hand_in(client, case.no, much).status_code == 201
        assert hand_in(client, case.no, much * 2).status_code == 413
        moves = f"/api/cases/{case.no}/moves"
        assert client.post(moves, content=b" " * len(much)).status_code == 413


def test_the_pages_of_another_process_hear_of_a_move(
    center: Center, client: httpx.Client, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    try:
        elsewhere = CaseBook(database, CaseSettings(), center.clock)
        case = center.open_case()
        with events(client) as news:
            assert next(news)[0] == "hello"
            elsewhere.move(case.no, Move.CONFIRM, actor=OPERATOR, version=case.version)
            told = first(news, lambda event: event[0] == "cases")
            assert told["changes"] == [
                {"no": case.no, "version": case.version + 1, "what": "moved"}
            ]
    finally:
        database.close()


def test_each_source_has_words_and_a_row(client: httpx.Client) -> None:
    for source in CaseSource:
        if source is not CaseSource.VIDEO_AI:
            tell(client, source=source.value)
    rows = client.get("/desk/queue?group=all").text
    assert rows.count("row-link") == len(CaseSource) - 1
    assert json.loads(client.get("/api/cases").text)["total"] == len(CaseSource) - 1
