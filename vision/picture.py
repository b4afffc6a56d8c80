"""Picture diagnosis 视频质量诊断: packets come, but does the picture still show anything?

Limits were measured on keyframes 1-2 s apart, scaled to 160-640 pixels in width (grey levels of
0-255):

==============================================  =====================================
mean change from look to look, frozen picture    0.00 once the encoder has settled
… still scene, sensor noise of 1 level           0.20 (160 wide), 0.27 (320), 0.40 (640)
… quietest real clips (an empty floor, a road)   0.69 and more
brightness spread of a street at 12 % light      21 (and 90 upwards for a street with lamps)
==============================================  =====================================

An encoder that starts, or a loop that begins again, changes a frozen picture by up to 1.1 for one
or two looks; therefore four fifths of the time suffice. A camera whose noise filter makes a still
night scene truly identical for a minute cannot be told from a frozen one.
"""

from collections.abc import Callable
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from domain.base import Settings
from domain.health import FaultKind
from streams.frame import Image
from vision.presence import Presence
from vision.steady import SteadySeconds

Grey = NDArray[np.uint8]

BAND = 0.15
"""Share of the height, above and below, that is not asked for blackness: the camera burns its
clock and name in there, bright on any picture."""
PRESENCE = 0.8
"""Share of the time in which a symptom must show."""
LEAST_LOOKS = 3
"""However much time passes, two looks prove nothing."""


class PictureSettings(Settings):
    """When a picture is black or frozen."""

    black_mean: float = Field(default=24.0, ge=0, le=255)
    """A black picture is on average darker than this (default 24; video black is 16 in cameras
    that keep the studio range; a vendor's diagnosis uses 30)."""
    black_spread: float = Field(default=12.0, ge=0, le=255)
    """… and its brightest and darkest half per cent lie within this (default 12; a street by
    night has 21 or more)."""
    black_after_s: float = Field(default=10.0, ge=0)
    """How long before it is said (default 10 s)."""
    frozen_change: float = Field(default=0.15, ge=0, le=255)
    """A frozen picture changes on average by less than this (default 0.15, measured)."""
    frozen_after_s: float = Field(default=60.0, ge=0)
    """How long before it is said (default 60 s)."""
    recover_s: float = Field(default=5.0, ge=0)
    """A fault is over when no look showed it for this long (default 5 s)."""


class PictureWatch:
    """Looks at the small pictures of one camera."""

    def __init__(self, settings: PictureSettings | None = None) -> None:
        self._settings = settings or PictureSettings()
        self._time = SteadySeconds()
        self._black = _Symptom(self._settings.black_after_s, self._settings.recover_s)
        self._frozen = _Symptom(self._settings.frozen_after_s, self._settings.recover_s)
        self._last: Grey | None = None

    def look(self, image_small: Image, at: datetime) -> FaultKind | None:
        """Judge the next picture, (h, w, 3) uint8 BGR, some 160-640 pixels wide and always scaled
        in one way; answers the fault that holds, if any. A black picture is not called frozen."""
        now_s = self._time.advance(at)
        grey = np.asarray(cv2.cvtColor(image_small, cv2.COLOR_BGR2GRAY), np.uint8)
        self._black.see(is_black(grey, self._settings), now_s)
        if self._last is not None:
            self._frozen.see(is_unchanged(grey, self._last, self._settings), now_s)
        self._last = grey
        if self._black.holds:
            return FaultKind.BLACK
        return FaultKind.FROZEN if self._frozen.holds else None


class _Symptom:
    """Something that must show for `after_s` before it holds, and be away for `recover_s` before
    it no longer does."""

    def __init__(self, after_s: float, recover_s: float) -> None:
        self.holds = False
        self._after_s = after_s
        self._recover_s = recover_s
        self._presence: Presence | None = None
        self._away_since_s: float | None = None

    def see(self, shows: bool, now_s: float) -> None:
        """Take in one look."""
        move: Callable[[bool, float], None] = self._recover if self.holds else self._develop
        move(shows, now_s)

    def _develop(self, shows: bool, now_s: float) -> None:
        if self._presence is None:
            self._presence = Presence(now_s, self._after_s) if shows else None
            return
        presence = self._presence
        presence.see(shows, now_s)
        if presence.share(self._after_s, now_s) < PRESENCE:
            self._presence = None
        elif presence.lasted_s(now_s) >= self._after_s and presence.hits >= LEAST_LOOKS:
            self.holds, self._away_since_s = True, None

    def _recover(self, shows: bool, now_s: float) -> None:
        if shows:
            self._away_since_s = None
        elif self._away_since_s is None:
            self._away_since_s = now_s
        elif now_s - self._away_since_s >= self._recover_s:
            self.holds, self._presence = False, None


def is_black(grey: Grey, settings: PictureSettings) -> bool:
    """Whether a grey picture (h, w) shows nothing but darkness."""
    edge = round(len(grey) * BAND)
    middle = grey[edge : len(grey) - edge]
    if float(middle.mean()) > settings.black_mean:
        return False
    darkest, brightest = np.percentile(middle, (0.5, 99.5))
    return float(brightest - darkest) <= settings.black_spread


def is_unchanged(grey: Grey, last: Grey, settings: PictureSettings) -> bool:
    """Whether two grey pictures (h, w) are one and the same. Of two sizes: never."""
    if grey.shape != last.shape:
        return False
    return float(cv2.absdiff(grey, last).mean()) <= settings.frozen_change
