"""First looks 粗看: where a small network suspects neither fire nor smoke, the detector is spared.

A camera is at ease when no rule suspects, doubts or tells of anything. Then a look may be a first
look: a network of a quarter of the detector's work says where fire or smoke may be
(`models.first_look`). If it suspects anything, the detector sees the whole picture within the same
look. If not, the rules that look for fire and smoke have had their look, and no other rule is
asked; those say how far apart their looks may be (`full_looks_apart_s` of a rule).
"""

from collections.abc import Callable

from pydantic import Field

from domain.base import Settings
from domain.labels import FLAMES, SMOKE
from models.detections import Heat
from streams.frame import Image

LookFirst = Callable[[Image], Heat]
"""What the first look says of a small picture, (h, w, 3) uint8 BGR."""


class FirstLookSettings(Settings):
    """When a first look is enough."""

    enabled: bool = True
    """Whether there are first looks at all (default true); without, the detector sees every
    picture that is not unchanged."""
    fire: float = Field(default=0.35, ge=0, le=1)
    """From this probability of fire on, somewhere in the picture, the detector looks (default
    0.35; what that misses is in models/weights/patrol-p.md)."""
    smoke: float = Field(default=0.45, ge=0, le=1)
    """The same for smoke (default 0.45)."""
    full_every_s: float = Field(default=20.0, gt=0)
    """The detector sees the whole picture at least this often (default 20 s), whatever the rules
    need."""

    def suspects(self, heat: Heat) -> bool:
        """Whether the detector has to look."""
        fire = max(heat.of(flame) for flame in FLAMES)
        return fire >= self.fire or heat.of(SMOKE) >= self.smoke


class FullLooks:
    """Remembers when a camera was last seen in full, and whether the next look has to be full."""

    def __init__(self, settings: FirstLookSettings) -> None:
        self._settings = settings
        self._full_s: float | None = None
        self._last_s: float | None = None

    def suffices_first(self, at_s: float, *, apart_s: float) -> bool:
        """Whether a first look is enough for a picture captured at `at_s`, in seconds that nobody
        sets, of a camera at ease whose rules let full looks be `apart_s` apart.

        Looks come as far apart as the last two did: a full one is due when the look after this one
        would come too late. Where looks are further apart than `full_every_s` at most every second
        one is full, or a machine that is too small would make all its looks dear ones, and stay
        behind for that. What rules need always holds.
        """
        if not self._settings.enabled or self._full_s is None or self._last_s is None:
            return False
        step_s = at_s - self._last_s
        next_s = at_s - self._full_s + step_s
        just_full = self._full_s == self._last_s
        return 0 <= step_s and next_s <= apart_s and (next_s <= self._full_every_s or just_full)

    @property
    def _full_every_s(self) -> float:
        return self._settings.full_every_s

    def note(self, at_s: float, *, full: bool) -> None:
        """A look at a picture captured then is done."""
        self._last_s = at_s
        if full:
            self._full_s = at_s

    def forget(self) -> None:
        """The next look has to be full."""
        self._full_s = None
