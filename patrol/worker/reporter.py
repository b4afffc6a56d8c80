"""The reporter: tells the center how the cameras fare and what was looked at."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from domain.clock import Clock
from domain.health import CameraHealth
from domain.messages import CameraHealthChanged, LooksDone, RingsHeld
from patrol.worker.post import CameraPost
from patrol.worker.steadfast import steadfast
from streams.budget import RingBudget

REPORT_EVERY_S = 1.0
LOOKS_EVERY = timedelta(seconds=5)
HEALTH_EVERY = timedelta(seconds=30)
"""Health is said when it changes, and again this often so that silence means a dead worker."""

RINGS_EVERY = timedelta(minutes=5)
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
    ) -> None:
        super().__init__(name="reporter", daemon=True)
        self._worker_id = worker_id
        self._posts = posts
        self._clock = clock
        self._publish = publish
        self._budget = budget
        self._rings_said_at: datetime | None = None
        self._were_cut = 0
        self._stopping = threading.Event()
        self._said: dict[str, CameraHealth] = {}
        self._page_from_at = clock.now()
        self.on_turn: Callable[[], None] = lambda: None

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self.join(timeout_s)

    def run(self) -> None:
        while not self._stopping.wait(REPORT_EVERY_S):
            with steadfast("report"):
                self.report(self._clock.now())
                self.on_turn()

    def report(self, now: datetime) -> None:
        """Say what changed by `now`."""
        for post in self._posts:
            with steadfast("health", camera=post.camera_id):
                self._report_health(post.health(now))
        if abs(now - self._page_from_at) >= LOOKS_EVERY:
            pages = tuple(post.book.close_page() for post in self._posts)
            rings = self._rings()
            self._log_rings(rings, now)
            self._publish(
                LooksDone(
                    worker_id=self._worker_id,
                    from_at=min(self._page_from_at, now),
                    to_at=now,
                    cameras=pages,
                    rings=rings,
                )
            )
            self._page_from_at = now

    def _rings(self) -> RingsHeld:
        cut = sum(post.reader.main.ring.cut_to_s is not None for post in self._posts)
        budget = self._budget
        return RingsHeld(held_bytes=budget.used_bytes, max_bytes=budget.max_bytes, cut=cut)

    def _log_rings(self, rings: RingsHeld, now: datetime) -> None:
        """Now and then, and at once when cameras lose what a clip needs."""
        if rings.cut > 0 and not self._were_cut:
            log.warning("rings cut below what a clip needs", cameras=rings.cut, **_mib(rings))
        elif self._rings_said_at is None or abs(now - self._rings_said_at) >= RINGS_EVERY:
            self._rings_said_at = now
            log.info("rings", cameras_cut=rings.cut, **_mib(rings))
        self._were_cut = rings.cut

    def _report_health(self, health: CameraHealth) -> None:
        said = self._said.get(health.camera_id)
        changed = said is None or (said.status, said.fault) != (health.status, health.fault)
        if said is None or changed or abs(health.at - said.at) >= HEALTH_EVERY:
            self._said[health.camera_id] = health
            self._publish(CameraHealthChanged(health=health))


def _mib(rings: RingsHeld) -> dict[str, int]:
    return {"held_mib": rings.held_bytes >> 20, "max_mib": rings.max_bytes >> 20}
