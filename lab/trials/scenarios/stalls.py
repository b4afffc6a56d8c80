"""Scenarios of stalls: set up bit by bit, permitted until ten, and only shadows after all."""

import numpy as np

from lab.trials.scenarios.cast import (
    PAVEMENT,
    PAVEMENT_FOOT,
    PERSON,
    Random,
    paint,
    passing,
    rule,
    strollers,
)
from lab.trials.scenarios.drawing import heap, person, street, table, umbrella
from lab.trials.scenarios.scenario import Staged, drawn, expected
from lab.trials.scenarios.stage import Actor, Point, Stage
from streams.frame import Image

STANDS = "road_occupation"
STALL_S = 180.0
"""The limit of the stall rule in these scenes."""


def _stall(
    random: Random, x: float, times_s: tuple[float, float, float], ends_s: float
) -> list[Actor]:
    """A table, goods beside it, and an umbrella, which come one after the other; a vendor. No
    class names the table and the goods."""
    table_s, heap_s, umbrella_s = times_s
    foot = PAVEMENT_FOOT

    def stands(since_s: float, dx: float) -> tuple[Point, ...]:
        return (since_s, x + dx, foot), (ends_s, x + dx, foot)

    sways = tuple(
        (table_s + 10 * n, x - 0.11 + float(random.uniform(-0.012, 0.012)), foot)
        for n in range(int((ends_s - table_s) / 10))
    )
    return [
        Actor(umbrella, (0.24, 0.34), stands(umbrella_s, 0), paint(random), "umbrella", 0.3),
        Actor(table, (0.15, 0.13), stands(table_s, 0.01), paint(random)),
        Actor(heap, (0.08, 0.11), stands(heap_s, 0.13), paint(random)),
        Actor(person, PERSON, sways, paint(random), "person"),
    ]


def umbrella_stall(random: Random) -> Staged:
    """A stall that is set up over three minutes."""
    begins_s, x = float(random.uniform(50, 80)), float(random.uniform(0.35, 0.65))
    times_s = begins_s, begins_s + 90, begins_s + 180
    actors = (*strollers(random, 480), *_stall(random, x, times_s, 480), *passing(random, 480))
    truth = {
        "rules": rule("stalls", PAVEMENT, STALL_S),
        # From the first thing that stands, to the last.
        "incidents": expected(STANDS, begins_s + STALL_S - 5, times_s[2] + STALL_S + 30),
    }
    return Staged(Stage(street(int(random.integers(99))), actors, 480), truth)


MARKET = {
    "zones": [
        {"id": "pavement", "polygon": PAVEMENT},
        {"id": "market", "kind": "exempt", "polygon": PAVEMENT,
         "schedule": [{"from": "06:00", "to": "10:00"}]},
    ],
    "rules": {"stalls": {"zones": ["pavement"], "for_s": STALL_S}},
    "starts_at": "09:56",
}  # fmt: skip
ENDS_S = 240.0
"""When 10:00 has come in the scenarios on the market."""


def _market(random: Random, leave_s: float, seconds: float) -> Stage:
    """Two stalls that stand from the beginning."""
    stalls = [one for x in (0.28, 0.68) for one in _stall(random, x, (0, 0, 0), leave_s)]
    actors = (*stalls, *strollers(random, seconds), *passing(random, seconds))
    return Stage(street(int(random.integers(99))), actors, seconds)


def market_that_stays(random: Random) -> Staged:
    """A morning market that is still there when its hours are long over."""
    due_s = ENDS_S + STALL_S
    truth = {**MARKET, "incidents": expected(STANDS, due_s - 2, due_s + 30)}
    return Staged(_market(random, 500, 480), truth)


def market_that_leaves(random: Random) -> Staged:
    """A morning market that packs up a little after its hours."""
    leave_s = ENDS_S + float(random.uniform(30, 120))
    return Staged(_market(random, leave_s, 480), {**MARKET, "incidents": []})


def shadows_wander(random: Random) -> Staged:
    """The shadow of a house creeps over the pavement, clouds pass; nobody sets anything up."""
    edge = float(random.uniform(0.2, 0.4))

    def light(image: Image, at_s: float) -> Image:
        lit = image.astype(np.float32)
        width = image.shape[1]
        shadow = round((edge + 0.4 * at_s / 420) * width)
        lit[:, :shadow] *= 0.62
        lit *= 0.85 + 0.15 * np.sin(at_s / 37)
        return np.asarray(np.clip(lit, 0, 255), np.uint8)

    actors = (*strollers(random, 420), *passing(random, 420))
    stage = Stage(street(int(random.integers(99))), actors, 420, treat=light)
    return Staged(stage, {"rules": rule("stalls", PAVEMENT, 120), "incidents": []})


STALLS = (
    drawn("umbrella-stall", "三分钟摆出的伞摊", "A stall set up over 3 minutes", umbrella_stall),
    drawn("market-stays", "早市超时", "A market after its hours", market_that_stays),
    drawn("market-leaves", "早市按时收摊", "A market that packs up", market_that_leaves),
    drawn("shadows", "光影移动", "Shadows that wander", shadows_wander),
)
