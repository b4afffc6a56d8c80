from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from domain.clock import Moment
from streams.anchor import LATE_S, Anchor, Stamp
from tests.streams.footage import START

HZ = 90_000
TIME_BASE = Fraction(1, HZ)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def place(
    anchor: Anchor, pts_s: float | None, arrived_s: float, *, keyframe: bool = False
) -> Stamp:
    pts = None if pts_s is None else round(pts_s * HZ)
    return anchor.place(pts, pts, after(arrived_s), keyframe=keyframe)


def captured_s(stamps: list[Stamp]) -> list[float]:
    return [round((stamp.captured_at - START).total_seconds(), 2) for stamp in stamps]


def test_the_first_packet_is_dated_by_its_arrival() -> None:
    stamp = place(Anchor(TIME_BASE), 1234.5, 0)

    assert (stamp.captured_at, stamp.stream_s) == (START, 0)


def test_jitter_of_arrival_is_smoothed() -> None:
    anchor = Anchor(TIME_BASE)
    arrivals_s = [0.0, 0.14, 0.21, 0.39, 0.4]

    stamps = [place(anchor, i / 10, at) for i, at in enumerate(arrivals_s)]

    assert captured_s(stamps) == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_a_burst_at_the_start_is_not_dated_into_the_future() -> None:
    anchor = Anchor(TIME_BASE)

    stamps = [place(anchor, i / 10, 0.0) for i in range(20)]
    stamps += [place(anchor, 2 + i / 10, 0.1 + i / 10) for i in range(3)]

    assert captured_s(stamps) == [0.0] * 20 + [0.1, 0.2, 0.3]
    assert [round(stamp.stream_s, 1) for stamp in stamps[-3:]] == [2.0, 2.1, 2.2]


def test_timestamps_that_restart_go_on_by_the_time_that_passed() -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, 100 + i / 10, i / 10, keyframe=i == 0) for i in range(5)]

    stamps += [place(anchor, i / 10, 0.5 + i / 10, keyframe=i == 0) for i in range(5)]

    assert captured_s(stamps) == [round(i / 10, 1) for i in range(10)]
    assert [round(stamp.stream_s, 1) for stamp in stamps] == [round(i / 10, 1) for i in range(10)]
    assert [stamp.pts for stamp in stamps] == [round((100 + i / 10) * HZ) for i in range(10)]


def test_a_small_step_back_at_a_keyframe_is_a_restart() -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, i / 10, i / 10, keyframe=i == 0) for i in range(10)]

    stamps += [place(anchor, i / 10, 1 + i / 10, keyframe=i == 0) for i in range(10)]

    assert [round(stamp.stream_s, 1) for stamp in stamps] == [round(i / 10, 1) for i in range(20)]


@pytest.mark.parametrize("jump_s", [50_000, 3600, 10])
def test_a_jump_ahead_is_taken_back(jump_s: float) -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, i / 10, i / 10) for i in range(5)]

    stamps += [place(anchor, jump_s + i / 10, i / 10) for i in range(5, 10)]

    assert captured_s(stamps) == [round(i / 10, 1) for i in range(10)]
    assert stamps[-1].stream_s == pytest.approx(0.9)


def test_a_real_pause_is_no_jump() -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, 0, 0), place(anchor, 8, 8)]

    assert captured_s(stamps) == [0, 8]
    assert stamps[1].stream_s == 8


def test_b_frames_keep_their_order_and_time_does_not_fall() -> None:
    anchor = Anchor(TIME_BASE)
    shown_s = [0.0, 0.3, 0.1, 0.2, 0.6, 0.4, 0.5]

    stamps = [place(anchor, s, 0.3 + i / 10, keyframe=i == 0) for i, s in enumerate(shown_s)]

    assert [round(stamp.stream_s, 1) for stamp in stamps] == shown_s
    times = [stamp.captured_at for stamp in stamps]
    assert times == sorted(times)


def test_a_late_spell_is_believed_only_so_far() -> None:
    anchor = Anchor(TIME_BASE)
    place(anchor, 0, 0)

    late = place(anchor, 0.1, LATE_S - 1)
    too_late = place(anchor, 0.2, LATE_S + 10)

    assert captured_s([late])[0] < 1
    assert too_late.captured_at == after(LATE_S + 10)


def test_a_slow_camera_clock_is_followed() -> None:
    anchor = Anchor(TIME_BASE)
    slow = 0.999  # 1 ms lost each second, for an hour

    stamps = [place(anchor, i * slow, i) for i in range(3600)]

    lateness_s = 3599 - captured_s(stamps)[-1]
    assert 0 <= lateness_s < 0.1


def test_first_packets_without_timestamps_join_those_with() -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, None, 0, keyframe=True), place(anchor, 5000.1, 0.1)]
    stamps.append(place(anchor, 5000.2, 0.2))

    assert [round(stamp.stream_s, 2) for stamp in stamps] == [0, 0.1, 0.2]
    assert captured_s(stamps) == [0, 0.1, 0.2]


def test_a_first_packet_without_timestamp_comes_before_reordered_ones() -> None:
    anchor = Anchor(TIME_BASE)
    first = anchor.place(None, None, after(0), keyframe=True)
    shown_s = [7.3, 7.1, 7.2, 7.6]

    stamps = [
        anchor.place(round(s * HZ), None, after(i / 10)) for i, s in enumerate(shown_s, start=1)
    ]

    assert all(stamp.pts > first.pts for stamp in stamps)
    steps_s = [(stamp.pts - stamps[0].pts) / HZ for stamp in stamps]
    assert steps_s == pytest.approx([0, -0.2, -0.1, 0.3])


@pytest.mark.parametrize("back_s", [1.0, 1.2, 30])
def test_a_step_back_beyond_reordering_is_a_restart_even_without_keyframe(back_s: float) -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, 100 + i / 10, i / 10) for i in range(5)]

    stamps += [place(anchor, 100.5 - back_s + i / 10, 0.5 + i / 10) for i in range(5)]

    assert [round(stamp.stream_s, 1) for stamp in stamps] == [i / 10 for i in range(10)]


def test_no_timestamps_at_all() -> None:
    anchor = Anchor(TIME_BASE)

    stamps = [place(anchor, None, i / 10) for i in range(5)]

    assert [round(stamp.stream_s, 1) for stamp in stamps] == [0, 0.1, 0.2, 0.3, 0.4]


def test_time_does_not_fall_from_connection_to_connection() -> None:
    stamp = place(Anchor(TIME_BASE, not_before=Moment.of(after(3))), 0, 1)

    assert stamp.captured_at == after(3)


def test_dts_moves_with_pts() -> None:
    anchor = Anchor(TIME_BASE)
    anchor.place(90_000, 81_000, after(0), keyframe=True)

    restarted = anchor.place(0, -9_000, after(0.1), keyframe=True)

    assert restarted.dts is not None
    assert restarted.pts - restarted.dts == 9_000


@pytest.mark.parametrize("set_back_s", [20, 8 * 3600])
def test_a_clock_that_is_set_back_is_followed(set_back_s: float) -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, i, i) for i in range(30)]

    stamps += [place(anchor, i, i - set_back_s) for i in range(30, 33)]

    assert captured_s(stamps[-3:]) == [30 - set_back_s, 31 - set_back_s, 32 - set_back_s]
    assert [stamp.stream_s for stamp in stamps] == list(range(33))


def test_a_clock_that_was_set_back_between_two_connections_is_followed() -> None:
    anchor = Anchor(TIME_BASE, not_before=Moment.of(after(8 * 3600)))

    assert captured_s([place(anchor, i, i) for i in range(3)]) == [0, 1, 2]


def test_a_clock_that_is_set_back_a_little_is_waited_for() -> None:
    anchor = Anchor(TIME_BASE)
    stamps = [place(anchor, i, i) for i in range(3)]

    stamps += [place(anchor, i, i - 2) for i in range(3, 6)]

    assert captured_s(stamps) == [0, 1, 2, 2, 2, 3]
