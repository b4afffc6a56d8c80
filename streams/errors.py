"""The one door by which libav's errors become ours (`domain.errors`), without passwords.

libav's own text holds the whole url, so nothing of an error passes but its class and `strerror`.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import av
from av import error as libav

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
from streams.address import CameraAddress

av.logging.set_level(None)  # libav logs urls with their passwords; errors carry what is needed

Phase = Literal["open", "read"]

ERRORS: dict[type[Exception], type[StreamError]] = {
    libav.HTTPUnauthorizedError: StreamUnauthorized,
    libav.HTTPForbiddenError: StreamUnauthorized,
    libav.HTTPNotFoundError: StreamNotFound,
    libav.HTTPClientError: StreamRefused,
    libav.HTTPError: StreamRefused,
    libav.FileNotFoundError: StreamNotFound,
    libav.IsADirectoryError: StreamNotFound,
    libav.NotADirectoryError: StreamNotFound,
    libav.PermissionError: StreamRefused,
    libav.ConnectionRefusedError: StreamRefused,
    libav.ProtocolNotFoundError: StreamRefused,
    libav.ExitError: StreamTimeout,
    libav.TimeoutError: StreamTimeout,
    libav.BlockingIOError: StreamTimeout,
    libav.InterruptedError: StreamTimeout,
    libav.EOFError: StreamEnded,
    libav.BrokenPipeError: StreamEnded,
    libav.ConnectionResetError: StreamEnded,
    libav.ConnectionAbortedError: StreamEnded,
    libav.OSError: StreamEnded,
    libav.DecoderNotFoundError: UnsupportedCodec,
    libav.PatchWelcomeError: UnsupportedCodec,
    libav.ExperimentalError: UnsupportedCodec,
    libav.NotImplementedError: UnsupportedCodec,
    libav.FFmpegError: StreamCorrupt,
}
"""libav's classes and ours; the most specific one wins."""

_UNREACHABLE = frozenset(
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)


def translate(error: libav.FFmpegError, address: CameraAddress, phase: Phase) -> StreamError:
    """Our error for one of libav's; its text names the address with its password masked."""
    if phase == "open" and isinstance(error, libav.InvalidDataError) and not address.is_file:
        # libav says so of any dialogue that fails before the stream: closed, or not RTSP at all
        return StreamRefused(f"{address.masked}: expected an RTSP answer, got no sensible one")
    words = address.scrub(error.strerror or type(error).__name__)
    verb = "opened" if phase == "open" else "read"
    return _ours(error, phase)(f"{address.masked} cannot be {verb}: {words}")


@contextmanager
def translated(address: CameraAddress, phase: Phase) -> Iterator[None]:
    """Raise our errors for libav's.

    Raises:
        StreamError: the translation; the original is not shown with it, for it holds the url.
    """
    try:
        yield
    except libav.FFmpegError as error:
        raise translate(error, address, phase) from None


def _ours(error: libav.FFmpegError, phase: Phase) -> type[StreamError]:
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return StreamUnreachable
    if type(error) is libav.OSError and error.errno == errno.EIO and phase == "open":
        return StreamUnreachable  # what libav says when a host's name cannot be resolved
    return next(ERRORS[base] for base in type(error).__mro__ if base in ERRORS)
