"""What the bench hears on the bus while it runs: looks, gaps, health, incidents, evidence."""

import threading
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import dataclass, field

from domain.health import CameraHealth
from domain.messages import CameraHealthChanged, CoverageGapEnded, LooksDone, Message, RingsHeld


@dataclass
class Heard:
    """What was heard of one camera in the steady phase."""

    looks: int = 0
    early: int = 0
    """How many of them were early ones, because of activity."""
    unchanged: int = 0
    """How many of them were at an unchanged picture …"""
    first: int = 0
    """… and how many were first looks that suspected nothing."""
    intervals_s: list[float] = field(default_factory=list)
    late: Counter[str] = field(default_factory=Counter)
    """Looks that were owed and not done, by cause."""
    gaps: Counter[str] = field(default_factory=Counter)
    """Spans without packets, by cause."""


@dataclass
class Said:
    """What the worker said of one camera's health, since the start."""

    last: CameraHealth
    faults: Counter[str] = field(default_factory=Counter)
    """How often it came into each fault."""


class Ears:
    """A handler of the bus's messages; read from other threads under its lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: defaultdict[str, Heard] = defaultdict(Heard)
        self._looked: set[str] = set()
        self._runs_on = ""
        self._rings: dict[str, RingsHeld] = {}
        self._said: dict[str, Said] = {}

    def hear(self, message: Message) -> None:
        with self._lock:
            if isinstance(message, LooksDone):
                self._hear_looks(message)
            elif isinstance(message, CoverageGapEnded):
                self._heard[message.gap.camera_id].gaps[message.gap.cause.value] += 1
            elif isinstance(message, CameraHealthChanged):
                self._hear_health(message.health)

    def _hear_health(self, health: CameraHealth) -> None:
        said = self._said.setdefault(health.camera_id, Said(health))
        before, said.last = said.last.fault, health
        if health.fault is not None and (health.fault is not before or not said.faults):
            said.faults[health.fault.value] += 1

    def _hear_looks(self, message: LooksDone) -> None:
        if message.rings is not None:
            self._rings[message.worker_id] = message.rings
        for page in message.cameras:
            heard = self._heard[page.camera_id]
            heard.looks += page.looks
            heard.early += page.on_activity
            heard.unchanged += page.unchanged
            heard.first += page.first
            heard.intervals_s += page.intervals_s
            heard.late.update(page.skipped)
            self._runs_on = page.runs_on or self._runs_on
            if page.last_look_at is not None:
                self._looked.add(page.camera_id)

    @property
    def looked(self) -> frozenset[str]:
        """Cameras that were looked at at least once."""
        with self._lock:
            return frozenset(self._looked)

    @property
    def runs_on(self) -> str:
        """What computes, in words."""
        with self._lock:
            return self._runs_on

    @property
    def rings(self) -> RingsHeld | None:
        """What the worker said last of the packets in its memory; of several all together."""
        with self._lock:
            said = list(self._rings.values())
        if not said:
            return None
        return RingsHeld(
            held_bytes=sum(one.held_bytes for one in said),
            max_bytes=sum(one.max_bytes for one in said),
            cut=sum(one.cut for one in said),
        )

    def begin(self) -> None:
        """The steady phase begins: forget what was counted."""
        with self._lock:
            self._heard.clear()

    def heard(self) -> dict[str, Heard]:
        """What was heard of each camera since the steady phase began."""
        with self._lock:
            return deepcopy(dict(self._heard))

    def reconnects(self) -> dict[str, int]:
        """How often each camera was connected anew, since the start."""
        with self._lock:
            return {name: said.last.reconnects for name, said in self._said.items()}

    def said(self) -> dict[str, Said]:
        """What the worker said of each camera's health, since the start."""
        with self._lock:
            return deepcopy(self._said)
