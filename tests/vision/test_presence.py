"""How long something has been there, and how far it has moved."""

import numpy as np
import pytest

from vision.things.presence import Presence
from vision.things.stillness import shifts

ANCHOR = np.array([0.2, 0.5, 0.4, 0.6], np.float32)


@pytest.mark.parametrize(
    ("looks", "window_s", "share"),
    [
        ([], 10, 1.0),
        ([(2, True), (4, True)], 10, 1.0),
        ([(2, True), (4, False)], 10, 0.5),
        ([(5, False), (10, True)], 10, 0.5),
        ([(5, False), (10, True)], 5, 1.0),
        ([(5, False), (10, True)], 8, 5 / 8),
        ([(9, True), *((9 + 0.1 * i, False) for i in range(1, 11))], 10, 0.9),  # a burst of looks
        ([(10, False)], 10, 0.0),
        ([(20, False), (30, True), (40, True)], 20, 1.0),
    ],
)
def test_share_of_the_time(looks: list[tuple[float, bool]], window_s: float, share: float) -> None:
    presence, now_s = Presence(0, memory_s=20), 0.0
    for now_s, present in looks:
        presence.see(present, now_s)
    assert presence.share(window_s, now_s) == pytest.approx(share)
    assert presence.lasted_s(now_s) == now_s
    assert presence.looks == len(looks) + 1
    assert presence.hits == 1 + sum(present for _, present in looks)


def test_time_in_which_nobody_could_tell_counts_neither_way() -> None:
    presence = Presence(0, memory_s=100)
    presence.see(True, 10)
    presence.skip(40)
    presence.skip(50)
    presence.see(False, 60)
    assert presence.told_s(60) == 20
    assert presence.share(100, 60) == pytest.approx(0.5)
    assert presence.share(15, 60) == 0.0
    presence.skip(200)
    assert presence.share(100, 200) == 1.0  # nothing was told in the whole window


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0.2, 0.5, 0.4, 0.6), 0.0),
        ((0.25, 0.5, 0.45, 0.6), 0.25),  # moved by a quarter of its width
        ((0.2, 0.53, 0.4, 0.63), 0.3),  # by three tenths of its height
        ((0.2, 0.5, 0.3, 0.6), 0.0),  # its right half is hidden
        ((0.2, 0.55, 0.4, 0.6), 0.0),  # its upper half is hidden
        ((0.1, 0.45, 0.5, 0.65), float("inf")),  # it comes closer
        ((0.2, 0.5, 0.25, 0.6), float("inf")),  # a sliver of it
    ],
)
def test_shift(box: tuple[float, float, float, float], expected: float) -> None:
    moved = shifts(ANCHOR[None], np.array([ANCHOR, box], np.float32))
    assert moved.shape == (1, 2)
    assert moved[0] == pytest.approx([0, expected], abs=1e-5)
