"""A camera read over RTSP: what it offers, and its pictures one after another."""

import threading
import time
from collections.abc import Generator, Iterator
from fractions import Fraction

from domain.closing import Closing
from domain.errors import StreamCorrupt, StreamTimeout
from streams.address import CameraAddress
from streams.packet import Offered
from streams.rtsp.depacketise import AccessUnit, Depacketiser
from streams.rtsp.dialogue import Dialogue, LeftToLibav
from streams.rtsp.wire import Answer
from streams.settings import StreamSettings

HEED_STOP_S = 0.5
"""A silent camera is waited for in pieces of this length, so that a reader can be stopped."""


class RtspSource(Closing):
    """An open connection that is always closed: use it with ``with``."""

    def __init__(
        self,
        address: CameraAddress,
        settings: StreamSettings,
        stopping: threading.Event | None = None,
    ) -> None:
        """Connect and begin to play. Once `stopping` is set, packets end soon.

        Raises:
            StreamError: what went wrong, by its class.
            LeftToLibav: the video is neither H.264 nor H.265, or packed in a rare way; or the
                camera sends its clients elsewhere.
        """
        self.address = address
        self._read_timeout_s = settings.read_timeout_s
        self._batch_s = settings.batch_s
        self._stopping = stopping or threading.Event()
        self._dialogue = Dialogue(address, settings.open_timeout_s)
        try:
            offer = self._dialogue.describe()
            if offer is None:
                raise StreamCorrupt(f"{address.masked}: expected a video stream, found none")
            if offer.codec is None:
                raise LeftToLibav(
                    f"the video is {offer.encoding or 'unnamed'}, packed in a way unknown here"
                )
            self._dialogue.play(offer)
        except BaseException:
            self.close()
            raise
        self.offered = Offered(offer.codec, Fraction(1, offer.clock_hz), offer.parameter_sets)
        self._depacketiser = Depacketiser(offer.codec, offer.payload_type)

    def packets(self) -> Generator[AccessUnit, None, None]:
        """Pictures in Annex B form until the sender ends.

        Raises:
            StreamError: the connection broke, or nothing came within the read timeout.
        """
        self._dialogue.wire.wait_at_most(HEED_STOP_S)
        while True:
            try:
                yield from self._whole()
            except StreamCorrupt as error:
                raise StreamCorrupt(f"{self.address.masked}: {error}") from None
            if not self._more():
                return
            self._dialogue.keep_alive()

    def close(self) -> None:
        self._dialogue.close()

    def _whole(self) -> Iterator[AccessUnit]:
        """The pictures that what was received completes."""
        dialogue, take = self._dialogue, self._depacketiser.take
        for part in dialogue.wire.parts():
            if isinstance(part, Answer):
                dialogue.note(part)
                continue
            channel, data, start, end = part
            if channel == dialogue.channel and (unit := take(data, start, end)) is not None:
                yield unit

    def _more(self) -> bool:
        """Wait until more has come; false if nothing will. An empty connection is left alone for
        a batch, so that the thread does not wake for each piece of each picture."""
        if self._dialogue.wire.drained and self._batch_s:
            time.sleep(self._batch_s)  # waiting for the event instead costs twenty times as much
        ends_s = time.monotonic() + self._read_timeout_s
        while not self._stopping.is_set():
            try:
                return self._dialogue.receive()
            except TimeoutError:
                if time.monotonic() >= ends_s:
                    said = f"nothing came within {self._read_timeout_s:g} s"
                    raise StreamTimeout(f"{self.address.masked}: {said}") from None
        return False
