"""Where requests go: urls as cameras mean them, and redirects that keep to the door."""

import pytest

from domain.errors import StreamRefused
from streams.address import CameraAddress
from streams.rtsp.places import base_of, control_of, moved

CAMERA = CameraAddress.parse("rtsp://u:hunter2@192.0.2.1:8554/cam?stream=0")


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("", "rtsp://192.0.2.1:8554/cam?stream=0"),
        ("rtsp://192.0.2.1:8554/cam/", "rtsp://192.0.2.1:8554/cam/"),
        ("RTSP://192.0.2.1/cam/", "rtsp://192.0.2.1/cam/"),
        ("rtsp://u:hunter2@192.0.2.1/cam/", "rtsp://192.0.2.1/cam/"),
        ("192.0.2.1:8554/cam/", "rtsp://192.0.2.1:8554/cam/"),
        ("//192.0.2.1/cam", "rtsp://192.0.2.1/cam"),
        ("/live/", "rtsp://192.0.2.1:8554/live/"),
        ("<rtsp://192.0.2.1/x>", "rtsp://192.0.2.1/x"),
        ("two words", "rtsp://192.0.2.1:8554/cam?stream=0"),
        ("nonsense", "rtsp://192.0.2.1:8554/cam?stream=0"),
    ],
)
def test_the_base(given: str, base: str) -> None:
    assert base_of(given, CAMERA) == base


@pytest.mark.parametrize(
    ("base", "control", "url"),
    [
        ("rtsp://h/cam/", "", "rtsp://h/cam/"),
        ("rtsp://h/cam/", "*", "rtsp://h/cam/"),
        ("rtsp://h/cam/", "track1", "rtsp://h/cam/track1"),
        ("rtsp://h/cam", "track1", "rtsp://h/cam/track1"),
        ("rtsp://h/cam?a=1", "track1", "rtsp://h/cam?a=1/track1"),
        ("rtsp://h/cam", "?track=1", "rtsp://h/cam?track=1"),
        ("rtsp://h/cam/", "/cam/track1", "rtsp://h/cam/track1"),
        ("rtsp://h/cam", "/track1", "rtsp://h/cam/track1"),
        ("rtsp://h/cam", "RTSP://u:p@h:5/whole", "rtsp://h:5/whole"),
    ],
)
def test_a_control(base: str, control: str, url: str) -> None:
    assert control_of(base, control) == url


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("rtsp://192.0.2.1:8554/other", "/other"),
        ("RTSP://192.0.2.1:8554/other", "/other"),
        ("/other", "/other"),
        ("rtsp://a:b@192.0.2.1:8554/other", "/other"),
    ],
)
def test_another_path_of_the_same_door_keeps_the_login(location: str, path: str) -> None:
    target = moved(CAMERA, location)
    assert target.bare_url == f"rtsp://192.0.2.1:8554{path}"
    assert (target.user, target.password) == ("u", "hunter2")


@pytest.mark.parametrize(
    "location",
    [
        "",
        "rtsp://192.0.2.1/other",
        "rtsp://192.0.2.1:8555/other",
        "rtsp://192.0.2.2:8554/other",
        "rtsp://192.0.2.1.evil.example:8554/",
        "rtsp://192.0.2.1:8554@evil.example:8554/",
        "rtsps://192.0.2.1:8554/other",
        "http://192.0.2.1:8554/",
        "file:///etc/passwd",
        "//evil.example:8554/x",
        "rtsp://[bad",
        "rtsp://192.0.2.1:99999/",
    ],
)
def test_another_door_is_refused_in_words(location: str) -> None:
    with pytest.raises(StreamRefused, match="redirects") as refused:
        moved(CAMERA, location)
    assert "hunter2" not in str(refused.value)
