"""The reporter: tells the center how the cameras fare and what was looked at."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain.clock import Clock
from domain.health import CameraHealth
from domain.messages import CameraHealthChanged, LooksDone
from patrol.worker.post import CameraPost
from patrol.worker.steadfast import steadfast

REPORT_EVERY_S = 1.0
LOOKS_EVERY = timedelta(seconds=5)
HEALTH_EVERY = timedelta(seconds=30)
"""Health is said when it changes, and again this often so that silence means a dead worker."""

Publish = Callable[[CameraHealthChanged | LooksDone], None]


class Reporter(threading.Thread):
    """Watches all posts and speaks when there is news."""

    def __init__(
        self, worker_id: str, posts: Sequence[CameraPost], *, clock: Clock, publish: Publish
    ) -> None:
        super().__init__(name="reporter", daemon=True)
        self._worker_id = worker_id
        self._posts = posts
        self._clock = clock
        self._publish = publish
        self._stopping = threading.Event()
        self._said: dict[str, CameraHealth] = {}
        self._page_from_at = clock.now()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self.join(timeout_s)

    def run(self) -> None:
        while not self._stopping.wait(REPORT_EVERY_S):
            with steadfast("report"):
                self.report(self._clock.now())

    def report(self, now: datetime) -> None:
        """Say what changed by `now`."""
        for post in self._posts:
            self._report_health(post.health(now))
        if now - self._page_from_at >= LOOKS_EVERY:
            pages = tuple(post.book.close_page() for post in self._posts)
            self._publish(
                LooksDone(
                    worker_id=self._worker_id,
                    from_at=self._page_from_at,
                    to_at=now,
                    cameras=pages,
                )
            )
            self._page_from_at = now

    def _report_health(self, health: CameraHealth) -> None:
        said = self._said.get(health.camera_id)
        changed = said is None or (said.status, said.fault) != (health.status, health.fault)
        if said is None or changed or health.at - said.at >= HEALTH_EVERY:
            self._said[health.camera_id] = health
            self._publish(CameraHealthChanged(health=health))
