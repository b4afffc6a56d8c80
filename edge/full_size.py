"""The picture of the main stream at the moment of a look at the other."""

import structlog

from domain.errors import StreamError
from streams.dense import dense_frames
from streams.frame import Frame
from streams.ring import PacketRing

NEAR_S = 0.5
"""Both streams are placed in time by their arrival: apart more than this they show two moments."""
DECODED_AT_MOST_S = 6.0
"""A longer way from the last keyframe is not gone for one picture."""
ALL_HZ = 100.0
"""More than any camera sends."""

log = structlog.get_logger(__name__)


def full_size(frame: Frame, ring: PacketRing) -> Frame:
    """The main stream's picture nearest to `frame`, or `frame` itself where there is none."""
    found = _nearest(frame, ring)
    if found is None:
        log.info("snapshot from the detect stream", camera=frame.camera_id, size=frame.size_wh)
        return frame
    return found


def _nearest(frame: Frame, ring: PacketRing) -> Frame | None:
    at_s = frame.captured_s
    packets = ring.between(at_s - NEAR_S / 2, at_s + NEAR_S)
    if not packets or packets[-1].captured_s - packets[0].captured_s > DECODED_AT_MOST_S:
        return None
    try:
        from_s = at_s - NEAR_S
        frames = dense_frames(packets, camera_id=frame.camera_id, from_s=from_s, per_s=ALL_HZ)
    except StreamError as error:
        log.warning("no full-size picture", camera=frame.camera_id, error=str(error))
        return None
    near = [each for each in frames if abs(each.captured_s - at_s) <= NEAR_S]
    return min(near, key=lambda each: abs(each.captured_s - at_s), default=None)
