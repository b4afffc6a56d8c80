"""What happened in the replay of one clip, look by look: the ground of its timeline picture."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.health import FaultKind
from domain.held_back import HeldBack
from vision.patrol import SecondLookWish
from vision.second_look.closer import Closer
from vision.second_look.verdict import SecondLook


@dataclass(frozen=True, slots=True)
class LookMark:
    """One look. One that was `blinded` could not be judged: its picture shows nothing."""

    at_s: float
    suspicious: bool = False
    open: bool = False
    """Whether an incident was open after it."""
    blinded: FaultKind | None = None


@dataclass(frozen=True, slots=True)
class SecondLookMark:
    """One second look, and what it found of flames and of smoke; none if it could not judge."""

    at_s: float
    rule_id: str
    flame: float | None
    smoke: float | None
    closer: Closer | None = None
    """What the detector saw at twice the size."""


@dataclass(slots=True)
class FaultMark:
    """A span in which picture diagnosis named a fault; one that did not end lasts on."""

    fault: FaultKind
    from_s: float
    to_s: float | None = None


@dataclass(slots=True)
class Trace:
    """Filled while a clip is replayed."""

    looks: list[LookMark] = field(default_factory=list)
    second_looks: list[SecondLookMark] = field(default_factory=list)
    faults: list[FaultMark] = field(default_factory=list)
    held_back: list[HeldBack] = field(default_factory=list)
    start_at: datetime | None = None
    """When the clip began; what was held back is told in real times."""

    def looked(self, mark: LookMark) -> None:
        self.looks.append(mark)

    def looked_twice(self, wish: SecondLookWish, seen: SecondLook, at_s: float) -> None:
        told = seen.flame_evidence, seen.smoke_evidence, seen.closer
        mark = SecondLookMark(at_s, wish.rule_id, *told)
        self.second_looks.append(mark)

    def diagnosed(self, fault: FaultKind | None, at_s: float) -> None:
        """Take in what picture diagnosis says of one look."""
        last = self.faults[-1] if self.faults and self.faults[-1].to_s is None else None
        if last is not None and last.fault is not fault:
            last.to_s = at_s
            last = None
        if last is None and fault is not None:
            self.faults.append(FaultMark(fault, at_s))
