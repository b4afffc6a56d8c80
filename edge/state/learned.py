"""What rules learn over weeks, kept in a small file below the data directory."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
from pydantic import Field

from domain.base import Value
from edge.post import CameraPost
from edge.state.small_files import read_page, write_page
from edge.steadfast import steadfast
from vision.rules.baseline import BaselineMemory

SAVE_EVERY_S = 600.0
"""At most so much is learned again after a power cut; a baseline changes once an hour."""

log = structlog.get_logger(__name__)

Lessons = Mapping[str, Mapping[str, BaselineMemory]]
"""By camera, then by rule and zone."""


class _Page(Value):
    cameras: dict[str, dict[str, BaselineMemory]] = Field(default_factory=dict)


class LessonKeeper(threading.Thread):
    """Gives the posts what was learned before, and saves what they learn when it has changed."""

    def __init__(self, path: Path, posts: Sequence[CameraPost]) -> None:
        super().__init__(name="lessons", daemon=True)
        self._path = path
        self._posts = posts
        self._stopping = threading.Event()
        self._recalled: Lessons = {}
        self._saved: Lessons = {}

    def recall(self) -> None:
        """Hand out what was saved; call before anything is looked at."""
        self._recalled = load_lessons(self._path)
        for post in self._posts:
            post.patrol.recall(self._recalled.get(post.camera_id, {}))
        self._saved = self._lessons()

    def run(self) -> None:
        while not self._stopping.wait(SAVE_EVERY_S):
            with steadfast("lessons"):
                self.save()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)
        self.save()

    def save(self) -> None:
        """Save what was learned, if it is more than what lies there."""
        lessons = self._lessons()
        if lessons == self._saved:
            return
        try:
            save_lessons(self._path, lessons)
        except OSError as error:
            log.warning("what was learned is not saved", error=str(error))
        else:
            self._saved = lessons

    def _lessons(self) -> Lessons:
        """What is known, and what was of cameras and rules that are off today: weeks would be lost
        by a day."""
        lessons = dict(self._recalled)
        for post in self._posts:
            if learned := {**lessons.get(post.camera_id, {}), **post.patrol.learned}:
                lessons[post.camera_id] = learned
        return lessons


def load_lessons(path: Path) -> Lessons:
    """What was saved at `path`; nothing if there is no such file or it cannot be read."""
    return read_page(_Page, path, what="lessons").cameras


def save_lessons(path: Path, lessons: Lessons) -> None:
    """Replace the file at `path` in one step."""
    write_page(path, _Page(cameras={name: dict(learned) for name, learned in lessons.items()}))
