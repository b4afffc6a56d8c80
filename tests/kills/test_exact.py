"""A town that dies at an exact place: after each write of worker, bus and center."""

import pytest

from tests.kills.conftest import MakePlace, Stage
from tests.kills.town import Place
from tests.kills.verdict import judge, sealed

TIMES = {
    "book.committed": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 22, 24, 26, 28),
    "bus.sent": (1, 2, 3, 4, 6, 8, 10, 12),
    "outbox.advanced": (1, 2, 3, 5, 7, 9, 11),
    "evidence.written": (1, 2, 3, 5, 9),
    "evidence.planned": (1, 2, 3, 6),
    "evidence.sealed": (1, 2, 3, 7),
    "evidence.recorded": (1, 2, 3, 8),
    "grant.told": (1,),
    "center.committed": (1, 2, 3, 4, 5, 6, 8, 10, 12, 14),
    "bus.acknowledged": (1, 2, 3, 5, 7, 9),
}
"""At which passing of each place a town is killed."""
KILLS = [(place, nth) for place, times in TIMES.items() for nth in times]
SOME = [(place, times[len(times) // 2]) for place, times in TIMES.items()]


def test_there_are_enough_of_them() -> None:
    assert len(KILLS) >= 60


def test_a_town_that_lives_on_passes_every_place(stage: Stage, make_place: MakePlace) -> None:
    place = make_place()
    life = stage.live(place)
    assert life.code == 0
    assert set(TIMES) == set(life.passed)
    assert len(sealed(judge(place))) == 9


@pytest.mark.parametrize(("where", "nth"), KILLS, ids=lambda value: str(value))
def test_a_kill_loses_nothing_and_doubles_nothing(
    stage: Stage, make_place: MakePlace, where: str, nth: int
) -> None:
    place = make_place()
    assert stage.live(place, kill=(where, nth)).killed
    assert stage.live(place).code == 0
    judge(place)


@pytest.mark.parametrize(("where", "nth"), SOME, ids=lambda value: str(value))
def test_the_same_on_postgresql(stage: Stage, on_postgres: Place, where: str, nth: int) -> None:
    assert stage.live(on_postgres, kill=(where, nth)).killed
    assert stage.live(on_postgres).code == 0
    judge(on_postgres)


def test_what_was_sealed_and_not_recorded_is_taken_up(stage: Stage, make_place: MakePlace) -> None:
    """The file lies there, and only the plan says whose it is: none is missing in the end."""
    place = make_place()
    assert stage.live(place, kill=("evidence.sealed", 3)).killed
    assert stage.live(place).code == 0
    assert len(sealed(judge(place))) == 9
