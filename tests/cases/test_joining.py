"""Cameras that see the same place: several incidents, one case."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from cases.queries import CaseFilter
from domain.base import Text
from domain.case import CaseState, Priority
from domain.evidence import EvidenceKind
from domain.incident import CloseReason, Incident, IncidentKind, IncidentState
from domain.messages import EvidenceSealed, IncidentClosed, IncidentUpdated
from tests.builders import (
    NOON,
    closed_revision,
    make_cameras,
    make_evidence,
    make_incident,
    make_plan,
    make_sites,
    next_revision,
    opened,
)
from tests.cases.conftest import TO_CLOSED, Desk

GATES = {"gate-1": ("gate-2",), "gate-2": ("gate-1",)}
CAMERAS = [
    camera.model_copy(update={"overlaps": GATES.get(camera.id, ())}) for camera in make_cameras()
]


@pytest.fixture
def pair(desk: Desk) -> Desk:
    """The town, where gate-1 and gate-2 see the same place."""
    desk.book.install(make_sites(), CAMERAS, make_plan())
    return desk


def second(seconds: float = 20, **changes: Any) -> Incident:
    at = NOON + timedelta(seconds=seconds)
    kind = changes.pop("kind", IncidentKind.ROAD_OCCUPATION)
    return make_incident("inc_2", kind, at=at, **{"camera_id": "gate-2"} | changes)


def cases(desk: Desk) -> int:
    return desk.book.cases().total


def test_what_a_neighbour_sees_joins_the_case(pair: Desk) -> None:
    case = pair.take()
    pair.book.handle(opened(second()))
    assert cases(pair) == 1
    assert "相邻摄像机 路口西 也看到 (事件 inc_2), 并入本案" in pair.notes(case)[-1]
    joined = pair.book.case(case.no)
    assert (joined.camera_id, joined.title, joined.incident_id) == ("gate-1", case.title, "inc_1")
    assert joined.last_seen_at == NOON + timedelta(seconds=20)
    assert joined.version == case.version + 1

    pair.book.handle(opened(second()))  # told twice
    assert pair.book.case(case.no) == joined


def test_a_case_is_found_by_its_neighbours_whatever_comes_late(pair: Desk) -> None:
    first = make_incident()
    case = pair.take(next_revision(first, seconds=10))
    pair.book.handle(opened(second()))
    pair.book.handle(opened(first))
    found = [pair.book.cases(CaseFilter(search=words)) for words in ("gate-2", "路口西")]
    assert [[one.no for one in page.cases] for page in found] == [[case.no], [case.no]]


def test_a_joined_case_is_still_found_by_the_grids_of_its_own_plan(pair: Desk) -> None:
    case = pair.take()
    plan = make_plan("test-2")
    renamed = tuple(grid.model_copy(update={"name": Text.of("新名", "New")}) for grid in plan.grids)
    pair.book.install(make_sites(), CAMERAS, plan.model_copy(update={"grids": renamed}))
    pair.book.handle(opened(second()))
    found = [pair.book.cases(CaseFilter(search=words)) for words in ("示例社区01", "新名")]
    assert [[one.no for one in page.cases] for page in found] == [[case.no], []]


def test_it_is_gone_when_it_is_gone_for_both(pair: Desk) -> None:
    case = pair.take()
    neighbour = second()
    pair.book.handle(opened(neighbour))
    pair.book.handle(IncidentClosed(incident=closed_revision(make_incident(), seconds=60)))
    assert pair.book.case(case.no).gone_at is None
    pair.book.handle(IncidentUpdated(incident=next_revision(neighbour, seconds=70)))
    assert pair.book.case(case.no).last_seen_at == NOON + timedelta(seconds=90)
    ended = closed_revision(next_revision(neighbour, seconds=70), seconds=30)
    pair.book.handle(IncidentClosed(incident=ended))
    assert pair.notes(case)[-1] == "路口西: 事件关闭: 已消失"
    assert pair.book.case(case.no).gone_at == NOON + timedelta(seconds=120)


def test_old_news_of_a_neighbour_changes_nothing(pair: Desk) -> None:
    case = pair.take()
    neighbour = second()
    pair.book.handle(opened(neighbour))
    pair.book.handle(IncidentUpdated(incident=next_revision(neighbour)))
    before = pair.book.case(case.no)
    pair.book.handle(opened(neighbour))
    assert pair.book.case(case.no) == before


def test_evidence_of_both_is_in_the_case_its_own_first(pair: Desk) -> None:
    case = pair.take()
    early = make_evidence("evi_a", incident_id="inc_2", at=NOON - timedelta(seconds=5))
    pair.book.handle(EvidenceSealed(evidence=early))
    pair.book.handle(opened(second()))
    clip = make_evidence("evi_c", EvidenceKind.CLIP, incident_id="inc_2")
    for item in (make_evidence("evi_b"), clip):
        pair.book.handle(EvidenceSealed(evidence=item))
    assert [item.id for item in pair.book.evidence(case.no)] == ["evi_b", "evi_a", "evi_c"]
    assert sum("证据已封存" in note for note in pair.notes(case)) == 3


@pytest.mark.parametrize(
    "other",
    [
        second(kind=IncidentKind.FIRE),
        second(camera_id="square-1"),
        second(700),  # the first was gone by 60 s, and 10 minutes have passed
        second(-900, state=IncidentState.CLOSED, closed_at=NOON - timedelta(seconds=700)),
    ],
)
def test_what_is_not_the_same_is_a_case_of_its_own(pair: Desk, other: Incident) -> None:
    pair.take()
    pair.book.handle(IncidentClosed(incident=closed_revision(make_incident(), seconds=60)))
    pair.book.handle(opened(other))
    assert cases(pair) == 2


def test_watches_join_only_those_of_the_same_rule(pair: Desk) -> None:
    dogs = {"kind": IncidentKind.WATCH, "rule_id": "dogs"}
    pair.take(make_incident().model_copy(update=dogs))
    pair.book.handle(opened(second().model_copy(update={**dogs, "rule_id": "boats"})))
    pair.book.handle(opened(second().model_copy(update={**dogs, "id": "inc_3"})))
    assert cases(pair) == 2


def test_a_decided_case_takes_no_more_and_nothing_overlaps_by_itself(pair: Desk) -> None:
    pair.walk(pair.take(), *TO_CLOSED)
    pair.book.handle(opened(second()))
    assert cases(pair) == 2


def test_without_overlap_two_incidents_are_two_cases(desk: Desk) -> None:
    desk.take()
    desk.book.handle(opened(second()))
    assert cases(desk) == 2


def test_a_neighbour_that_sees_it_again_reopens_the_case(pair: Desk) -> None:
    case = pair.take()
    neighbour = second()
    pair.book.handle(opened(neighbour))
    gone = closed_revision(neighbour)
    pair.book.handle(IncidentClosed(incident=gone))
    pair.walk(case, *TO_CLOSED)
    again = next_revision(
        gone, state=IncidentState.OPEN, closed_at=None, close_reason=None, reopened=1
    )
    pair.book.handle(opened(again))
    assert pair.book.case(case.no).state is CaseState.REOPENED
    assert pair.notes(case)[-2:] == ["路口西: 再次出现", "现场再次出现, 已结案件重开"]


def test_a_neighbour_that_sees_more_raises_the_case(pair: Desk) -> None:
    case = pair.take(make_incident("inc_1", IncidentKind.CROWDING))
    neighbour = second(kind=IncidentKind.CROWDING)
    pair.book.handle(opened(neighbour))
    assert pair.book.case(case.no).priority is Priority.HIGH
    pair.book.handle(IncidentUpdated(incident=next_revision(neighbour, count=40)))
    raised = pair.book.case(case.no)
    assert raised.priority is Priority.URGENT
    assert raised.count == 18  # its own camera's


def test_a_neighbour_that_ended_meanwhile_joins_all_the_same(pair: Desk) -> None:
    case = pair.take()
    lost = closed_revision(second(), reason=CloseReason.UNSEEN)
    pair.book.handle(IncidentClosed(incident=lost))
    assert cases(pair) == 1
    assert pair.notes(case)[-1].startswith("路口西: 事件关闭: 失去画面")


def test_two_neighbours_that_tell_at_once_make_one_case(pair: Desk) -> None:
    both = [opened(make_incident()), opened(second(0))]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(pair.book.handle, both))
    assert cases(pair) == 1
