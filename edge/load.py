"""The load: measures what looks cost, and reckons from it which promises this machine can keep."""

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from domain.clock import Moment
from domain.health import CameraLooks
from domain.workload import PROMISE_SLACK, Workload
from edge.cpu import CpuTimes, cpu_times
from edge.post import CameraPost
from edge.roster import OVERDUE

SATURATED = 0.9
"""Lookers that are busy for this share of their time have no rest: looks wait for them."""
MEASURED_S = 60.0
"""What is told is of the last minute: it is over as soon as an overload is."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class _Sample:
    """What was done up to a moment, since the sample before."""

    to_s: float
    cpu: CpuTimes
    busy_s: Counter[str]
    """Lookers' time by camera."""
    pages: Sequence[CameraLooks]


class LookLoad:
    """Lookers say by `busy` whom they work for; whoever reports asks `measured` once a page.
    Thread-safe."""

    def __init__(
        self,
        *,
        lookers: int,
        cores: int,
        cpu: Callable[[], CpuTimes] = cpu_times,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cores`: those that the worker may use; `timer`: seconds in which lookers are busy."""
        self._lookers = lookers
        self._cores = cores
        self._cpu = cpu
        self._timer = timer
        self._lock = threading.Lock()
        self._busy_s: Counter[str] = Counter()
        self._samples: deque[_Sample] = deque()

    @contextmanager
    def busy(self, *posts: CameraPost) -> Iterator[None]:
        """A looker works for these cameras, for each of them as long."""
        began_s = self._timer()
        try:
            yield
        finally:
            each_s = (self._timer() - began_s) / max(len(posts), 1)
            with self._lock:
                self._busy_s.update({post.camera_id: each_s for post in posts})

    def measured(
        self, now: Moment, posts: Sequence[CameraPost], pages: Sequence[CameraLooks]
    ) -> Workload | None:
        """What was measured lately. `pages`: the looks since the last call; None as long as there
        was nothing to measure."""
        with self._lock:
            busy_s, self._busy_s = self._busy_s, Counter()
        self._samples.append(_Sample(now.s, self._cpu(), busy_s, pages))
        while len(self._samples) > 2 and now.s - self._samples[1].to_s >= MEASURED_S:
            self._samples.popleft()
        first, *rest = self._samples
        if not rest or now.s <= first.to_s:
            return None
        return _reckoned(_Span.of(first, rest), now, posts, self._lookers, self._cores)


@dataclass(frozen=True, slots=True)
class _Span:
    """All samples of some time together."""

    s: float
    looks_cores: float
    reading_cores: float
    worker_cores: float
    idle_cores: float
    busy_s: Counter[str]
    looks: Counter[str]
    unchanged: int
    missed: Counter[str]
    longest_s: dict[str, float]

    @classmethod
    def of(cls, first: _Sample, rest: Sequence[_Sample]) -> "_Span":
        s = rest[-1].to_s - first.to_s
        began, ended = first.cpu, rest[-1].cpu
        pages = [page for sample in rest for page in sample.pages]
        longest_s: dict[str, float] = {}
        for page in pages:
            if page.longest_interval_s is not None:
                known_s = longest_s.get(page.camera_id, 0.0)
                longest_s[page.camera_id] = max(known_s, page.longest_interval_s)
        return cls(
            s=s,
            looks_cores=max(ended.looks_s - began.looks_s, 0.0) / s,
            reading_cores=max(ended.reading_s - began.reading_s, 0.0) / s,
            worker_cores=max(ended.worker_s - began.worker_s, 0.0) / s,
            idle_cores=max(ended.idle_s - began.idle_s, 0.0) / s,
            busy_s=sum((sample.busy_s for sample in rest), Counter()),
            looks=_summed({page.camera_id: page.looks} for page in pages),
            unchanged=sum(page.unchanged for page in pages),
            missed=_summed({page.camera_id: sum(page.skipped.values())} for page in pages),
            longest_s=longest_s,
        )

    @property
    def told(self) -> dict[str, Any]:
        """What was measured, as a `Workload` tells it."""
        other_cores = max(self.worker_cores - self.looks_cores - self.reading_cores, 0.0)
        return {
            "over_s": round(self.s, 1),
            "looks": self.looks.total(),
            "unchanged": self.unchanged,
            "look_core_s": round(self.core_s, 4),
            "looks_cores": round(self.looks_cores, 3),
            "reading_cores": round(self.reading_cores, 3),
            "other_cores": round(other_cores, 3),
        }

    @property
    def core_s(self) -> float:
        """What a look took on average, in core-seconds; of all cameras together."""
        return self.looks_cores * self.s / self.looks.total()

    def look_core_s(self, camera_id: str) -> float:
        """The same of one camera: by its share of the lookers' time. Of one that was not looked at
        nothing was measured, and it is taken for one like the others."""
        looks, busy_s = self.looks[camera_id], self.busy_s.total()
        if not looks or not busy_s:
            return self.core_s
        return self.looks_cores * self.s * self.busy_s[camera_id] / busy_s / looks

    def kept(self, post: CameraPost, now: Moment) -> bool:
        """Whether a camera's promise was seen to be kept, and is not overdue."""
        name, promised_s = post.camera_id, post.book.promised_s
        in_time = self.longest_s.get(name, math.inf) <= PROMISE_SLACK * promised_s
        return in_time and not self.missed[name] and post.book.waited(now) <= OVERDUE


def _reckoned(
    span: _Span, now: Moment, posts: Sequence[CameraPost], lookers: int, cores: int
) -> Workload | None:
    if not span.looks.total():
        return None
    posts = [post for post in posts if post.pause is None]
    busy_share = min(span.busy_s.total() / (lookers * span.s), 1.0)
    idle_cores = min(span.idle_cores, max(cores - span.worker_cores, 0.0))
    wanted = {post.camera_id: _wanted_cores(post, span, now) for post in posts}
    have_cores = _have_cores(span, idle_cores, busy_share) - _beyond_cores(posts, span, now)
    if busy_share < SATURATED:
        # Lookers rest only when nothing is owed: what was looked at is within their means.
        have_cores = max(have_cores, sum(wanted[name] for name in wanted if span.looks[name]))
    kept = sum(span.kept(post, now) for post in posts)
    return Workload(
        **span.told,
        idle_cores=round(idle_cores, 3),
        cores=cores,
        lookers=lookers,
        busy_share=round(busy_share, 3),
        promises=len(posts),
        kept=kept,
        can_keep=max(kept, _can_keep(posts, wanted, have_cores)),
        wanted_cores=round(sum(wanted.values()), 3),
        have_cores=round(max(have_cores, 0.0), 3),
    )


def _wanted_cores(post: CameraPost, span: _Span, now: Moment) -> float:
    """What one promise takes."""
    return span.look_core_s(post.camera_id) / post.looked_every_s(now)


def _have_cores(span: _Span, idle_cores: float, busy_share: float) -> float:
    """What looks took, and could have taken more: neither beyond the cores that were idle, nor
    beyond the time that lookers had."""
    with_idle = span.looks_cores + idle_cores
    return min(with_idle, span.looks_cores / busy_share) if busy_share else with_idle


def _beyond_cores(posts: Sequence[CameraPost], span: _Span, now: Moment) -> float:
    """What went to looks that were not promised: at attention speed, at activity, at somebody's
    wish."""
    looks = {post.camera_id: span.s / post.looked_every_s(now) for post in posts}
    beyond = {name: max(span.looks[name] - promised - 1, 0.0) for name, promised in looks.items()}
    return sum(looks * span.look_core_s(name) / span.s for name, looks in beyond.items())


def _can_keep(posts: Sequence[CameraPost], wanted: dict[str, float], have_cores: float) -> int:
    """How many promises what there is suffices for, the weightiest first."""
    count, left = 0, have_cores
    for post in sorted(posts, key=lambda post: post.book.weight, reverse=True):
        left -= wanted[post.camera_id]
        if left < -_ROUNDING:
            return count
        count += 1
    return count


def _summed(counts: Iterable[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total
