"""The name of a codec that libav does not know, as the camera's own description (SDP) gives it.

libav tells only that it has no decoder. Ops need the name, so the camera is asked once more.
"""

from domain.errors import StreamError
from streams.address import CameraAddress
from streams.rtsp.description import Offer
from streams.rtsp.dialogue import Dialogue, Misread, following

UNKNOWN = "an unknown codec"


def video_codec(address: CameraAddress, timeout_s: float) -> str:
    """The encoding name of the camera's first video stream, or `UNKNOWN`. Never raises."""
    if address.is_file:
        return UNKNOWN

    def offered(place: CameraAddress) -> Offer | None:
        dialogue = Dialogue(place, timeout_s)
        try:
            return dialogue.describe()
        finally:
            dialogue.close()

    try:
        offer = following(address, offered)
    except (StreamError, Misread):
        return UNKNOWN
    return (offer.encoding if offer else "") or UNKNOWN
