"""Passwords, asked for as cameras do."""

from pathlib import Path

import av
import pytest

from lab.footage.simulator import Simulator
from lab.footage.simulator.auth import AuthScheme, Doorkeeper
from lab.footage.simulator.message import Request
from tests.media import make_clip
from tests.streams.rtsp_client import RtspClient
from tests.streams.simulated import frames, opened

CREDENTIALS = ("admin", "p@ss: wörd/1")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("auth") / "clip.mp4", seconds=1)


@pytest.mark.parametrize("auth", ["basic", "digest"])
@pytest.mark.parametrize("credentials", [("admin", "12345"), CREDENTIALS])
def test_right_password(clip: Path, auth: AuthScheme, credentials: tuple[str, str]) -> None:
    with Simulator({"gate": clip}, credentials=credentials, auth=auth) as simulator:
        with opened(simulator.url("gate", with_credentials=True)) as stream:
            assert len(frames(stream, 3)) == 3

        assert simulator.stats.cameras["gate"].rejected == 0


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_wrong_password(clip: Path, auth: AuthScheme) -> None:
    with Simulator({"gate": clip}, credentials=CREDENTIALS, auth=auth) as simulator:
        url = simulator.url("gate").replace("rtsp://", "rtsp://admin:wrong@")
        with pytest.raises(av.error.HTTPUnauthorizedError), opened(url):
            pass

        assert simulator.stats.cameras["gate"].rejected == 1
        assert simulator.stats.cameras["gate"].connects == 1
        assert simulator.stats.cameras["gate"].plays == 0


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_no_password(clip: Path, auth: AuthScheme) -> None:
    with Simulator({"gate": clip}, credentials=CREDENTIALS, auth=auth) as simulator:
        with RtspClient(simulator.url("gate")) as client:
            assert client.ask("OPTIONS").status == 200
            answer = client.ask("DESCRIBE")
            setup = client.ask("SETUP", Transport="RTP/AVP/TCP;interleaved=0-1")
            other = client.ask("DESCRIBE", Authorization="Bearer 12345")

        assert answer.status == setup.status == other.status == 401
        assert answer.headers["www-authenticate"].lower().startswith(f"{auth} realm=")
        assert simulator.stats.cameras["gate"].rejected == 1


def test_the_address_holds_the_password_only_when_asked(clip: Path) -> None:
    with Simulator({"gate 1": clip}, credentials=CREDENTIALS) as simulator:
        assert simulator.url("gate 1") == f"rtsp://127.0.0.1:{simulator.port}/gate%201"
        assert simulator.url("gate 1", with_credentials=True).startswith(
            "rtsp://admin:p%40ss%3A%20w%C3%B6rd%2F1@127.0.0.1:"
        )


def test_digest_of_rfc_2617_without_qop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.footage.simulator.auth._REALM", "testrealm@host.com")
    monkeypatch.setattr("secrets.token_hex", lambda size: "dcd98b7102dd2f0e8b11d0f600bfb0c093")
    doorkeeper = Doorkeeper(("Mufasa", "Circle Of Life"), "digest")

    def asks(response: str) -> bool:
        value = (
            'Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", '
            f'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", response="{response}"'
        )
        return doorkeeper.lets_in(Request("GET", "/dir/index.html", {"authorization": value}))

    # MD5(HA1:nonce:HA2) with RFC 2617's HA1 939e7578… and HA2 39aff3a2…
    assert asks("670fd8c2df070c60b045671b8b24ff02")
    assert not asks("0" * 32)
