"""Which of the two ways a camera is read: our own, or libav's.

Ours is cheaper and decides itself where a password goes. libav understands more odd cameras, and
follows every redirect with the password in its hand. So ours is tried first, libav once where ours
does not understand (never after a refused login), and what came of it is remembered.
"""

import threading
from collections.abc import Generator
from contextlib import closing
from typing import TypeAlias

import structlog

from domain.errors import (
    StreamCorrupt,
    StreamError,
    StreamRefused,
    StreamUnauthorized,
    UnsupportedCodec,
)
from streams.address import CameraAddress
from streams.rtsp.conversation import Redirected
from streams.rtsp.dialogue import Dialogue, LeftToLibav, Misread
from streams.rtsp.known import KNOWN, KnownCameras
from streams.rtsp.source import RtspSource
from streams.source import LibavPacket, Source
from streams.stream_settings import StreamSettings

CameraSource: TypeAlias = RtspSource | Source

log = structlog.get_logger(__name__)


class LibavSource(Source):
    """A camera read by libav, and why. What it does not understand either is remembered."""

    def __init__(
        self,
        address: CameraAddress,
        settings: StreamSettings,
        stopping: threading.Event | None,
        *,
        why: str = "",
        known: KnownCameras = KNOWN,
    ) -> None:
        """As `Source`; `why` our own reader does not read it."""
        self.note = f"read by libav: {why}" if why else "read by libav"
        self._known = known
        super().__init__(address, settings, stopping)

    def packets(self) -> Generator[LibavPacket, None, None]:
        """As `Source.packets`."""
        saw_keyframe = False
        try:
            with closing(super().packets()) as packets:
                for packet in packets:
                    saw_keyframe = saw_keyframe or packet.is_keyframe
                    yield packet
        finally:
            if not saw_keyframe:  # whether it failed, or whoever reads lost patience
                self._known.libav_in_vain(self.address)


def opened(
    address: CameraAddress,
    settings: StreamSettings,
    stopping: threading.Event | None = None,
    *,
    known: KnownCameras = KNOWN,
) -> CameraSource:
    """Connect to a camera; once `stopping` is set, its packets end as soon as that can be.

    Raises:
        StreamError: what went wrong, by its class.
    """
    if settings.rtsp == "libav":
        _check_door(address, settings, known)
        return _by_libav(address, settings, stopping, "as configured", known)
    if settings.rtsp == "auto" and (why := known.why_libav(address)) is not None:
        _check_door(address, settings, known)
        return _tried_by_libav(address, settings, stopping, why, known)
    try:
        return RtspSource(address, settings, stopping, known=known)
    except LeftToLibav as left:
        if settings.rtsp == "own":
            raise UnsupportedCodec(f"{address.masked}: {left}; libav is not to read it") from None
        _refuse_if_redirecting(address, known)
        return _by_libav(address, settings, stopping, str(left), known)
    except Misread as misread:
        if settings.rtsp == "own" or not known.misread(address, str(misread)):
            raise misread.error from None
        error = misread.error
    try:
        return _tried_by_libav(address, settings, stopping, str(error), known)
    except StreamUnauthorized:
        raise
    except StreamError as theirs:
        log.warning("libav does not read it either", camera=address.masked, error=str(theirs))
        raise error from None


def _tried_by_libav(
    address: CameraAddress,
    settings: StreamSettings,
    stopping: threading.Event | None,
    why: str,
    known: KnownCameras,
) -> CameraSource:
    """By libav; where that fails, our own reader is the next to try."""
    try:
        return _by_libav(address, settings, stopping, why, known)
    except StreamError:
        known.libav_in_vain(address)
        raise


def _by_libav(
    address: CameraAddress,
    settings: StreamSettings,
    stopping: threading.Event | None,
    why: str,
    known: KnownCameras,
) -> CameraSource:
    why = why.replace(f"{address.masked}: ", "").replace(address.masked, "the camera")
    log.warning("read by libav", camera=address.masked, why=why)
    return LibavSource(address, settings, stopping, why=why, known=known)


def _check_door(address: CameraAddress, settings: StreamSettings, known: KnownCameras) -> None:
    """Ask the camera first, in our own words, what libav would ask it: libav would follow a
    redirect anywhere, and tell the password to whoever asks for it.

    Raises:
        StreamError: the camera redirects, asks for the password itself, refuses the login, or
            cannot be reached.
    """
    try:
        _described(address, settings, known).close()
    except Redirected:
        known.saw_redirect(address)
    except (Misread, StreamCorrupt, StreamRefused):
        pass  # what is not understood here is what libav is there for
    _refuse_if_redirecting(address, known)


def _refuse_if_redirecting(address: CameraAddress, known: KnownCameras) -> None:
    if known.redirects(address):
        raise StreamRefused(
            f"{address.masked}: the camera redirects its clients, so it is not left to libav, "
            "which would follow with the password"
        )


def _described(address: CameraAddress, settings: StreamSettings, known: KnownCameras) -> Dialogue:
    dialogue = Dialogue(
        address, settings.open_timeout_s, known=known, allow_basic=settings.allow_basic
    )
    try:
        dialogue.describe()
    except BaseException:
        dialogue.close()
        raise
    return dialogue
