"""The book of one camera's looks: what was promised, what was done, what was missed and why."""

import threading
from collections import Counter
from datetime import datetime, timedelta

from domain.health import CameraLooks
from streams.reader import ComingPicture

LOOK_SLACK = timedelta(seconds=0.25)
"""A look may be this late: keyframes rarely come on the dot."""
SET_BACK = timedelta(seconds=10)
"""No look is owed later than a promise from now. If one is, and by more than threads differ about
what is now, the clock was set back."""


class LookBook:
    """Deadlines and counts of one camera's looks. Written by the looker, read by the reporter."""

    def __init__(
        self, camera_id: str, look_every_s: float, started_at: datetime, *, risk: float = 1.0
    ) -> None:
        """`risk`: under overload the promise is stretched so many times less than that of 1."""
        self._camera_id = camera_id
        self._risk = risk
        self._promise = timedelta(seconds=look_every_s)
        self._lock = threading.Lock()
        self._due_at = started_at
        self._turn_at = started_at
        self._last_look_at: datetime | None = None
        self._looks = self._on_activity = 0
        self._intervals_s: list[float] = []
        self._skipped: Counter[str] = Counter()
        self._counts: dict[str, int] = {}
        self._runs_on = ""

    @property
    def due_at(self) -> datetime:
        """When the next look is owed."""
        return self._due_at

    def promise(self, look_every_s: float) -> None:
        """From now on another promise holds; a shorter one counts from the last look."""
        with self._lock:
            self._promise = timedelta(seconds=look_every_s)
            self._due_at = min(self._due_at, self._turn_at + self._promise)

    def waited(self, now: datetime) -> float:
        """How long the camera has waited for its turn, counted in promises: 1 is on time. A missed
        look does not lower it, so that nobody is put off twice."""
        return (now - self._turn_at) / self._promise

    def urgency(self, now: datetime) -> float:
        """How much its turn it is: what it has waited, times its risk.

        To look first where it is highest stretches the promises of all cameras of one risk by the
        same factor when there is more to look at than time, be they of one second or of ten.
        """
        return self.waited(now) * self._risk

    def is_due(self, now: datetime, next_picture: ComingPicture | None) -> bool:
        """Whether to look at the newest picture now: the next one would come too late, or it is
        too late already. So a camera that sends more keyframes than promised looks costs no more
        than the promise, and each look is at a picture that has just come. One that should come
        in time is waited for until it must have been read.
        """
        latest_at = self._due_at + LOOK_SLACK
        if next_picture is None:
            return now >= latest_at
        return next_picture.captured_at > latest_at or now >= max(latest_at, next_picture.read_by)

    @property
    def last_look_at(self) -> datetime | None:
        return self._last_look_at

    def done(
        self, at: datetime, counts: dict[str, int], runs_on: str = "", *, early: bool = False
    ) -> None:
        """A look at a picture captured at `at` is done, computed by `runs_on`. One that came
        `early`, because of activity, changes nothing of what is owed."""
        with self._lock:
            if self._last_look_at is not None and at >= self._last_look_at:
                interval_s = (at - self._last_look_at).total_seconds()
                self._intervals_s.append(round(interval_s, 2))
            self._last_look_at = at
            self._looks += 1
            self._counts, self._runs_on = counts, runs_on
            if early:
                self._on_activity += 1
            else:
                self._turn_at, self._due_at = at, at + self._promise

    def miss_if_late(self, now: datetime, cause: str) -> None:
        """Count a look as missed once it is a whole promise late, and owe the next one. What was
        owed by a clock that has been set back since is owed now."""
        with self._lock:
            if self._due_at > now + self._promise + SET_BACK:
                self._turn_at = self._due_at = now
            elif now >= self._due_at + self._promise:
                self._skipped[cause] += 1
                self._due_at += self._promise

    def skip(self, at: datetime, cause: str, *, early: bool = False) -> None:
        """A picture came but could not be decided on. Nothing was owed of one looked at `early`."""
        if early:
            return
        with self._lock:
            self._skipped[cause] += 1
            self._turn_at = at
            self._due_at = at + self._promise

    def close_page(self) -> CameraLooks:
        """What happened since the last page; a new page begins."""
        with self._lock:
            page = CameraLooks(
                camera_id=self._camera_id,
                looks=self._looks,
                on_activity=self._on_activity,
                last_look_at=self._last_look_at,
                longest_interval_s=max(self._intervals_s, default=None),
                intervals_s=tuple(self._intervals_s),
                skipped=dict(self._skipped),
                counts=dict(self._counts),
                runs_on=self._runs_on,
            )
            self._looks = self._on_activity = 0
            self._intervals_s.clear()
            self._skipped.clear()
            return page
