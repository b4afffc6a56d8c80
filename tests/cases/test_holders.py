"""Who holds a camera: claims, what is handed over, and whom the center believes."""

from datetime import timedelta
from typing import Any

import pytest

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from domain.case import CaseState
from domain.clock import VirtualClock
from domain.evidence import EvidenceKind, MissingEvidence, MissingReason, evidence_id
from domain.holding import CameraClaim, CameraGrant, Holding
from domain.incident import CloseReason, Incident, IncidentState
from domain.messages import CamerasClaimed, EvidenceMissed, EvidenceSealed
from tests.builders import (
    NOON,
    closed,
    closed_revision,
    make_cameras,
    make_evidence,
    make_incident,
    make_plan,
    make_sites,
    next_revision,
    opened,
    updated,
)
from tests.cases.conftest import TO_CLOSED, Desk

CAMERA = make_incident().camera_id
SECOND = timedelta(seconds=1)


class Town:
    """A desk, and the grants that it tells."""

    def __init__(self, database: Database, clock: VirtualClock) -> None:
        self.grants: list[CameraGrant] = []
        self.book = CaseBook(database, CaseSettings(), clock, tell_grant=self.grants.append)
        self.book.install(make_sites(), make_cameras(), make_plan())
        self.desk = Desk(self.book, clock)

    def claim(
        self, book: str, start: int = 1, *, epoch: int | None = None, carried: tuple[str, ...] = ()
    ) -> CameraGrant:
        """What the center answers to a claim."""
        claim = CamerasClaimed(
            worker_id=f"worker of {book}",
            book=book,
            start=start,
            claimed_at=NOON + start * SECOND,
            cameras=(CameraClaim(camera_id=CAMERA, epoch=epoch),),
            carried=carried,
        )
        self.book.handle(claim)
        return self.grants[-1]

    def held(self, book: str, start: int = 1) -> Holding:
        return Holding(book=book, epoch=self.claim(book, start).epoch)

    def incident(self, no: str) -> Incident:
        incident = self.book.incident(no)
        assert incident is not None
        return incident

    @property
    def numbers(self) -> list[str]:
        return sorted(case.no for case in self.book.cases().cases)


@pytest.fixture
def town(database: Database, clock: VirtualClock) -> Town:
    return Town(database, clock)


def test_a_book_keeps_its_epoch_and_another_is_given_the_next(town: Town) -> None:
    assert [town.claim("a").epoch, town.claim("a", 2).epoch] == [1, 1]
    assert [town.claim("b").epoch, town.claim("b", 2).epoch] == [2, 2]
    assert town.claim("a", 3).epoch == 3


def test_a_claim_that_comes_again_changes_nothing(town: Town) -> None:
    """After a crash between commit and answer, and out of an outbox that was long away."""
    town.book.handle(opened(make_incident()))
    first = town.claim("a")
    assert first.incidents == (make_incident(),)
    assert town.claim("a") == first
    second = town.claim("b")
    assert town.claim("a") == second


def test_a_book_put_back_from_a_copy_is_another_holder(town: Town) -> None:
    """It would count the same episodes again."""
    town.claim("a", 5)
    again = CamerasClaimed(
        worker_id="w",
        book="a",
        start=3,
        claimed_at=NOON + timedelta(hours=1),
        cameras=(CameraClaim(camera_id=CAMERA),),
    )
    town.book.handle(again)
    assert town.grants[-1].epoch == 2


def test_an_epoch_that_only_the_book_knows_is_not_given_twice(town: Town) -> None:
    """A center that was put back from a copy."""
    assert town.claim("a", epoch=7).epoch == 8


def test_who_takes_a_camera_over_is_given_what_is_open_or_may_come_back(town: Town) -> None:
    held = town.held("a")
    is_open = make_incident("inc_open", zone_id="kerb")
    cooling = closed_revision(make_incident("inc_cooling", zone_id="square"))
    elsewhere = make_incident("inc_elsewhere", camera_id="square-1")
    for message in (opened(is_open, held), closed(cooling, held), opened(elsewhere, held)):
        town.book.handle(message)
    grant = town.claim("b")
    assert {incident.id for incident in grant.incidents} == {"inc_open", "inc_cooling"}
    town.desk.clock.advance(2 * 3600)
    assert {incident.id for incident in town.claim("c").incidents} == {"inc_open"}


def test_the_same_book_is_given_nothing_that_it_knows(town: Town) -> None:
    town.book.handle(opened(make_incident(), town.held("a")))
    assert town.claim("a", 2).incidents == ()


def test_a_former_holder_is_not_believed_about_what_it_handed_over(town: Town) -> None:
    """`patrol worker` of before starts again without the camera, and closes what it left there."""
    former = town.held("a")
    incident = make_incident()
    town.book.handle(opened(incident, former))
    now = town.held("b")
    left = closed_revision(incident, reason=CloseReason.RULE_CHANGED)
    town.book.handle(closed(left, former))
    (no,) = town.numbers
    assert town.incident(no).state is IncidentState.OPEN
    grown = next_revision(incident, count=9)
    town.book.handle(updated(grown, now))
    assert town.book.incident(no) == grown


def test_what_was_left_behind_before_anybody_came_is_handed_over(town: Town) -> None:
    former = town.held("a")
    incident = make_incident()
    town.book.handle(opened(incident, former))
    left = closed_revision(incident, reason=CloseReason.RULE_CHANGED)
    town.book.handle(closed(left, former))
    grant = town.claim("b")
    assert grant.incidents == (left,)
    back = next_revision(incident, revision=left.revision + 1)
    town.book.handle(updated(back, town.held("b")))
    assert len(town.numbers) == 1
    assert town.incident(town.numbers[0]).state is IncidentState.OPEN


@pytest.mark.parametrize("granted", [False, True])
@pytest.mark.parametrize("ended", [False, True])
def test_who_knows_nothing_of_an_incident_goes_on_with_its_case(
    town: Town, granted: bool, ended: bool
) -> None:
    """A lost book whose claim was not answered in time, be it on its way before or after."""
    before = make_incident("inc_before")
    town.book.handle(opened(before, town.held("a")))
    if ended:
        town.book.handle(closed(closed_revision(before), town.held("a")))
    if granted:
        town.claim("b")
    anew = make_incident("inc_anew", opened_at=NOON + timedelta(minutes=1), count=12)
    town.book.handle(opened(anew, Holding(book="b")))
    (no,) = town.numbers
    case = town.book.case(no)
    assert (case.count, case.gone_at) == (12, None)
    town.book.handle(closed(closed_revision(anew), Holding(book="b")))
    assert town.book.case(no).gone_at is not None
    assert any(note.startswith("接续同一事件") for note in town.desk.notes(case))


def test_what_people_closed_is_opened_again_if_it_had_ended_and_is_back(town: Town) -> None:
    before = make_incident("inc_before")
    town.book.handle(opened(before, town.held("a")))
    town.book.handle(closed(closed_revision(before), town.held("a")))
    case = town.desk.walk(town.desk.case_of("inc_before"), *TO_CLOSED)
    anew = make_incident("inc_anew", opened_at=NOON + timedelta(minutes=1))
    town.book.handle(opened(anew, Holding(book="b")))
    assert town.book.case(case.no).state is CaseState.REOPENED
    assert len(town.numbers) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"zone_id": "kerb"}, "another zone"),
        ({"rule_id": "goods"}, "another rule"),
        ({"camera_id": "square-1"}, "another camera"),
        ({"opened_at": NOON + timedelta(hours=2)}, "long after"),
    ],
)
def test_what_is_another_thing_is_another_case(
    town: Town, changes: dict[str, Any], why: str
) -> None:
    before = make_incident("inc_before")
    town.book.handle(closed(closed_revision(before), town.held("a")))
    town.book.handle(opened(make_incident("inc_anew", **changes), Holding(book="b")))
    assert len(town.numbers) == 2, why


def test_who_knows_of_an_incident_and_opens_another_says_that_they_are_two(town: Town) -> None:
    held = town.held("a")
    town.book.handle(closed(closed_revision(make_incident("inc_1")), held))
    town.book.handle(opened(make_incident("inc_2", opened_at=NOON + timedelta(minutes=5)), held))
    assert len(town.numbers) == 2


def test_two_workers_on_one_camera_make_one_case(town: Town) -> None:
    """The newer one speaks for it; the other, told that it is a former holder, begins anew, and
    what it says decides nothing."""
    former = town.held("a")
    first = make_incident("inc_first")
    town.book.handle(opened(first, former))
    now = town.held("b")
    anew = make_incident("inc_former_anew", opened_at=NOON + timedelta(minutes=1))
    town.book.handle(opened(anew, former))
    (no,) = town.numbers
    town.book.handle(closed(closed_revision(first), now))
    assert town.book.case(no).gone_at is not None
    assert town.incident(no).state is IncidentState.CLOSED


def test_a_former_holder_that_alone_sees_something_makes_its_case(town: Town) -> None:
    former = town.held("a")
    town.claim("b")
    town.book.handle(opened(make_incident(), former))
    assert len(town.numbers) == 1


def sealed_of(incident: Incident, kind: EvidenceKind) -> EvidenceSealed:
    evidence = make_evidence(evidence_id(incident, kind), kind, incident_id=incident.id)
    return EvidenceSealed(evidence=evidence)


def test_evidence_that_nobody_can_tell_of_any_more_is_said_to_be_missing(town: Town) -> None:
    incident = make_incident()
    town.book.handle(opened(incident, town.held("a")))
    town.book.handle(sealed_of(incident, EvidenceKind.SNAPSHOT))
    town.claim("b")
    town.claim("b")
    evidence = {one.kind: one for one in town.book.evidence(town.numbers[0])}
    assert evidence[EvidenceKind.SNAPSHOT].status == "sealed"
    for kind in (EvidenceKind.SNAPSHOT_BOXED, EvidenceKind.CLIP):
        missing = evidence[kind]
        assert isinstance(missing, MissingEvidence)
        assert (missing.reason, missing.id) == (
            MissingReason.SHUTDOWN,
            evidence_id(incident, kind),
        )


def test_nothing_is_missing_of_what_the_new_book_knows(town: Town) -> None:
    """It owes the evidence itself: a worker whose disk failed goes on under another book's id."""
    incident = make_incident()
    town.book.handle(opened(incident, town.held("a")))
    town.claim("b", carried=(incident.id,))
    assert town.book.evidence(town.numbers[0]) == ()


def test_a_file_that_was_given_up_takes_the_place_of_its_want(town: Town) -> None:
    """… and never the other way round."""
    incident = make_incident()
    town.book.handle(opened(incident, town.held("a")))
    town.claim("b")
    (no,) = town.numbers
    given_up = next(one for one in town.book.evidence(no) if one.kind is EvidenceKind.CLIP)
    assert isinstance(given_up, MissingEvidence)
    for message in (sealed_of(incident, EvidenceKind.CLIP), EvidenceMissed(evidence=given_up)):
        town.book.handle(message)
    (clip,) = [one for one in town.book.evidence(no) if one.kind is EvidenceKind.CLIP]
    assert clip.status == "sealed"
    assert town.desk.notes(town.book.case(no))[-1].startswith("补到证据已封存: 片段")


def test_cases_of_a_worker_without_a_book_stay_as_they_were(town: Town) -> None:
    town.book.handle(opened(make_incident("inc_1")))
    town.book.handle(opened(make_incident("inc_2", opened_at=NOON + timedelta(minutes=1))))
    assert len(town.numbers) == 2
