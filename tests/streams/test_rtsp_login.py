"""The Authorization header, against the examples of the RFCs and the simulator's doorkeeper."""

import hashlib

import pytest

from lab.footage.simulator.auth import Doorkeeper
from lab.footage.simulator.message import Request
from streams.address import CameraAddress
from streams.rtsp.login import Login

CAMERA = CameraAddress.parse("rtsp://Mufasa:Circle Of Life@192.0.2.1/dir/index.html")
RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", '
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def fields(header: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in header.removeprefix("Digest ").split(", "))
    return {name: value.strip('"') for name, _, value in pairs}


def test_digest_with_qop_as_rfc_2617_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.rtsp.login.secrets.token_hex", lambda size: "0a4f113b")
    login = Login.to([RFC_2617], CAMERA)
    assert login is not None
    told = fields(login.answers("GET", "/dir/index.html"))
    assert told["response"] == "6629fae49393a05397450978507c4ef1"
    assert (told["qop"], told["nc"], told["opaque"]) == (
        "auth",
        "00000001",
        "5ccc069c403ebaf9f0171e9517f40e41",
    )
    assert fields(login.answers("GET", "/dir/index.html"))["nc"] == "00000002"


def test_sha_256_is_preferred_and_answered_as_rfc_7616_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr("streams.rtsp.login.secrets.token_hex", lambda size: own)
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    rest = f'realm="http-auth@example.org", qop="auth", nonce="{nonce}"'
    challenges = [f"Basic realm=x, {rest}", f"Digest {rest}", f"Digest {rest}, algorithm=SHA-256"]
    camera = CameraAddress.parse("rtsp://Mufasa:Circle of Life@192.0.2.1/")
    login = Login.to(challenges, camera)
    assert login is not None
    assert fields(login.answers("GET", "/dir/index.html"))["response"] == (
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    )


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_the_simulator_lets_it_in(scheme: str) -> None:
    door = Doorkeeper((CAMERA.user, CAMERA.password), scheme)  # type: ignore[arg-type]
    login = Login.to([door.challenge()], CAMERA)
    assert login is not None
    header = {"authorization": login.answers("DESCRIBE", CAMERA.bare_url)}
    assert door.lets_in(Request("DESCRIBE", CAMERA.bare_url, header))


@pytest.mark.parametrize(
    "challenges", [[], ["Negotiate"], ['Digest realm="x", nonce="y", algorithm=SHA-512-256']]
)
def test_what_cannot_be_answered_is_not(challenges: list[str]) -> None:
    assert Login.to(challenges, CAMERA) is None


def test_without_a_user_nothing_is_answered() -> None:
    assert Login.to(["Basic realm=x"], CameraAddress.parse("rtsp://192.0.2.1/")) is None


def test_it_never_shows_the_password() -> None:
    assert "Circle" not in repr(Login.to([RFC_2617], CAMERA))


def test_several_challenges_in_one_header_and_realms_without_quotes() -> None:
    login = Login.to(['Basic realm="a, Digest b", Digest realm="x", nonce="n", qop="auth"'], CAMERA)
    assert login is not None
    assert (login.scheme, login.nonce) == ("digest", "n")
    bare = Login.to(["Digest realm=IP Camera(12), nonce=abc, algorithm=MD5"], CAMERA)
    assert bare is not None
    assert bare.nonce == "abc"


@pytest.mark.parametrize(
    "challenges",
    [
        ['Basic realm="x"'],
        ['Basic realm="x"', 'Digest realm="x", nonce="y", algorithm=SHA-512-256'],
    ],
)
def test_the_password_itself_is_not_sent_where_that_is_forbidden(challenges: list[str]) -> None:
    assert Login.to(challenges, CAMERA, basic=False) is None


def test_an_empty_body_is_protected_where_the_camera_wants_that() -> None:
    login = Login.to(['Digest realm="r", nonce="n", qop="auth-int", algorithm=MD5-sess'], CAMERA)
    assert login is not None
    told = fields(login.answers("DESCRIBE", "/x"))
    assert (told["qop"], told["algorithm"], told["nc"]) == ("auth-int", "MD5-sess", "00000001")

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret = md5(f"{CAMERA.user}:r:{CAMERA.password}")
    secret = md5(f"{secret}:n:{told['cnonce']}")
    action = md5(f"DESCRIBE:/x:{md5('')}")
    expected = md5(f"{secret}:n:00000001:{told['cnonce']}:auth-int:{action}")
    assert told["response"] == expected


def test_a_name_cannot_break_out_of_its_quotes() -> None:
    odd = CameraAddress.parse("rtsp://a%22, uri=%22b:p@192.0.2.1/")
    login = Login.to(['Digest realm="r", nonce="n"'], odd)
    assert login is not None
    assert 'username="a\\", uri=\\"b"' in login.answers("GET", "/")
