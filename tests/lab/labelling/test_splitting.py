"""By camera and day, never at random: neighbours stay together."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from domain.case import Verdict
from domain.incident import IncidentKind
from lab.labelling.marks import Mark, Status
from lab.labelling.splitting import runs_of, validation_of
from tests.builders import NOON
from tests.lab.labelling.conftest import TOWN


def mark_of(camera: str, at: datetime) -> Mark:
    return Mark(
        stem=f"{camera}__{at.astimezone(TOWN):%Y%m%d-%H%M%S}__no__00000000",
        case_no="no",
        incident_id="inc",
        evidence_id="evi",
        camera_id=camera,
        kind=IncidentKind.ROAD_OCCUPATION,
        rule_id="kerb",
        captured_at=at,
        verdict=Verdict.REAL,
        picture="a.jpg",
        sha256="ab" * 32,
        status=Status.NOTHING,
        labelled_by="li",
        labelled_at=NOON,
        checked=True,
        revision=1,
    )


def days(camera: str, *counts: int) -> list[Mark]:
    """So many pictures on each day, a minute apart."""
    return [
        mark_of(camera, NOON + timedelta(days=day, minutes=minute))
        for day, count in enumerate(counts)
        for minute in range(count)
    ]


@pytest.mark.parametrize(
    ("counts", "left"),
    [((8, 2), 2), ((5, 5), 5), ((4, 4, 1, 1), 2), ((1, 9), 9), ((7,), 0), ((), 0)],
)
def test_the_newest_days_are_left_whole(counts: tuple[int, ...], left: int) -> None:
    marks = days("a", *counts)
    chosen = validation_of(marks, TOWN, ())
    assert [mark.stem in chosen for mark in marks] == [False] * (len(marks) - left) + [True] * left


def test_no_run_is_on_both_sides_whatever_the_cameras() -> None:
    marks = [*days("a", 3, 2, 1), *days("b", 1, 1, 1, 1, 1), *days("c", 4)]
    chosen = validation_of(marks, TOWN, ["c"])
    of = partial(filter, lambda mark: mark.stem in chosen)
    assert {mark.camera_id for mark in of(marks)} == {"a", "b", "c"}
    assert all(mark.stem in chosen for mark in marks if mark.camera_id == "c")
    for camera in "ab":
        for run in runs_of([mark for mark in marks if mark.camera_id == camera], TOWN):
            assert len({mark.stem in chosen for mark in run}) == 1


def test_an_evening_goes_on_over_midnight_until_an_hour_is_empty() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=TOWN)
    minutes = (-70, -5, 5, 50, 200)
    marks = [mark_of("a", midnight + timedelta(minutes=minute)) for minute in minutes]
    assert [len(run) for run in runs_of(marks, TOWN)] == [5]
    later = mark_of("a", midnight + timedelta(days=1, minutes=30))
    assert [len(run) for run in runs_of([*marks, later], TOWN)] == [5, 1]
