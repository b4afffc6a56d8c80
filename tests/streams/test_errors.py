import errno
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from domain.errors import (
    StreamCorrupt,
    StreamEnded,
    StreamError,
    StreamNotFound,
    StreamRefused,
    StreamTimeout,
    StreamUnauthorized,
    StreamUnreachable,
    UnsupportedCodec,
)
from domain.health import FaultKind
from streams.address import CameraAddress
from streams.errors import ERRORS, Phase, translate, translated
from streams.source import Source
from streams.stream_settings import StreamSettings

ADDRESS = CameraAddress.parse("rtsp://admin:hunter2@10.0.0.1/ch1")


def libav_error(code: int) -> av.FFmpegError:
    kind = av.error.classes[code]
    error = kind(code, "hunter2 not accepted", ADDRESS.secret_url)  # type: ignore[operator]
    assert isinstance(error, av.FFmpegError)
    return error


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HTTPUnauthorizedError", StreamUnauthorized),
        ("HTTPForbiddenError", StreamUnauthorized),
        ("HTTPNotFoundError", StreamNotFound),
        ("HTTPBadRequestError", StreamRefused),
        ("HTTPOtherClientError", StreamRefused),
        ("HTTPServerError", StreamRefused),
        ("ConnectionRefusedError", StreamRefused),
        ("ConnectionResetError", StreamEnded),
        ("BrokenPipeError", StreamEnded),
        ("EOFError", StreamEnded),
        ("ExitError", StreamTimeout),
        ("TimeoutError", StreamTimeout),
        ("FileNotFoundError", StreamNotFound),
        ("InvalidDataError", StreamCorrupt),
        ("DecoderNotFoundError", UnsupportedCodec),
        ("PatchWelcomeError", UnsupportedCodec),
    ],
)
def test_what_libav_says_becomes_ours(name: str, expected: type[StreamError]) -> None:
    code = next(code for code, kind in av.error.classes.items() if _name(kind) == name)

    assert type(translate(libav_error(code), ADDRESS, "read")) is expected


@pytest.mark.parametrize(
    ("code", "phase", "expected"),
    [
        (errno.EHOSTUNREACH, "open", StreamUnreachable),
        (errno.ENETUNREACH, "open", StreamUnreachable),
        (errno.EIO, "open", StreamUnreachable),  # a host name that cannot be resolved
        (errno.EIO, "read", StreamEnded),
        (errno.ENETRESET, "read", StreamEnded),
    ],
)
def test_errno_tells_more(code: int, phase: Phase, expected: type[StreamError]) -> None:
    assert type(translate(libav_error(code), ADDRESS, phase)) is expected


@pytest.mark.parametrize("code", sorted(av.error.classes))
def test_every_class_of_libav_is_mapped_and_none_leaks(code: int) -> None:
    for phase in ("open", "read"):
        error = translate(libav_error(code), ADDRESS, phase)

        assert isinstance(error, StreamError)
        assert isinstance(error.fault, FaultKind)
        assert "hunter2" not in str(error)
        assert "rtsp://admin:***@10.0.0.1/ch1" in str(error)


def test_a_class_that_libav_grows_is_noticed() -> None:
    broad = {ERRORS[av.error.FFmpegError], ERRORS[av.error.OSError]}
    known = {
        "InvalidDataError", "BugError", "BufferTooSmallError", "BSFNotFoundError",
        "DemuxerNotFoundError", "EncoderNotFoundError", "ExternalError", "FilterNotFoundError",
        "MuxerNotFoundError", "OptionNotFoundError", "UnknownError", "InputChangedError",
        "OutputChangedError", "PyAVCallbackError", "MemoryError", "OverflowError",
        "ArgumentError", "UndefinedError",
    }  # fmt: skip
    os_errors = {"OSError", "FileExistsError", "ChildProcessError", "ProcessLookupError"}
    ended = {"EOFError", "BrokenPipeError", "ConnectionResetError", "ConnectionAbortedError"}

    fallen_through = {
        _name(kind)
        for code, kind in av.error.classes.items()
        if type(translate(libav_error(code), ADDRESS, "read")) in broad
    }

    assert fallen_through <= known | os_errors | ended


def test_the_original_is_not_shown_with_the_translation() -> None:
    with pytest.raises(StreamUnauthorized) as caught, translated(ADDRESS, "open"):
        raise av.error.HTTPUnauthorizedError(1, "Unauthorized", ADDRESS.secret_url)

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), translated(ADDRESS, "read"):
        raise KeyError("not libav's")


# ——— the real classes, as libav raises them ———


@pytest.fixture
def deaf_server() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def babbler() -> Iterator[int]:
    """A port that answers anything with what is not RTSP, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(1000)
                    peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_nothing_listens(free_port: int) -> None:
    with pytest.raises(StreamRefused):
        Source(CameraAddress.parse(f"rtsp://127.0.0.1:{free_port}/x"), StreamSettings())


def test_no_answer(deaf_server: int) -> None:
    with pytest.raises(StreamTimeout, match=r"no answer within 0\.3 s"):
        Source(
            CameraAddress.parse(f"rtsp://127.0.0.1:{deaf_server}/x"),
            StreamSettings(open_timeout_s=0.3),
        )


def test_what_is_no_rtsp(babbler: int) -> None:
    with pytest.raises(StreamRefused, match="expected an RTSP answer") as caught:
        Source(CameraAddress.parse(f"rtsp://u:hunter2@127.0.0.1:{babbler}/x"), StreamSettings())
    assert "hunter2" not in str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(StreamNotFound):
        Source(CameraAddress.parse(tmp_path / "gone.mp4"), StreamSettings())


def test_what_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "words.mp4"
    path.write_text("these are words, not boxes " * 100)

    with pytest.raises(StreamCorrupt):
        Source(CameraAddress.parse(path), StreamSettings())


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _name(kind: object) -> str:
    assert isinstance(kind, type)
    return kind.__name__
