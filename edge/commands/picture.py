"""A live picture: the newest that can be decoded at little cost, as a JPEG of bounded size."""

from domain.answers import PICTURE_MAX_BYTES, PictureTaken, Refusal
from domain.clock import Moment
from domain.errors import StreamError
from edge.commands.outcome import Done, Outcome, Refused
from edge.post import CameraPost
from evidence.snapshot import thumbnail
from streams.decoder import KeyframeDecoder
from streams.dense import dense_frames
from streams.frame import Frame
from streams.ring import PacketRing

WIDTH_MAX = 1920
LIVE_S = 10.0
"""An older picture is no live one …"""
LIVE_KEYFRAMES = 2.0
"""… unless the camera's keyframes are so many times rarer."""
KEYFRAME_WILL_DO_S = 1.0
"""A keyframe that is no older than this is shown itself …"""
DECODED_AT_MOST_S = 6.0
"""… and else what came after it, if it is no more than this: 56 ms of work a second of video."""
_ALL_HZ = 100.0


def live_picture(post: CameraPost, now: Moment) -> Outcome:
    """The picture of the main stream as it is `now`, decoded in the caller's thread."""
    ring = post.reader.main.ring
    status = post.reader.main.status(now)
    newest = ring.newest_keyframe
    if newest is None:
        return Refused(Refusal.NO_PICTURE, status.detail or "no keyframe has come yet")
    live_s = max(LIVE_S, LIVE_KEYFRAMES * (status.keyframe_every_s or 0.0))
    if (age_s := now.s - newest.captured_s) > live_s:
        why = f"; {status.detail}" if status.detail else ""
        return Refused(Refusal.NO_PICTURE, f"the last keyframe is {age_s:.0f} s old{why}")
    try:
        frame = _newest_of(post.camera_id, ring, now)
    except StreamError as error:
        return Refused(Refusal.NO_PICTURE, str(error))
    return _answer(frame, now)


def _newest_of(camera_id: str, ring: PacketRing, now: Moment) -> Frame:
    """Raises StreamError if it cannot be decoded."""
    keyframe = ring.newest_keyframe
    assert keyframe is not None
    packets = ring.tail()
    span_s = packets[-1].captured_s - packets[0].captured_s if packets else 0.0
    old = now.s - keyframe.captured_s > KEYFRAME_WILL_DO_S
    if old and packets and packets[0].keyframe and span_s <= DECODED_AT_MOST_S:
        # Bidirectional pictures are shown in another order: some from before the end are asked for.
        from_s = packets[-1].captured_s - KEYFRAME_WILL_DO_S
        if frames := dense_frames(packets, camera_id=camera_id, from_s=from_s, per_s=_ALL_HZ):
            return frames[-1]
    return Frame.of(camera_id, keyframe, KeyframeDecoder.of_this_thread().decode(keyframe))


def _answer(frame: Frame, now: Moment) -> Outcome:
    width, height = frame.size_wh
    shown_wh = min(width, WIDTH_MAX), max(round(height * min(1.0, WIDTH_MAX / width)), 1)
    jpeg = thumbnail(frame.scaled(shown_wh), WIDTH_MAX, max_bytes=PICTURE_MAX_BYTES)
    answer = PictureTaken(
        captured_at=frame.captured_at,
        age_s=round(max(now.s - frame.captured_s, 0.0), 2),
        size_wh=shown_wh,
        size_bytes=len(jpeg),
    )
    return Done(answer, jpeg)
