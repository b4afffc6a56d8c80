"""Pictures that are only walked over: the same as packet by packet, however odd what comes is."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.footage.simulator import Simulator
from lab.footage.simulator.clip import split_nal_units
from lab.footage.simulator.rtp import PAYLOAD_TYPE, Codec, packetise
from streams.address import CameraAddress
from streams.intake import PacketIntake
from streams.nal import START
from streams.ring import PacketRing
from streams.rtsp import depacketise
from streams.rtsp.depacketise import MARKERS_TO_TRUST, Depacketiser
from streams.rtsp.packing import FRAMING_BYTES, HEADER_BYTES
from streams.rtsp.picture import PackedPicture, Picture
from streams.rtsp.source import RtspSource
from streams.source import Source
from tests.media import make_clip
from tests.streams.footage import BRISK, moment

STEP = 3600
TRUSTED = MARKERS_TO_TRUST + 1
SPS, PPS, IDR, SLICE, AUD = b"\x67sps", b"\x68pps", b"\x65iii", b"\x41ppp", b"\x09\xf0\x80"
SEI, RECOVERY = b"\x06\x05\x04abcd\x80", b"\x06\x06\x01\xc4\x80"
HEVC_VPS, HEVC_IDR, HEVC_SLICE, HEVC_AUD = (
    b"\x40\x01v",
    b"\x26\x01ii",
    b"\x02\x01pp",
    b"\x46\x01\x50",
)
PLAIN: dict[Codec, list[bytes]] = {"h264": [SLICE] * 2, "hevc": [HEVC_SLICE] * 2}
"""Of a single packet the mark is believed one picture later."""


@dataclass
class Read:
    """What came of bytes, and what was counted."""

    pictures: list[Picture] = field(default_factory=list)
    counted: tuple[int, int, int] = (0, 0, 0)

    @property
    def said(self) -> list[tuple[bytes, int, bool]]:
        return [(bytes(one), one.pts, one.is_keyframe) for one in self.pictures]

    @property
    def packed(self) -> list[bool]:
        return [isinstance(one, PackedPicture) for one in self.pictures]


def read(pieces: Sequence[bytes], codec: Codec = "h264", *, singly: bool = False) -> Read:
    """Read a connection of which these pieces come, as `Wire` and `RtspSource` do."""
    depacketiser, found, rest = Depacketiser(codec, PAYLOAD_TYPE), Read(), b""
    for piece in pieces:
        data, at = rest + piece, 0
        while len(data) - at >= FRAMING_BYTES:
            start, end = at + 4, at + 4 + int.from_bytes(data[at + 2 : at + 4])
            if end > len(data):
                break
            at = end
            if data[start - 3]:
                continue
            if singly:
                one = depacketiser.take(data, start, end)
                found.pictures += [] if one is None else [one]
                continue
            taken, at = depacketiser.take_on(data, start, end)
            found.pictures += taken
            if at < end:
                break
        rest = data[at:]
    found.counted = depacketiser.missed, depacketiser.foreign, depacketiser.times
    return found


def sent(
    pictures: Sequence[Sequence[bytes]], codec: Codec = "h264", first: int = 0, stamp: int = 0
) -> list[bytes]:
    """The framed packets of pictures, as the simulator sends them."""
    packets: list[bytes] = []
    for index, units in enumerate(pictures):
        number = first + len(packets)
        whole = packetise(units, codec).stamped(number, stamp + index * STEP, 7)
        packets += [whole.data[start - FRAMING_BYTES : end] for start, end in whole.spans()]
    return packets


def joined(units: Sequence[bytes]) -> bytes:
    return b"".join(START + unit for unit in units)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_most_pictures_are_left_in_their_packets(codec: Codec) -> None:
    head, noise = PLAIN[codec][0], random.Random(3)
    aud = AUD if codec == "h264" else HEVC_AUD
    large = [aud, head + noise.randbytes(9000), head + b"x", head + noise.randbytes(4000)]
    key = [SPS, PPS, IDR] if codec == "h264" else [HEVC_VPS, HEVC_IDR]
    pictures = [PLAIN[codec]] * TRUSTED + [large, [head], key, large, [head]]
    packets = sent(pictures, codec, first=0xFFF0, stamp=2**32 - 4 * STEP)
    found = read([b"".join(packets)], codec)
    assert [data for data, _, _ in found.said] == [joined(units) for units in pictures]
    assert found.packed == [False] * TRUSTED + [True, True, False, True, True]
    steps = [b.pts - a.pts for a, b in zip(found.pictures, found.pictures[1:], strict=False)]
    assert set(steps) == {STEP}
    assert found.counted == (0, 0, len(pictures))


def test_a_picture_that_comes_in_two_pieces_is_left_in_its_packets_too() -> None:
    whole = b"".join(sent([PLAIN["h264"]] * TRUSTED + [[SLICE + bytes(5000)], [SLICE]]))
    for cut in range(len(whole) - 5000, len(whole), 97):
        found = read([whole[:cut], whole[cut:]])
        assert len(found.pictures) == TRUSTED + 2
        assert found.packed[TRUSTED:] == [True, True]


def test_a_picture_that_does_not_end_is_not_left_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depacketise, "MOST_LEFT_BYTES", 3000)
    begun = b"".join(sent([PLAIN["h264"]] * TRUSTED))
    large = sent([[SLICE + bytes(9000)]], first=2 * TRUSTED, stamp=TRUSTED * STEP)
    found = read([begun, *large])
    assert found.said[-1][0] == joined([SLICE + bytes(9000)])
    assert not found.packed[-1]


def test_of_much_else_nothing_is_kept() -> None:
    """What is kept is counted by the pictures in it."""
    other = b"$\x02\x10\x00" + bytes(4096)
    begun, last = (
        sent([PLAIN["h264"]] * TRUSTED),
        sent([[SLICE]], first=2 * TRUSTED, stamp=TRUSTED * STEP),
    )
    found = read([b"".join(begun), b"".join([*last, *[other] * 20])])
    assert isinstance(found.pictures[-1], PackedPicture)
    assert len(found.pictures[-1].came) == len(last[0]) == len(found.pictures[-1])


@pytest.mark.parametrize(
    "units",
    [[RECOVERY, SLICE], [SPS, SLICE], [SLICE, AUD], [SLICE, SEI], [IDR], [b"\x18\x00\x03\x41pp"]],
)
def test_what_is_not_plain_is_taken_apart(units: list[bytes]) -> None:
    pictures = [PLAIN["h264"]] * TRUSTED + [units, [SLICE], [SLICE]]
    packets = sent(pictures)
    found = read([b"".join(packets)])
    assert not found.packed[TRUSTED]
    assert found.packed[-1]
    assert found.said == read([b"".join(packets)], singly=True).said


def test_a_unit_before_slices_that_says_nothing_of_keyframes_is_plain() -> None:
    found = read([b"".join(sent([PLAIN["h264"]] * TRUSTED + [[AUD, SEI, SLICE]]))])
    assert found.packed[-1]
    assert found.said[-1][0] == joined([AUD, SEI, SLICE])


def at(place: int, value: int) -> Callable[[bytearray], None]:
    def change(packet: bytearray) -> None:
        packet[place % len(packet)] ^= value

    return change


RTP = FRAMING_BYTES
CHANGES = [
    at(1, 2),  # another channel
    at(RTP, 0x10),  # an extension
    at(RTP, 0x20),  # padding
    at(RTP, 0x40),  # another version
    at(RTP + 1, 0x80),  # the mark, or none
    at(RTP + 1, 0x01),  # another payload type
    at(RTP + 3, 0x01),  # another number
    at(RTP + 7, 0x10),  # another time
    at(RTP + HEADER_BYTES, 0x1F),
    at(RTP + HEADER_BYTES + 1, 0x80),
    at(RTP + HEADER_BYTES + 1, 0x40),
    at(RTP + HEADER_BYTES + 1, 0x05),
    at(RTP + HEADER_BYTES + 2, 0x80),
    at(RTP + HEADER_BYTES + 2, 0x40),
]


def disturbed(packets: list[bytes], data: st.DataObject) -> list[bytes]:
    """Some of the packets changed, lost, twice, or in another order; but not those of the last two
    pictures: one that has not come whole is not walked over."""
    spots = st.integers(0, len(packets) - 5)
    for spot in data.draw(st.lists(spots, max_size=4)):
        changed = bytearray(packets[spot])
        data.draw(st.sampled_from(CHANGES))(changed)
        packets[spot] = bytes(changed)
    for spot in data.draw(st.lists(spots, max_size=2)):
        packets[spot] = data.draw(st.sampled_from([b"", packets[spot] * 2, packets[spot - 1]]))
    return packets


UNITS: dict[Codec, list[bytes]] = {
    "h264": [SLICE, SLICE, SLICE, AUD, SEI, RECOVERY, SPS, IDR, b"\x18\x00\x03\x41pp", b"\x41"],
    "hevc": [HEVC_SLICE, HEVC_SLICE, HEVC_AUD, HEVC_VPS, HEVC_IDR, b"\x4e\x01se", b"\x50\x01su"],
}


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.data())
def test_walked_over_or_packet_by_packet_is_the_same(data: st.DataObject) -> None:
    codec: Codec = data.draw(st.sampled_from(["h264", "hevc"]))
    unit = st.builds(
        lambda head, size: head + random.Random(size).randbytes(size),
        st.sampled_from(UNITS[codec]),
        st.sampled_from([0, 0, 5, 1400, 3000, 9000]),
    )
    odd = data.draw(st.lists(st.lists(unit, min_size=1, max_size=3), max_size=8))
    pictures = [PLAIN[codec]] * TRUSTED + odd + [PLAIN[codec]] * 2
    packets = disturbed(sent(pictures, codec, first=data.draw(st.integers(0, 0xFFFF))), data)
    whole = b"".join(packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    walked, singly = read(pieces, codec), read(pieces, codec, singly=True)
    assert walked.said == singly.said
    assert walked.counted == singly.counted


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_what_a_camera_sends_is_what_a_clip_of_it_holds(tmp_path: Path, codec: Codec) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=1, fps=20, gop=10, codec=codec)
    with Source(CameraAddress.parse(clip), BRISK) as source:
        true = {split_nal_units(bytes(one)) for one in source.packets()}
    ring = PacketRing(60, 2**24)
    with Simulator({"cam": clip}) as simulator:
        address = CameraAddress.parse(simulator.url("cam"))
        with RtspSource(address, BRISK) as camera:
            intake, came = PacketIntake(camera.offered), list(islice(camera.packets(), 40))
    ring.extend(intake.take_all(came, moment()))
    kept = ring.between(0, moment().s)
    assert len(kept) == 40
    assert sum(isinstance(packet.coded, PackedPicture) for packet in kept) > 20
    assert {split_nal_units(packet.data) for packet in kept} == true
