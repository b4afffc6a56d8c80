"""Which of the two ways a camera is read: our own, or libav's."""

import threading
from typing import TypeAlias

import structlog

from streams.address import CameraAddress
from streams.rtsp.dialogue import LeftToLibav
from streams.rtsp.source import RtspSource
from streams.settings import StreamSettings
from streams.source import Source

CameraSource: TypeAlias = RtspSource | Source

log = structlog.get_logger(__name__)


def opened(
    address: CameraAddress, settings: StreamSettings, stopping: threading.Event | None = None
) -> CameraSource:
    """Connect to a camera; once `stopping` is set, its packets end as soon as that can be.

    Raises:
        StreamError: what went wrong, by its class.
    """
    if settings.rtsp == "own":
        try:
            return RtspSource(address, settings, stopping)
        except LeftToLibav as reason:
            log.info("read by libav", camera=address.masked, why=str(reason))
    return Source(address, settings, stopping)
