from datetime import datetime, timedelta

import pytest

from domain.clock import Moment
from domain.errors import StreamCorrupt, StreamEnded, StreamRefused, StreamTimeout
from domain.health import CameraStatus, FaultKind
from streams.packet import StreamInfo
from streams.status import StreamRecord
from streams.stream_settings import StreamSettings
from tests.streams.footage import START, made_up

STREAM = StreamInfo("h264", (320, 180))
SETTINGS = StreamSettings(stalled_after_s=3, no_keyframe_after_s=15)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def then(second: float) -> Moment:
    return Moment(second, at(second))


@pytest.fixture
def record() -> StreamRecord:
    return StreamRecord("gate-1", SETTINGS, then(0))


def see(record: StreamRecord, *seconds: float, keyframe_every: int = 2) -> list[object]:
    gaps = []
    for second in seconds:
        keyframe = second % keyframe_every == 0
        gaps.append(record.arrived(made_up(second, keyframe=keyframe, stream=STREAM), then(second)))
    return [gap for gap in gaps if gap is not None]


def test_a_camera_that_was_just_started_connects(record: StreamRecord) -> None:
    status = record.status(then(0.5))

    assert (status.status, status.since) == (CameraStatus.CONNECTING, START)
    assert (status.packets, status.reconnects, status.codec) == (0, 0, None)


def test_seeing(record: StreamRecord) -> None:
    record.connected(then(0))
    assert see(record, *range(9)) == []

    status = record.status(then(8.5))

    assert (status.status, status.since, status.fault) == (CameraStatus.SEEING, at(0), None)
    assert (status.fps, status.keyframe_every_s) == (1, 2)
    assert (status.codec, status.size_wh, status.packets) == ("h264", (320, 180), 9)
    assert record.keyframe_every_s == 2


def test_silence_is_a_stall_and_then_a_gap(record: StreamRecord) -> None:
    record.connected(then(0))
    see(record, 0, 0.5, 1)

    status = record.status(then(6))
    gaps = see(record, 8)

    assert (status.status, status.fault) == (CameraStatus.IMPAIRED, FaultKind.STALLED)
    assert (status.since, status.detail) == (at(1), "no packet for 5 s")
    assert [(g.from_at, g.to_at, g.cause) for g in gaps] == [  # type: ignore[attr-defined]
        (at(1), at(8), FaultKind.STALLED)
    ]
    assert record.status(then(8)).since == at(8)


def test_a_slow_camera_is_not_stalled_between_its_pictures(record: StreamRecord) -> None:
    record.connected(then(0))
    see(record, 0, 2, 4, 6)

    assert record.status(then(11)).status is CameraStatus.SEEING
    assert see(record, 11) == []
    assert record.status(then(25)).status is CameraStatus.IMPAIRED


def test_offline_until_packets_come_and_one_gap_for_it_all(record: StreamRecord) -> None:
    record.connected(then(0))
    see(record, 0, 1)
    record.failed(StreamEnded("closed"), then(1.5), 2 - 1.5)
    for second in (2, 4, 8):
        record.attempts()
        record.failed(StreamRefused("nobody there"), then(second), 2 * second - second)
    status = record.status(then(9))

    record.connected(then(16))
    gaps = see(record, 16)

    assert (status.status, status.since) == (CameraStatus.OFFLINE, at(1.5))
    assert (status.fault, status.detail) == (FaultKind.REFUSED, "nobody there")
    assert status.next_attempt_at == at(16)
    assert [(g.from_at, g.to_at, g.cause, g.detail) for g in gaps] == [  # type: ignore[attr-defined]
        (at(1), at(16), FaultKind.REFUSED, "nobody there")
    ]
    after = record.status(then(16))
    assert (after.status, after.reconnects, after.fault) == (CameraStatus.SEEING, 1, None)


def test_the_commonest_fault_is_the_cause(record: StreamRecord) -> None:
    for second in range(5):
        record.failed(StreamRefused("nobody there"), then(second), second + 1 - second)
    record.failed(StreamTimeout("boots"), then(6), 7 - 6)

    record.connected(then(7))
    gap = record.arrived(made_up(7, keyframe=True, stream=STREAM), then(7))

    assert gap is not None
    assert (gap.from_at, gap.cause) == (START, FaultKind.REFUSED)


def test_packets_before_the_first_keyframe_are_not_yet_seeing(record: StreamRecord) -> None:
    record.failed(StreamRefused("nobody there"), then(0), 1 - 0)
    record.connected(then(1))
    record.arrived(None, then(1))

    assert record.status(then(1)).fault is FaultKind.REFUSED, "not cured by packets alone"
    for second in range(2, 20):
        record.arrived(None, then(second))
    status = record.status(then(19))
    assert (status.status, status.fault) == (CameraStatus.IMPAIRED, FaultKind.NO_KEYFRAME)
    assert status.since == at(1)


def test_keyframes_that_stop_coming(record: StreamRecord) -> None:
    record.connected(then(0))
    see(record, *range(10))
    see(record, *range(11, 60), keyframe_every=1000)

    status = record.status(then(59))

    assert (status.fault, status.detail) == (
        FaultKind.NO_KEYFRAME,
        "packets, but no keyframe for 51 s",
    )


def test_long_groups_are_in_order(record: StreamRecord) -> None:
    record.connected(then(0))
    see(record, *range(100), keyframe_every=20)

    assert record.status(then(119)).fault is FaultKind.STALLED
    see(record, *range(100, 119), keyframe_every=1000)
    assert record.status(then(118)).status is CameraStatus.SEEING


def test_the_gap_under_way_ends_with_the_reader(record: StreamRecord) -> None:
    record.connected(then(0))
    see(record, 0, 1)
    assert record.stopped(then(2)) is None

    record.failed(StreamEnded("closed"), then(3), 4 - 3)
    gap = record.stopped(then(10))

    assert gap is not None
    assert (gap.to_at, gap.cause) == (at(10), FaultKind.ENDED)


def test_damage_is_counted(record: StreamRecord) -> None:
    record.decode_failed(StreamCorrupt("torn"), then(0))

    assert record.status(then(0)).decode_errors == 1


@pytest.mark.parametrize("set_by_s", [7200, -7200])
def test_a_clock_that_is_set_is_neither_a_stall_nor_a_gap(
    record: StreamRecord, set_by_s: float
) -> None:
    record.connected(then(0))
    see(record, 0, 1, 2)
    after = Moment(3, at(3 + set_by_s))

    assert record.status(after).status is CameraStatus.SEEING
    assert record.status(after).since == at(set_by_s)
    assert record.arrived(made_up(3, stream=STREAM), after) is None


@pytest.mark.parametrize("set_by_s", [7200, -7200])
def test_a_gap_in_which_the_clock_was_set_keeps_its_length(
    record: StreamRecord, set_by_s: float
) -> None:
    record.connected(then(0))
    see(record, 0, 2)
    record.failed(StreamEnded("gone"), then(2), 1)

    gap = record.arrived(made_up(8, keyframe=True, stream=STREAM), Moment(8, at(8 + set_by_s)))

    assert gap is not None
    assert (gap.from_at, gap.to_at) == (at(2 + set_by_s), at(8 + set_by_s))
    assert gap.cause is FaultKind.ENDED


def test_a_connection_without_a_picture_is_no_longer_called_connecting(
    record: StreamRecord,
) -> None:
    record.connected(then(0))

    assert record.status(then(9)).status is CameraStatus.CONNECTING
    status = record.status(then(11))
    assert (status.status, status.fault) == (CameraStatus.IMPAIRED, FaultKind.STALLED)
