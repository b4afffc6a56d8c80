"""The workload 负荷 of one worker: what its promises take, and what its machine has for them.

Everything here was measured by the worker itself within `over_s`; where nothing was measured there
is no workload.
"""

from pydantic import Field

from domain.base import Value

PROMISE_SLACK = 1.1
"""A promise counts as kept up to this many times itself: looks happen at keyframes."""


class Workload(Value):
    """Cores are of this machine; a core-second is what one of them does in a second."""

    over_s: float = Field(gt=0)
    """How long was measured, up to now."""
    looks: int = Field(ge=0)
    """Looks that were done meanwhile, of all kinds."""
    unchanged: int = Field(default=0, ge=0)
    """How many of them were at an unchanged picture."""
    look_core_s: float = Field(ge=0)
    """What one of them took on average, in core-seconds: decoding, network and rules."""
    looks_cores: float = Field(ge=0)
    """What all looks took."""
    reading_cores: float = Field(ge=0)
    """What it took to read and keep the streams."""
    other_cores: float = Field(ge=0)
    """All else that the worker did."""
    idle_cores: float = Field(ge=0)
    """What nobody on the machine used."""
    cores: int = Field(ge=1)
    """Cores that the worker may use."""
    lookers: int = Field(ge=1)
    """Threads that look."""
    busy_share: float = Field(ge=0)
    """The share of their time in which they looked: at 1 there is always more to look at."""
    promises: int = Field(ge=0)
    """Cameras that are promised looks now: all but those that are paused."""
    kept: int = Field(ge=0)
    """How many of these promises were kept meanwhile."""
    can_keep: int = Field(ge=0)
    """How many of them `have_cores` suffice for, those that weigh most first."""
    wanted_cores: float = Field(ge=0)
    """What all of them would take, by what a look at each camera took."""
    have_cores: float = Field(ge=0)
    """What there is for them: what looks took, and as much more as the lookers had time for and
    the machine had idle cores for; less what went to looks beyond the promise."""

    @property
    def suffices(self) -> bool:
        """Whether all promises can be kept."""
        return self.can_keep >= self.promises

    @property
    def more_cores(self) -> float:
        """How many more cores like these looks would need to keep all promises."""
        return max(self.wanted_cores - self.have_cores, 0.0)

    @property
    def stretch(self) -> float | None:
        """How many times as long all intervals would have to be for all to be kept; None where
        nothing can be kept at all."""
        return self.wanted_cores / self.have_cores if self.have_cores > 0 else None

    @property
    def wants_lookers(self) -> bool:
        """Whether it is not cores that are short, but threads that use them."""
        return self.idle_cores >= self.more_cores > 0
