"""Stamps that do not keep step with the pictures: measured against arrival, and only then bent."""

import random
from datetime import timedelta
from fractions import Fraction

import pytest

from domain.clock import Moment
from streams.anchor import Anchor, Stamp
from tests.streams.footage import START

HZ = 90_000


def arrivals(fps: float, seconds: float, *, jitter_s: float = 0.0, batch_s: float = 0.0,
             pauses: int = 0) -> list[float]:  # fmt: skip
    """When pictures of a camera come: late by chance, in batches, and after pauses all at once."""
    chance = random.Random(3)
    stops_s = [chance.uniform(5, seconds) for _ in range(pauses)]
    times_s: list[float] = []
    for number in range(int(seconds * fps)):
        at_s = number / fps + abs(chance.gauss(0, jitter_s))
        at_s = max([at_s, *(s + 2.5 for s in stops_s if s <= at_s < s + 2.5), *times_s[-1:]])
        times_s.append(at_s)
    if batch_s:
        times_s = [(at_s // batch_s + 1) * batch_s for at_s in times_s]
    return times_s


def placed(fps: float, rate: float, times_s: list[float]) -> list[Stamp]:
    """What becomes of stamps that run at `rate`."""
    anchor = Anchor(Fraction(1, HZ))
    return [
        anchor.place(
            round(number * HZ * rate / fps),
            None,
            Moment(1000 + at_s, START + timedelta(seconds=at_s)),
            keyframe=number % 50 == 0,
        )
        for number, at_s in enumerate(times_s)
    ]


@pytest.mark.parametrize("pauses", [0, 4])
@pytest.mark.parametrize("batch_s", [0, 0.25, 0.5])
@pytest.mark.parametrize("jitter_s", [0, 0.02])
@pytest.mark.parametrize("fps", [5, 25, 60])
def test_true_stamps_stay_as_they_are(
    fps: float, jitter_s: float, batch_s: float, pauses: int
) -> None:
    times_s = arrivals(fps, 60, jitter_s=jitter_s, batch_s=batch_s, pauses=pauses)

    stamps = placed(fps, 1, times_s)

    assert [stamp.pts for stamp in stamps] == [round(n * HZ / fps) for n in range(len(stamps))]


@pytest.mark.parametrize("batch_s", [0, 0.25])
@pytest.mark.parametrize("rate", [0.25, 0.5, 0.84, 0.97, 1.04, 1.5, 2])
def test_untrue_stamps_are_stretched_to_the_time_that_passed(rate: float, batch_s: float) -> None:
    times_s = arrivals(25, 90, jitter_s=0.02, batch_s=batch_s)

    stamps = placed(25, rate, times_s)

    plays_s = stamps[1900].stream_s - stamps[1400].stream_s
    assert plays_s == pytest.approx(20, abs=0.2)
    assert stamps[1900].captured_s - stamps[1400].captured_s == pytest.approx(20, abs=0.2)
    late_s = [1000 + at_s - stamp.captured_s for at_s, stamp in zip(times_s, stamps, strict=True)]
    assert max(late_s) < 0.5 + batch_s
    shown = [stamp.pts for stamp in stamps]
    assert shown == sorted(set(shown))


def test_a_rate_that_changes_is_followed_and_one_that_becomes_true_is_left_alone() -> None:
    anchor, ticks, found = Anchor(Fraction(1, HZ)), 0.0, []
    for number in range(25 * 90):
        at_s = number / 25
        ticks += HZ / 25 * (0.5 if 30 <= at_s < 60 else 1)
        moment = Moment(at_s, START + timedelta(seconds=at_s))
        found.append((at_s, anchor.place(round(ticks), None, moment)))

    assert max(at_s - stamp.captured_s for at_s, stamp in found) < 0.5
    for from_s, to_s in ((5, 25), (38, 58), (69, 89)):
        plays_s = found[to_s * 25][1].stream_s - found[from_s * 25][1].stream_s
        assert plays_s == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize("set_by_s", [7200, -7200])
def test_a_clock_that_is_set_moves_all_dates_and_no_time(set_by_s: float) -> None:
    anchor = Anchor(Fraction(1, HZ))

    stamps = []
    for second in range(10):
        at = START + timedelta(seconds=second + (set_by_s if second >= 5 else 0))
        stamps.append(anchor.place(second * HZ, None, Moment(50 + second, at)))

    assert [stamp.captured_s for stamp in stamps] == [50 + second for second in range(10)]
    assert stamps[5].captured_at - stamps[4].captured_at == timedelta(seconds=1 + set_by_s)


@pytest.mark.parametrize("bits", [32, 33])
def test_stamps_that_wrap_go_on_even_where_pictures_are_reordered(bits: int) -> None:
    anchor, wrap = Anchor(Fraction(1, HZ)), 1 << bits
    shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    first = wrap - 4 * HZ // 10

    stamps = [
        anchor.place(
            (first + tenth * HZ // 10) % wrap,
            None,
            START + timedelta(seconds=0.3 + number / 10),
            keyframe=number == 0,
        )
        for number, tenth in enumerate(shown)
    ]

    assert [round(stamp.stream_s * 10) for stamp in stamps] == shown


def test_a_constant_stamp_is_dated_by_arrival() -> None:
    anchor = Anchor(Fraction(1, HZ))

    stamps = [anchor.place(90_000, None, START + timedelta(seconds=n / 10)) for n in range(50)]

    assert stamps[-1].stream_s == pytest.approx(4.9, abs=0.2)
    assert len({stamp.pts for stamp in stamps}) == 50
