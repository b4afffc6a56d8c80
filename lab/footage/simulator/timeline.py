"""A camera's one timeline: which access unit of its looping clip is due when."""

from bisect import bisect_left
from dataclasses import dataclass, replace

from lab.footage.simulator.clip import AccessUnit, Clip
from lab.footage.simulator.rtp import CLOCK_HZ


@dataclass(frozen=True)
class Timeline:
    """A clip repeated for ever. A cursor counts access units from the very first one.

    Times `at_s` are seconds of the event loop's clock; RTP timestamps are not yet wrapped.
    """

    clip: Clip
    zero_s: float
    """When the clip's first picture is due."""
    zero_rtp: int
    """The RTP timestamp of the clip's tick 0."""

    def unit(self, cursor: int) -> AccessUnit:
        return self.clip.units[cursor % len(self.clip.units)]

    def due_s(self, cursor: int) -> float:
        ticks = self._round_ticks(cursor) + self.unit(cursor).due_ticks
        return self.zero_s + ticks / CLOCK_HZ

    def rtp(self, cursor: int) -> int:
        return self.zero_rtp + self._round_ticks(cursor) + self.unit(cursor).shown_ticks

    def cursor_at(self, at_s: float) -> int:
        """The first access unit that is due at `at_s` or later."""
        ticks = max(0, round((at_s - self.zero_s) * CLOCK_HZ))
        rounds, rest = divmod(ticks, self.clip.length_ticks)
        index = bisect_left(self.clip.units, rest, key=lambda unit: unit.due_ticks)
        return rounds * len(self.clip.units) + index

    def rtp_at(self, at_s: float) -> int:
        """The timestamp of a picture taken at `at_s`: none is sent before it is taken."""
        ticks = round((at_s - self.zero_s) * CLOCK_HZ)
        return self.zero_rtp + ticks + self.clip.reorder_ticks

    def with_clip(self, clip: Clip, at_s: float) -> "Timeline":
        """Another clip from its start on; RTP timestamps run on."""
        return Timeline(clip, at_s, self.rtp_at(at_s))

    def with_rtp(self, rtp: int, at_s: float) -> "Timeline":
        """The same pictures, with timestamps that count from `rtp` at `at_s` on."""
        return replace(self, zero_rtp=self.zero_rtp + rtp - self.rtp_at(at_s))

    def _round_ticks(self, cursor: int) -> int:
        return cursor // len(self.clip.units) * self.clip.length_ticks
