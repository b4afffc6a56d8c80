"""Picture diagnosis 视频质量诊断: packets come, but does the picture still show what it should?

Black, covered, over-exposed, blurred, tinted and noisy pictures are told by measures of one
picture (`vision.picture.measures`), a frozen one by comparing two, a moved camera by comparing
with a reference (`vision.picture.view`).

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
from vision.picture.measures import Measures, at_width, measure, percentiles
from vision.picture.view import ViewWatch
from vision.steady import SteadySeconds
from vision.things.presence import Presence

Grey = NDArray[np.uint8]

BAND = 0.15
"""Share of the height, above and below, that is not asked for blackness: the camera burns its
clock and name in there, bright on any picture."""
PRESENCE = 0.8
"""Share of the time in which a symptom must show."""
MEASURE_EVERY_S = 4.0
"""Measures cost some milliseconds and what they find lasts for minutes: not every look is
measured …"""
SOUND_EVERY_S = 12.0
"""… and one in which nothing was found is measured again after this long."""
LEAST_EDGE = 10.0
"""Grey levels that the strongest edges must rise before anybody can say how sharp they are."""
LEAST_LOOKS = 3
"""However much time passes, two looks prove nothing."""


class PictureSettings(Settings):
    """From when on something is wrong with a picture. Limits were measured on real clips by day
    and night, in the sun, rain and smoke; what each of them reached is in the rules' page on
    pictures."""

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
    covered_share: float = Field(default=0.97, gt=0, le=1)
    """A covered lens: so much of the picture shows no structure (default 0.97; a room full of
    smoke 0.78)."""
    bare_contrast: float = Field(default=4.0, ge=0)
    """A part of the picture shows no structure below this contrast (default 4 grey levels)."""
    covered_after_s: float = Field(default=60.0, ge=0)
    """How long before it is said (default 60 s; a lorry that waits in front goes away)."""
    white_share: float = Field(default=0.6, gt=0, le=1)
    """An over-exposed picture: so much of it is burnt out (default 0.6; a road under a white sky
    0.23)."""
    white_after_s: float = Field(default=60.0, ge=0)
    """How long before it is said (default 60 s)."""
    blur_sharpness: float = Field(default=0.12, ge=0, le=1)
    """A blurred picture: its strongest edges rise over one pixel by less than this share of their
    rise over sixteen, at 320 pixels width (default 0.12; sharp pictures 0.23-0.70)."""
    blur_after_s: float = Field(default=120.0, ge=0)
    """How long before it is said (default 120 s)."""
    cast_distance: float = Field(default=20.0, ge=0)
    """A colour cast: the mean colour is at least so far from grey (default 20 Lab units; real
    scenes up to 15) …"""
    cast_ratio: float = Field(default=2.0, ge=0)
    """… and colours lie around it by less than the distance divided by this (default 2)."""
    cast_after_s: float = Field(default=300.0, ge=0)
    """How long before it is said (default 300 s; a filter that switches at dusk takes seconds)."""
    noise_level: float = Field(default=4.0, ge=0)
    """A noisy picture: standard deviation of the noise at 320 pixels width (default 4 grey levels;
    a neon-lit street by night 1.4)."""
    noise_after_s: float = Field(default=120.0, ge=0)
    """How long before it is said (default 120 s)."""
    moved_after_s: float = Field(default=60.0, ge=0)
    """How long the view must be another one before it is said (default 60 s)."""
    recover_s: float = Field(default=5.0, ge=0)
    """A fault is over when no look showed it for this long (default 5 s)."""


class PictureWatch:
    """Looks at the small pictures of one camera.

    `watch_view` false: the camera turns by itself, so that it has no view to keep. `remembered`
    is the view that an earlier run learned.
    """

    def __init__(
        self,
        settings: PictureSettings | None = None,
        *,
        watch_view: bool = True,
        remembered: bytes | None = None,
    ) -> None:
        self._settings = settings or PictureSettings()
        self._time = SteadySeconds()
        self._symptoms = {fault: self._symptom(after) for fault, after in _AFTER.items()}
        self._last: Grey | None = None
        self._view = ViewWatch(remembered) if watch_view else None
        self._elsewhere = False
        self._measured_s: float | None = None
        self._hidden = False
        self._ails = False

    def _symptom(self, after: str) -> "_Symptom":
        return _Symptom(float(getattr(self._settings, after)), self._settings.recover_s)

    @property
    def doubts_view(self) -> bool:
        """Whether the last look that could tell found another view: zones may be wrong."""
        return self._elsewhere

    @property
    def moved(self) -> bool:
        """Whether the view is another one for good, whatever else is wrong with the picture."""
        return self._symptoms[FaultKind.MOVED].holds

    @property
    def keeps_view(self) -> bool:
        """Whether the camera has a view to keep."""
        return self._view is not None

    @property
    def remembered_view(self) -> bytes | None:
        """What to hand to the next run; none while the view is being learned."""
        return None if self._view is None else self._view.remembered

    def accept_view(self) -> None:
        """Learn the view anew: somebody says that it is right as it is."""
        if self._view is not None:
            self._view, self._elsewhere = ViewWatch(), False
            self._symptoms[FaultKind.MOVED] = self._symptom(_AFTER[FaultKind.MOVED])

    def look(
        self, image_small: Image, at: datetime, now_s: float | None = None
    ) -> FaultKind | None:
        """Judge the next picture, (h, w, 3) uint8 BGR, some 160-640 pixels wide and always scaled
        in one way; answers the fault that holds, the worst if there are several. A black picture
        is not called frozen. `now_s` as `vision.look.Look.now_s`."""
        now_s = self._time.advance(at, now_s)
        grey = np.asarray(cv2.cvtColor(image_small, cv2.COLOR_BGR2GRAY), np.uint8)
        shown = {FaultKind.BLACK: is_black(grey, self._settings)}
        if not shown[FaultKind.BLACK] and self._measures_again(now_s):
            shown |= self._measured(image_small)
        if self._last is not None:
            shown[FaultKind.FROZEN] = is_unchanged(grey, self._last, self._settings)
        self._last = grey
        if self._view is not None and not self._hidden and not shown[FaultKind.BLACK]:
            self._see_view(self._view, grey, shown, now_s)
        for fault, shows in shown.items():
            self._symptoms[fault].see(shows, now_s)
        return next((fault for fault, symptom in self._symptoms.items() if symptom.holds), None)

    def _measures_again(self, now_s: float) -> bool:
        every_s = MEASURE_EVERY_S if self._ails else SOUND_EVERY_S
        if self._measured_s is not None and now_s - self._measured_s < every_s:
            return False
        self._measured_s = now_s
        return True

    def _measured(self, image: Image) -> dict[FaultKind, bool]:
        """What this one picture, which is not black, shows by its measures."""
        small = at_width(image)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        shown = symptoms_of(measure(small, grey, self._settings.bare_contrast), self._settings)
        self._hidden = any(shown[fault] for fault in _HIDES_VIEW)
        self._ails = any(shown.values())
        return shown

    def _see_view(
        self, view: ViewWatch, grey: Grey, shown: dict[FaultKind, bool], now_s: float
    ) -> None:
        elsewhere = view.see(grey, now_s)
        if elsewhere is not None:
            self._elsewhere = shown[FaultKind.MOVED] = elsewhere


_AFTER = {
    FaultKind.BLACK: "black_after_s",
    FaultKind.FROZEN: "frozen_after_s",
    FaultKind.COVERED: "covered_after_s",
    FaultKind.MOVED: "moved_after_s",
    FaultKind.OVEREXPOSED: "white_after_s",
    FaultKind.BLURRED: "blur_after_s",
    FaultKind.COLOUR_CAST: "cast_after_s",
    FaultKind.NOISY: "noise_after_s",
}
"""The faults of a picture, the worst first, and the settings that say how long each must show."""
_HIDES_VIEW = (FaultKind.COVERED, FaultKind.OVEREXPOSED, FaultKind.BLURRED)
"""Of a picture that shows one of these nobody can tell where the camera looks."""


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
    if cv2.mean(middle)[0] > settings.black_mean:
        return False
    darkest, brightest = percentiles(middle, 0.5, 99.5)
    return brightest - darkest <= settings.black_spread


def is_unchanged(grey: Grey, last: Grey, settings: PictureSettings) -> bool:
    """Whether two grey pictures (h, w) are one and the same. Of two sizes: never."""
    if grey.shape != last.shape:
        return False
    return cv2.mean(cv2.absdiff(grey, last))[0] <= settings.frozen_change


def symptoms_of(found: Measures, settings: PictureSettings) -> dict[FaultKind, bool]:
    """What a picture that is not black shows by its measures. One without structure is neither
    sharp nor blurred."""
    covered = found.bare >= settings.covered_share
    white = found.white >= settings.white_share
    tinted = found.cast >= settings.cast_distance and found.cast_ratio >= settings.cast_ratio
    blurred = found.edge >= LEAST_EDGE and found.sharpness < settings.blur_sharpness
    return {
        FaultKind.COVERED: covered and not white,
        FaultKind.OVEREXPOSED: white,
        FaultKind.BLURRED: blurred and not covered and not white,
        FaultKind.COLOUR_CAST: tinted and not white,
        FaultKind.NOISY: found.noise >= settings.noise_level,
    }
