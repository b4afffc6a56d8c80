"""A camera read over RTSP: what it offers, and its pictures one after another."""

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from fractions import Fraction

from domain.closing import Closing
from domain.errors import (
    StreamCorrupt,
    StreamEnded,
    StreamError,
    StreamRefused,
    StreamTimeout,
    StreamWithoutKeyframe,
)
from streams.address import CameraAddress
from streams.packet import Offered
from streams.rtsp.depacketise import Depacketiser
from streams.rtsp.dialogue import Dialogue, LeftToLibav, Misread, following
from streams.rtsp.known import KNOWN, KnownCameras
from streams.rtsp.message import Answer
from streams.rtsp.picture import Picture
from streams.rtsp.reports import says_goodbye
from streams.rtsp.wire import Interleaved
from streams.stream_settings import StreamSettings

HEED_STOP_S = 0.5
"""A silent camera is waited for in pieces of this length, so that a reader can be stopped."""
MOST_AT_ONCE_BYTES = 2 * 1024 * 1024
"""Of a camera that sends faster than it can be read no more is taken in one turn."""
KEYFRAME_EXPECTED_S = 5.0
"""Most cameras begin with a keyframe; one that has sent none for so long may be misread."""
KEYFRAME_PATIENCE = 4
"""Pictures that follow on none of this connection are read for so many times the time after which
their want of a keyframe is shown."""


class RtspSource(Closing):
    """An open connection that is always closed: use it with ``with``."""

    def __init__(
        self,
        address: CameraAddress,
        settings: StreamSettings,
        stopping: threading.Event | None = None,
        *,
        known: KnownCameras = KNOWN,
    ) -> None:
        """Connect and begin to play. Once `stopping` is set, packets end soon.

        Raises:
            StreamError: what went wrong, by its class.
            Misread: the camera speaks, but is not understood here.
            LeftToLibav: the video is neither H.264 nor H.265, or packed in a rare way.
        """
        self.address = address
        self._settings = settings
        self._known = known
        self._stopping = stopping or threading.Event()
        self._foreign = 0
        self._picture_s = self._began_s = 0.0
        self._saw_keyframe = False
        self._rested_bytes = 0
        self._dialogue, self.offered, self._depacketiser = following(address, self._begun, known)

    @property
    def note(self) -> str:
        """What ops should know of how the camera is read; empty if there is nothing."""
        said = []
        if self._dialogue.datagrams is not None:
            said.append("video by UDP")
        if self._dialogue.talk.sends_password:
            said.append("the password is sent in the clear (Basic)")
        return "; ".join(said)

    @property
    def never_waits(self) -> bool:
        """Whether `turns` holds nobody up. Of TLS a piece of a record may have come, for whose
        rest one has to wait."""
        return self.address.scheme == "rtsp"

    def packets(self) -> Generator[Picture, None, None]:
        """Pictures in Annex B form until the sender ends.

        Raises:
            StreamError: the connection broke, or no picture came within the read timeout, whatever
                else did.
        """
        with closing(self.turns()) as turns:
            for pictures in turns:
                yield from pictures
                if not pictures:
                    self._rest()

    def turns(self) -> Generator[Sequence[Picture], None, None]:
        """As `packets`, those that came together, but without waiting: none say that what had come
        was taken, or so much of it that it is another's turn."""
        self._picture_s = self._began_s = time.monotonic()
        self._dialogue.wire.wait_at_most(HEED_STOP_S)
        try:
            while True:
                yield from self._pictures()
                came = yield from self._awaited()
                if not came:
                    return
                self._dialogue.keep_alive()
        except GeneratorExit:
            self._note_impatience()
            raise

    def _pictures(self) -> Iterator[Sequence[Picture]]:
        """Those that came together, if any; and then what is wrong, if anything is."""
        pictures: list[Picture] = []
        error: StreamError | None = None
        try:
            pictures.extend(self._whole())
        except StreamCorrupt as corrupt:
            error = StreamCorrupt(f"{self.address.masked}: {corrupt}")
        except StreamError as said:
            error = said
        if pictures:
            self._saw_keyframe = self._saw_keyframe or any(one.is_keyframe for one in pictures)
            self._picture_s = time.monotonic()
            yield pictures
        if isinstance(error, StreamCorrupt):
            self._note_misread(error)
        if error is not None:
            raise error

    def _awaited(self) -> Generator[Sequence[Picture], None, bool]:
        """Rest until more has come; false if nothing will. An empty connection is left alone for
        a batch, so that nobody wakes for each piece of each picture."""
        wire, datagrams = self._dialogue.wire, self._dialogue.datagrams
        had_its_turn = wire.received_bytes - self._rested_bytes >= MOST_AT_ONCE_BYTES
        if wire.drained or datagrams is not None or had_its_turn:
            self._rested_bytes = wire.received_bytes
            yield ()
        while not self._stopping.is_set():
            self._check_life()
            if wire.has_more(0):
                try:
                    return self._dialogue.receive()
                except TimeoutError:
                    pass
            elif datagrams is not None:
                return True
            yield ()
        return False

    def _rest(self) -> None:
        """What a thread that reads one camera alone does between its turns."""
        wire, datagrams = self._dialogue.wire, self._dialogue.datagrams
        if self._settings.batch_s and (wire.drained or datagrams is not None):
            time.sleep(self._settings.batch_s)  # an event instead costs twenty times as much
        if datagrams is not None:
            datagrams.wait(HEED_STOP_S, wire.descriptor)
        else:
            wire.has_more(HEED_STOP_S)

    def close(self) -> None:
        self._dialogue.close()

    def _begun(self, address: CameraAddress) -> tuple[Dialogue, Offered, Depacketiser]:
        """Connect to this very address, and have it play."""
        settings = self._settings
        dialogue = Dialogue(
            address, settings.open_timeout_s, known=self._known, allow_basic=settings.allow_basic
        )
        try:
            return dialogue, *self._played(dialogue)
        except (StreamRefused, StreamTimeout, StreamCorrupt) as error:
            dialogue.close()
            spoke = dialogue.wire.received_bytes > 0 and not dialogue.refused_clearly
            raise Misread(error) if spoke else error from None
        except BaseException:
            dialogue.close()
            raise

    def _played(self, dialogue: Dialogue) -> tuple[Offered, Depacketiser]:
        offer = dialogue.describe()
        if offer is None:
            raise StreamCorrupt(f"{self.address.masked}: expected a video stream, found none")
        if offer.codec is None:
            raise LeftToLibav(
                f"the video is {offer.encoding or 'unnamed'}, packed in a way unknown here"
            )
        dialogue.play(offer, self._settings.transport)
        offered = Offered(offer.codec, Fraction(1, offer.clock_hz), offer.parameter_sets)
        return offered, Depacketiser(offer.codec, offer.payload_type, offer.payload_types)

    def _whole(self) -> Iterator[Picture]:
        """The pictures that what was received completes."""
        dialogue = self._dialogue
        early, dialogue.talk.early = dialogue.talk.early, []
        for _, data, start, end in (one for one in early if self._is_video(one)):
            if (unit := self._depacketiser.take(data, start, end)) is not None:
                yield unit
        wire = dialogue.wire
        for part in wire.parts():
            if isinstance(part, Answer):
                dialogue.note(part)
            elif self._is_video(part):
                pictures, wire.taken_to = self._depacketiser.take_on(*part[1:])
                yield from pictures
        if dialogue.datagrams is not None:
            for packet in dialogue.datagrams.packets():
                if (unit := self._depacketiser.take(packet, 0, len(packet))) is not None:
                    yield unit
            for report in dialogue.datagrams.reports():
                self._heed_report(report)

    def _is_video(self, packet: Interleaved) -> bool:
        """Whether it is of the video; what else comes is heeded, or counted."""
        channel, data, start, end = packet
        video, reports = self._dialogue.channels
        if channel == reports and channel != video:
            self._heed_report(data[start:end])
        elif channel != video:
            self._foreign += 1
        return channel == video

    def _heed_report(self, report: bytes) -> None:
        if says_goodbye(report):
            raise StreamEnded(f"{self.address.masked}: the camera said that its stream is over")

    def _check_life(self) -> None:
        """Only pictures are life: reports, answers and packets that are none of the video's are
        not."""
        settings, now_s = self._settings, time.monotonic()
        keyframe_s = KEYFRAME_PATIENCE * settings.no_keyframe_after_s
        error: StreamTimeout | StreamWithoutKeyframe
        if now_s - self._picture_s >= settings.read_timeout_s:
            foreign = self._foreign + self._depacketiser.foreign
            instead = f"; {foreign} packets came that are none of the video's" if foreign else ""
            within = f"{settings.read_timeout_s:g} s"
            error = StreamTimeout(
                f"{self.address.masked}: no picture came within {within}{instead}"
            )
            understood = not foreign and self._depacketiser.times < 2
        elif not self._saw_keyframe and now_s - self._began_s >= keyframe_s:
            error = StreamWithoutKeyframe(
                f"{self.address.masked}: no keyframe came within {keyframe_s:g} s"
            )
            understood = False
        else:
            return
        if not understood:
            self._note_misread(error)
        raise error

    def _note_impatience(self) -> None:
        """Whoever reads closes: for want of a keyframe, if it has read for some time without."""
        waited_s = time.monotonic() - self._began_s
        if waited_s >= KEYFRAME_EXPECTED_S and self._depacketiser.times > 1:
            self._note_misread(StreamWithoutKeyframe(f"no keyframe came within {waited_s:.0f} s"))

    def _note_misread(self, error: StreamError) -> None:
        """What never made a picture here may make one for libav."""
        if not self._saw_keyframe:
            self._known.misread(self.address, str(error))
