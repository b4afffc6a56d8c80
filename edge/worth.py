"""What a look at a camera is worth now: the order in which looks are given when there is more to
look at than time.

Larger is looked at first, by the first of these that differs:

1. `asked`: somebody waits for this look.
2. `called`: the camera has waited so long that nobody else may come before it; of several, who was
   called first.
3. `suspicion`: a rule suspects something there, fire before all else.
4. `value`: the promises it has waited for, times its weight.

So risk and suspicion decide who waits, and the last call decides how long at most. With N cameras,
of which the machine looks at N in R seconds, and a bound of B seconds, a camera is called once it
has waited max(2/3 B, 2 R). Whoever is called stands in one line, in the order of the calls. Before
it are at most the N - 1 others, and each of them once: who was looked at is not called again within
2 R. So it is looked at within R of its call, and nobody waits longer than max(B, 3 R).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from domain.incident import IncidentKind

LAST_CALL_SHARE = 2 / 3
"""Who has waited for this share of the bound comes next, whoever else there is."""
LAST_CALL_ROUNDS = 2.0
"""… or has waited for so many rounds over all cameras, if they take longer: else the line of those
who were called would never end, and nobody would be looked at for what is suspected there."""
BOUND_PROMISES = 3.0
"""A camera that is promised a look every minute is not called after 20 s: its bound is never less
than so many of its promises."""
FIRE_WEIGHT, RULE_WEIGHT, NO_RULE_WEIGHT = 2.0, 1.0, 0.5
"""What a look may find, by the rules in force at this hour: a fire, anything else, or nothing but
that the picture is still there."""


class Suspicion(IntEnum):
    """What the rules of a camera suspect since their last look."""

    NONE = 0
    SOMETHING = 1
    FIRE = 2

    @classmethod
    def of(cls, kinds: Collection[IncidentKind]) -> "Suspicion":
        """The most that is suspected."""
        if IncidentKind.FIRE in kinds:
            return cls.FIRE
        return cls.SOMETHING if kinds else cls.NONE


@dataclass(frozen=True, slots=True, order=True)
class Worth:
    """What a look is worth; compared from the first field to the last."""

    asked: bool
    called: bool
    suspicion: Suspicion
    value: float

    @classmethod
    def of(
        cls,
        *,
        waited_s: float,
        value: float,
        call_s: float,
        suspicion: Suspicion = Suspicion.NONE,
        asked: bool = False,
    ) -> "Worth":
        """`waited_s`: since the last look that counts; `call_s`: as `last_call_s`; `value`: as
        `LookBook.urgency`."""
        since_call_s = waited_s - call_s
        if since_call_s > 0:
            return cls(asked, True, Suspicion.NONE, since_call_s)
        return cls(asked, False, suspicion, value)


def weight_of(risk: float, watched: Collection[IncidentKind]) -> float:
    """How much a promise of the camera weighs: its risk, times what its rules watch for now."""
    if not watched:
        return risk * NO_RULE_WEIGHT
    return risk * (FIRE_WEIGHT if IncidentKind.FIRE in watched else RULE_WEIGHT)


def bound_s(longest_wait_s: float, promised_s: float) -> float:
    """The longest that a camera may wait for a look, as long as three rounds take no longer."""
    return max(longest_wait_s, BOUND_PROMISES * promised_s)


def last_call_s(longest_wait_s: float, promised_s: float, round_s: float) -> float:
    """After which wait a camera is called. `round_s`: how long the machine takes to look once at
    as many cameras as there are."""
    share_s = LAST_CALL_SHARE * bound_s(longest_wait_s, promised_s)
    return max(share_s, LAST_CALL_ROUNDS * round_s)
