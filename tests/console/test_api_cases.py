"""The REST API of cases: reading, deciding, and what refusals say."""

import base64
from datetime import timedelta

import httpx
import pytest

from domain.case import CaseState, FalseReason, Move, Verdict
from domain.clock import VirtualClock
from domain.evidence import EvidenceKind
from domain.incident import IncidentKind
from domain.messages import EvidenceMissed
from tests.builders import WANG, make_missing
from tests.console.conftest import OPERATOR, Center

PROBLEM = "application/problem+json"


def test_list_is_empty_at_first(client: httpx.Client) -> None:
    assert client.get("/api/cases").json() == {"cases": [], "next_cursor": None, "total": 0}


def test_list_narrows_by_kind_camera_and_group(center: Center, client: httpx.Client) -> None:
    fire = center.open_case("inc_f", IncidentKind.FIRE, camera_id="square-1")
    center.open_case("inc_r", IncidentKind.ROAD_OCCUPATION)

    def numbers(**params: str) -> list[str]:
        return [case["no"] for case in client.get("/api/cases", params=params).json()["cases"]]

    assert len(numbers()) == 2
    assert numbers(kind="fire") == [fire.no]
    assert numbers(camera="square-1") == [fire.no]
    assert numbers(group="review", priority="1") == [fire.no]
    assert numbers(group="done") == []
    assert numbers(search="no such words") == []


def test_list_goes_on_page_by_page(center: Center, client: httpx.Client) -> None:
    for number in range(5):
        center.open_case(f"inc_{number}", at=center.clock.now() - timedelta(minutes=number))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/cases", params=params).json()
        seen += [case["no"] for case in page["cases"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page["total"] == 5


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"kind": "ufo"},
        {"cursor": "not-one-of-ours"},
        {"cursor": base64.urlsafe_b64encode(b"[" * 20_000).decode()},
        {"opened_from": "yesterday"},
        {"opened_from": "0001-01-01T00:00:00+08:00"},
        {"opened_to": "9999-12-31T23:59:59-01:00"},
    ],
)
def test_list_says_what_it_does_not_understand(
    client: httpx.Client, params: dict[str, str]
) -> None:
    answer = client.get("/api/cases", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail_zh"]


def test_one_case_with_its_history_and_evidence(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    sealed = center.seal(case)
    center.book.handle(EvidenceMissed(evidence=make_missing()))
    assert client.get(f"/api/cases/{case.no}").json()["state"] == "pending_review"
    entries = client.get(f"/api/cases/{case.no}/entries").json()
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    evidence = client.get(f"/api/cases/{case.no}/evidence").json()
    assert [(item["status"], item["kind"]) for item in evidence] == [
        ("sealed", "snapshot"),
        ("missing", "clip"),
    ]
    assert evidence[0]["sha256"] == sealed.sha256


@pytest.mark.parametrize("rest", ["", "/entries", "/evidence"])
def test_unknown_case_is_a_problem_in_both_languages(client: httpx.Client, rest: str) -> None:
    answer = client.get(f"/api/cases/HS-20260101-0001{rest}")
    body = answer.json()
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    assert body["detail"] == body["detail_zh"] == "没有这个案件"
    assert "HS-20260101-0001" in body["detail_en"]


def test_confirm_answers_the_case_and_until_when_it_can_be_undone(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = center.open_case()
    answer = client.post(
        f"/api/cases/{case.no}/moves", json={"move": "confirm", "version": case.version}
    )
    body = answer.json()
    assert answer.status_code == 200
    assert (body["case"]["state"], body["case"]["verdict"]) == ("filed", "real")
    assert body["state_words"] == "已立案"
    assert body["undo_until"] > clock.now().isoformat()
    assert center.book.entries(case.no)[-1].actor == OPERATOR


def test_reject_needs_its_reason_and_says_so(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    path, body = f"/api/cases/{case.no}/moves", {"move": "reject", "version": case.version}
    refused = client.post(path, json={**body, "verdict": "false"})
    assert refused.status_code == 422
    assert refused.json()["detail_zh"] == "误报须选原因, 其他结论不填原因"
    wrong = client.post(path, json={**body, "verdict": "duplicate", "duplicate_of": "HS-1"})
    assert wrong.json()["detail_zh"] == "没有编号为 HS-1 的其他案件"
    assert client.post(path, json={**body, "verdict": "duplicate", "duplicate_of": "\0"}).is_error
    done = client.post(path, json={**body, "verdict": "false", "reason": "reflection"})
    assert done.status_code == 200
    voided = center.book.case(case.no)
    assert (voided.state, voided.verdict) == (CaseState.VOIDED, Verdict.FALSE)
    assert voided.verdict_reason is FalseReason.REFLECTION


def test_move_that_the_state_does_not_allow_is_refused(
    center: Center, client: httpx.Client
) -> None:
    case = center.open_case()
    answer = client.post(
        f"/api/cases/{case.no}/moves", json={"move": "close", "version": case.version}
    )
    assert answer.status_code == 422
    assert "待受理" in answer.json()["detail_zh"]
    assert center.book.case(case.no).state is CaseState.PENDING_REVIEW


def test_the_slower_one_is_told_who_decided_what(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.book.move(case.no, Move.CONFIRM, actor=WANG, version=case.version)
    answer = client.post(
        f"/api/cases/{case.no}/moves",
        json={"move": "reject", "version": case.version, "verdict": "permitted"},
    )
    said = answer.json()["detail_zh"]
    assert answer.status_code == 409
    assert "王" in said
    assert "属实并立案" in said
    assert "12:00:00" in said


def test_the_same_key_twice_decides_once(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    for _ in range(2):
        answer = client.post(
            f"/api/cases/{case.no}/moves",
            json={"move": "confirm", "version": case.version},
            headers={"Idempotency-Key": "key-1"},
        )
        assert answer.status_code == 200
    moves = [entry.move for entry in center.book.entries(case.no)]
    assert moves.count(Move.CONFIRM) == 1


def test_undo_takes_back_while_time_is_left(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = center.open_case()
    moved = center.book.move(case.no, Move.CONFIRM, actor=OPERATOR, version=case.version)
    answer = client.post(f"/api/cases/{case.no}/undo", json={"version": moved.version})
    assert answer.status_code == 200
    assert center.book.case(case.no).state is CaseState.PENDING_REVIEW
    again = center.book.case(case.no)
    moved = center.book.move(case.no, Move.CONFIRM, actor=OPERATOR, version=again.version)
    clock.advance(60)
    late = client.post(f"/api/cases/{case.no}/undo", json={"version": moved.version})
    assert late.status_code == 422


def test_dispatch_names_the_assignee(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    filed = center.book.move(case.no, Move.CONFIRM, actor=WANG, version=case.version)
    answer = client.post(
        f"/api/cases/{case.no}/moves",
        json={"move": "dispatch", "version": filed.version, "assignee": "赵(示例)"},
    )
    assert answer.json()["case"]["assignee"] == "赵(示例)"


def test_openapi_names_every_route_and_its_types(client: httpx.Client) -> None:
    schema = client.get("/api/openapi.json").json()
    paths = schema["paths"]
    assert set(paths) == {
        "/api/cases",
        "/api/cases/{no}",
        "/api/cases/{no}/clocks",
        "/api/cases/{no}/entries",
        "/api/cases/{no}/evidence",
        "/api/cases/{no}/extensions",
        "/api/cases/{no}/moves",
        "/api/cases/{no}/photos",
        "/api/cases/{no}/undo",
        "/api/cameras",
        "/api/cameras/{camera_id}/commands",
        "/api/commands/{command_id}",
        "/api/commands/{command_id}/picture.jpg",
        "/api/cameras/{camera_id}",
        "/api/cameras/{camera_id}/coverage",
        "/api/cameras/{camera_id}/gaps",
        "/api/cameras/{camera_id}/look.jpg",
        "/api/evidence/{evidence_id}/file",
        "/api/health",
        "/api/maintenance",
        "/api/stream",
        "/api/workers",
    }
    assert {"Case", "CasePage", "Entry", "Evidence", "Problem"} <= set(
        schema["components"]["schemas"]
    )


def test_evidence_kinds_are_told_in_the_schema(client: httpx.Client) -> None:
    schemas = client.get("/api/openapi.json").json()["components"]["schemas"]
    assert schemas["EvidenceKind"]["enum"] == [kind.value for kind in EvidenceKind]
