"""The reporter: tells the center how the cameras fare and what was looked at."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from domain.clock import Clock, Moment
from domain.health import CameraHealth, CameraLooks
from domain.messages import CameraHealthChanged, LooksDone, RingsHeld
from domain.silence import HEALTH_EVERY_S, LOOKS_EVERY_S
from domain.workload import Workload
from edge.load import LookLoad
from edge.post import CameraPost
from edge.steadfast import steadfast
from streams.budget import RingBudget

REPORT_EVERY_S = 1.0
RINGS_EVERY_S = 300.0
"""How often the log says what the rings hold."""

log = structlog.get_logger(__name__)

Publish = Callable[[CameraHealthChanged | LooksDone], None]


class Reporter(threading.Thread):
    """Watches all posts and speaks when there is news."""

    def __init__(
        self,
        worker_id: str,
        posts: Sequence[CameraPost],
        *,
        clock: Clock,
        publish: Publish,
        budget: RingBudget,
        load: LookLoad | None = None,
    ) -> None:
        """`load` measures what the looks cost; without it nothing is told of that."""
        super().__init__(name="reporter", daemon=True)
        self._worker_id = worker_id
        self._posts = posts
        self._clock = clock
        self._publish = publish
        self._budget = budget
        self._load = load
        self._rings_said: Moment | None = None
        self._were_cut = 0
        self._stopping = threading.Event()
        self._said: dict[str, tuple[CameraHealth, Moment]] = {}
        self._page_from = self._began = self._reported = clock.moment()
        self.on_turn: Callable[[], None] = lambda: None

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self.join(timeout_s)

    def run(self) -> None:
        while not self._stopping.wait(REPORT_EVERY_S):
            with steadfast("report"):
                self.report(self._clock.moment())
                self.on_turn()

    def report(self, now: Moment) -> None:
        """Say what changed by `now`."""
        if stepped_s := now.set_since(self._reported):
            # What the center knows is dated by another clock now, so all of it is said anew.
            log.warning("the clock was set", by_s=round(stepped_s, 1))
            self._said.clear()
        self._reported = now
        for post in self._posts:
            with steadfast("health", camera=post.camera_id):
                self._report_health(post.health(now), now)
        if now - self._page_from >= LOOKS_EVERY_S:
            pages = tuple(post.book.close_page() for post in self._posts)
            rings = self._rings()
            self._log_rings(rings, now)
            self._publish(
                LooksDone(
                    worker_id=self._worker_id,
                    from_at=self._page_from.dated_by(now),
                    to_at=now.at,
                    clock_set_s=now.set_since(self._page_from),
                    cameras=pages,
                    rings=rings,
                    workload=self._workload(now, pages),
                )
            )
            self._page_from = now

    def _workload(self, now: Moment, pages: Sequence[CameraLooks]) -> Workload | None:
        """A measurement that fails costs no page of looks."""
        with steadfast("workload"):
            return self._load.measured(now, self._posts, pages) if self._load else None
        return None

    def _rings(self) -> RingsHeld:
        cut = sum(post.reader.main.ring.cut_to_s is not None for post in self._posts)
        budget = self._budget
        return RingsHeld(held_bytes=budget.used_bytes, max_bytes=budget.max_bytes, cut=cut)

    def _log_rings(self, rings: RingsHeld, now: Moment) -> None:
        """Now and then, and at once when cameras lose what a clip needs."""
        if rings.cut > 0 and not self._were_cut:
            log.warning("rings cut below what a clip needs", cameras=rings.cut, **_mib(rings))
        elif self._rings_said is None or now - self._rings_said >= RINGS_EVERY_S:
            self._rings_said = now
            log.info("rings", cameras_cut=rings.cut, **_mib(rings))
        self._were_cut = rings.cut

    def _report_health(self, health: CameraHealth, now: Moment) -> None:
        said, said_then = self._said.get(health.camera_id, (None, now))
        changed = said is None or (said.status, said.fault) != (health.status, health.fault)
        if changed or now - said_then >= HEALTH_EVERY_S:
            steady_at = self._began.at + timedelta(seconds=now - self._began)
            health = health.model_copy(update={"steady_at": steady_at})
            self._said[health.camera_id] = health, now
            self._publish(CameraHealthChanged(health=health))


def _mib(rings: RingsHeld) -> dict[str, int]:
    return {"held_mib": rings.held_bytes >> 20, "max_mib": rings.max_bytes >> 20}
