"""Session descriptions: what is read of them, and that no number of a camera's breaks anything."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.nal import START
from streams.rtsp.description import (
    DEFAULT_CLOCK_HZ,
    MOST_PARAMETER_SET_BYTES,
    Offer,
    offer_of,
)

PLAIN = [
    "v=0",
    "a=control:*",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0I=,aM4=",
    "a=control:track1",
]


def offered(lines: list[str]) -> Offer:
    offer = offer_of("\r\n".join([*lines, ""]))
    assert offer is not None
    return offer


def changed(old: str, new: str) -> Offer:
    return offered([line.replace(old, new) for line in PLAIN])


@pytest.mark.parametrize(
    ("said", "clock_hz"),
    [
        ("90000", 90_000),
        ("1000000", 1_000_000),
        ("0", DEFAULT_CLOCK_HZ),
        ("1", DEFAULT_CLOCK_HZ),
        ("9" * 30, DEFAULT_CLOCK_HZ),
        ("9" * 5000, DEFAULT_CLOCK_HZ),
        ("-5", DEFAULT_CLOCK_HZ),
    ],
)
def test_a_clock_is_one_that_can_be_meant(said: str, clock_hz: int) -> None:
    assert changed("/90000", f"/{said}").clock_hz == clock_hz


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "128", "٣", "x"])
def test_no_number_of_a_description_breaks_anything(number: str) -> None:
    for old in ("video 0", "AVP 96", "rtpmap:96", "fmtp:96", "mode=1"):
        offer = changed(old, old.rstrip("0123456789") + number)
        assert 0 <= offer.payload_type <= 127
        assert offer.codec in ("h264", None)


def test_of_many_lines_and_streams_only_so_many_are_read() -> None:
    assert offer_of("a=x\r\n" * 1_000_000 + "\r\n".join(PLAIN)) is None
    assert offer_of("m=audio 0 RTP/AVP 0\r\n" * 100 + "\r\n".join(PLAIN)) is None
    crowd = " ".join(["96"] * 100_000)
    assert changed("AVP 96", f"AVP {crowd}").codec == "h264"


def test_parameter_sets_are_bounded_and_freed_of_start_codes() -> None:
    whole = base64.b64encode(START + b"\x67B\x00").decode()
    assert changed("Z0I=", whole).parameter_sets == START + b"\x67B" + START + b"h\xce"
    large = base64.b64encode(b"g" * MOST_PARAMETER_SET_BYTES).decode()
    assert changed("Z0I=", large).parameter_sets == b""
    assert changed("Z0I=", "Z0I=," * 5000).parameter_sets.count(START) <= 64
    assert changed("Z0I=", "é").parameter_sets == START + b"h\xce"


def test_a_codec_without_a_name_is_known_by_its_parameters() -> None:
    assert offered([line for line in PLAIN if "rtpmap" not in line]).codec == "h264"
    hevc = ["m=video 0 RTP/AVP 98", "a=fmtp:98 sprop-sps=QgE=;sprop-pps=RAE="]
    assert offered(hevc).codec == "hevc"
    assert offered(["m=video 0 RTP/AVP 26"]).encoding == "JPEG"
    assert offered(["m=video 0 RTP/AVP 96"]).codec is None


def test_the_first_stream_that_is_known_is_taken() -> None:
    lines = ["m=video 0 RTP/AVP 26", "a=control:still", *PLAIN[2:]]
    assert (offered(lines).codec, offered(lines).control) == ("h264", "track1")


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(alphabet="mav=: ideo/096HRTPAV;,\r\n٣-", max_size=300))
def test_nothing_that_a_camera_says_is_an_error(text: str) -> None:
    for description in (text, "m=video 0 RTP/AVP 96\r\na=" + text):
        offer = offer_of(description)
        assert offer is None or offer.parameter_sets is not None
