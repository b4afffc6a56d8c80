"""RTP by UDP: ports that are neighbours, only the camera is heard, and packets come in order."""

import socket

import pytest

from streams.rtsp.datagrams import MOST_LATE, MOST_WAITING, Datagrams, InOrder
from tests.streams.footage import wait_until


def packet(number: int) -> bytes:
    return b"\x80\x60" + (number & 0xFFFF).to_bytes(2) + bytes(8) + b"x"


def ordered(numbers: list[int]) -> list[int]:
    order = InOrder()
    out = [one for number in numbers for one in order.put(packet(number))]
    return [int.from_bytes(one[2:4]) for one in out]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 3, 2, 4], [1, 2, 3, 4]),
        ([65534, 0, 65535, 1], [65534, 65535, 0, 1]),
        ([5, 5, 6, 5, 7], [5, 6, 7]),
        ([10, 9, 11], [10, 11]),
    ],
)
def test_order(numbers: list[int], expected: list[int]) -> None:
    assert ordered(numbers) == expected


def test_what_is_lost_is_not_waited_for_without_end() -> None:
    came = [0, *range(2, MOST_WAITING + 10)]
    assert ordered(came) == came


def test_a_camera_that_numbers_anew_is_followed() -> None:
    came = [*range(40_000, 40_010), *range(30_000, 30_000 + MOST_LATE + 20)]
    assert ordered(came)[-1] == came[-1]


def test_too_short_a_datagram_is_dropped() -> None:
    assert list(InOrder().put(b"\x80\x60")) == []


def test_only_the_camera_is_heard() -> None:
    with Datagrams("127.0.0.1", "127.0.0.1") as pair, socket.socket(type=socket.SOCK_DGRAM) as peer:
        first, second = pair.ports
        assert (first % 2, second) == (0, first + 1)
        peer.bind(("127.0.0.2", 0))
        peer.sendto(packet(1), ("127.0.0.1", first))
        with socket.socket(type=socket.SOCK_DGRAM) as camera:
            camera.bind(("127.0.0.1", 0))
            camera.sendto(packet(2), ("127.0.0.1", first))
            camera.sendto(b"report", ("127.0.0.1", second))
            heard: list[bytes] = []
            while not heard:
                heard.extend(pair.packets())
            assert heard == [packet(2)]
            wait_until(lambda: list(pair.reports()) == [b"report"])
            pair.greet(99_999, 0)  # a port that is none: nothing happens
