"""Attention speed 关注: what a rule suspects is looked at several times a second, for some seconds.

Keyframes alone come every other second or later. A fire that is suspected in one of them is
confirmed by the pictures between them, decoded for this camera only while it lasts.
"""

from pydantic import Field

from domain.base import Settings


class AttentionSettings(Settings):
    """How much attention suspicious cameras get, and how much it may cost."""

    enabled: bool = True
    """Whether suspicious cameras are looked at faster at all (default true)."""
    look_every_s: float = Field(default=0.5, gt=0)
    """Seconds between looks meanwhile (default 0.5 s, 2 looks a second as in rule table §5.4)."""
    for_s: float = Field(default=8.0, gt=0)
    """Longest time without a pause (default 8 s: a fire is settled by then, a lamp denied)."""
    rest_s: float = Field(default=20.0, ge=0)
    """Pause after that, in which the camera is looked at as promised, no faster (default 20 s)."""
    cameras: int = Field(default=4, ge=0)
    """Cameras at once (default 4: each costs 56 ms of decoding a second of 1080p25)."""


class AttentionSpan:
    """When one camera is looked at at attention speed."""

    def __init__(self, settings: AttentionSettings) -> None:
        self._settings = settings
        self._began_s: float | None = None
        self._rested_s: float | None = None

    def holds(self, suspicious: bool, now_s: float) -> bool:
        """Whether attention is due at a moment, in seconds that nobody sets; call again whenever
        time has passed."""
        if not (self._settings.enabled and suspicious):
            self._began_s = None
            return False
        if self._rested_s is not None and now_s - self._rested_s < self._settings.rest_s:
            return False
        if self._began_s is None:
            self._began_s = now_s
        if now_s - self._began_s < self._settings.for_s:
            return True
        self._rested_s, self._began_s = self._began_s + self._settings.for_s, None
        return False
