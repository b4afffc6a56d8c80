"""Scenarios with many people, and of a camera that is turned."""

from lab.trials.scenarios.cast import CAR, FAR_LANE, PERSON, Random, paint, passing, rule
from lab.trials.scenarios.drawing import KERB_Y, car, person, street
from lab.trials.scenarios.scenario import Staged, drawn, expected
from lab.trials.scenarios.stage import Actor, Point, Stage, Turn

SQUARE = [[0, KERB_Y], [1, KERB_Y], [1, 1], [0, 1]]
LIMIT, STAYS_S = 15, 60.0


def crowd_gathers(random: Random) -> Staged:
    """Some twenty people come one by one, stand, and go one by one."""
    count = int(random.integers(19, 26))
    comes_s = sorted(float(random.uniform(10, 60)) for _ in range(count))
    actors = []
    for n, at_s in enumerate(comes_s):
        leaves_s = 200 + float(random.uniform(0, 40))
        actors.append(_stander(random, n, at_s, leaves_s))
    enough_s = comes_s[LIMIT - 1]
    truth = {
        "rules": {"crowding": {"zone": SQUARE, "count": LIMIT, "for_s": STAYS_S}},
        # Not before enough have come, and at the latest when the last has been there for so long.
        "incidents": expected("crowding", enough_s + STAYS_S - 10, comes_s[-1] + STAYS_S + 30),
    }
    return Staged(Stage(street(int(random.integers(99))), tuple(actors), 290), truth)


def bus_stop(random: Random) -> Staged:
    """People wait for buses: up to twelve stand, and for seconds, when a bus unloads, more."""
    actors = []
    for bus in range(3):
        begins_s = 80.0 * bus
        for n in range(int(random.integers(9, 13))):
            comes_s = begins_s + float(random.uniform(0, 50))
            actors.append(_stander(random, n, comes_s, begins_s + 72))
        for n in range(6):
            out_s = begins_s + 66 + float(random.uniform(0, 3))
            path = ((out_s, 0.1 + 0.1 * n, 0.7), (out_s + 12, 1.1, 0.75 + 0.03 * n))
            actors.append(Actor(person, PERSON, path, paint(random), "person"))
    rules = {"crowding": {"zone": SQUARE, "count": LIMIT, "for_s": STAYS_S}}
    stage = Stage(street(int(random.integers(99))), tuple(actors), 260)
    return Staged(stage, {"rules": rules, "incidents": []})


def _stander(random: Random, n: int, comes_s: float, leaves_s: float) -> Actor:
    """One person who walks up, stands, shifting from foot to foot, and leaves."""
    x, y = 0.10 + 0.105 * (n % 8), 0.66 + 0.14 * (n // 8)
    x += float(random.uniform(-0.02, 0.02))
    there: list[Point] = [(comes_s, -0.05, y), (comes_s + 5, x, y)]
    at_s = comes_s + 15
    while at_s < leaves_s:
        there.append((at_s, x + float(random.uniform(-0.01, 0.01)), y))
        at_s += 10
    there += [(leaves_s + 5, x, y), (leaves_s + 11, 1.1, y)]
    return Actor(person, PERSON, tuple(there), paint(random), "person")


def turned_camera(random: Random) -> Staged:
    """Somebody who cleans turns the camera: cars that park where they may seem to stand in the
    zone now. Its rules pause, and the camera gets its maintenance finding."""
    turned_s = float(random.uniform(100, 120))
    bays = [
        Actor(car, CAR, ((0, x, 0.40), (400, x, 0.40)), paint(random), "car") for x in (0.22, 0.6)
    ]

    stage = Stage(
        street(int(random.integers(99))),
        (*bays, *passing(random, turned_s - 5)),
        300,
        turn=Turn(turned_s, float(random.uniform(0.13, 0.23)), float(random.uniform(0.08, 0.14))),
    )
    truth = {
        "rules": rule("parking", FAR_LANE, 60),
        "incidents": [],
        "faults": [{"fault": "moved", "from_s": round(turned_s), "to_s": round(turned_s) + 90}],
    }
    return Staged(stage, truth)


PEOPLE = (
    drawn("crowd-gathers", "人群聚散", "A crowd gathers and disperses", crowd_gathers),
    drawn("bus-stop", "公交站候车", "Waiting for buses, below the limit", bus_stop),
    drawn("turned-camera", "保洁碰歪摄像机", "A camera turned by a cleaner", turned_camera),
)
