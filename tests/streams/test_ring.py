import threading
from datetime import timedelta

import pytest

from domain.clock import Moment
from streams.budget import RingBudget
from streams.packet import Packet, StreamInfo
from streams.ring import PacketRing
from tests.streams.footage import START, made_up

FIRST = StreamInfo("h264", (320, 180))
SECOND = StreamInfo("h264", (640, 360))


def filled(
    ring: PacketRing,
    seconds: range,
    *,
    stream: StreamInfo = FIRST,
    keyframe_every: int = 2,
    size: int = 100,
) -> PacketRing:
    """A packet each second, a keyframe each so many."""
    for second in seconds:
        keyframe = second % keyframe_every == 0
        ring.append(made_up(second, keyframe=keyframe, size=size, stream=stream))
    return ring


def at(second: float) -> Moment:
    return Moment.of(START + timedelta(seconds=second))


def seconds_of(packets: list[Packet]) -> list[float]:
    return [packet.stream_s for packet in packets]


def test_an_empty_ring() -> None:
    ring = PacketRing(30, 1_000_000)

    assert (ring.span, ring.size_bytes, ring.newest_keyframe) == (None, 0, None)
    assert ring.between(at(0).s, at(10).s) == []
    assert ring.tail() == []


@pytest.mark.parametrize(
    ("from_s", "to_s", "expected"),
    [
        (4, 6, [4, 5, 6]),
        (5, 6, [4, 5, 6]),  # from the keyframe before
        (5.5, 5.7, [4, 5]),
        (-5, 1, [0, 1]),  # what there is
        (8, 99, [8, 9]),
        (20, 30, []),
        (-9, -1, []),
    ],
)
def test_between_starts_with_a_keyframe(from_s: float, to_s: float, expected: list[float]) -> None:
    ring = filled(PacketRing(30, 1_000_000), range(10))

    assert seconds_of(ring.between(at(from_s).s, at(to_s).s)) == expected


def test_packets_before_the_first_keyframe_are_left_out() -> None:
    ring = filled(PacketRing(30, 1_000_000), range(1, 5))

    assert ring.span == (at(2), at(4))


def test_seconds_are_bounded_by_whole_groups() -> None:
    ring = filled(PacketRing(5, 1_000_000), range(101))

    assert ring.span == (at(94), at(100))
    assert ring.size_bytes == 700


def test_bytes_are_bounded_by_whole_groups() -> None:
    ring = filled(PacketRing(3600, 1000), range(100), size=150)

    assert ring.span == (at(94), at(99))
    assert ring.size_bytes == 900


def test_a_group_larger_than_the_ring_is_not_kept() -> None:
    ring = filled(PacketRing(3600, 1000), range(50), keyframe_every=40, size=90)

    assert ring.size_bytes <= 1000
    assert seconds_of(ring.tail()) == list(range(40, 50))


def test_after_an_oversized_group_packets_wait_for_a_keyframe() -> None:
    ring = filled(PacketRing(3600, 1000), range(15), keyframe_every=40, size=90)

    assert ring.span is None
    assert ring.tail() == []


def test_a_long_group_outlives_the_seconds() -> None:
    ring = filled(PacketRing(5, 1_000_000), range(100), keyframe_every=1000)

    assert ring.span == (at(0), at(99))


def test_no_list_crosses_a_change_of_stream() -> None:
    ring = filled(PacketRing(30, 1_000_000), range(10))
    filled(ring, range(10, 20), stream=SECOND)

    assert seconds_of(ring.between(at(2).s, at(15).s)) == list(range(10, 16))
    assert seconds_of(ring.between(at(2).s, at(9).s)) == list(range(2, 10))
    # Nobody covers the end: most of the span wins.
    assert seconds_of(ring.between(at(1).s, at(99).s)) == list(range(10, 20))


def test_where_nothing_covers_the_end_the_longest_stretch_wins() -> None:
    ring = filled(PacketRing(60, 1_000_000), range(10))
    filled(ring, range(20, 23), stream=SECOND)

    assert seconds_of(ring.between(at(0).s, at(30).s)) == list(range(10))


def test_tail_goes_on_where_the_decoder_was() -> None:
    ring = filled(PacketRing(30, 1_000_000), range(8), keyframe_every=5)
    whole = ring.tail()

    assert seconds_of(whole) == [5, 6, 7]
    assert seconds_of(ring.tail(after=whole[0])) == [6, 7]
    assert ring.tail(after=whole[-1]) == []
    assert seconds_of(ring.tail(after=made_up(3, stream=FIRST))) == [5, 6, 7]
    assert ring.newest_keyframe is whole[0]


def test_one_writes_while_others_read() -> None:
    ring = PacketRing(5, 1_000_000)
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            packets = ring.between(at(0).s, at(10_000).s)
            if packets and not packets[0].keyframe:
                wrong.append(packets)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    filled(ring, range(3000))
    done.set()
    for reader in readers:
        reader.join()

    assert wrong == []
    assert ring.span is not None
    assert ring.span[1] == at(2999)


def test_a_clock_that_is_set_back_begins_it_anew() -> None:
    budget = RingBudget(1_000_000)
    ring = filled(PacketRing(30, 1_000_000, budget=budget), range(100, 110))
    filled(ring, range(1, 5))

    assert seconds_of(ring.tail()) == [4]
    assert ring.span == (at(2), at(4))
    assert ring.size_bytes == budget.used_bytes == 300
