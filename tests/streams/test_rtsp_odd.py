"""Cameras as they are: the same pictures by our own reader and by libav, or one true reason."""

import socket
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.errors import StreamError, StreamRefused, StreamTimeout, StreamUnauthorized
from domain.health import CameraStatus, FaultKind
from lab.footage.simulator import FAULT_KINDS, Fault, Simulator
from lab.footage.simulator.clip import load_clip
from lab.footage.simulator.odd_camera import Oddity, odd_camera
from lab.footage.simulator.oddities import LIBAV_DOES_NOT, ODDITIES, put
from streams.address import CameraAddress
from streams.opening import CameraSource, LibavSource, opened
from streams.packet import RawPacket
from streams.reader import CameraReader
from streams.rtsp.known import KnownCameras
from streams.rtsp.source import RtspSource
from streams.source import Source
from tests.media import make_clip
from tests.streams.footage import BRISK, moment, wait_until

QUICK = BRISK.model_copy(update={"open_timeout_s": 2, "read_timeout_s": 1})
PICTURES = 8


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("odd") / "a.mp4", seconds=1, fps=20, gop=5)


@pytest.fixture
def known() -> KnownCameras:
    return KnownCameras()


def pictures(source: CameraSource, count: int = PICTURES) -> list[bytes]:
    with source:
        return [bytes(packet) for packet in islice(packets_of(source), count)]


def packets_of(source: CameraSource) -> Generator[RawPacket, None, None]:
    """The packets of either reader."""
    yield from source.packets()


def slices(picture: bytes) -> bytes:
    """The coded picture alone: parameter sets may stand before it or not."""
    at = max(picture.find(b"\x00\x00\x01" + bytes([kind])) for kind in (0x65, 0x41, 0x01, 0x61))
    return picture[at:]


def true_pictures(clip: Path) -> set[bytes]:
    with opened_file(clip) as source:
        return {slices(bytes(packet)) for packet in source.packets()}


def opened_file(clip: Path) -> CameraSource:
    return Source(CameraAddress.parse(clip), BRISK)


# ——— dialogues of odd cameras ———


@pytest.mark.parametrize("name", ODDITIES)
def test_both_readers_give_the_same_pictures(name: str, clip: Path, known: KnownCameras) -> None:
    with odd_camera(clip, ODDITIES[name]) as camera:
        address = CameraAddress.parse(camera.url)
        source = opened(address, QUICK, known=known)
        assert isinstance(source, RtspSource)
        ours = pictures(source)
        assert {slices(picture) for picture in ours} <= true_pictures(clip)
        if name in LIBAV_DOES_NOT:
            return
        libavs = pictures(LibavSource(address, QUICK, None, known=known))
    assert {slices(picture) for picture in libavs} <= true_pictures(clip)


def test_parameter_sets_come_with_their_keyframe(clip: Path, known: KnownCameras) -> None:
    with odd_camera(clip, ODDITIES["parameter sets under the time before"]) as camera:
        with opened(CameraAddress.parse(camera.url), QUICK, known=known) as source:
            taken = list(islice(packets_of(source), 12))
    kinds = [
        [part[0] & 0x1F for part in bytes(one).split(b"\x00\x00\x00\x01")[1:]] for one in taken
    ]
    later = [each for one, each in zip(taken, kinds, strict=True) if one.is_keyframe][1:]
    assert later
    assert all(each[0] == 7 for each in later)


@pytest.mark.parametrize(
    ("oddity", "words"),
    [
        (Oddity(sdp=put("m=video", "m=audio")), "expected a video stream, found none"),
        (Oddity(head=put("Session", f"Content-Length: {'9' * 5000}\r\nSession")), "Content-Length"),
        (Oddity(head=lambda head: head + "\r\nX: y" * 300), "header lines"),
        (Oddity(head=lambda head: head + "\r\nX: " + "y" * 70_000), "bytes of headers"),
        (Oddity(head=put("interleaved=0-1", "interleaved=900-901")), "channels up to 255"),
        (Oddity(head=put("RTSP/1.0 200 OK", "HTTP/1.1 400 Bad")), "got HTTP"),
    ],
)
def test_what_is_beyond_reason_is_named(
    oddity: Oddity, words: str, clip: Path, known: KnownCameras
) -> None:
    own = QUICK.model_copy(update={"rtsp": "own"})
    with odd_camera(clip, oddity) as camera, pytest.raises(StreamError, match=words):
        opened(CameraAddress.parse(camera.url), own, known=known)


def test_libav_is_tried_once_where_it_does_not_understand_either(
    clip: Path, known: KnownCameras
) -> None:
    with odd_camera(clip, Oddity(sdp=put("m=video", "m=audio"))) as camera:
        address = CameraAddress.parse(camera.url)
        for connections in (2, 3):
            with pytest.raises(StreamError, match="expected a video stream, found none"):
                opened(address, QUICK, known=known)
            assert camera.connections == connections


def test_libav_reads_what_ours_does_not_and_that_is_said(
    clip: Path, known: KnownCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.rtsp.dialogue.offer_of", lambda description: None)
    with odd_camera(clip, Oddity()) as camera:
        address = CameraAddress.parse(camera.url)
        with capture_logs() as logs, opened(address, QUICK, known=known) as source:
            assert isinstance(source, LibavSource)
            assert next(source.packets()).is_keyframe
        assert "expected a video stream, found none" in source.note
        assert [log["event"] for log in logs] == ["read by libav"]
        with pytest.raises(StreamError, match="expected a video stream"):
            opened(address, QUICK.model_copy(update={"rtsp": "own"}), known=KnownCameras())
        with opened(address, QUICK, known=known) as again:
            assert isinstance(again, LibavSource)


def test_health_says_who_reads(clip: Path) -> None:
    with odd_camera(clip, Oddity()) as camera:
        settings = QUICK.model_copy(update={"rtsp": "libav"})
        reader = CameraReader("gate", CameraAddress.parse(camera.url), settings)
        reader.start()
        wait_until(lambda: reader.status(moment()).status is CameraStatus.SEEING)
        detail = reader.status(moment()).detail
        reader.stop()
    assert detail == "read by libav: as configured"


# ——— every fault of the simulator, by both ———

OUTCOMES: dict[str, FaultKind | None] = {
    "refuse": FaultKind.REFUSED,
    "not_found": FaultKind.NOT_FOUND,
    "unauthorized": FaultKind.UNAUTHORIZED,
    "codec": FaultKind.UNSUPPORTED_CODEC,
    "stall": FaultKind.STALLED,
    "drop": FaultKind.ENDED,
    "reports_only": FaultKind.STALLED,
    "undeclared": FaultKind.STALLED,
    "constant_stamp": FaultKind.STALLED,
    "redirect": FaultKind.REFUSED,
    "basic_only": None,
}
LIBAVS_OWN = frozenset(
    {"redirect", "udp_only", "constant_stamp", "drop", "session_control", "one_time_nonce"}
)
"""Where libav fares otherwise: it follows redirects for ever, takes no other transport than it was
told to, believes a mark where the time stands still, plays at one url only, and gives up a login
that is to be renewed."""
SILENT = frozenset({FaultKind.STALLED, FaultKind.ENDED})
"""libav tells no silence from an end."""


def outcome(source: Callable[[], CameraSource]) -> FaultKind | None:
    """The fault that a reader meets; none if pictures come."""
    try:
        taken = pictures(source(), PICTURES)
    except StreamError as error:
        return error.fault
    return None if len(taken) == PICTURES else FaultKind.ENDED


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_fault_is_the_same_to_both(kind: str, clip: Path, known: KnownCameras) -> None:
    media = {"gate": clip, "other": clip}
    words = {"switch": "switch:to=other", "drop": "drop:after=100ms"}.get(kind, kind)
    own = QUICK.model_copy(update={"rtsp": "own"})
    with Simulator(media, credentials=("u", "p"), faults={"gate": Fault.parse(words)}) as it:
        address = CameraAddress.parse(it.url("gate", with_credentials=True))
        ours = outcome(lambda: opened(address, own, known=known))
        assert ours == OUTCOMES.get(kind)
        if kind not in LIBAVS_OWN:
            theirs = outcome(lambda: LibavSource(address, QUICK, None, known=known))
            assert theirs == ours or {theirs, ours} == SILENT
        if kind != "unauthorized":
            assert it.stats.cameras["gate"].rejected <= (
                PICTURES if kind == "one_time_nonce" else 1
            )


def test_only_pictures_are_life(clip: Path, known: KnownCameras) -> None:
    with Simulator({"gate": clip}, faults={"gate": Fault("undeclared")}) as it:
        address = CameraAddress.parse(it.url("gate"))
        with RtspSource(address, QUICK, known=known) as source:
            with pytest.raises(StreamTimeout, match=r"within 1 s; \d+ packets came that are none"):
                list(source.packets())
    assert known.why_libav(address) is not None


# ——— transports ———


@pytest.mark.parametrize("transport", ["auto", "udp"])
def test_a_camera_that_wants_udp_is_read_by_udp(
    clip: Path, known: KnownCameras, transport: str
) -> None:
    settings = QUICK.model_copy(update={"transport": transport})
    with Simulator({"gate": clip}, faults={"gate": Fault("udp_only")}) as it:
        with RtspSource(CameraAddress.parse(it.url("gate")), settings, known=known) as source:
            assert source.note == "video by UDP"
            taken = [bytes(one) for one in islice(source.packets(), PICTURES)]
    assert {slices(picture) for picture in taken} <= true_pictures(clip)


def test_without_leave_it_is_said_what_the_camera_wants(clip: Path, known: KnownCameras) -> None:
    settings = QUICK.model_copy(update={"transport": "tcp"})
    with Simulator({"gate": clip}, faults={"gate": Fault("udp_only")}) as it:
        with pytest.raises(StreamRefused, match="wants UDP; set transport: auto"):
            opened(CameraAddress.parse(it.url("gate")), settings, known=known)
        assert it.stats.cameras["gate"].connects == 1


def test_a_reader_by_udp_can_be_stopped(clip: Path, known: KnownCameras) -> None:
    stopping = threading.Event()
    settings = QUICK.model_copy(update={"transport": "udp", "read_timeout_s": 60})
    with Simulator({"gate": clip}) as it:
        address = CameraAddress.parse(it.url("gate"))
        with RtspSource(address, settings, stopping, known=known) as source:
            packets = source.packets()
            assert next(packets).is_keyframe
            it.set_fault("gate", Fault("stall"))
            stopping.set()
            assert len(list(packets)) < 20


# ——— logins ———


def test_a_nonce_is_renewed_only_where_the_login_had_worked(
    clip: Path, known: KnownCameras
) -> None:
    faults = {"gate": Fault("one_time_nonce")}
    with Simulator({"gate": clip}, credentials=("u", "p"), faults=faults) as it:
        right = it.url("gate", with_credentials=True)
        assert pictures(opened(CameraAddress.parse(right), QUICK, known=known), 1)
        before = it.stats.cameras["gate"].rejected
        with pytest.raises(StreamUnauthorized):
            opened(CameraAddress.parse(right.replace("u:p@", "u:q@")), QUICK, known=known)
        assert it.stats.cameras["gate"].rejected == before + 1


@pytest.mark.parametrize(("allow_basic", "is_let"), [(None, False), (True, True), (False, False)])
def test_the_password_is_not_told_to_who_took_a_digest_before(
    clip: Path, known: KnownCameras, allow_basic: bool | None, is_let: bool
) -> None:
    settings = QUICK.model_copy(update={"allow_basic": allow_basic})
    with Simulator({"gate": clip}, credentials=("u", "hunter2")) as it:
        address = CameraAddress.parse(it.url("gate", with_credentials=True))
        assert pictures(opened(address, settings, known=known), 1)
        it.set_fault("gate", Fault("basic_only"))
        if is_let:
            with opened(address, settings, known=known) as source:
                assert "in the clear" in source.note
            return
        with pytest.raises(StreamUnauthorized, match="asks for the password itself") as refused:
            opened(address, settings, known=known)
        assert it.stats.cameras["gate"].rejected == 0
    assert "hunter2" not in str(refused.value)


# ——— redirects ———


@pytest.fixture
def elsewhere() -> Iterator["list[int]"]:
    """A port of this host where nobody should come; gives the port, then who came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        came = [server.getsockname()[1]]

        def listen() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return
                came.append(1)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield came
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "evil:x@127.0.0.1"])
@pytest.mark.parametrize("reader", ["auto", "own", "libav"])
def test_no_redirect_leads_to_another_door(
    clip: Path, known: KnownCameras, elsewhere: list[int], host: str, reader: str
) -> None:
    fault = Fault("redirect", to=f"rtsp://{host}:{elsewhere[0]}/gate")
    settings = QUICK.model_copy(update={"rtsp": reader})
    with Simulator({"gate": clip}, credentials=("u", "p"), faults={"gate": fault}) as it:
        address = CameraAddress.parse(it.url("gate", with_credentials=True))
        for _ in range(2):
            with pytest.raises(StreamRefused, match="redirects") as refused:
                opened(address, settings, known=known)
    assert len(elsewhere) == 1
    assert "evil:x" not in str(refused.value)


def test_a_redirect_to_another_path_is_followed_and_a_circle_is_not(
    clip: Path, known: KnownCameras
) -> None:
    media = {"gate": clip, "a": clip, "b": clip, "c": clip, "d": clip}
    with Simulator(media, credentials=("u", "p")) as it:
        address = CameraAddress.parse(it.url("gate", with_credentials=True))
        it.set_fault("gate", Fault("redirect", to=it.url("a")))
        assert pictures(opened(address, QUICK, known=known), 1)
        it.set_fault("a", Fault("redirect", to=it.url("gate")))
        with pytest.raises(StreamRefused, match="in a circle"):
            opened(address, QUICK, known=known)
        for name, to in ("ab", "bc", "cd"):
            it.set_fault(name, Fault("redirect", to=it.url(to)))
        with pytest.raises(StreamRefused, match="more than 3 redirects"):
            opened(address, QUICK, known=known)
        assert it.stats.connects < 20


@pytest.mark.parametrize("location", ["", "Location: \r\n", "Location: http://127.0.0.1/\r\n"])
def test_a_redirect_to_nowhere_is_named(clip: Path, known: KnownCameras, location: str) -> None:
    def moved(head: str) -> str:
        return (head.replace("200 OK", "302 Moved") + "\r\n" + location).rstrip("\r\n")

    with odd_camera(clip, Oddity(head=moved)) as camera:
        with pytest.raises(StreamRefused, match="redirects"):
            opened(CameraAddress.parse(camera.url), QUICK, known=known)
        assert camera.connections == 1


def test_the_clip_is_what_the_odd_camera_needs(clip: Path) -> None:
    assert len(load_clip(clip).units) == 20


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            b"REDIRECT rtsp://x/ RTSP/1.0\r\nLocation: rtsp://a:hunter2@192.0.2.9/\r\n\r\n",
            "not followed",
        ),
        (b"TEARDOWN rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", "ended the session"),
        (b"$\x01\x00\x10\x80\xc9\x00\x01abcd\x81\xcb\x00\x01abcd", "stream is over"),
    ],
)
def test_what_a_camera_says_under_way_ends_the_stream_and_leads_nowhere(
    message: bytes, words: str, clip: Path, known: KnownCameras
) -> None:
    oddity = Oddity(send=lambda packets: [*packets, message])
    with odd_camera(clip, oddity) as camera:
        with opened(CameraAddress.parse(camera.url), QUICK, known=known) as source:
            with pytest.raises(StreamError, match=words) as ended:
                list(source.packets())
        assert camera.connections == 1
    assert "hunter2" not in str(ended.value)


def test_its_questions_are_answered(clip: Path, known: KnownCameras) -> None:
    asks = b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 41\r\n\r\nANNOUNCE * RTSP/1.0\r\nCSeq: 42\r\n\r\n"
    with odd_camera(clip, Oddity(send=lambda packets: [asks, *packets])) as camera:
        assert pictures(opened(CameraAddress.parse(camera.url), QUICK, known=known))
        wait_until(lambda: any("RTSP/1.0 501" in request for request in camera.requests))
        assert any(one.startswith("RTSP/1.0 200 OK\r\nCSeq: 41") for one in camera.requests)


def test_who_sees_no_keyframe_and_leaves_lets_libav_try_once(
    clip: Path, known: KnownCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.rtsp.source.KEYFRAME_EXPECTED_S", 0.0)

    def keyless(packets: list[bytes]) -> list[bytes]:
        return packets if packets[0][16] & 0x1F == 1 else []

    with odd_camera(clip, Oddity(send=keyless)) as camera:
        address = CameraAddress.parse(camera.url)
        for kind in (RtspSource, LibavSource, RtspSource, RtspSource):
            with opened(address, QUICK, known=known) as source:
                assert isinstance(source, kind)
                packets = packets_of(source)
                assert not next(packets).is_keyframe
                packets.close()
