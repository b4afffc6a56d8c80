"""One thing over time."""

import numpy as np
import pytest

from tests.vision.looks import CAR, Row, detections, moved, people
from vision.things.tracks import FORGET_NEW_S, FORGET_SETTLED_S, Track, Tracker, family_of

VAN: Row = ("truck", 0.6, 0.2, 0.5, 0.4, 0.7)
TINY: Row = ("car", 0.5, 0.5, 0.5, 0.53, 0.52)


def follow(looks: list[tuple[float, list[Row]]]) -> list[tuple[Track, ...]]:
    tracker = Tracker(frozenset({"car", "truck", "bus", "person", "chair"}))
    return [tracker.see(detections(rows), seconds) for seconds, rows in looks]


def ids(tracks: tuple[Track, ...]) -> list[int]:
    return [track.id for track in tracks]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (CAR, CAR, True),
        (CAR, moved(CAR, 0.05), True),
        (CAR, moved(CAR, 0.15), False),
        (CAR, VAN, True),  # one family
        (CAR, ("person", 0.6, *CAR[2:]), False),
        (TINY, moved(TINY, 0.025), True),  # no overlap to speak of, but close
        (TINY, moved(TINY, 0.04), False),
    ],
)
def test_what_is_one_thing(first: Row, second: Row, same: bool) -> None:
    before, after = follow([(0, [first]), (2, [second])])
    assert ids(before) == [1]
    assert ids(after) == ([1] if same else [1, 2])
    assert [track.visible for track in after] == ([True] if same else [False, True])


def test_labels_that_nobody_asked_for_are_not_followed() -> None:
    assert follow([(0, [("fire", 0.9, 0, 0, 1, 1)])]) == [()]


def test_one_van_called_car_and_truck_is_one_thing() -> None:
    looks: list[tuple[float, list[Row]]] = [(t, [CAR, moved(VAN, 0.01)]) for t in (0, 2, 4)]
    tracks = follow([*looks, (6, [VAN]), (8, [VAN])])[-1]
    assert len(tracks) == 1
    assert tracks[0].label == "car"
    assert tracks[0].labels == ("car", "car", "car", "truck", "truck")
    assert tracks[0].score == pytest.approx(0.7)
    assert (tracks[0].hits, tracks[0].family) == (5, "vehicle")


def test_people_who_stand_close_are_several() -> None:
    assert len(follow([(0, people(10))])[0]) == 10


def test_the_best_pair_comes_first() -> None:
    two = [CAR, moved(CAR, 0.12)]
    before, after = follow([(0, two), (2, [moved(CAR, 0.1), moved(CAR, 0.35)])])
    assert ids(before) == [1, 2]
    assert [track.id for track in after if track.visible] == [2, 3]


def test_a_hidden_thing_keeps_its_identity() -> None:
    looks: list[tuple[float, list[Row]]] = [(t, [CAR]) for t in (0, 2, 4)]
    hidden: list[tuple[float, list[Row]]] = [(t, []) for t in range(6, 60, 2)]
    *_, last_hidden, back = follow([*looks, *hidden, (60, [CAR])])
    assert [(track.id, track.visible) for track in last_hidden] == [(1, False)]
    assert [(track.id, track.visible, track.hits) for track in back] == [(1, True, 4)]


@pytest.mark.parametrize(
    ("sightings", "away_s", "known"),
    [
        (1, FORGET_NEW_S, True),
        (1, FORGET_NEW_S + 1, False),
        (3, FORGET_SETTLED_S, True),
        (3, FORGET_SETTLED_S + 1, False),
    ],
)
def test_everything_is_forgotten_in_time(sightings: int, away_s: float, known: bool) -> None:
    looks: list[tuple[float, list[Row]]] = [(t, [CAR]) for t in range(sightings)]
    last = follow([*looks, (100, []), (100 + away_s, [])])[-1]
    assert bool(last) is known


def test_memory_stays_small_however_long_it_runs() -> None:
    looks: list[tuple[float, list[Row]]] = [
        (float(t), [moved(TINY, 0.045 * (t % 10)), CAR]) for t in range(1000)
    ]
    last = follow(looks)[-1]
    assert len(last) < 30
    assert max(len(track.labels) for track in last) == 15
    assert max(len(track.recent) for track in last) == 5


def test_one_bad_box_moves_nothing() -> None:
    half: Row = ("car", 0.4, 0.2, 0.5, 0.3, 0.7)
    tracks = follow([(0, [CAR]), (2, [CAR]), (4, [half]), (6, [CAR])])[-1]
    np.testing.assert_allclose(tracks[0].xyxy, CAR[2:], atol=1e-6)


def test_families() -> None:
    words = ("car", "van", "bicycle", "motorcycle", "chair")
    assert [family_of(word) for word in words] == ["vehicle", "vehicle", "cycle", "cycle", "chair"]
