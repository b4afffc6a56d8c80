"""A worker's lookers on virtual time: the real roster, books, rules and attention before cameras
that need no picture, and looks that only cost."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from threading import Lock
from typing import Any, cast

from domain.answers import PauseHeld
from domain.clock import Moment, VirtualClock
from domain.health import MissCause
from domain.messages import IncidentOpened
from edge.asked import LooksAsked
from edge.attention import Attention
from edge.eyes import Eyes
from edge.lookbook import LookBook
from edge.looker import ONE_BY_ONE, Looker, Taken
from edge.post import CameraPost
from edge.roster import Roster
from edge.worth import Suspicion, weight_of
from streams.reader import ComingPicture
from tests.vision.looks import SIZE_WH, START, Row, detections, patrol
from vision.attention_speed import AttentionSettings
from vision.look import Look
from vision.look_step import LookStep
from vision.second_look.taking import SecondLookSettings

FLAME: Row = ("fire", 0.6, 0.6, 0.5, 0.65, 0.6)
FIRE: dict[str, Any] = {"fire": {}}
CROWD: dict[str, Any] = {"crowding": {"count": 3}}
KEYFRAMES_S, READ_WITHIN_S = 2.0, 0.75
LOOKERS = 3
IDLE_WAIT_S = 0.2
"""Real lookers ask more often whether anything is owed; here that is all that costs time."""
START_S = START.timestamp()


@dataclass(frozen=True)
class Picture:
    """As much of a frame as is asked for here."""

    captured: Moment

    @property
    def captured_at(self) -> datetime:
        return self.captured.at


@dataclass
class Camera:
    """A post whose pictures come by the clock; its book, rules and attention are real."""

    camera_id: str
    clock: VirtualClock
    promise_s: float = 4.0
    risk: float = 1.0
    rules: dict[str, Any] = field(default_factory=lambda: FIRE)
    phase_s: float = 0.0
    """When its keyframes come, after those of a camera of phase 0."""
    burns_from: float = float("inf")
    """Seconds after the start from which there is a flame in its pictures."""
    asked: LooksAsked = field(default_factory=LooksAsked)
    pause: PauseHeld | None = None
    _taken: int = -1

    def __post_init__(self) -> None:
        now = self.clock.moment()
        self.patrol = patrol(self.rules)
        self.step = LookStep(self.patrol)
        self.book = LookBook(self.camera_id, self.promise_s, now)
        self.book.weigh(weight_of(self.risk, self.patrol.watched_at(now.at)))

    @property
    def reader(self) -> "Camera":
        return self

    @property
    def _newest(self) -> int:
        return int((self.clock.moment().s - START_S - self.phase_s) // KEYFRAMES_S)

    def _captured(self, number: int) -> Moment:
        s = START_S + self.phase_s + number * KEYFRAMES_S
        return Moment.of(datetime.fromtimestamp(s, START.tzinfo))

    @property
    def picture_waits(self) -> bool:
        return self._newest > self._taken

    def take(self, *, follow: bool = False) -> Picture | None:
        """The newest picture, or keyframe."""
        if follow:
            self._taken = self._newest
            return Picture(self.clock.moment())
        if not self.picture_waits or self._newest < 0:
            return None
        self._taken = self._newest
        return Picture(self._captured(self._taken))

    def is_due(self, now: Moment) -> bool:
        next_s = START_S + self.phase_s + (self._newest + 1) * KEYFRAMES_S
        return self.book.is_due(now, ComingPicture(next_s, next_s + READ_WITHIN_S))

    @property
    def suspicion(self) -> Suspicion:
        return Suspicion.of(self.patrol.suspected)

    def is_attended(self, now: Moment) -> bool:
        return self.step.attended(now.s)

    def is_due_again(self, now: Moment) -> bool:
        return self.book.unlooked_s(now) >= AttentionSettings().look_every_s

    def is_stirred(self) -> bool:
        return False

    def sees_flame(self, taken: Moment) -> bool:
        return taken.s - START_S >= self.burns_from


@dataclass(frozen=True)
class Done:
    """A look that was done, in seconds after the start."""

    camera_id: str
    taken_s: float
    done_s: float


class Town:
    """Cameras and their lookers. `cost_s`: how long a looker takes for a look, as it is now."""

    def __init__(
        self, clock: VirtualClock, cameras: Sequence[Camera], cost_s: Callable[[Camera], float]
    ) -> None:
        self.clock, self.cameras, self.cost_s = clock, cameras, cost_s
        self.roster = Roster(cast(list[CameraPost], list(cameras)), attended=4)
        self.looks: list[Done] = []
        self.found: dict[str, float] = {}
        self._looker = Looker(
            self.roster,
            cast(Eyes, None),
            judging=Lock(),
            batch=ONE_BY_ONE,
            attention=Attention(SecondLookSettings(), cast(Eyes, None)),
            clock=clock,
            on_news=lambda _post, _frame, _news: None,
            on_picture=lambda _camera_id, _picture, _at: None,
        )
        self._agenda: list[tuple[float, int, Iterator[float]]] = [
            (0.0, number, self._look()) for number in range(LOOKERS)
        ]

    @property
    def now_s(self) -> float:
        return self.clock.moment().s - START_S

    def run(self, until_s: float) -> None:
        """Let time pass, from one thing that happens to the next."""
        while self._agenda[0][0] < until_s:
            at_s, number, looker = heapq.heappop(self._agenda)
            self.clock.advance(max(at_s - self.now_s, 0.0))
            heapq.heappush(self._agenda, (at_s + next(looker), number, looker))
        self.clock.advance(until_s - self.now_s)

    def longest_s(self, since_s: float) -> dict[str, float]:
        """The longest time between looks of each camera that ended after a time; what still runs
        counts too."""
        times: defaultdict[str, list[float]] = defaultdict(list)
        for look in self.looks:
            times[look.camera_id].append(look.taken_s)
        longest = {}
        for camera in self.cameras:
            seen = [*times[camera.camera_id], self.now_s]
            longest[camera.camera_id] = max(b - a for a, b in pairwise(seen) if b >= since_s)
        return longest

    def _look(self) -> Iterator[float]:
        """One looker: yields how long it takes for what it does."""
        while True:
            now = self.clock.moment()
            if self.roster.takes_tick(now):
                for camera in self.cameras:
                    camera.book.miss_if_late(now, MissCause.OVERLOAD.value)
                    camera.patrol.tick(now.at, now.s)
            taken = self._looker._take(now, ONE_BY_ONE)
            if not taken:
                yield IDLE_WAIT_S
            for each in taken:
                yield self.cost_s(cast(Camera, each.post))
                self._judge(each)
            for each in taken:
                self.roster.release(each.post)

    def _judge(self, each: Taken) -> None:
        camera, taken = cast(Camera, each.post), each.frame.captured
        seen = detections([FLAME] if camera.sees_flame(taken) else [])
        look = Look(camera.camera_id, taken.at, seen, SIZE_WH, now_s=taken.s)
        for message in camera.step.judge(look):
            if isinstance(message, IncidentOpened):
                self.found[camera.camera_id] = self.now_s
        camera.book.done(taken, {}, early=each.early)
        taken_s = taken.s - START_S
        self.looks.append(Done(camera.camera_id, taken_s, self.now_s))
