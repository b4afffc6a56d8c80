"""What looks are made of: pictures taken out of a camera's ring, and decoded when asked for."""

import threading
import time
from collections.abc import Sequence

import structlog

from domain.clock import Clock, SystemClock
from domain.errors import StreamError
from streams.decoder import KeyframeDecoder
from streams.frame import Frame
from streams.kept_decoders import KeptDecoders
from streams.packet import Packet
from streams.ring import PacketRing
from streams.status import StreamRecord
from streams.stream_settings import StreamSettings

RARE_KEYFRAMES = 1.5
"""Keyframes rarer than this many looks cannot keep the coverage promise alone."""
ANEW_AT_MOST_S = 20.0
"""A group longer than this is not decoded from its keyframe for one picture."""

_log = structlog.get_logger(__name__)


class PictureTaker:
    """Takes the pictures of one camera. Safe to use from several threads."""

    look_every_s: float = 2.0
    """The coverage promise."""

    def __init__(
        self,
        camera_id: str,
        ring: PacketRing,
        record: StreamRecord,
        *,
        settings: StreamSettings,
        clock: Clock | None = None,
        decoders: KeptDecoders | None = None,
    ) -> None:
        """`decoders` keeps those of all cameras; without them one is kept for this one."""
        self._clock = clock or SystemClock()
        self._no_more_s = settings.keyframe_again_within_s
        self._camera_id = camera_id
        self._ring = ring
        self._record = record
        self._decode = settings.decode
        self._decoders = KeptDecoders(most=1) if decoders is None else decoders
        self._taking = threading.Lock()
        self._taken: Packet | None = None
        self.wants_keyframe = False
        """Whether nothing can be decoded until the camera is connected anew."""

    @property
    def picture_waits(self) -> bool:
        """Whether a keyframe has come that was not taken yet."""
        newest = self._ring.newest_keyframe
        return newest is not None and newest is not self._taken

    def shows_what_came_since(self, at_s: float | None) -> bool:
        """Whether the newest keyframe was sent after `at_s` (of `Packet.captured_s`), and no
        picture since was taken."""
        if at_s is None:
            return False
        taken, newest = self._taken, self._ring.newest_keyframe
        if newest is None or newest.captured_s < at_s:
            return False
        return taken is None or taken.captured_s < at_s

    def take(self, *, follow: bool = False) -> Frame | None:
        """The newest picture that was not yet taken, decoded in the caller's thread; None if
        there is nothing new, or if it is damaged (which is counted).

        With `follow` it need not be a keyframe: all pictures since the last one are decoded."""
        with self._taking:
            try:
                follows = follow or self._follows()
                frame = self._take_following() if follows else self._take_keyframe()
            except StreamError as error:
                self._record.decode_failed(error, self._clock.moment())
                _log.debug("picture damaged", camera=self._camera_id, error=str(error))
                return None
            if frame is not None:
                self._record.decoded()
            return frame

    def _take_keyframe(self) -> Frame | None:
        packet = self._ring.newest_keyframe
        if packet is None or packet is self._taken:
            return None
        self._taken = packet
        self._decoders.drop(self)
        picture = KeyframeDecoder.of_this_thread().decode(packet)
        return Frame.of(self._camera_id, packet, picture)

    def _take_following(self) -> Frame | None:
        decoder = self._decoders.take(self)
        packets = self._ring.tail(after=decoder.last)
        self._taken = self._ring.newest_keyframe
        if not packets and (decoder.last is None or decoder.last is not self._ring.newest):
            self._ask_for_keyframe()
            return None
        if packets and packets[0].keyframe and not self._may_begin(packets):
            return None
        try:
            newest = decoder.advance(packets)
        finally:
            self._decoders.keep(self, decoder, time.monotonic())
        if newest is None:
            return None
        picture, packet = newest
        return Frame.of(self._camera_id, packet, picture)

    def _may_begin(self, packets: Sequence[Packet]) -> bool:
        """Whether a group is decoded from its keyframe on for one picture: not a long one."""
        if _length_s(packets) <= max(ANEW_AT_MOST_S, 2 * RARE_KEYFRAMES * self.look_every_s):
            return True
        self._ask_for_keyframe()
        return False

    def _ask_for_keyframe(self) -> None:
        """Nothing can be decoded. If no keyframe is to be expected, one is had by connecting
        anew; a camera that sends them is waited for."""
        usual_s = self._record.keyframe_every_s or 0.0
        self.wants_keyframe = self._record.since_keyframe_s > max(self._no_more_s, 2 * usual_s)

    def _follows(self) -> bool:
        """Whether keyframes alone would break the coverage promise."""
        if self._decode != "auto":
            return self._decode == "all"
        if self._ring.without_keyframe:
            return True
        usual_s = self._record.keyframe_every_s or 0.0
        since_s = _length_s(self._ring.tail())
        return max(usual_s, since_s) > RARE_KEYFRAMES * self.look_every_s


def _length_s(packets: Sequence[Packet]) -> float:
    if not packets:
        return 0.0
    return packets[-1].captured_s - packets[0].captured_s
