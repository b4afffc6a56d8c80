"""The roster: which camera is looked at next, and by whom, when several lookers share them all."""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Protocol

from domain.clock import Moment
from edge.post import CameraPost
from edge.worth import Worth, last_call_s

OVERDUE = 1.5
"""So many promises after the last look the machine has too much to look at."""
EARLY_AT_ONCE = 4.0
"""So many early looks may be saved up for when much happens at once."""
LONGEST_WAIT_S = 30.0
"""The bound of a wait where none is set."""

TICK_EVERY_S = 1.0


class Busy(Protocol):
    """Measures how long somebody works for posts."""

    def __call__(self, *posts: CameraPost) -> AbstractContextManager[None]: ...


class Roster:
    """All posts of a worker. Whoever is free takes the one whose look is worth most
    (`edge.worth`); a post is in one looker's hands at a time. Safe to use from several threads."""

    def __init__(
        self,
        posts: Sequence[CameraPost],
        *,
        attended: int,
        early_share: float = 0.0,
        longest_wait_s: float = LONGEST_WAIT_S,
        busy: Busy = lambda *_posts: nullcontext(),
    ) -> None:
        """`attended`: posts that may be looked at at attention speed at once; `early_share`: so
        many looks more, as a share of those that were owed, may be early ones; `longest_wait_s`:
        nobody waits longer for a look, unless the machine takes longer for three rounds; `busy`
        is entered by whoever works for some posts."""
        self.posts = posts
        self.busy = busy
        self._attended = attended
        self._early_share = early_share
        self._longest_wait_s = longest_wait_s
        self._early_left = 0.0
        self._early_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self._in_hand: set[str] = set()
        self._ticked: Moment | None = None
        self._asked_s = 0.0
        self._round: deque[float] = deque(maxlen=len(posts))
        """When the last looks that were owed were given out, as many as there are posts."""

    def owed(self, now: Moment) -> list[CameraPost]:
        """The posts to which a look is owed, the one that is worth most first."""
        self._asked_s = now.s
        due = [post for post in self._free() if post.asked.waiting or post.is_due(now)]
        round_s = self.round_s(now)
        return sorted(due, key=lambda post: self._worth(post, now, round_s), reverse=True)

    def _worth(self, post: CameraPost, now: Moment, round_s: float) -> Worth:
        book = post.book
        return Worth.of(
            waited_s=book.waited_s(now),
            value=book.urgency(now),
            call_s=last_call_s(self._longest_wait_s, book.promised_s, round_s),
            suspicion=post.suspicion,
            asked=post.asked.waiting,
        )

    def round_s(self, now: Moment) -> float:
        """In how long as many owed looks were given as there are posts; 0 while they were not."""
        with self._lock:
            if not self._round or len(self._round) < len(self.posts):
                return 0.0
            return max(now.s - self._round[0], 0.0)

    def suspicious(self, now: Moment, owed: Sequence[CameraPost]) -> list[CameraPost]:
        """The posts to look at again at attention speed, suspected fires first, then by weight.
        They do not wait for what is `owed` to others, but while that is long overdue only one of
        them is attended at a time."""
        most = min(self._attended, 1) if _overdue(now, owed) else self._attended
        # Whoever is not asked has not begun: its time at attention speed is not spent waiting.
        attended = (post for post in _gravest_first(self.posts) if post.is_attended(now))
        return [post for post in islice(attended, most) if post.is_due_again(now)]

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
        """So many looks of those that were `owed` are given out; they save up for early ones."""
        with self._lock:
            self._early_left = min(self._early_left + count * self._early_share, EARLY_AT_ONCE)
            self._round.extend([self._asked_s] * count)

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


def _gravest_first(posts: Iterable[CameraPost]) -> list[CameraPost]:
    """By what is suspected there, then by weight; else in their own order."""
    return sorted(posts, key=lambda post: (post.suspicion, post.book.weight), reverse=True)


def _overdue(now: Moment, owed: Sequence[CameraPost]) -> bool:
    """Whether some look is long overdue of which the picture waits: whom nothing comes from keeps
    nobody else back."""
    return any(post.picture_waits and post.book.waited(now) > OVERDUE for post in owed)
