"""What is rejected now, as the center tells it, on both databases."""

from datetime import timedelta

import pytest

from cases.database import Database
from cases.rejected import rejected_places
from domain.case import Move, Verdict
from domain.incident import Incident, IncidentKind
from domain.rejected import MOST_OF_CAMERA, REMEMBERED_FOR
from tests.builders import LI, NOON, make_incident
from tests.cases.conftest import Desk


def fire(incident_id: str = "inc_1", camera_id: str = "gate-1") -> Incident:
    return make_incident(incident_id, IncidentKind.FIRE, camera_id=camera_id)


def rejected_ids(database: Database, desk: Desk) -> dict[str, list[str]]:
    told = rejected_places(database, desk.clock.now())
    return {name: [one.incident_id for one in places.incidents] for name, places in told.items()}


def test_a_rejected_fire_is_told_until_a_week_is_over(desk: Desk, database: Database) -> None:
    incident = fire()
    case = desk.take(incident)
    assert rejected_ids(database, desk) == {}
    desk.move(case, Move.REJECT)
    (place,) = rejected_places(database, desk.clock.now())["gate-1"].incidents
    assert (place.incident_id, place.case_no) == (incident.id, case.no)
    assert (place.rule_id, place.zone_id) == (incident.rule_id, incident.zone_id)
    assert (place.score, place.boxes, place.rejected_at) == (incident.score, incident.boxes, NOON)
    desk.clock.move_to(NOON + REMEMBERED_FOR - timedelta(seconds=1))
    assert rejected_ids(database, desk) == {"gate-1": [incident.id]}
    desk.clock.move_to(NOON + REMEMBERED_FOR)
    assert rejected_ids(database, desk) == {}


def test_a_rejection_that_is_undone_is_none(desk: Desk, database: Database) -> None:
    case = desk.move(desk.take(fire()), Move.REJECT)
    assert rejected_ids(database, desk) == {"gate-1": ["inc_1"]}
    desk.book.undo(case.no, actor=LI, version=case.version)
    assert rejected_ids(database, desk) == {}


@pytest.mark.parametrize("verdict", [Verdict.GONE, Verdict.REAL])
def test_other_verdicts_hold_nothing_back(desk: Desk, database: Database, verdict: Verdict) -> None:
    case = desk.take(fire())
    if verdict is Verdict.REAL:
        desk.move(case, Move.CONFIRM)
    else:
        desk.move(case, Move.REJECT, verdict=verdict, reason=None)
    assert rejected_ids(database, desk) == {}


def test_only_fires_are_told(desk: Desk, database: Database) -> None:
    desk.move(desk.take(make_incident("inc_2")), Move.REJECT)
    assert rejected_ids(database, desk) == {}


def test_of_one_camera_the_newest_are_told(desk: Desk, database: Database) -> None:
    for number in range(MOST_OF_CAMERA + 2):
        desk.clock.move_to(NOON + timedelta(hours=number))
        incident = make_incident(f"inc_{number}", IncidentKind.FIRE, at=desk.clock.now())
        desk.move(desk.take(incident), Move.REJECT)
    told = rejected_ids(database, desk)["gate-1"]
    assert told == [f"inc_{number}" for number in range(MOST_OF_CAMERA + 1, 1, -1)]
