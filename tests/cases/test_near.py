"""Which cases may be called duplicates of one another, and which only with a reason."""

from datetime import timedelta
from typing import Any

import pytest

from domain.case import CaseState, FalseReason, Move, Verdict
from domain.errors import MoveRefused
from domain.incident import IncidentKind
from domain.place import Site
from tests.builders import NOON, make_cameras, make_plan, make_sites
from tests.cases.conftest import Desk

DUPLICATE: dict[str, Any] = {"verdict": Verdict.DUPLICATE, "reason": None}
METRES_NORTH = 1 / 111_320
"""Degrees of latitude."""


def place(desk: Desk, camera_id: str, metres: float, *, overlaps: bool = False) -> None:
    """Move this camera's site to so many metres north of gate-1's; or let both see one place."""
    sites = make_sites()
    origin = next(site for site in sites if site.id == "s-1")
    moved = Site.model_validate(
        {**origin.model_dump(), "id": "s-x", "lat": origin.lat + metres * METRES_NORTH}
    )
    shared = {"gate-1": (camera_id,), camera_id: ("gate-1",)} if overlaps else {}
    cameras = [
        camera.model_copy(
            update={
                "site_id": "s-x" if camera.id == camera_id else camera.site_id,
                "overlaps": shared.get(camera.id, ()),
            }
        )
        for camera in make_cameras()
    ]
    desk.book.install((*sites, moved), cameras, make_plan())


@pytest.mark.parametrize(
    ("metres", "seconds", "overlaps", "near"),
    [
        (0, 0, False, True),
        (199, 0, False, True),
        (201, 0, False, False),
        (5_000, 0, True, True),
        (0, 7_200, False, True),
        (0, -7_200, False, True),
        (0, 7_201, False, False),
        (5_000, 7_201, True, False),
    ],
)
def test_near_is_within_reach_or_in_the_same_view_and_within_two_hours(
    desk: Desk, metres: float, seconds: float, overlaps: bool, near: bool
) -> None:
    place(desk, "square-1", metres, overlaps=overlaps)
    one = desk.take(incident_id="inc_1")
    at = NOON + timedelta(seconds=seconds)
    # Of another kind: one of the same would join the case by itself where the views overlap.
    kind = IncidentKind.CROWDING
    other = desk.take(incident_id="inc_2", camera_id="square-1", at=at, kind=kind)
    found = desk.book.near(one.no, 6)
    assert [case.no for case, _ in found] == ([other.no] if near else [])
    for _, how in found:
        assert how.apart_m == pytest.approx(metres, abs=1)
        assert (how.later_s, how.overlaps, how.same_camera) == (seconds, overlaps, False)
    details = {**DUPLICATE, "duplicate_of": other.no}
    if not near:
        with pytest.raises(MoveRefused, match="not within 200 m and 2 h") as refused:
            desk.move(one, Move.REJECT, **details)
        assert "请说明理由" in refused.value.zh
        with pytest.raises(MoveRefused):
            desk.move(one, Move.REJECT, **details, forced=True)  # but why?
        details |= {"forced": True, "note": "同一辆车移动过来"}
    done = desk.move(one, Move.REJECT, **details)
    assert (done.state, done.duplicate_of) == (CaseState.VOIDED, other.no)


def test_the_same_kind_comes_first_then_the_nearest_then_the_closest_in_time(desk: Desk) -> None:
    place(desk, "square-1", 100)
    case = desk.take(incident_id="inc_1")

    def took(incident_id: str, camera_id: str, minutes: float, **more: Any) -> str:
        at = NOON + timedelta(minutes=minutes)
        return desk.take(incident_id=incident_id, camera_id=camera_id, at=at, **more).no

    expected = [
        took("inc_2", "gate-1", 5),
        took("inc_3", "gate-1", 20),
        took("inc_4", "gate-2", 1),
        took("inc_5", "square-1", 0),
        took("inc_6", "gate-1", 0, kind=IncidentKind.FIRE),
    ]
    assert [found.no for found, _ in desk.book.near(case.no, 6)] == expected
    assert [found.no for found, _ in desk.book.near(case.no, 2)] == expected[:2]


def test_a_camera_that_nobody_registered_is_near_itself_only(desk: Desk) -> None:
    one, other = (desk.take(incident_id=f"inc_{n}", camera_id="unknown-1") for n in range(2))
    desk.take(incident_id="inc_9")
    [(found, how)] = desk.book.near(one.no, 6)
    assert (found.no, how.apart_m, how.same_camera) == (other.no, None, True)


def test_a_void_case_is_not_offered_as_the_original(desk: Desk) -> None:
    one, other = (desk.take(incident_id=f"inc_{n}") for n in range(2))
    desk.move(other, Move.REJECT, verdict=Verdict.FALSE, reason=FalseReason.LIGHT)
    assert desk.book.near(one.no, 6) == ()
    with pytest.raises(MoveRefused, match="is void"):
        desk.move(one, Move.REJECT, **DUPLICATE, duplicate_of=other.no)
