"""The book of one camera's looks: what was promised, what was done, what was missed and why."""

import threading
from collections import Counter
from datetime import datetime

from domain.clock import Moment
from domain.health import CameraLooks
from streams.reader import ComingPicture
from streams.taker import RARE_KEYFRAMES

LOOK_SLACK_S = 0.25
"""A look may be this late: keyframes rarely come on the dot."""
UNSEEN_SHARE = 0.1
"""A look at an unchanged picture is worth so much less than one in full: whoever was not seen in
full for longer comes first, of two that have waited alike."""


class LookBook:
    """Deadlines and counts of one camera's looks. Written by the looker, read by the reporter.
    What is owed is reckoned in seconds that nobody sets."""

    def __init__(
        self, camera_id: str, look_every_s: float, started: Moment, *, risk: float = 1.0
    ) -> None:
        """`risk`: under overload the promise is stretched so many times less than that of 1; the
        first weight."""
        self._camera_id = camera_id
        self._weight = risk
        self._promise_s = look_every_s
        self._lock = threading.Lock()
        self._due_s = self._turn_s = self._full_s = self._last_done_s = started.s
        self._last_look: Moment | None = None
        self._last_counted: Moment | None = None
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

    @property
    def weight(self) -> float:
        """How much its promise weighs beside those of others."""
        return self._weight

    def weigh(self, weight: float) -> None:
        """From now on its promise weighs so much (`edge.worth.weight_of`)."""
        self._weight = weight

    def begin_again(self, now: Moment) -> None:
        """Owe from now on, as at the start: what was not looked at until now was not owed."""
        with self._lock:
            self._turn_s = self._full_s = self._last_done_s = now.s
            self._due_s = now.s
            self._skipped_last = ""

    def waited(self, now: Moment) -> float:
        """How long the camera has waited for its turn, counted in promises: 1 is on time. A missed
        look does not lower it, so that nobody is put off twice."""
        return self.waited_s(now) / self._promise_s

    def waited_s(self, now: Moment) -> float:
        """The same in seconds."""
        return now.s - self._turn_s

    def urgency(self, now: Moment) -> float:
        """How much its turn it is: what it has waited, times its weight. What it was not seen in
        full for counts a little on top.

        To look first where it is highest stretches the promises of all cameras of one weight by
        the same factor when there is more to look at than time, be they of one second or of ten.
        """
        unseen = max(self._turn_s - self._full_s, 0.0) / self._promise_s
        return (self.waited(now) + UNSEEN_SHARE * unseen) * self._weight

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
        blind: str = "",
    ) -> None:
        """A look at a picture `taken` then is done, computed by `runs_on`. One that came
        `early`, because of activity, changes nothing of what is owed. One at an `unchanged`
        picture keeps the promise as any other: nothing else could have been seen. So does a
        `first` look, which saw all that the rules look for that have to look as often. `blind`:
        why nothing that the rules look for could be seen in it. Such a look keeps no promise: it
        is counted as a look, and as a missed one."""
        with self._lock:
            self._last_look, self._last_done_s = taken, taken.s
            self._skipped_last = ""
            self._looks += 1
            self._unchanged += unchanged
            self._first += first
            self._counts = self._counts if first else counts
            self._runs_on = runs_on
            self._on_activity += early
            if not blind:
                self._count(taken)
            if not unchanged and not first:
                self._full_s = taken.s
            if not early:
                self._skipped.update([blind] if blind else [])
                self._turn_s, self._due_s = taken.s, taken.s + self._promise_s

    def _count(self, taken: Moment) -> None:
        """A look that could have seen what the rules look for: from it to the next is an interval
        of the promise."""
        if self._last_counted is not None and taken >= self._last_counted:
            self._intervals_s.append(round(taken - self._last_counted, 2))
        self._last_counted = taken

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
            # To be tried again at once would help nobody: it has had its turn, in full.
            self._turn_s = self._full_s = taken.s
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


def spaced_s(promised_s: float, keyframe_every_s: float | None) -> float:
    """How far apart the looks come that keep a promise, where a keyframe comes that often: as
    seldom as it allows, or with every keyframe; where these are too rare for it, pictures between
    them are decoded."""
    if not keyframe_every_s or keyframe_every_s > RARE_KEYFRAMES * promised_s:
        return promised_s
    return max(int((promised_s + LOOK_SLACK_S) / keyframe_every_s), 1) * keyframe_every_s
