"""Verdicts as the ground on which rules are judged, on both databases."""

from datetime import timedelta

from cases.database import Database
from cases.judged import judged_cases
from cases.pictured import judged_pictures
from domain.case import FalseReason, Move, Verdict
from domain.evidence import EvidenceKind
from domain.messages import EvidenceMissed, EvidenceSealed
from tests.builders import LI, NOON, make_evidence, make_missing
from tests.cases.conftest import Desk


def test_cases_with_a_verdict_come_with_what_the_rule_knew(desk: Desk, database: Database) -> None:
    desk.move(desk.take(incident_id="inc_1"), Move.REJECT)
    desk.take(incident_id="inc_2")
    [judged] = judged_cases(database, NOON - timedelta(days=1))
    assert (judged.verdict, judged.reason) == (Verdict.FALSE, FalseReason.LIGHT)
    assert judged.incident.id == "inc_1"
    assert judged.incident.revision == 1
    assert judged_cases(database, NOON + timedelta(days=1)) == ()


def test_pictures_of_judged_cases_come_with_what_was_seen_in_them(
    desk: Desk, database: Database
) -> None:
    judged = desk.take(incident_id="inc_1")
    desk.move(judged, Move.CONFIRM)
    desk.take(incident_id="inc_2", zone_id="z2")
    again = NOON + timedelta(minutes=1)
    for seal in (
        make_evidence("evi_1"),
        make_evidence("evi_2", at=again),
        make_evidence("evi_3", EvidenceKind.CLIP),
        make_evidence("evi_4", incident_id="inc_2"),
    ):
        desk.book.handle(EvidenceSealed(evidence=seal))
    lost = make_missing("evi_5", EvidenceKind.SNAPSHOT)
    desk.book.handle(EvidenceMissed(evidence=lost))
    first, second = judged_pictures(database, NOON - timedelta(days=1), [Verdict.REAL])
    assert (first.case_no, first.verdict, first.reviewer) == (judged.no, Verdict.REAL, LI)
    assert first.boxes == first.incident.boxes
    assert (second.snapshot.captured_from, second.boxes) == (again, None)
    assert judged_pictures(database, NOON - timedelta(days=1), [Verdict.FALSE]) == ()
    assert judged_pictures(database, NOON + timedelta(days=1), [Verdict.REAL]) == ()
