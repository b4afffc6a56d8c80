import copy
import pickle
from pathlib import Path

import pytest

from streams.address import CameraAddress

PASSWORDS = [
    *["secret", "p@ss", "a:b", "a/b", "what?", "no#1", "50%", "密码", "a b"],
    *["2024/abc", "12#34", "8888?x", "123456/x", "a://b"],
]


@pytest.mark.parametrize("password", PASSWORDS)
def test_plain_passwords_are_understood_and_never_shown(password: str) -> None:
    address = CameraAddress.parse(f"rtsp://admin:{password}@10.0.0.1:8554/ch1?sub=1")

    assert (address.user, address.password) == ("admin", password)
    assert (address.host, address.port) == ("10.0.0.1", 8554)
    assert address.masked == "rtsp://admin:***@10.0.0.1:8554/ch1?sub=1"
    assert password not in f"{address} {address!r}"
    assert CameraAddress.parse(address.secret_url) == address


@pytest.mark.parametrize(
    ("text", "masked", "secret_url"),
    [
        ("rtsp://h/x", "rtsp://h/x", "rtsp://h/x"),
        ("RTSP://h:1/x", "rtsp://h:1/x", "rtsp://h:1/x"),
        ("rtsps://h", "rtsps://h", "rtsps://h"),
        ("rtsp://bob@h/x", "rtsp://bob@h/x", "rtsp://bob@h/x"),
        ("rtsp://b:p%40s@h/x", "rtsp://b:***@h/x", "rtsp://b:p%40s@h/x"),
        ("rtsp://h:554/x@y", "rtsp://h:554/x@y", "rtsp://h:554/x@y"),
        (
            "rtsp://b:p@[fd00::1]:554/x",
            "rtsp://b:***@[fd00::1]:554/x",
            "rtsp://b:p@[fd00::1]:554/x",
        ),
        (" /a/b.mp4 ", "/a/b.mp4", "/a/b.mp4"),
        ("file:///a/b%20c.mp4", "/a/b c.mp4", "/a/b c.mp4"),
    ],
)
def test_forms(text: str, masked: str, secret_url: str) -> None:
    address = CameraAddress.parse(text)

    assert (address.masked, address.secret_url) == (masked, secret_url)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("user=admin&password=hidden&channel=1", "user=admin&password=***&channel=1"),
        (
            "user=admin_password=hid_den_channel=1_x=0.sdp",
            "user=admin_password=***_channel=1_x=0.sdp",
        ),
        ("live?username=admin&password=hidden", "live?username=admin&password=***"),
        ("11?usr=admin&PWD=hidden&x=1", "11?usr=admin&PWD=***&x=1"),
    ],
)
def test_a_password_in_the_path_is_not_shown(path: str, shown: str) -> None:
    address = CameraAddress.parse(f"rtsp://10.0.0.5:554/{path}")

    assert address.masked == f"rtsp://10.0.0.5:554/{shown}"
    assert address.bare_url == address.secret_url == f"rtsp://10.0.0.5:554/{path}"
    assert address.scrub(f"cannot open {address.secret_url}") == f"cannot open {address}"


@pytest.mark.parametrize(
    "rest", ["10.0.0.5:554/x@10.0.0.6/y", "[fd00::1]:554/x@h.local", "h/x@y.z"]
)
def test_a_port_is_no_password(rest: str) -> None:
    address = CameraAddress.parse(f"rtsp://{rest}")

    assert (address.user, address.password, address.location) == ("", "", rest)


def test_a_file_plays_a_camera() -> None:
    address = CameraAddress.parse(Path("/a/b.mp4"))

    assert address.is_file
    assert address.path == Path("/a/b.mp4")
    assert address.host == ""


@pytest.mark.parametrize(
    "name", ["a.mp4", "clips/camera@2.mp4", "镇东（路口）.mp4", "clips:a.mp4", "C:\\clips\\a.mp4"]
)
def test_a_file_need_not_be_there_to_be_one(name: str) -> None:
    assert CameraAddress.parse(name).location == name


def test_a_path_is_a_file_whatever_its_name_and_shows_no_password(tmp_path: Path) -> None:
    path = tmp_path / "u:hidden@h.mp4"
    path.touch()
    for address in (CameraAddress.parse(path), CameraAddress.parse(str(path))):
        assert address.path == path
        assert "hidden" not in f"{address} {address!r} {address.masked}"


def test_a_camera_has_no_path() -> None:
    with pytest.raises(ValueError, match=r"expected a file, got the camera rtsp://u:\*\*\*@h/"):
        _ = CameraAddress.parse("rtsp://u:p@h/").path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected rtsp://"),
        ("ftp://u:hidden@h/x", "got 'ftp://u:"),
        ("rtsp：//u:hidden@h/x", "sign 5 is the full-width ： .U.FF1A., write :"),
        ("rtsp://u：hidden＠h/x", "sign 2 is the full-width"),
        ("rtsp://10.0.0.1：554/hidden", "sign 9 is the full-width"),
        ("u:hidden@h/x", "an address begins with rtsp://"),
        ("10.0.0.1:554/ch1", "an address begins with rtsp://"),
        ("u@10.0.0.1/ch1", "an address begins with rtsp://"),
        ("rtsp:/u:hidden@h/x", "write rtsp:// with a colon and two slashes"),
        ("rtsp//10.0.0.1/x", "write rtsp:// with a colon and two slashes"),
        ("rstp://u:hidden@h/x", "write rtsp:// with a colon and two slashes"),
        ("http://u:hidden@h/x", "expected rtsp://"),
        ("rtsp://u:hidden@h\u200b/x", "invisible .U.200B."),
        ("rtsp%3A%2F%2Fu%3Ahidden%40h", "expected rtsp://"),
        ("rtsp://u:hidden@/x", "no host"),
        ("rtsp://u:hidden@h:port/x", "numeric port"),
    ],
)
def test_what_is_no_address_is_refused_without_its_password(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        CameraAddress.parse(text)
    assert "hidden" not in str(caught.value)


def test_scrub_takes_plain_and_encoded_passwords_out() -> None:
    address = CameraAddress.parse("rtsp://u:p@ss@h/x")

    assert address.scrub("u:p@ss and u:p%40ss") == "u:*** and u:***"
    assert CameraAddress.parse("rtsp://h/x").scrub("as it was") == "as it was"


def test_addresses_are_values() -> None:
    address = CameraAddress.parse("rtsp://u:p@h/x")

    assert pickle.loads(pickle.dumps(address)) == copy.deepcopy(address) == address
    assert len({address, CameraAddress.parse("rtsp://u:p@h/x")}) == 1
