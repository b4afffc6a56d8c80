from pathlib import Path

import pytest

from streams.nal import START, merged, parameter_sets
from tests.media import Codec, make_clip
from tests.streams.footage import packets_of

SPS, OTHER_SPS, PPS, SEI, IDR = b"\x67sps", b"\x67other", b"\x68pps", b"\x06sei", b"\x65slice"


def joined(*units: bytes) -> bytes:
    return b"".join(START + unit for unit in units)


def test_parameter_sets_stand_before_the_first_slice() -> None:
    assert parameter_sets("h264", joined(SEI, SPS, PPS, IDR, OTHER_SPS)) == joined(SPS, PPS)


def test_start_codes_of_three_bytes_and_stuffing_are_understood() -> None:
    data = b"\x00\x00\x01" + SPS + b"\x00\x00\x00\x00\x00\x01" + PPS + b"\x00\x00\x01" + IDR

    assert parameter_sets("h264", data) == joined(SPS, PPS)


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x01", b"noise", joined(IDR)])
def test_none_where_there_are_none(data: bytes) -> None:
    assert parameter_sets("h264", data) == b""


def test_fresh_sets_replace_those_of_their_kind() -> None:
    assert merged("h264", joined(SPS, PPS), joined(OTHER_SPS)) == joined(OTHER_SPS, PPS)
    assert merged("h264", joined(SPS, PPS), b"") == joined(SPS, PPS)
    assert merged("h264", b"", joined(PPS, SPS)) == joined(SPS, PPS)


@pytest.mark.parametrize(("codec", "kinds"), [("h264", [7, 8]), ("hevc", [32, 33, 34])])
def test_real_keyframes_carry_theirs(tmp_path: Path, codec: Codec, kinds: list[int]) -> None:
    keyframe = packets_of(make_clip(tmp_path / "a.mp4", seconds=1, codec=codec))[0]

    sets = parameter_sets(codec, keyframe.data)

    found = [
        unit[0] >> 1 & 63 if codec == "hevc" else unit[0] & 31 for unit in sets.split(START)[1:]
    ]
    assert found == kinds
    assert sets == keyframe.stream.extradata
