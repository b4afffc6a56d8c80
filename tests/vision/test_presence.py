"""How long something has been there, and how it stands still."""

import numpy as np
import pytest

from tests.vision.looks import CAR, Row, detections, moved
from vision.presence import Presence
from vision.stillness import Stillness, shift
from vision.tracks import Tracker

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
    assert shift(ANCHOR, np.array(box, np.float32)) == pytest.approx(expected, abs=1e-5)


def stood_s(looks: list[tuple[float, list[Row]]]) -> float:
    """How long the newest visible track has stood after the last look."""
    tracker, stillness = Tracker(frozenset({"car"})), Stillness(max_shift=0.3, memory_s=60)
    for now_s, rows in looks:
        tracks = tracker.see(detections(rows), now_s)
        stillness.see(tracks, now_s)
    return stillness.of(max(tracks, key=lambda track: track.seen_s)).lasted_s(now_s)


def test_what_stands_still_and_what_does_not() -> None:
    still: list[tuple[float, list[Row]]] = [(t, [CAR]) for t in range(0, 21, 2)]
    assert stood_s(still) == 20

    rng = np.random.default_rng(0)
    jitter: list[tuple[float, list[Row]]] = [
        (t, [moved(CAR, *rng.normal(0, 0.01, 2))]) for t in range(0, 21, 2)
    ]
    assert stood_s(jitter) == 20

    creeping: list[tuple[float, list[Row]]] = [(t, [moved(CAR, 0.01 * t)]) for t in range(0, 41, 2)]
    assert stood_s(creeping) < 14

    arriving: list[tuple[float, list[Row]]] = [(t, [moved(CAR, 0.05 * t)]) for t in (0, 1, 2)]
    parked: list[tuple[float, list[Row]]] = [(t, [moved(CAR, 0.1)]) for t in range(4, 25, 2)]
    assert 16 <= stood_s([*arriving, *parked]) <= 22
