"""RTP payloads put together again: what the simulator and libav take apart, and rarer forms."""

import random
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import StreamCorrupt
from lab.footage.simulator.rtp import PAYLOAD_TYPE, Codec, packetise
from streams.nal import START
from streams.rtsp import depacketise
from streams.rtsp.depacketise import (
    MARKERS_TO_TRUST,
    Depacketiser,
)
from streams.rtsp.packing import FRAMING_BYTES
from streams.rtsp.picture import AccessUnit

STEP = 3600
SPS, PPS, IDR, SLICE = b"\x67sps", b"\x68pps", b"\x65" + b"i" * 40, b"\x41" + b"p" * 40
HEVC_VPS, HEVC_IDR, HEVC_SLICE = b"\x40\x01v", b"\x26\x01" + b"i" * 40, b"\x02\x01" + b"p" * 40


def rtp(payload: bytes, number: int, stamp: int, *, marker: bool = False) -> bytes:
    head = bytes([0x80, (0x80 if marker else 0) | PAYLOAD_TYPE])
    head += (number & 0xFFFF).to_bytes(2) + (stamp % 2**32).to_bytes(4)
    return head + b"\x00" * 4 + payload


def taken(depacketiser: Depacketiser, packets: Iterable[bytes]) -> list[AccessUnit]:
    units = (depacketiser.take(packet, 0, len(packet)) for packet in packets)
    return [unit for unit in units if unit is not None]


def sent(pictures: Iterable[list[bytes]], codec: Codec = "h264", first: int = 0) -> list[bytes]:
    """The RTP packets of pictures as the simulator sends them."""
    packets: list[bytes] = []
    for index, units in enumerate(pictures):
        whole = packetise(units, codec).stamped(first + len(packets), index * STEP, 7)
        packets += [whole.data[start:end] for start, end in whole.spans()]
    return packets


def joined(units: list[bytes]) -> bytes:
    return b"".join(START + unit for unit in units)


@pytest.mark.parametrize(
    ("codec", "key", "other"),
    [("h264", [SPS, PPS, IDR], [SLICE]), ("hevc", [HEVC_VPS, HEVC_IDR], [HEVC_SLICE])],
)
def test_pictures_come_back_whole(codec: Codec, key: list[bytes], other: list[bytes]) -> None:
    noise = random.Random(1)
    large = [other[0] + noise.randbytes(9000)]
    pictures = [key, other, large, key, large, other, other]
    units = taken(Depacketiser(codec, PAYLOAD_TYPE), sent([*pictures, other], codec))
    assert [unit.data for unit in units] == [joined(picture) for picture in pictures]
    assert [unit.is_keyframe for unit in units] == [picture is key for picture in pictures]
    assert [unit.pts for unit in units] == [index * STEP for index in range(len(pictures))]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 5000), min_size=2, max_size=12), st.integers(0, 0xFFFF))
def test_sizes_and_wrapping_numbers_do_not_matter(sizes: list[int], first: int) -> None:
    pictures = [[b"\x41" + bytes([index]) * size] for index, size in enumerate(sizes)]
    depacketiser = Depacketiser("h264", PAYLOAD_TYPE)
    units = taken(depacketiser, sent([*pictures, [SLICE], [SLICE]], first=first))
    assert [unit.data for unit in units][: len(pictures)] == [joined(one) for one in pictures]
    assert depacketiser.missed == 0


def test_a_marker_is_believed_once_it_was_right_for_some_time() -> None:
    depacketiser = Depacketiser("h264", PAYLOAD_TYPE)
    at_once = []
    for picture in range(MARKERS_TO_TRUST + 3):
        stamp = picture * STEP
        first, last = rtp(IDR, 2 * picture, stamp), rtp(SLICE, 2 * picture + 1, stamp, marker=True)
        at_once.append(any(unit.pts == stamp for unit in taken(depacketiser, [first, last])))
    assert at_once == [False] * MARKERS_TO_TRUST + [True] * 3


def test_a_camera_that_marks_every_packet_is_not_cut_into_pieces() -> None:
    packets = [
        rtp(unit, 2 * picture + part, picture * STEP, marker=True)
        for picture in range(20)
        for part, unit in enumerate([IDR, SLICE])
    ]
    units = taken(Depacketiser("h264", PAYLOAD_TYPE), packets)
    assert {unit.data for unit in units} == {joined([IDR, SLICE])}
    assert len(units) == 19


def test_parameter_sets_with_a_time_of_their_own_belong_to_what_follows() -> None:
    packets = [rtp(SPS, 0, 0), rtp(PPS, 1, 10), rtp(IDR, 2, 20), rtp(SLICE, 3, 3620)]
    (unit,) = taken(Depacketiser("h264", PAYLOAD_TYPE), packets)
    assert unit.data == joined([SPS, PPS, IDR])
    assert (unit.pts, unit.is_keyframe) == (20, True)


def test_aggregates_are_taken_apart() -> None:
    together = b"\x18" + b"".join(len(unit).to_bytes(2) + unit for unit in (SPS, PPS, IDR))
    hevc = b"\x60\x01" + b"".join(len(u).to_bytes(2) + u for u in (HEVC_VPS, HEVC_IDR))
    for codec, payload, units in (
        ("h264", together, [SPS, PPS, IDR]),
        ("hevc", hevc, [HEVC_VPS, HEVC_IDR]),
    ):
        packets = [rtp(payload, 0, 0), rtp(payload, 1, STEP)]
        (unit,) = taken(Depacketiser(codec, PAYLOAD_TYPE), packets)
        assert (unit.data, unit.is_keyframe) == (joined(units), True)


def test_a_recovery_point_is_a_keyframe() -> None:
    packets = [rtp(b"\x06\x06\x01\xc0\x80", 0, 0), rtp(SLICE, 1, 0), rtp(SLICE, 2, STEP)]
    (unit,) = taken(Depacketiser("h264", PAYLOAD_TYPE), packets)
    assert unit.is_keyframe


def test_timestamps_go_on_over_their_wrap_and_back_where_pictures_are_reordered() -> None:
    stamps = [2**32 - 7200, 2**32 - 3600, 7200, 0, 3600, 10800]
    packets = [rtp(SLICE, number, stamp) for number, stamp in enumerate(stamps)]
    units = taken(Depacketiser("h264", PAYLOAD_TYPE), packets)
    assert [unit.pts - units[0].pts for unit in units] == [0, 3600, 14400, 7200, 10800]


def test_what_was_never_sent_is_counted_and_no_broken_unit_is_kept() -> None:
    packets = sent([[b"\x41" + b"a" * 5000], [IDR], [SLICE]])
    depacketiser = Depacketiser("h264", PAYLOAD_TYPE)
    units = taken(depacketiser, [packets[0], *packets[2:]])
    assert [unit.data for unit in units] == [joined([IDR])]
    assert depacketiser.missed == 1


def test_extensions_and_padding_are_left_out() -> None:
    plain = rtp(IDR, 0, 0)
    extended = bytes([plain[0] | 0x10]) + plain[1:12] + b"\xbe\xde\x00\x01abcd" + IDR
    padded = bytes([plain[0] | 0x20]) + plain[1:] + b"\x00\x00\x03"
    for packet in (extended, padded):
        (unit,) = taken(Depacketiser("h264", PAYLOAD_TYPE), [packet, rtp(SLICE, 1, STEP)])
        assert unit.data == joined([IDR])


@settings(deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=60), max_size=20), st.sampled_from(["h264", "hevc"]))
def test_noise_breaks_nothing(payloads: list[bytes], codec: str) -> None:
    packets = [rtp(payload, index, index // 2 * STEP) for index, payload in enumerate(payloads)]
    taken(Depacketiser(codec, PAYLOAD_TYPE), [*packets, *payloads])


def test_a_picture_that_never_ends_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depacketise, "MOST_BYTES", 10_000)
    with pytest.raises(StreamCorrupt, match="at most 10000 bytes"):
        taken(Depacketiser("h264", PAYLOAD_TYPE), (rtp(SLICE, n, 0) for n in range(400)))
    first, inside = b"\x7c\x81" + b"a" * 40, b"\x7c\x01" + b"a" * 40
    fragments = (rtp(inside if n else first, n, 0) for n in range(400))
    with pytest.raises(StreamCorrupt, match="at most 10000 bytes"):
        taken(Depacketiser("h264", PAYLOAD_TYPE), fragments)


def sei(*messages: tuple[int, bytes]) -> bytes:
    """An SEI unit of these messages, with emulation prevention as it must be."""
    body = b"".join(
        b"\xff" * (kind // 255) + bytes([kind % 255])
        + b"\xff" * (len(data) // 255) + bytes([len(data) % 255]) + data
        for kind, data in messages
    )  # fmt: skip
    return b"\x06" + body.replace(b"\x00\x00\x01", b"\x00\x00\x03\x01") + b"\x80"


RECOVERY = (6, b"\xc4")


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([sei(RECOVERY)], True),
        ([sei((5, bytes(range(16)) + b"x"), RECOVERY)], True),
        ([sei((5, bytes(600)), (1, b"\x00\x00\x01\x06"), RECOVERY)], True),
        ([sei((300, b"z" * 255), RECOVERY)], True),
        ([sei((5, b"a" * 20)), sei((4, b"b" * 9), RECOVERY)], True),
        (
            [b"\x18" + b"".join(len(u).to_bytes(2) + u for u in (SPS, sei((1, b"t"), RECOVERY)))],
            True,
        ),
        ([sei((5, b"\x06" * 40))], False),
        ([b"\x06" + b"\xff" * 900], False),
        ([b"\x06\x05\xff"], False),
        ([sei(*[(1, b"")] * 100, RECOVERY)], False),
    ],
)
def test_a_recovery_point_may_stand_anywhere_in_the_sei(units: list[bytes], expected: bool) -> None:
    packets = [rtp(unit, number, 0) for number, unit in enumerate([*units, SLICE])]
    packets.append(rtp(SLICE, len(packets), STEP))
    (unit,) = taken(Depacketiser("h264", PAYLOAD_TYPE), packets)
    assert unit.is_keyframe is expected


@pytest.mark.parametrize(
    ("codec", "sets", "key", "other"),
    [
        ("h264", [SPS, PPS, sei(RECOVERY)], SLICE, SLICE),
        ("hevc", [HEVC_VPS], HEVC_IDR, HEVC_SLICE),
    ],
)
def test_what_opens_a_picture_is_not_left_with_the_one_before(
    codec: str, sets: list[bytes], key: bytes, other: bytes
) -> None:
    """Some cameras send parameter sets under the time of the picture before."""
    first = [rtp(unit, number, 0) for number, unit in enumerate([other, *sets])]
    count = len(first)
    packets = [*first, rtp(key, count, STEP), rtp(other, count + 1, 2 * STEP)]
    before, keyframe = taken(Depacketiser(codec, PAYLOAD_TYPE), packets)
    assert (before.data, before.is_keyframe) == (joined([other]), False)
    assert (keyframe.data, keyframe.is_keyframe) == (joined([*sets, key]), True)


def aggregate(codec: Codec, count: int) -> bytes:
    head, unit = (b"\x18", b"\x41\x41") if codec == "h264" else (b"\x60\x01", b"\x02\x01")
    return head + (b"\x00\x02" + unit) * count


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_picture_of_countless_tiny_units_takes_no_memory(codec: Codec) -> None:
    payload = aggregate(codec, 16_000)  # 64 KB on the wire, 67 MB in a thousand of them
    tracemalloc.start()
    with pytest.raises(StreamCorrupt, match=r"at most 8192 NAL units"):
        taken(Depacketiser(codec, PAYLOAD_TYPE), (rtp(payload, n, 0) for n in range(1000)))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * 1024 * 1024


@pytest.mark.parametrize("rest", [b"", b"x"])
def test_fragments_without_end_take_no_memory(rest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depacketise, "MOST_BYTES", 1024 * 1024)
    first, inside = b"\x7c\x81" + rest, b"\x7c\x01" + rest
    tracemalloc.start()
    with pytest.raises(StreamCorrupt, match="at most 1048576 bytes"):
        taken(
            Depacketiser("h264", PAYLOAD_TYPE),
            (rtp(inside if number else first, number, 0) for number in range(100_000)),
        )
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2 * 1024 * 1024


def test_only_its_own_payload_types_are_taken_and_others_counted() -> None:
    depacketiser = Depacketiser("h264", PAYLOAD_TYPE, frozenset({PAYLOAD_TYPE, 97}))

    def typed(payload_type: int, number: int, stamp: int) -> bytes:
        packet = rtp(IDR, number, stamp)
        return packet[:1] + bytes([payload_type]) + packet[2:]

    report = bytes([0x80, 200]) + bytes(26)
    packets = [typed(96, 0, 0), report, typed(50, 1, 0), typed(97, 2, STEP), typed(96, 3, 2 * STEP)]
    assert len(taken(depacketiser, packets)) == 2
    assert depacketiser.foreign == 1


def framed(packets: Iterable[bytes], channel: int = 0) -> bytes:
    return b"".join(b"$" + bytes([channel]) + len(one).to_bytes(2) + one for one in packets)


def read(data: bytes, codec: Codec, *, in_runs: bool) -> tuple[list[AccessUnit], int, int, int]:
    """The pictures among framed packets, what was missed, and how many packets were looked at one
    by one."""
    depacketiser, units, at, singly = Depacketiser(codec, PAYLOAD_TYPE), [], 0, 0
    while at < len(data):
        start, end = at + FRAMING_BYTES, at + FRAMING_BYTES + int.from_bytes(data[at + 2 : at + 4])
        at, singly = end, singly + 1
        if data[start - 3]:
            continue
        unit = depacketiser.take(data, start, end)
        if unit is not None:
            units.append(unit)
        elif in_runs and depacketiser.inside:
            at = depacketiser.take_run(data, start, end)
    return units, depacketiser.missed, depacketiser.foreign, singly


def test_a_large_picture_is_taken_in_runs() -> None:
    noise = random.Random(2)
    pictures = [[SPS, PPS, b"\x65" + noise.randbytes(200_000)], [SLICE], [SLICE]]
    data = framed(sent(pictures, first=0xFFE0))
    one_by_one, in_runs = read(data, "h264", in_runs=False), read(data, "h264", in_runs=True)
    assert in_runs[0] == one_by_one[0]
    assert len(in_runs[0]) == 2
    assert in_runs[3] < 12 < 140 < one_by_one[3]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.data())
def test_runs_are_the_same_as_packet_by_packet(data: st.DataObject) -> None:
    """Whatever is between the packets, missing or changed."""
    codec: Codec = data.draw(st.sampled_from(["h264", "hevc"]))
    head = SLICE[:1] if codec == "h264" else HEVC_SLICE[:2]
    sizes = data.draw(st.lists(st.integers(1, 40_000), min_size=2, max_size=5))
    pictures = [[head + random.Random(size).randbytes(size)] for size in sizes]
    packets = sent(pictures, codec, first=data.draw(st.integers(0, 0xFFFF)))
    spots = st.integers(0, len(packets) - 1)
    for spot in data.draw(st.lists(spots, max_size=3)):
        changed = bytearray(packets[spot])
        changed[data.draw(st.integers(0, min(len(changed), 18) - 1))] ^= data.draw(
            st.integers(1, 255)
        )
        packets[spot] = bytes(changed)
    lost = data.draw(st.sets(spots, max_size=3))
    reports = data.draw(st.sets(spots, max_size=3))
    sent_bytes = b""
    for spot, packet in enumerate(packets):
        sent_bytes += framed([b"\x80\xc8\x00\x00report"], 1) if spot in reports else b""
        sent_bytes += b"" if spot in lost else framed([packet])
    expected = read(sent_bytes, codec, in_runs=False)
    assert read(sent_bytes, codec, in_runs=True)[:3] == expected[:3]


def test_a_run_without_end_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depacketise, "MOST_BYTES", 64 * 1024)
    fragments = [rtp(b"\x5c\x81" + b"x" * 800, 0, 0)]
    fragments += [rtp(b"\x5c\x01" + b"x" * 800, number, 0) for number in range(1, 200)]
    with pytest.raises(StreamCorrupt, match="at most 65536 bytes"):
        read(framed(fragments), "h264", in_runs=True)
