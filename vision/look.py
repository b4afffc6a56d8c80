"""A look 巡看: one frame that a detector has decided on."""

from dataclasses import dataclass
from datetime import datetime

from models.detections import Detections
from streams.frame import Image


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one camera showed at one moment."""

    camera_id: str
    at: datetime
    """When the picture was captured (aware, UTC)."""
    detections: Detections
    size_wh: tuple[int, int]
    """The size of the picture in pixels; boxes are in frame units."""
    picture: Image | None = None
    """The small picture that the detector saw, (h, w, 3) uint8 BGR, always scaled in one way; for
    what has no class. Without it the rules judge by boxes alone."""
    now_s: float | None = None
    """The same moment as `at` in seconds that nobody sets; None where time is virtual."""
    unchanged: bool = False
    """Whether the network did not see this picture: it shows what it saw shortly before, and
    `detections` are those of then (vision.picture.unchanged)."""
    first: bool = False
    """Whether only the first look saw this picture, and suspected nothing: rules that look for more
    than it can see are not asked (vision.first_look)."""
