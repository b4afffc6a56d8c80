"""Scenarios of vehicles that stand: in a queue, behind buses, to load, in a fire lane, at work."""

from lab.trials.scenarios.cast import (
    BUS,
    CAR,
    FAR_LANE,
    NEAR_FOOT,
    PERSON,
    VAN,
    Random,
    paint,
    passing,
    rule,
    stay,
)
from lab.trials.scenarios.drawing import bus, car, person, street, van
from lab.trials.scenarios.scenario import Staged, drawn, expected
from lab.trials.scenarios.stage import Actor, Stage

STANDS = "road_occupation"
PARK_S = 60.0
"""The limit of the parking rule in these scenes: short, so that they are."""


def queue_at_light(random: Random) -> Staged:
    """Cars stop one behind the other, wait, and go one after the other, three times."""
    actors: list[Actor] = []
    for cycle in range(3):
        begins_s = 10 + 110 * cycle
        for n in range(int(random.integers(4, 6))):
            x, comes_s = 0.86 - 0.18 * n, begins_s + 5 * n + float(random.uniform(0, 2))
            green_s = begins_s + 90 + 2.5 * n
            path = stay((comes_s - 4, comes_s), x, (green_s, green_s + 3))
            actors.append(Actor(car, CAR, path, paint(random), "car"))
    actors += passing(random, 340)
    stage = Stage(street(int(random.integers(99))), tuple(actors), 340)
    return Staged(stage, {"rules": rule("parking", FAR_LANE, PARK_S), "incidents": []})


def van_behind_buses(random: Random) -> Staged:
    """A van parks at the far kerb; buses pass before it and stop there for some seconds."""
    parks_s, x = float(random.uniform(15, 30)), float(random.uniform(0.4, 0.6))
    leave_s = parks_s + 160
    path = stay((parks_s - 6, parks_s), x, (leave_s, leave_s + 4))
    actors = [Actor(van, VAN, path, paint(random), "truck")]
    at_s = parks_s + 8
    while at_s < leave_s - 12:
        stops_s = float(random.uniform(4, 10))
        drive = (
            (at_s, 1.3, NEAR_FOOT), (at_s + 3, x + 0.05, NEAR_FOOT),
            (at_s + 3 + stops_s, x, NEAR_FOOT), (at_s + 7 + stops_s, -0.3, NEAR_FOOT),
        )  # fmt: skip
        actors.append(Actor(bus, BUS, drive, (60, 140, 60), "bus"))
        at_s += float(random.uniform(18, 26)) + stops_s
    stage = Stage(street(int(random.integers(99))), tuple(actors), leave_s + 20)
    due_s = parks_s + PARK_S
    truth = {
        "rules": rule("parking", FAR_LANE, PARK_S),
        "incidents": expected(STANDS, due_s - 5, due_s + 45),
    }
    return Staged(stage, truth)


def loading_stop(random: Random) -> Staged:
    """A van stops for less than the limit, somebody carries boxes, it drives on; so twice."""
    actors = passing(random, 300)
    for begins_s in (20.0, 170.0):
        stays_s = PARK_S * float(random.uniform(0.5, 0.8))
        x, ends_s = float(random.uniform(0.3, 0.7)), begins_s + stays_s
        path = stay((begins_s - 5, begins_s), x, (ends_s, ends_s + 4))
        actors.append(Actor(van, VAN, path, paint(random), "truck"))
        walk = tuple(
            (begins_s + 5 + 4 * n, x - 0.1 if n % 2 else x - 0.2, 0.44)
            for n in range(int(stays_s / 4) - 2)
        )
        actors.append(Actor(person, PERSON, walk, paint(random), "person"))
    stage = Stage(street(int(random.integers(99))), tuple(actors), 300)
    return Staged(stage, {"rules": rule("parking", FAR_LANE, PARK_S), "incidents": []})


def blocked_fire_lane(random: Random) -> Staged:
    """A car stops in a fire lane and stays; with somebody in it or not is all the same."""
    parks_s, x = float(random.uniform(20, 40)), float(random.uniform(0.3, 0.7))
    path = stay((parks_s - 4, parks_s), x, (320, 324))
    actors = (Actor(car, CAR, path, paint(random), "car"), *passing(random, 320))
    due_s = parks_s + 180
    truth = {
        "rules": {"fire_lane": {"zone": FAR_LANE}},
        "incidents": expected(STANDS, due_s - 5, due_s + 25),
    }
    return Staged(Stage(street(int(random.integers(99))), actors, 300), truth)


def sweeper_in_the_lane(random: Random) -> Staged:
    """A sanitation truck works at the kerb for longer than the limit."""
    x = float(random.uniform(0.3, 0.6))
    path = stay((10, 16), x, (130, 140))
    truck = Actor(van, VAN, path, (60, 150, 220), "sanitation truck")
    actors = (truck, *passing(random, 160))
    stage = Stage(street(int(random.integers(99))), actors, 160)
    return Staged(stage, {"rules": rule("parking", FAR_LANE, PARK_S), "incidents": []})


VEHICLES = (
    drawn("queue-at-light", "红灯排队", "A queue at a red light", queue_at_light),
    drawn("van-behind-buses", "公交遮挡的违停", "A van parked behind buses", van_behind_buses),
    drawn("loading-stop", "临时装卸", "Loading, shorter than the limit", loading_stop),
    drawn("blocked-fire-lane", "占用消防通道", "A blocked fire lane", blocked_fire_lane),
    drawn("sweeper", "环卫作业车", "A sanitation truck at work", sweeper_in_the_lane),
)
