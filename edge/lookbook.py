"""The book of one camera's looks: what was promised, what was done, what was missed and why."""

import threading
from collections import Counter
from datetime import datetime

from domain.clock import Moment
from domain.health import CameraLooks
from streams.reader import ComingPicture

LOOK_SLACK_S = 0.25
"""A look may be this late: keyframes rarely come on the dot."""


class LookBook:
    """Deadlines and counts of one camera's looks. Written by the looker, read by the reporter.
    What is owed is reckoned in seconds that nobody sets."""

    def __init__(
        self, camera_id: str, look_every_s: float, started: Moment, *, risk: float = 1.0
    ) -> None:
        """`risk`: under overload the promise is stretched so many times less than that of 1."""
        self._camera_id = camera_id
        self._risk = risk
        self._promise_s = look_every_s
        self._lock = threading.Lock()
        self._due_s = self._turn_s = self._last_done_s = started.s
        self._last_look: Moment | None = None
        self._looks = self._on_activity = self._unchanged = self._first = 0
        self._intervals_s: list[float] = []
        self._skipped: Counter[str] = Counter()
        self._counts: dict[str, int] = {}
        self._skipped_last = ""
        self._runs_on = ""

    @property
    def due_s(self) -> float:
        """When the next look is owed, in the seconds of `Moment.s`."""
        return self._due_s

    @property
    def promised_s(self) -> float:
        """How often the camera is to be looked at."""
        return self._promise_s

    @property
    def skipped_last(self) -> str:
        """Why the newest picture came to nothing; empty if it was looked at."""
        return self._skipped_last

    def promise(self, look_every_s: float) -> None:
        """From now on another promise holds; a shorter one counts from the last look."""
        with self._lock:
            self._promise_s = look_every_s
            self._due_s = min(self._due_s, self._turn_s + look_every_s)

    def begin_again(self, now: Moment) -> None:
        """Owe from now on, as at the start: what was not looked at until now was not owed."""
        with self._lock:
            self._turn_s = self._last_done_s = now.s
            self._due_s = now.s
            self._skipped_last = ""

    def waited(self, now: Moment) -> float:
        """How long the camera has waited for its turn, counted in promises: 1 is on time. A missed
        look does not lower it, so that nobody is put off twice."""
        return (now.s - self._turn_s) / self._promise_s

    def urgency(self, now: Moment) -> float:
        """How much its turn it is: what it has waited, times its risk.

        To look first where it is highest stretches the promises of all cameras of one risk by the
        same factor when there is more to look at than time, be they of one second or of ten.
        """
        return self.waited(now) * self._risk

    def is_due(self, now: Moment, next_picture: ComingPicture | None) -> bool:
        """Whether to look at the newest picture now: the next one would come too late, or it is
        too late already. So a camera that sends more keyframes than promised looks costs no more
        than the promise, and each look is at a picture that has just come. One that should come
        in time is waited for until it must have been read.
        """
        latest_s = self._due_s + LOOK_SLACK_S
        if next_picture is None:
            return now.s >= latest_s
        read_by_s = max(latest_s, next_picture.read_by_s)
        return next_picture.captured_s > latest_s or now.s >= read_by_s

    @property
    def last_look_at(self) -> datetime | None:
        return self._last_look.at if self._last_look else None

    def unlooked_s(self, now: Moment) -> float:
        """How long nothing was decided on: since the last look, or the start."""
        return now.s - self._last_done_s

    @property
    def looked(self) -> bool:
        """Whether the camera was ever looked at."""
        return self._last_look is not None

    def done(
        self,
        taken: Moment,
        counts: dict[str, int],
        runs_on: str = "",
        *,
        early: bool = False,
        unchanged: bool = False,
        first: bool = False,
    ) -> None:
        """A look at a picture `taken` then is done, computed by `runs_on`. One that came
        `early`, because of activity, changes nothing of what is owed. One at an `unchanged`
        picture keeps the promise as any other: nothing else could have been seen. So does a
        `first` look, which saw all that the rules look for that have to look as often."""
        with self._lock:
            if self._last_look is not None and taken >= self._last_look:
                self._intervals_s.append(round(taken - self._last_look, 2))
            self._last_look, self._last_done_s = taken, taken.s
            self._skipped_last = ""
            self._looks += 1
            self._unchanged += unchanged
            self._first += first
            self._counts = self._counts if first else counts
            self._runs_on = runs_on
            if early:
                self._on_activity += 1
            else:
                self._turn_s, self._due_s = taken.s, taken.s + self._promise_s

    def miss_if_late(self, now: Moment, cause: str) -> None:
        """Count a look as missed once it is a whole promise late, and owe the next one."""
        with self._lock:
            if now.s >= self._due_s + self._promise_s:
                self._skipped[cause] += 1
                self._due_s += self._promise_s

    def skip(self, taken: Moment, cause: str, *, early: bool = False) -> None:
        """A picture came but could not be decided on. Nothing was owed of one looked at `early`."""
        self._skipped_last = cause
        if early:
            return
        with self._lock:
            self._skipped[cause] += 1
            self._turn_s = taken.s
            self._due_s = taken.s + self._promise_s

    def close_page(self) -> CameraLooks:
        """What happened since the last page; a new page begins."""
        with self._lock:
            page = CameraLooks(
                camera_id=self._camera_id,
                looks=self._looks,
                on_activity=self._on_activity,
                unchanged=self._unchanged,
                first=self._first,
                last_look_at=self.last_look_at,
                longest_interval_s=max(self._intervals_s, default=None),
                intervals_s=tuple(self._intervals_s),
                skipped=dict(self._skipped),
                counts=dict(self._counts),
                runs_on=self._runs_on,
            )
            self._looks = self._on_activity = self._unchanged = self._first = 0
            self._intervals_s.clear()
            self._skipped.clear()
            return page
