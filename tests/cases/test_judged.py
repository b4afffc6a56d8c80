"""Verdicts as the ground on which rules are judged, on both databases."""

from datetime import timedelta

from cases.database import Database
from cases.judged import judged_cases
from domain.case import FalseReason, Move, Verdict
from tests.builders import NOON
from tests.cases.conftest import Desk


def test_cases_with_a_verdict_come_with_what_the_rule_knew(desk: Desk, database: Database) -> None:
    desk.move(desk.take(incident_id="inc_1"), Move.REJECT)
    desk.take(incident_id="inc_2")
    [judged] = judged_cases(database, NOON - timedelta(days=1))
    assert (judged.verdict, judged.reason) == (Verdict.FALSE, FalseReason.LIGHT)
    assert judged.incident.id == "inc_1"
    assert judged.incident.revision == 1
    assert judged_cases(database, NOON + timedelta(days=1)) == ()
