"""Who comes into the scenes of a street: where they stand, how large they are, how they pass."""

import numpy as np

from lab.trials.scenarios.drawing import KERB_Y, MIDDLE_Y, NEAR_Y, PAINTS, car, person
from lab.trials.scenarios.stage import Actor, Point

Random = np.random.Generator
Polygon = list[list[float]]
FAR_LANE: Polygon = [[0.02, KERB_Y], [0.98, KERB_Y], [0.98, MIDDLE_Y], [0.02, MIDDLE_Y]]
PAVEMENT: Polygon = [[0.02, NEAR_Y - 0.06], [0.98, NEAR_Y - 0.06], [0.98, 1], [0.02, 1]]
FAR_FOOT, NEAR_FOOT, PAVEMENT_FOOT = 0.60, 0.84, 0.97
CAR, VAN, BUS, PERSON = (0.15, 0.13), (0.17, 0.19), (0.42, 0.30), (0.035, 0.17)


def rule(kind: str, zone: Polygon, for_s: float) -> dict[str, dict[str, object]]:
    """The rules of a truth file: one, on one zone."""
    return {kind: {"zone": zone, "for_s": for_s}}


def paint(random: Random) -> tuple[int, int, int]:
    return PAINTS[int(random.integers(len(PAINTS)))]


def stay(
    comes_s: tuple[float, float], x: float, leaves_s: tuple[float, float]
) -> tuple[Point, ...]:
    """Along the far lane to a place, and on from it later; each from - to in seconds."""
    return (
        (comes_s[0], -0.1, FAR_FOOT),
        (comes_s[1], x, FAR_FOOT),
        (leaves_s[0], x, FAR_FOOT),
        (leaves_s[1], 1.1, FAR_FOOT),
    )


def passing(random: Random, seconds: float, every_s: float = 17.0) -> list[Actor]:
    """Cars that drive by in the near lane."""
    cars = []
    at_s = float(random.uniform(3, every_s))
    while at_s < seconds:
        path = ((at_s, 1.1, NEAR_FOOT), (at_s + 4, -0.1, NEAR_FOOT))
        cars.append(Actor(car, CAR, path, paint(random), "car"))
        at_s += float(random.uniform(0.5, 1.5)) * every_s
    return cars


def strollers(random: Random, seconds: float) -> list[Actor]:
    """People who walk along the near pavement."""
    walkers = []
    at_s = float(random.uniform(2, 15))
    while at_s < seconds:
        there, back = (-0.05, 1.05) if random.random() < 0.5 else (1.05, -0.05)
        foot = float(random.uniform(0.93, 0.99))
        path = ((at_s, there, foot), (at_s + 14, back, foot))
        walkers.append(Actor(person, PERSON, path, paint(random), "person"))
        at_s += float(random.uniform(8, 30))
    return walkers
