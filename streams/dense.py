"""Dense pictures: several a second out of some seconds of packets, decoded when asked for."""

from collections.abc import Iterator, Sequence

import av

from streams.decoder import as_av, new_context
from streams.frame import Frame
from streams.packet import Packet


def dense_frames(
    packets: Sequence[Packet], *, camera_id: str, from_s: float, per_s: float
) -> list[Frame]:
    """Decode packets of one `StreamInfo` that begin with a keyframe (`PacketRing.between`);
    the pictures from `from_s` (of `Packet.captured_s`) on, at most `per_s` a second.
    Damaged packets are passed over.

    Raises:
        UnsupportedCodec: libav has no decoder for them.
    """
    frames: list[Frame] = []
    served: int | None = None
    for picture, packet in _decoded(packets):
        slot = int((packet.captured_s - from_s) * per_s + 1e-3)
        if packet.captured_s >= from_s and slot != served:
            served = slot
            frames.append(Frame.of(camera_id, packet, picture))
    return frames


def _decoded(packets: Sequence[Packet]) -> Iterator[tuple[av.VideoFrame, Packet]]:
    """Every whole picture with its packet, in the order in which they are shown."""
    if not packets:
        return
    context = new_context(packets[0].stream.codec)
    context.extradata = packets[0].stream.extradata or None
    by_pts = {packet.pts: packet for packet in packets}
    for coded in (*map(as_av, packets), None):
        try:
            pictures = context.decode(coded)
        except av.FFmpegError:
            continue
        for picture in pictures:
            packet = None if picture.pts is None else by_pts.get(picture.pts)
            if packet is not None and not picture.is_corrupt:
                yield picture, packet
