"""Incidents become cases: once, in any order, and kept up to date."""

import random
from datetime import timedelta
from typing import Any

import pytest

from cases.queries import StateGroup
from domain.actor import SYSTEM
from domain.base import Text
from domain.case import CaseSource, CaseState, Move, Priority, Triage, Verdict
from domain.duty import DutyClass
from domain.errors import MessageInvalid
from domain.evidence import EvidenceKind
from domain.incident import CloseReason, IncidentKind
from domain.messages import EvidenceMissed, EvidenceSealed, Message
from tests.builders import (
    NOON,
    closed,
    closed_revision,
    make_evidence,
    make_incident,
    make_missing,
    next_revision,
    opened,
    reopened_revision,
    updated,
)
from tests.cases.conftest import TO_CLOSED, Desk, MakeDesk


def test_an_incident_becomes_a_case_that_waits_for_review(desk: Desk) -> None:
    case = desk.take()
    assert case.no == "HS-20261123-0001"
    assert (case.source, case.state) == (CaseSource.VIDEO_AI, CaseState.PENDING_REVIEW)
    assert case.title.zh == "空港花田网格·示例路口: 占道 — 车辆静止停留 31 s"
    assert case.title.en.endswith("Sample s-1: Road occupation — A vehicle stood for 31 s")
    assert (case.camera_id, case.site_id, case.lon, case.lat) == ("gate-1", "s-1", 103.89, 30.50)
    assert case.gb_id == "51011600001320000001"
    assert case.opened_at == NOON
    assert case.owner.zh == "示例微网格011·网格员队伍"


def test_its_first_entries_are_the_systems(desk: Desk) -> None:
    first, second = desk.book.entries(desk.take().no)
    assert (first.seq, first.actor, first.move, first.from_state) == (1, SYSTEM, None, None)
    assert first.to_state is CaseState.ALERT
    assert first.note.zh == "视频巡检发现占道 (事件 inc_1); 归属 示例微网格011·网格员队伍"
    assert (second.move, second.from_state) == (Move.RECEIVE, CaseState.ALERT)
    assert second.to_state is CaseState.PENDING_REVIEW


@pytest.mark.parametrize(
    ("changes", "duty", "code", "priority", "triage", "review_s"),
    [
        ({"kind": IncidentKind.FIRE}, DutyClass.FIRE_SAFETY, "0411", 1, Triage.URGENT, 120),
        ({}, DutyClass.TRAFFIC, "0505", 3, Triage.LOCAL, 900),
        ({"boxes": ()}, DutyClass.CITY_MANAGEMENT, "0501", 3, Triage.LOCAL, 900),
        ({"rule_id": "fire_lane"}, DutyClass.FIRE_SAFETY, "0505", 2, Triage.LOCAL, 900),
        ({"kind": IncidentKind.CROWDING}, DutyClass.PUBLIC_ORDER, "0409", 2, Triage.JOINT, 300),
        (
            {"kind": IncidentKind.CROWDING, "count": 30},
            DutyClass.PUBLIC_ORDER,
            "0409",
            1,
            Triage.URGENT,
            300,
        ),
    ],
)
def test_the_kind_decides_duty_code_priority_and_review_time(
    desk: Desk,
    changes: dict[str, Any],
    duty: DutyClass,
    code: str,
    priority: int,
    triage: Triage,
    review_s: float,
) -> None:
    case = desk.take(**changes)
    assert (case.duty_class, case.event_code) == (duty, code)
    assert (case.priority, case.triage) == (Priority(priority), triage)
    assert case.review_due_at is not None
    assert (case.review_due_at - desk.clock.now()).total_seconds() == review_s


def test_codes_are_configuration(make_desk: MakeDesk) -> None:
    desk = make_desk(kinds={"fire": {"event_code": "0115", "event_name": {"zh": "焚烧垃圾树叶"}}})
    case = desk.take(kind=IncidentKind.FIRE)
    assert (case.event_code, case.priority) == ("0115", Priority.URGENT)
    assert case.event_name == Text(zh="焚烧垃圾树叶", en="焚烧垃圾树叶")


def test_the_same_message_again_is_no_news(desk: Desk) -> None:
    case = desk.take()
    with desk.book.subscribe() as news:
        assert desk.take() == case
        assert news.take() == []
    assert desk.book.cases().total == 1


def test_an_update_changes_the_facts_of_now_without_an_entry(desk: Desk) -> None:
    incident = make_incident()
    case = desk.take(incident)
    later = next_revision(incident, score=0.9, explanation=Text.of("停留 41 s", "Stood 41 s"))
    desk.book.handle(updated(later))
    now = desk.book.case(case.no)
    assert (now.last_seen_at, now.score) == (later.last_seen_at, 0.9)
    assert now.explanation.zh == "停留 41 s"
    assert (now.title, now.version) == (case.title, case.version + 1)
    assert len(desk.book.entries(case.no)) == 2
    assert desk.book.incident(case.no) == later


@pytest.mark.parametrize(
    ("reason", "says", "known_gone"),
    [
        (CloseReason.GONE, "事件关闭: 已消失", True),
        (CloseReason.UNSEEN, "事件关闭: 失去画面, 无法确认", False),
    ],
)
def test_leaving_is_told(desk: Desk, reason: CloseReason, says: str, known_gone: bool) -> None:
    incident = make_incident()
    case = desk.take(incident)
    last = closed_revision(incident, reason=reason)
    desk.book.handle(closed(last))
    now = desk.book.case(case.no)
    assert now.state is CaseState.PENDING_REVIEW
    assert now.gone_at == (last.closed_at if known_gone else None)
    assert desk.notes(case)[-1] == says


def test_a_crowd_that_grows_raises_the_case_and_never_lowers_it(desk: Desk) -> None:
    incident = make_incident(kind=IncidentKind.CROWDING)
    case = desk.take(incident)
    grown = next_revision(incident, count=42)
    desk.book.handle(updated(grown))
    desk.book.handle(updated(next_revision(grown, count=5)))
    now = desk.book.case(case.no)
    assert (now.priority, now.triage, now.count) == (Priority.URGENT, Triage.URGENT, 5)
    assert desk.notes(case)[2:] == ["由紧急升为特急", "由大事升为急事"]


def test_what_comes_back_is_told_and_reopens_a_closed_case(desk: Desk) -> None:
    incident = make_incident()
    case = desk.walk(desk.take(incident), *TO_CLOSED)
    gone = closed_revision(incident)
    desk.book.handle(closed(gone))
    desk.book.handle(opened(reopened_revision(gone)))
    now = desk.book.case(case.no)
    assert (now.state, now.gone_at) == (CaseState.REOPENED, None)
    assert desk.notes(case)[-2:] == ["再次出现", "现场再次出现, 已结案件重开"]
    last = desk.book.entries(case.no)[-1]
    assert (last.actor, last.move) == (SYSTEM, Move.REOPEN)


def test_what_was_void_for_having_left_waits_for_review_when_it_comes_back(desk: Desk) -> None:
    incident = make_incident(kind=IncidentKind.FIRE)
    case = desk.take(incident)
    gone = closed_revision(incident)
    desk.book.handle(closed(gone))
    desk.move(case, Move.REJECT, verdict=Verdict.GONE, reason=None)
    desk.clock.advance(120)
    desk.book.handle(updated(reopened_revision(gone)))
    now = desk.book.case(case.no)
    assert (now.state, now.verdict, now.reviewer) == (CaseState.PENDING_REVIEW, None, None)
    assert now.review_due_at == desk.clock.now() + timedelta(seconds=120)
    assert desk.notes(case)[-1] == "现场再次出现, 自行消失的案件转回待受理"
    assert desk.book.counts().by_group[StateGroup.REVIEW] == 1


@pytest.mark.parametrize("way", [(), (Move.CONFIRM,), (Move.REJECT,)])
def test_other_cases_stay_where_they_are_when_it_comes_back(
    desk: Desk, way: tuple[Move, ...]
) -> None:
    incident = make_incident()
    case = desk.walk(desk.take(incident), *way)
    gone = closed_revision(incident)
    desk.book.handle(closed(gone))
    desk.book.handle(updated(reopened_revision(gone)))
    assert desk.book.case(case.no).state is case.state
    assert desk.notes(case)[-1] == "再次出现"


def test_a_closing_message_alone_still_makes_the_case(desk: Desk) -> None:
    incident = make_incident()
    desk.book.handle(closed(closed_revision(incident)))
    case = desk.case_of(incident.id)
    assert case.state is CaseState.PENDING_REVIEW
    assert desk.notes(case)[-1] == "事件关闭: 已消失"
    desk.book.handle(opened(incident))
    assert desk.book.case(case.no).gone_at is not None


def test_an_opening_that_comes_late_corrects_title_and_class(desk: Desk) -> None:
    incident = make_incident()
    later = next_revision(incident, boxes=(), explanation=Text.of("停留 90 s", "Stood 90 s"))
    desk.book.handle(updated(later))
    assert desk.case_of(incident.id).duty_class is DutyClass.CITY_MANAGEMENT
    desk.book.handle(opened(incident))
    case = desk.case_of(incident.id)
    assert case.duty_class is DutyClass.TRAFFIC
    assert case.title.zh.endswith("车辆静止停留 31 s")
    assert case.explanation.zh == "停留 90 s"
    assert desk.notes(case)[-1].startswith("较早的消息迟到")


def test_evidence_is_attached_and_told_once(desk: Desk) -> None:
    case = desk.take()
    picture, clip = make_evidence("evi_1"), make_missing("evi_2", EvidenceKind.CLIP)
    for _ in range(2):
        desk.book.handle(EvidenceMissed(evidence=clip))
        desk.book.handle(EvidenceSealed(evidence=picture))
    assert desk.book.evidence(case.no) == (picture, clip)
    assert desk.notes(case)[2:] == [
        "证据缺失: 片段 (磁盘已满)",
        f"证据已封存: 快照, SHA-256 {picture.sha256[:12]}…",
    ]
    assert desk.book.find_evidence("evi_1") == picture
    assert desk.book.find_evidence("evi_9") is None


def test_evidence_that_comes_before_its_incident_waits_for_it(desk: Desk) -> None:
    picture = make_evidence()
    desk.book.handle(EvidenceSealed(evidence=picture))
    assert desk.book.cases().total == 0
    case = desk.take()
    assert desk.book.evidence(case.no) == (picture,)
    assert desk.notes(case)[-1].startswith("证据已封存: 快照")


def test_an_automatic_pre_dispatch_is_told(make_desk: MakeDesk) -> None:
    desk = make_desk(kinds={"fire": {"pre_dispatch": "automatic"}})
    case = desk.take(kind=IncidentKind.FIRE)
    assert (case.state, case.verdict) == (CaseState.DISPATCHED, None)
    assert case.assignee == case.owner.zh
    entries = desk.book.entries(case.no)
    assert [entry.move for entry in entries] == [None, Move.RECEIVE, Move.PRE_DISPATCH]
    assert {entry.actor for entry in entries} == {SYSTEM}
    assert Move.CONFIRM in desk.book.allowed(case)


def test_a_camera_nobody_registered_still_makes_a_case(desk: Desk) -> None:
    case = desk.take(camera_id="stray-9")
    assert (case.camera_name, case.site_id, case.lon) == (Text.of("stray-9", "stray-9"), None, None)
    assert case.grids.innermost is None
    assert case.owner.zh == "协同指挥办公室"
    assert "摄像机未登记, 位置未知" in desk.notes(case)


def test_a_message_of_another_kind_is_invalid(desk: Desk) -> None:
    class Strange(Message):
        type = "patrol.strange.v1"

    with pytest.raises(MessageInvalid, match=r"patrol\.strange\.v1"):
        desk.book.handle(Strange())


def _story() -> list[Message]:
    """Two incidents with all that happens to them."""
    crowd = make_incident("inc_2", IncidentKind.CROWDING, camera_id="square-1")
    grown = next_revision(crowd, count=40)
    shrunk = next_revision(grown, count=16, explanation=Text.of("16 人", "16 people"))
    van = make_incident("inc_1")
    gone = closed_revision(van)
    back = reopened_revision(gone)
    return [
        opened(van),
        EvidenceSealed(evidence=make_evidence("evi_1")),
        EvidenceMissed(evidence=make_missing("evi_2")),
        closed(gone),
        opened(back),
        closed(closed_revision(back)),
        opened(crowd),
        updated(grown),
        updated(shrunk),
        EvidenceSealed(evidence=make_evidence("evi_3", incident_id="inc_2")),
    ]


def _outcome(desk: Desk) -> dict[str, dict[str, Any]]:
    """The cases without what rightly depends on the order: numbers and versions."""
    return {
        str(case.incident_id): case.model_dump(exclude={"no", "version"})
        | {"evidence": desk.book.evidence(case.no)}
        for case in desk.book.cases().cases
    }


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_number_of_times_makes_the_same_cases(
    make_desk: MakeDesk, seed: int
) -> None:
    desk = make_desk()
    story = _story()
    if seed == 0:
        messages = story
    else:
        messages = story * 2
        random.Random(seed).shuffle(messages)
    for message in messages:
        desk.book.handle(message)
    outcome = _outcome(desk)
    assert set(outcome) == {"inc_1", "inc_2"}
    van, crowd = outcome["inc_1"], outcome["inc_2"]
    last = story[5].at
    assert (van["gone_at"], van["state"]) == (last, CaseState.PENDING_REVIEW)
    assert van["title"]["zh"] == "空港花田网格·示例路口: 占道 — 车辆静止停留 31 s"
    assert (crowd["priority"], crowd["triage"]) == (Priority.URGENT, Triage.URGENT)
    assert (crowd["count"], crowd["explanation"]["zh"]) == (16, "16 人")
    assert crowd["title"]["zh"] == "川藏路网格·示例广场: 聚集 — 18 人, 持续 60 s"
    assert [item.id for item in van["evidence"]] == ["evi_1", "evi_2"]
