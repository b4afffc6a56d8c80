"""Which cameras see something urgent that is still open."""

from datetime import timedelta

from domain.case import FalseReason, Move, Verdict
from domain.incident import IncidentKind
from tests.builders import NOON, make_cameras, make_incident, make_plan, make_sites, opened
from tests.cases.conftest import TO_CLOSED, Desk

FIRE = IncidentKind.FIRE


def test_a_camera_burns_while_its_fire_is_open(desk: Desk) -> None:
    desk.take(incident_id="inc_r", camera_id="gate-2")
    fire = desk.take(incident_id="inc_f", kind=FIRE)
    assert {camera: case.no for camera, case in desk.book.burning().items()} == {"gate-1": fire.no}
    desk.walk(fire, Move.CONFIRM, Move.SUSPEND)
    assert set(desk.book.burning()) == {"gate-1"}
    desk.walk(fire, Move.RESUME, *TO_CLOSED[1:])
    assert desk.book.burning() == {}


def test_a_false_fire_burns_nowhere(desk: Desk) -> None:
    fire = desk.take(incident_id="inc_f", kind=FIRE)
    desk.move(fire, Move.REJECT, verdict=Verdict.FALSE, reason=FalseReason.LIGHT)
    assert desk.book.burning() == {}


def test_a_neighbour_that_sees_the_same_fire_burns_too(desk: Desk) -> None:
    gates = {"gate-1": ("gate-2",), "gate-2": ("gate-1",)}
    cameras = [c.model_copy(update={"overlaps": gates.get(c.id, ())}) for c in make_cameras()]
    desk.book.install(make_sites(), cameras, make_plan())
    case = desk.take(incident_id="inc_1", kind=FIRE)
    later = make_incident("inc_2", FIRE, camera_id="gate-2", at=NOON + timedelta(seconds=20))
    desk.book.handle(opened(later))
    assert {camera: found.no for camera, found in desk.book.burning().items()} == {
        "gate-1": case.no,
        "gate-2": case.no,
    }
