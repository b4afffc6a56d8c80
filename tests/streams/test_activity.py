"""Unusual sizes of packets, by their own times."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from streams.activity import LEAST_MEMORY_S, MEMORY_S, Activity
from streams.packet import Packet, StreamInfo
from tests.media import make_clip, moving_picture
from tests.streams.footage import START, made_up, packets_of

STREAM = StreamInfo("h264", (320, 180))
USUAL = 4000


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def street(
    from_s: float,
    to_s: float,
    *,
    size: float = USUAL,
    jitter: float = 0.2,
    fps: float = 25,
    stream: StreamInfo = STREAM,
) -> Iterator[Packet]:
    """Packets with a large keyframe every 2 s, the others of about one size."""
    dice = random.Random(round(from_s))
    for number in range(round(from_s * fps), round(to_s * fps)):
        keyframe = number % round(2 * fps) == 0
        bytes_ = 120_000 if keyframe else round(size * dice.uniform(1 - jitter, 1 + jitter))
        yield made_up(number / fps, keyframe=keyframe, size=bytes_, stream=stream)


def told(activity: Activity, packets: Iterator[Packet]) -> Activity:
    for packet in packets:
        activity.add(packet)
    return activity


def test_a_street_as_usual_tells_nothing() -> None:
    assert told(Activity(), street(0, 300)).stirred_s is None


def test_sudden_activity_is_told_with_its_time() -> None:
    activity = told(Activity(), street(0, 60))
    told(activity, street(60, 62, size=2 * USUAL))
    assert activity.stirred_s is not None
    assert at(60).timestamp() < activity.stirred_s <= at(62).timestamp()


def test_nothing_is_unusual_before_the_usual_is_known() -> None:
    activity = told(Activity(), street(0, LEAST_MEMORY_S / 2))
    assert told(activity, street(LEAST_MEMORY_S / 2, 8, size=3 * USUAL)).stirred_s is None


def test_what_lasts_becomes_usual() -> None:
    activity = told(Activity(), street(0, 60))
    told(activity, street(60, 60 + 2 * MEMORY_S, size=3 * USUAL))
    stirred_s = activity.stirred_s
    assert stirred_s is not None
    assert stirred_s < at(60 + MEMORY_S).timestamp()


def test_one_large_picture_is_not_activity_and_keyframes_never_are() -> None:
    activity = told(Activity(), street(0, 60))
    told(activity, iter([made_up(60.02, size=2 * USUAL, stream=STREAM)]))
    told(activity, street(60.04, 70))
    assert activity.stirred_s is None


def test_a_camera_whose_sizes_vary_much_must_exceed_its_own_spread() -> None:
    activity = Activity()
    for second in range(60):
        told(activity, street(second, second + 1, size=USUAL * (1 + second % 3)))
    told(activity, street(60, 62, size=3.3 * USUAL))
    assert activity.stirred_s is None


def test_another_stream_begins_anew() -> None:
    activity = told(Activity(), street(0, 60))
    other = StreamInfo("h264", (1920, 1080))
    told(activity, street(60, 64, size=9 * USUAL, stream=other))
    assert activity.stirred_s is None


@pytest.mark.parametrize("fps", [1, 5, 50])
def test_seconds_count_and_not_pictures(fps: float) -> None:
    activity = told(Activity(), street(0, 60, fps=fps, jitter=0.1))
    assert activity.stirred_s is None
    told(activity, street(60, 64, fps=fps, size=3 * USUAL))
    assert activity.stirred_s is not None


def test_a_pause_of_the_camera_does_not_stir() -> None:
    activity = told(Activity(), street(0, 60))
    assert told(activity, street(90, 100)).stirred_s is None


def test_a_real_encoder_gives_more_bytes_when_more_moves(tmp_path: Path) -> None:
    """A still picture for 24 s, then one that moves."""
    clip = make_clip(
        tmp_path / "a.mp4",
        seconds=30,
        paint=lambda n: moving_picture(max(n - 240, 0), (320, 180)),
    )
    activity = Activity()
    for packet in packets_of(clip):
        activity.add(packet)
        if packet.stream_s < 24:
            assert activity.stirred_s is None
    assert activity.stirred_s is not None
