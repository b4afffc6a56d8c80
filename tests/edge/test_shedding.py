"""A machine that is too small for its promises: fires are found all the same, nobody is forgotten,
and once it is large enough again everything is as before."""

from collections import Counter

import pytest

from domain.clock import VirtualClock
from edge.roster import LONGEST_WAIT_S
from edge.worth import bound_s
from tests.edge.shedding import CROWD, FIRE, LOOKERS, Camera, Town
from tests.vision.looks import START
from vision.rules.fire import FireRuleSettings

CAMERAS, PROMISE_S = 114, 4.0
NORMAL, OVERLOAD = 0.8, 3.0
"""Times as many looks are owed as there is time for."""
BEGINS_S, ENDS_S = 12.0, 92.0
RECOVERED_WITHIN_S = 60.0
FIRE_FOUND_WITHIN_S = LONGEST_WAIT_S + FireRuleSettings().window_s
"""The longest that anybody waits, and then what the fire rule needs: its looks come within its
window, or it would forget the first of them."""


class Overloaded:
    """114 cameras: a third is of twice the risk, a third is no fire's. For 80 s looks cost so much
    that a third of what is owed can be done."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.cameras = [self._camera(number) for number in range(CAMERAS)]
        self.town = Town(self.clock, self.cameras, lambda _camera: self._cost_s())
        self.waits: dict[str, float] = {}
        """The longest waits while it lasted, by camera."""

    def _camera(self, number: int) -> Camera:
        kind = number % 3
        return Camera(
            f"c{number}",
            self.clock,
            PROMISE_S,
            risk=2.0 if kind == 0 else 1.0,
            rules=CROWD if kind == 2 else FIRE,
            phase_s=number * 0.37 % 2,
        )

    def _cost_s(self) -> float:
        load = OVERLOAD if BEGINS_S <= self.town.now_s < ENDS_S else NORMAL
        return LOOKERS * load * PROMISE_S / CAMERAS

    def of_kind(self, kind: int, waits: dict[str, float]) -> float:
        return max(waits[f"c{number}"] for number in range(kind, CAMERAS, 3))


@pytest.fixture(scope="module")
def overloaded() -> Overloaded:
    """Six fires while it lasts, four of them at once; then what it takes to be as before."""
    all_of_it = Overloaded()
    for number, burns_from in ((0, 30), (1, 30), (3, 30), (4, 30), (61, 50), (100, 75)):
        all_of_it.cameras[number].burns_from = burns_from
    all_of_it.town.run(BEGINS_S)
    assert max(all_of_it.town.longest_s(2 * PROMISE_S).values()) <= 1.5 * PROMISE_S
    all_of_it.town.run(ENDS_S)
    all_of_it.waits = all_of_it.town.longest_s(BEGINS_S)
    all_of_it.town.run(ENDS_S + RECOVERED_WITHIN_S + 12)
    return all_of_it


def test_planted_fires_are_found_within_the_bound(overloaded: Overloaded) -> None:
    burning = {c.camera_id: c.burns_from for c in overloaded.cameras if c.burns_from < ENDS_S}
    took_s = {name: at_s - burning[name] for name, at_s in overloaded.town.found.items()}
    assert set(took_s) == set(burning)
    assert max(took_s.values()) <= FIRE_FOUND_WITHIN_S


def test_nobody_waits_longer_than_the_bound_and_more_risk_waits_less(
    overloaded: Overloaded,
) -> None:
    waits = overloaded.waits
    round_s = OVERLOAD * PROMISE_S
    assert max(waits.values()) <= max(bound_s(LONGEST_WAIT_S, PROMISE_S), 3 * round_s)
    risky, usual, no_fire = (overloaded.of_kind(kind, waits) for kind in range(3))
    assert risky < usual < no_fire


def test_a_minute_after_the_overload_all_promises_are_kept(overloaded: Overloaded) -> None:
    longest = overloaded.town.longest_s(ENDS_S + RECOVERED_WITHIN_S)
    assert max(longest.values()) <= 1.1 * PROMISE_S


def test_every_look_that_was_not_given_is_counted(overloaded: Overloaded) -> None:
    pages = [camera.book.close_page() for camera in overloaded.cameras]
    missed = sum((Counter(page.skipped) for page in pages), Counter())
    assert set(missed) == {"overload"}
    assert missed["overload"] > CAMERAS
    for page in pages:
        late = sum(max(int(each_s / PROMISE_S) - 2, 0) for each_s in page.intervals_s)
        assert sum(page.skipped.values()) >= late
        assert page.longest_interval_s == pytest.approx(overloaded.waits[page.camera_id], abs=0.1)
