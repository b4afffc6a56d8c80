"""A town that dies again and again, at any moment. `KILLS=100 SEED=7 pytest tests/kills` for more
and for the same again."""

import os
import random

import pytest

from tests.kills.conftest import MakePlace, Stage
from tests.kills.town import Place
from tests.kills.verdict import judge
from tests.steps import steps

KILLS = int(os.environ.get("KILLS") or steps(12, 200))
POSTGRES_KILLS = int(os.environ.get("KILLS") or steps(4, 100))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
EACH = 4
"""Kills of one town."""


def die_again_and_again(stage: Stage, place: Place, dice: random.Random) -> int:
    """Kill a town `EACH` times at most, then let it live; how often it died."""
    kills = 0
    for _ in range(EACH):
        life = stage.live(place, kill_after_s=dice.uniform(0.02, 0.9))
        assert life.killed or life.code == 0
        kills += life.killed
        if not life.killed:
            break
    assert stage.live(place).code == 0
    return kills


def kill_towns(stage: Stage, make: MakePlace, kills: int) -> None:
    """Let one town after the other die, until so many kills are done, and judge each."""
    print(f"SEED={SEED}")  # noqa: T201 - shown when it fails
    dice, towns = random.Random(SEED), 0
    while kills > 0:
        towns += 1
        place = make(f"town-{towns}", stretch=3)
        kills -= max(die_again_and_again(stage, place, dice), 1)
        judge(place)


@pytest.mark.slow
@pytest.mark.steps(12, 200)
@pytest.mark.timeout(60 + 10 * KILLS)
def test_kills_at_random_moments(stage: Stage, make_place: MakePlace) -> None:
    kill_towns(stage, make_place, KILLS)


@pytest.mark.slow
@pytest.mark.steps(4, 100)
@pytest.mark.timeout(60 + 10 * POSTGRES_KILLS)
def test_kills_at_random_moments_on_postgresql(stage: Stage, make_on_postgres: MakePlace) -> None:
    kill_towns(stage, make_on_postgres, POSTGRES_KILLS)
