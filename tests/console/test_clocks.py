"""Deadlines on the page of a case and in its JSON, and more time for a stage."""

import httpx
import pytest

from domain.case import Case, Move
from domain.clock import VirtualClock
from domain.limits import Stage
from domain.stage_clock import ClockState, StageClock
from tests.builders import LI
from tests.console.conftest import Center

FIELD = (Move.CONFIRM, Move.DISPATCH, Move.ACCEPT)


def in_the_field(center: Center) -> Case:
    case = center.open_case()
    for move in FIELD:
        case = center.book.move(case.no, move, actor=LI, version=case.version)
    return case


def told(client: httpx.Client, case: Case) -> list[StageClock]:
    answer = client.get(f"/api/cases/{case.no}/clocks").json()
    return [StageClock.model_validate(clock) for clock in answer["clocks"]]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("时限", "处置", "计时中", "4 小时", "暂定标准", "超期", "应知悉:")),
        (
            "en",
            ("Deadlines", "Handle", "Running", "provisional standard", "overdue", "Should know:"),
        ),
    ],
)
def test_a_page_shows_each_deadline_and_who_should_know(
    center: Center, client: httpx.Client, clock: VirtualClock, language: str, words: tuple[str, ...]
) -> None:
    case = in_the_field(center)
    clock.advance(14_401)
    center.book.tend()
    page = client.get(f"/cases/{case.no}", params={"lang": language}).text
    panel = page[page.index('id="clocks"') - 200 : page.index("</dl>", page.index('id="clocks"'))]
    for word in words:
        assert word in panel, word
    keys = [clock.limit.clause for clock in center.book.clocks(case.no) if clock.limit]
    assert any(keys)
    assert not [key for key in keys if key and key in panel], "the town's keys are no words"


def test_the_json_of_a_case_tells_its_clocks(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = in_the_field(center)
    assert told(client, case) == list(center.book.clocks(case.no))
    clock.advance(14_401)
    center.book.tend()
    answer = client.get(f"/api/cases/{case.no}/clocks").json()
    assert [each["level"] for each in answer["escalations"]] == ["team"]
    assert client.get("/api/cases/HS-19990101-0001/clocks").status_code == 404


def test_more_time_is_given_with_a_reason_and_a_level(center: Center, client: httpx.Client) -> None:
    case = in_the_field(center)
    asked = {"version": case.version, "more": {"amount": 2, "unit": "work_hour"}, "reason": "等料"}
    road = f"/api/cases/{case.no}/extensions"
    assert client.post(road, json=asked | {"reason": ""}).status_code == 422
    answer = client.post(road, json=asked)
    assert answer.status_code == 200, answer.text
    [handle] = [clock for clock in told(client, case) if clock.stage is Stage.HANDLE]
    assert (handle.extensions, handle.state) == (1, ClockState.RUNNING)
    again = client.post(road, json=asked | {"version": answer.json()["version"]})
    assert again.status_code == 422
    assert "leader" in again.text


def test_a_case_set_aside_says_until_when(center: Center, client: httpx.Client) -> None:
    case = in_the_field(center)
    asked = {"move": "suspend", "version": case.version, "note": "等审批"}
    answer = client.post(f"/api/cases/{case.no}/moves", json=asked).json()["case"]
    assert answer["suspended_until"] is not None
    page = client.get(f"/cases/{case.no}").text
    assert "挂账复核日" in page
    assert "剩余" in page


def test_days_that_nobody_announced_are_said_to_those_who_look_after_it(
    center: Center, client: httpx.Client
) -> None:
    year = center.book.unannounced_year()
    page = client.get("/maintenance").text
    assert (f"{year} 年放假安排尚未录入" in page) is (year is not None)
