"""Times as people read them: relative, with the exact one in the town's zone beside it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from console.words import say
from domain.base import Language

_STEPS = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400))


@dataclass(frozen=True)
class Times:
    """Turns aware times into words, for one zone and one language."""

    zone: ZoneInfo
    language: Language
    now: datetime

    def exact(self, at: datetime) -> str:
        """2026-11-23 14:32:07 in the town's zone."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def short(self, at: datetime) -> str:
        """14:32:07 today, 11-22 14:32 on another day of this year, 2025-11-22 before that."""
        local, now = at.astimezone(self.zone), self.now.astimezone(self.zone)
        if local.date() == now.date():
            return f"{local:%H:%M:%S}"
        return f"{local:%m-%d %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d}"

    def ago(self, at: datetime) -> str:
        """How long ago `at` was: 12 秒前. A time ahead of the clock counts as now."""
        unit, count = _largest_unit((self.now - at).total_seconds())
        return say(f"ago.{unit}", self.language, n=count)

    def age(self, seconds: float) -> str:
        """A length of time in its largest unit: 14 分钟."""
        unit, count = _largest_unit(seconds)
        return say(f"age.{unit}", self.language, n=count)

    def span(self, seconds: float) -> str:
        """A length of time in its two largest units: 3 分 20 秒."""
        if seconds < 10:
            tenths = f"{max(seconds, 0.0):.1f}".removesuffix(".0")
            return say("span.second", self.language, n=tenths)
        unit, count = _largest_unit(seconds)
        words = say(f"span.{unit}", self.language, n=count)
        rest_unit, rest = _largest_unit(seconds - count * dict(_STEPS)[unit])
        if unit == "second" or rest == 0 or _is_two_steps_down(unit, rest_unit):
            return words
        return f"{words} {say(f'span.{rest_unit}', self.language, n=rest)}"


def _largest_unit(seconds: float) -> tuple[str, int]:
    seconds = max(seconds, 0.0)
    for name, length in reversed(_STEPS):
        if seconds >= length:
            return name, int(seconds // length)
    return "second", 0


def _is_two_steps_down(unit: str, rest_unit: str) -> bool:
    names = [name for name, _ in _STEPS]
    return names.index(unit) - names.index(rest_unit) > 1
