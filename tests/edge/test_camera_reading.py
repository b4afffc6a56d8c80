"""What is said of one camera's reading holds for it alone, and reaches its readers."""

import pytest
from pydantic import ValidationError

from settings.config import Configuration
from streams.stream_settings import StreamSettings

PLAIN = {"id": "c1", "name": "一号", "site_id": "s1", "url": "rtsp://192.0.2.1/1"}


def test_nothing_said_is_as_all_are() -> None:
    shared = StreamSettings(rtsp="own", transport="tcp", allow_basic=True)
    assert Configuration.of({"streams": shared, "cameras": [PLAIN]}).cameras[0].streams == shared


def test_what_is_said_of_a_camera_is_its_own() -> None:
    own = {"reader": "libav", "transport": "udp", "allow_basic": False}
    file = {"streams": {"read_timeout_s": 7}, "cameras": [PLAIN | own]}
    read = Configuration.of(file).cameras[0].streams
    assert (read.rtsp, read.transport, read.allow_basic) == ("libav", "udp", False)
    assert read.read_timeout_s == 7


@pytest.mark.parametrize("key", ["reader", "transport"])
def test_a_word_that_is_none_is_an_error(key: str) -> None:
    with pytest.raises(ValidationError, match="auto"):
        Configuration.of({"cameras": [PLAIN | {key: "quic"}]})
