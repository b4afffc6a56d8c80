"""The heartbeat: how a process shows its supervisor that it works, and not merely that it is there.

A process that is stopped, or whose threads wait for each other, is alive to the system and does
nothing. So each part that has to turn says so at the end of each of its rounds, and only while
all of them do is a beat written into the pipe that the supervisor reads. Times are monotonic.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from domain.closing import Running
from domain.errors import ConfigurationError, PatrolError
from patrol.stopping import ORPHAN_ENDS_WITHIN_S, end_late

VARIABLE = "PATROL_HEARTBEAT_FD"
"""The number of the pipe's end, for a child of a supervisor."""
BEAT, REFUSED = b".", b"!"
"""What is written: a beat, or that this process will not work however often it is started."""
BEAT_EVERY_S = 1.0
TURN_WITHIN_S = 20.0
_CALLS = 12
"""Innermost calls that are told of a part that hangs."""
"""A part that has not turned for so long hangs. A round of looks takes less than a second on a
machine that keeps up, and some on one that does not."""

log = structlog.get_logger(__name__)


class Part:
    """Something that goes round, or that works now and then, in one thread."""

    def __init__(self, name: str, within_s: float, *, may_rest: bool) -> None:
        """`within_s`: a round, or a piece of work, takes no longer. One that `may_rest` has no
        rounds: it is late only while at work."""
        self.name = name
        self._within_s = within_s
        self._may_rest = may_rest
        self._since_s: float | None = None
        self._thread_id: int | None = None

    def turn(self) -> None:
        """Say that a round is done, to the part's satisfaction."""
        self._since_s = time.monotonic()
        self._thread_id = threading.get_ident()

    def stands_at(self) -> str:
        """Where its thread is now, the innermost calls last; empty if it is nowhere."""
        frame = sys._current_frames().get(self._thread_id or 0)
        calls = traceback.extract_stack(frame)[-_CALLS:] if frame else []
        return " > ".join(f"{Path(c.filename).name}:{c.lineno} {c.name}" for c in calls)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A piece of work of a part that may rest."""
        self.turn()
        try:
            yield
        finally:
            self._since_s = None

    def is_late(self, now_s: float) -> bool:
        return self._since_s is not None and now_s - self._since_s > self._within_s

    @property
    def has_begun(self) -> bool:
        return self._may_rest or self._since_s is not None


class Hung(PatrolError):
    """A process without a supervisor has ended itself: a part of it did not turn any more."""


class Pulse(Running):
    """All parts of this process. Without a supervisor nobody listens: then a process that hangs
    ends itself, for whatever started it (systemd, a container's engine) to start it again."""

    def __init__(
        self, *, turn_within_s: float = TURN_WITHIN_S, beat_every_s: float = BEAT_EVERY_S
    ) -> None:
        self._turn_within_s = turn_within_s
        self._beat_every_s = beat_every_s
        self._pipe = _claimed_pipe()
        self._parts: list[Part] = []
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="pulse", daemon=True)
        self._process_stops: threading.Event | None = None
        self._told: tuple[str, ...] = ()

    def part(self, name: str, *, within_s: float | None = None, may_rest: bool = False) -> Part:
        """A new part. No beat before it has turned once: what it opens first may take minutes."""
        made = Part(name, within_s or self._turn_within_s, may_rest=may_rest)
        self._parts.append(made)
        return made

    def lives(self, thread: threading.Thread) -> None:
        """A thread that waits for work, and must not be gone once it was started."""
        self._threads.append(thread)

    def late(self, now_s: float) -> tuple[str, ...]:
        """The parts that hang at `now_s`, by name."""
        hanging = [part.name for part in self._parts if part.is_late(now_s)]
        dead = [each.name for each in self._threads if each.ident and not each.is_alive()]
        return (*hanging, *dead)

    def beats(self, now_s: float) -> bool:
        """Whether everything works at `now_s`; what does not is logged once."""
        late = self.late(now_s)
        if late != self._told:
            self._told = late
            if late:
                log.error("hangs", parts=", ".join(late), at=self._where(now_s))
        return not late and all(part.has_begun for part in self._parts)

    def _where(self, now_s: float) -> list[str]:
        """Where the parts stand that hang: whoever reads the log cannot ask any more."""
        return [part.stands_at() for part in self._parts if part.is_late(now_s)]

    def refuse(self) -> None:
        """Tell the supervisor that to start this process again would not help."""
        self._write(REFUSED)

    def ends(self, stopping: threading.Event) -> None:
        """What ends this process in good order. To be called before `start`."""
        self._process_stops = stopping

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No beat any more; ending has a time limit of its own. Raises Hung if this process ends
        for that reason."""
        self._stopping.set()
        if self._pipe is None and self._told:
            raise Hung(f"ended, to be started again: {', '.join(self._told)} did not go on")

    def _beat_on(self) -> None:
        while not self._stopping.wait(self._beat_every_s):
            if self._process_ends:
                return  # its threads are meant to end now, one after the other
            if self.beats(time.monotonic()):
                self._write(BEAT)
            elif self._told and self._pipe is None and self._process_stops is not None:
                self._process_stops.set()
                end_late(ORPHAN_ENDS_WITHIN_S)

    @property
    def _process_ends(self) -> bool:
        return self._process_stops is not None and self._process_stops.is_set()

    def _write(self, said: bytes) -> None:
        if self._pipe is not None:
            # A full pipe: it does not read, and is told enough. A broken one: it is gone.
            with suppress(OSError):
                os.write(self._pipe, said)


@contextmanager
def refusing(pulse: Pulse) -> Iterator[None]:
    """Within it a ConfigurationError is also told to the supervisor: waiting cures none."""
    try:
        yield
    except ConfigurationError:
        pulse.refuse()
        raise


def _claimed_pipe() -> int | None:
    """The pipe to the supervisor, from now on for this process alone and never in the way."""
    told = os.environ.pop(VARIABLE, "")
    if not told.isdecimal():
        return None
    try:
        os.set_inheritable(int(told), False)
        os.set_blocking(int(told), False)
    except OSError:
        return None
    return int(told)
