"""An overload that feeds itself: looks at unchanged pictures are cheap, but only while they come
often enough to be compared. If they stop to be cheap in an overload, it must end all the same."""

import numpy as np

from domain.clock import VirtualClock
from streams.frame import Image
from tests.edge.shedding import LOOKERS, Camera, Town
from tests.vision.looks import SIZE_WH, START, detections
from vision.picture.unchanged import Unchanged

CAMERAS, PROMISE_S = 24, 4.0
FULL, UNCHANGED, BURST = 3.5, 0.35, 4.0
"""Times as many looks are owed as there is time for, if all are full ones, or none; and how many
times as long each takes while it lasts."""
BEGINS_S, ENDS_S, RECOVERED_WITHIN_S = 70.0, 110.0, 60.0
SETTLED_S = 2.5 * PROMISE_S
"""Between looks when most of them are cheap; were all of them full, it would be twice as long."""
NOTHING = detections([])
GRAIN = np.random.default_rng(0).normal(90, 2.5, (16, 32, 32, 3)).clip(0, 255).astype(np.uint8)


class Still:
    """Cameras in front of which nothing ever moves, and whose looks cost what they are."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.pictures = 0
        self.memory = {f"c{number}": Unchanged() for number in range(CAMERAS)}
        cameras = [Camera(name, self.clock, PROMISE_S) for name in self.memory]
        for number, camera in enumerate(cameras):
            camera.phase_s = number * 0.37 % 2
        self.town = Town(self.clock, cameras, self._cost_s)

    def _cost_s(self, camera: Camera) -> float:
        times = UNCHANGED if self._recalls(self.memory[camera.camera_id]) else FULL
        times *= BURST if BEGINS_S <= self.town.now_s < ENDS_S else 1.0
        return LOOKERS * times * PROMISE_S / CAMERAS

    def _recalls(self, memory: Unchanged) -> bool:
        picture, at_s = self._picture(), self.clock.moment().s
        if memory.recall(picture, SIZE_WH, at_s) is not None:
            return True
        memory.keep(picture, SIZE_WH, at_s, NOTHING)
        return False

    def _picture(self) -> Image:
        self.pictures += 1
        return np.asarray(GRAIN[self.pictures % len(GRAIN)], np.uint8)

    def longest_s(self, until_s: float) -> float:
        """In the last 20 s before a time."""
        self.town.run(until_s)
        return max(self.town.longest_s(until_s - 20).values())


def test_an_overload_does_not_go_on_because_looks_have_become_dear() -> None:
    still = Still()
    assert still.longest_s(BEGINS_S) <= SETTLED_S
    assert still.longest_s(ENDS_S) > 2 * FULL * PROMISE_S
    assert still.longest_s(ENDS_S + RECOVERED_WITHIN_S + 20) <= SETTLED_S
