"""A look 巡看: one frame that a detector has decided on."""

from dataclasses import dataclass
from datetime import datetime

from models.detections import Detections


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one camera showed at one moment."""

    camera_id: str
    at: datetime
    """When the picture was captured (aware, UTC)."""
    detections: Detections
    size_wh: tuple[int, int]
    """The size of the picture in pixels; boxes are in frame units."""
