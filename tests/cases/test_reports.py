"""Cases that no camera found: what people, platforms and callers report."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from cases.grids import Router
from cases.queries import CaseFilter, StateGroup
from domain.actor import SYSTEM, Actor
from domain.base import Text
from domain.case import Case, CaseSource, CaseState, Move, Priority, Triage
from domain.duty import DutyClass
from domain.errors import CaseNotFound, MoveRefused, ReportRefused
from domain.evidence import EvidenceKind
from domain.incident import IncidentKind
from domain.messages import EvidenceSealed
from tests.builders import LI, NOON, make_evidence, make_incident, make_plan, make_report, opened
from tests.cases.conftest import TO_CLOSED, Desk

HOTLINE = Actor.bridge("hotline", Text.of("网络理政", "Hotline"))


def take(desk: Desk, actor: Actor = LI, key: str | None = None, **changes: Any) -> Case:
    return desk.book.report(make_report(**changes), actor=actor, key=key)


def test_a_report_becomes_a_case_without_camera_and_incident(desk: Desk) -> None:
    case = take(desk)
    assert (case.source, case.state) == (CaseSource.SNAP, CaseState.PENDING_REVIEW)
    assert (case.incident_id, case.camera_id, case.camera_name, case.kind) == (None,) * 4
    assert (case.score, case.site_id, case.gb_id) == (None, None, None)
    assert case.grids == make_plan_path()
    assert case.owner.zh == "示例微网格011·网格员队伍"
    assert case.title.zh == "空港花田网格·示例路 8 号: 环境保护 — 垃圾成堆"
    assert (case.explanation.zh, case.what.zh) == ("菜市场门口垃圾成堆\n已有两天", "环境保护")
    assert (case.duty_class, case.priority) == (DutyClass.ENVIRONMENT, Priority.NORMAL)
    assert case.due_at == NOON + timedelta(minutes=15)
    assert (desk.book.incident(case.no), desk.book.opening(case.no)) == (None, None)
    told, received = desk.book.entries(case.no)
    assert (told.actor, told.move, told.note.zh) == (
        LI, None, "随手拍; 归属 示例微网格011·网格员队伍"
    )  # fmt: skip
    assert (received.actor, received.move) == (SYSTEM, Move.RECEIVE)


def make_plan_path() -> object:
    return Router(make_plan()).route((103.8901, 30.5001))


def test_it_goes_through_the_whole_loop_and_back_by_undo(desk: Desk) -> None:
    case = take(desk)
    confirmed = desk.move(case, Move.CONFIRM)
    assert desk.book.undo(case.no, actor=LI, version=confirmed.version).verdict is None
    assert desk.walk(case, *TO_CLOSED).state is CaseState.CLOSED
    with pytest.raises(MoveRefused, match="its kind is not set to be pre-dispatched"):
        desk.move(take(desk, title="另一件"), Move.PRE_DISPATCH)


def test_it_is_listed_counted_and_found(desk: Desk) -> None:
    found, seen = desk.take(), take(desk, external_no="12345-678")
    assert desk.book.cases().total == 2
    for wanted in (
        {"sources": (CaseSource.SNAP,)},
        {"sources": (CaseSource.SNAP,), "group": StateGroup.REVIEW},
        {"search": "垃圾成堆"},
        {"search": "12345-678"},
        {"search": "示例路 8 号"},
    ):
        page = desk.book.cases(CaseFilter.model_validate(wanted))
        assert [case.no for case in page.cases] == [seen.no], wanted
    counts = desk.book.counts()
    assert (counts.needs, counts.by_group[StateGroup.REVIEW]) == (2, 2)
    assert sum(counts.by_kind.values()) == 1
    assert [row.open_cases for row in desk.book.cameras() if row.info.id == "gate-1"] == [1]
    assert found.no != seen.no


def test_a_report_that_comes_twice_is_one_case(desk: Desk) -> None:
    first = take(desk, HOTLINE, source=CaseSource.HOTLINE, external_no="A-1")
    moved = desk.move(first, Move.CONFIRM)
    assert take(desk, HOTLINE, source=CaseSource.HOTLINE, external_no="A-1") == moved
    assert take(desk, source=CaseSource.DLD, external_no="A-1").no != first.no
    assert take(desk, key="k") == take(desk, key="k")
    assert take(desk).no != take(desk).no
    assert desk.book.cases().total == 5


def test_what_is_said_goes_before_the_kind_and_the_kind_before_reports(desk: Desk) -> None:
    fire = take(desk, kind=IncidentKind.FIRE, duty_class=None)
    assert (fire.duty_class, fire.event_code) == (DutyClass.FIRE_SAFETY, "0411")
    assert (fire.priority, fire.triage) == (Priority.URGENT, Triage.URGENT)
    said = take(desk, kind=IncidentKind.FIRE, priority=Priority.LOW)
    assert (said.duty_class, said.priority) == (DutyClass.ENVIRONMENT, Priority.LOW)
    burst = take(desk, source=CaseSource.EMERGENCY)
    assert (burst.priority, burst.triage) == (Priority.URGENT, Triage.URGENT)
    named = take(desk, event_code="0102", event_name="暴露垃圾")
    assert named.what.zh == "暴露垃圾"


def test_a_person_at_the_wall_reports_what_a_camera_shows(desk: Desk) -> None:
    case = take(desk, source=CaseSource.VIDEO_MANUAL, camera_id="gate-1", lon=None, lat=None)
    assert (case.camera_id, case.site_id) == ("gate-1", "s-1")
    assert (case.lon, case.lat) == (103.89, 30.50)
    by_camera = desk.book.cases(CaseFilter(camera_id="gate-1"))
    assert [found.no for found in by_camera.cases] == [case.no]
    fire = take(desk, kind=IncidentKind.FIRE, camera_id="square-1")
    assert desk.book.burning()["square-1"].no == fire.no


def test_a_case_without_any_place_goes_to_the_coordination_office(desk: Desk) -> None:
    case = take(desk, lon=None, lat=None, address="")
    assert (case.place, case.owner.zh) == (None, "协同指挥办公室")
    assert desk.book.near(case.no, 5) == ()


def test_what_is_near_a_report_may_be_its_original(desk: Desk) -> None:
    seen = desk.take()  # at the same junction
    case = take(desk)
    [(other, how)] = desk.book.near(case.no, 5)
    assert (other.no, how.same_camera) == (seen.no, False)
    assert (how.apart_m or 99) < 50
    assert [case.no for case, _ in desk.book.near(seen.no, 5)] == [case.no]
    far = take(desk, lon=None, lat=None)
    assert desk.book.near(far.no, 5) == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"camera_id": "gate-9"}, "camera_id: expected a registered camera, got gate-9"),
        ({"site_id": "s-9"}, "site_id: expected a registered site, got s-9"),
        ({"seen_at": NOON + timedelta(seconds=1)}, "seen_at: expected a time up to now"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    desk: Desk, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ReportRefused, match=why):
        take(desk, **changes)
    assert desk.book.cases().total == 0
    assert take(desk).no.endswith("-0001")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"source": CaseSource.VIDEO_AI}, "video_ai cases are made of incidents"),
        ({"duty_class": None}, "expected a duty_class, or a kind that has one"),
        ({"lat": None}, "expected lon and lat together"),
        ({"event_code": "0102"}, "expected event_code and event_name together"),
        ({"description": " \n "}, "at least 1 character"),
        ({"description": "\0"}, "expected plain text, got one with a NUL"),
        ({"lon": 203.9}, "less than or equal to 180"),
    ],
)
def test_a_report_is_whole_or_none(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        make_report(**changes)


def test_an_incident_never_joins_a_case_without_one(desk: Desk) -> None:
    case = take(desk, kind=IncidentKind.FIRE, camera_id="gate-1")
    desk.book.handle(opened(make_incident("inc_f", IncidentKind.FIRE, camera_id="gate-2")))
    assert desk.book.cases().total == 2
    assert desk.book.case(case.no) == case


def test_a_photo_is_handed_in_once_for_its_case(desk: Desk) -> None:
    case = take(desk)
    photo = make_evidence(
        kind=EvidenceKind.PHOTO, incident_id=None, case_no=case.no, camera_id=None
    )
    for _ in range(2):
        now = desk.book.hand_in(case.no, photo, actor=LI)
        assert now.version == case.version + 1
    assert desk.book.evidence(case.no) == (photo,)
    assert desk.book.find_evidence(photo.id) == photo
    last = desk.book.entries(case.no)[-1]
    assert (last.actor, last.move, last.note.zh[:9]) == (LI, None, "证据已封存: 照片")
    with pytest.raises(CaseNotFound):
        desk.book.hand_in("HS-20261123-0099", photo, actor=LI)


def test_a_cameras_case_takes_a_photo_beside_its_own_evidence(desk: Desk) -> None:
    case = desk.take()
    snapshot = make_evidence("evi_s")
    desk.book.handle(EvidenceSealed(evidence=snapshot))
    photo = make_evidence(
        "evi_p", EvidenceKind.PHOTO, incident_id=None, case_no=case.no, camera_id=None
    )
    desk.book.hand_in(case.no, photo, actor=LI)
    assert desk.book.evidence(case.no) == (snapshot, photo)


def test_evidence_belongs_to_one_incident_or_to_one_case() -> None:
    for of in ({"incident_id": None}, {"case_no": "HS-1"}):
        with pytest.raises(ValidationError, match="of an incident or of a case"):
            make_evidence(**of)
