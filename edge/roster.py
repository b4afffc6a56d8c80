"""The roster: which camera is looked at next, and by whom, when several lookers share them all."""

import threading
from collections.abc import Sequence
from itertools import islice

from domain.clock import Moment
from edge.post import CameraPost

OVERDUE = 1.5
"""So many promises after the last look the machine has too much to look at."""
EARLY_AT_ONCE = 4.0
"""So many early looks may be saved up for when much happens at once."""

TICK_EVERY_S = 1.0


class Roster:
    """All posts of a worker. Whoever is free takes the one that has waited longest; a post is in
    one looker's hands at a time. Safe to use from several threads."""

    def __init__(
        self, posts: Sequence[CameraPost], *, attended: int, early_share: float = 0.0
    ) -> None:
        """`attended`: posts that may be looked at at attention speed at once; `early_share`: so
        many looks more, as a share of those that were owed, may be early ones."""
        self.posts = posts
        self._attended = attended
        self._early_share = early_share
        self._early_left = 0.0
        self._early_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self._in_hand: set[str] = set()
        self._ticked: Moment | None = None

    def owed(self, now: Moment) -> list[CameraPost]:
        """The posts to which a look is owed; who has waited most promises, times risk, is first.
        What people asked for comes before all."""
        due = [post for post in self._free() if post.asked.waiting or post.is_due(now)]
        return sorted(
            due, key=lambda post: (post.asked.waiting, post.book.urgency(now)), reverse=True
        )

    def suspicious(self, now: Moment, owed: Sequence[CameraPost]) -> list[CameraPost]:
        """The posts to look at again at attention speed. They do not wait for what is `owed` to
        others, but while that is long overdue only one of them is attended at a time."""
        overdue = _overdue(now, owed)
        attended = (post for post in self.posts if post.is_attended(now))
        served = islice(attended, min(self._attended, 1) if overdue else self._attended)
        return [post for post in served if post.is_due_again(now)]

    def stirred(self, now: Moment, owed: Sequence[CameraPost]) -> list[CameraPost]:
        """The posts to look at early, because packets tell of activity: none while a look is long
        overdue, and no more than were saved up; who was looked at early longest ago comes first.
        Say `looked_early` of each that was."""
        with self._lock:
            most = int(self._early_left)
        if not most or _overdue(now, owed):
            return []
        stirred = [post for post in self._free() if post.is_stirred()]
        never_s = float("-inf")
        stirred.sort(key=lambda post: self._early_s.get(post.camera_id, never_s))
        return stirred[:most]

    def takes_tick(self, now: Moment) -> bool:
        """Whether it is the caller who does now what is done every second."""
        with self._lock:
            if self._ticked is not None and now - self._ticked < TICK_EVERY_S:
                return False
            self._ticked = now
            return True

    def looked_early(self, post: CameraPost, now: Moment) -> None:
        """An early look at a post is spent."""
        with self._lock:
            self._early_left -= 1
            self._early_s[post.camera_id] = now.s

    def looked_in_time(self, count: int) -> None:
        """So many looks that were owed are done; they save up for early ones."""
        with self._lock:
            self._early_left = min(self._early_left + count * self._early_share, EARLY_AT_ONCE)

    def claim(self, post: CameraPost) -> bool:
        """Take a post in hand, unless somebody else has it."""
        with self._lock:
            if post.camera_id in self._in_hand:
                return False
            self._in_hand.add(post.camera_id)
            return True

    def release(self, post: CameraPost) -> None:
        """Give a post back."""
        with self._lock:
            self._in_hand.discard(post.camera_id)

    def _free(self) -> list[CameraPost]:
        """Those that nobody has in hand, and that are not paused."""
        with self._lock:
            return [
                post
                for post in self.posts
                if post.camera_id not in self._in_hand and post.pause is None
            ]


def _overdue(now: Moment, owed: Sequence[CameraPost]) -> bool:
    """Whether some look is long overdue."""
    return any(post.book.waited(now) > OVERDUE for post in owed)
