"""The worker's book: what is open, what is owed, who holds what, and what is still to be said.

Whatever must not be lost and not be said twice is a page: the incidents as they are now, the
evidence that is owed, the record of a file and the messages about it are one commit, made before
anything of it takes effect. The publisher then empties the outbox, and nothing else.

Incidents are named by camera, rule, zone, episode (counted up here) and the era: the epoch under
which the center granted the camera to this book, or until then the book's own random id. So what
was not committed is named the same when it is found again, and two books never name alike.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import structlog

from domain.answers import CommandAnswered, PauseHeld
from domain.clock import Clock, SystemClock
from domain.closing import Closing
from domain.holding import CameraClaim, CameraGrant, Holding
from domain.ids import id_of
from domain.incident import Incident
from domain.messages import (
    CamerasClaimed,
    IncidentClosed,
    IncidentOpened,
    IncidentUpdated,
    Message,
)
from edge.book.debts import Debts
from edge.book.file import RETRY_DISK_EVERY_S, BookFile
from edge.book.outbox import BookOutbox
from edge.book.page import Page

Encode = Callable[[Message], bytes]
Key = tuple[str, str, str]
"""Camera, rule and zone."""

log = structlog.get_logger(__name__)


class Book(Closing):
    """Thread-safe. BookTaken if another process has it. No disk's failure is raised: the book goes
    on in memory until the disk takes it again (`edge.book.file`)."""

    def __init__(
        self,
        path: Path,
        encode: Encode,
        *,
        max_bytes: int,
        clock: Clock | None = None,
        retry_disk_every_s: float = RETRY_DISK_EVERY_S,
    ) -> None:
        """`encode` makes a message's envelope; `max_bytes` of messages wait at most."""
        self._clock = clock or SystemClock()
        self._file = BookFile(path, self._clock, retry_disk_every_s=retry_disk_every_s)
        self._encode = encode
        self._episodes: dict[Key, int] = {}
        self.outbox = BookOutbox(self._file, max_bytes)
        self.debts = Debts(self._file, self.page)
        self.start = self._file.write(_count_start)
        """How often this book was opened."""

    @property
    def id(self) -> str:
        """What the book calls itself. It changes when the disk and the book part."""
        return self.fact("book") or ""

    @property
    def in_memory(self) -> bool:
        """Whether the disk refuses the book."""
        return self._file.in_memory

    def fact(self, name: str) -> str | None:
        """What was written with `Page.fact`."""
        return self._file.read(partial(_fact, name=name))

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Those that are open, and those in their cool-down, of all cameras."""
        return self._file.read(_incidents)

    @contextmanager
    def page(self) -> Iterator[Page]:
        """One commit, made at the end of the block unless it raises."""
        page = Page(self._stamped)
        yield page
        if page.is_empty:
            return
        self._file.write(page.write)
        self.outbox.taken(page.letters)

    def keep(self, page: Page, camera_id: str, incidents: Sequence[Incident]) -> None:
        """Write on `page` that these, and no others, are what is remembered of a camera."""
        page.remember(camera_id, incidents)
        for key, last in self._episodes.items():
            if key[0] == camera_id:
                page.count_episode(key, last)

    def name_incident(self, camera_id: str, rule_id: str, zone_id: str) -> str:
        """The id of the next incident of a rule on a zone. Its number is written with `keep`: of
        an incident that nobody was told of it is used again."""
        key = camera_id, rule_id, zone_id
        kept = self._file.read(partial(_last_episode, key=key))
        self._episodes[key] = episode = max(kept, self._episodes.get(key, 0)) + 1
        held = self.held(camera_id)
        era = held.book if held.epoch is None else held.epoch
        return id_of("inc", *key, era, episode)

    # ---- commands

    def answer(self, command_id: str) -> CommandAnswered | None:
        """What came of a command that was done before."""
        return self._file.read(partial(_answer, command_id=command_id))

    @property
    def pauses(self) -> dict[str, PauseHeld]:
        """The cameras that people have paused, by id."""
        return self._file.read(_pauses)

    # ---- who holds what

    def held(self, camera_id: str) -> Holding:
        """Under what this book holds a camera."""
        book, epoch = self._file.read(partial(_holding, camera_id=camera_id))
        return Holding(book=book, epoch=epoch)

    def claim(self, worker_id: str, camera_ids: Iterable[str]) -> CamerasClaimed:
        """Ask the center for these cameras. What this book knows of them is said along."""
        cameras = tuple(
            CameraClaim(camera_id=id_, epoch=self.held(id_).epoch) for id_ in camera_ids
        )
        mine = {camera.camera_id for camera in cameras}
        claim = CamerasClaimed(
            worker_id=worker_id,
            book=self.id,
            start=self.start,
            claimed_at=self._clock.now(),
            cameras=cameras,
            carried=tuple(i.id for i in self.incidents if i.camera_id in mine),
        )
        with self.page() as page:
            page.tell(claim)
        return claim

    def take(self, grant: CameraGrant) -> bool:
        """Hold a camera as the center says. False: it says so of another book, or it is known."""
        held = self.held(grant.camera_id)
        if grant.book != held.book or grant.epoch == held.epoch:
            return False
        self.hold(grant.camera_id, grant.epoch)
        return True

    def hold(self, camera_id: str, epoch: int) -> None:
        """Hold a camera under an epoch that this book was granted."""
        with self.page() as page:
            page.hold(camera_id, epoch)

    def close(self) -> None:
        self._file.close()

    def _stamped(self, message: Message) -> bytes:
        """The envelope of a message, with what its sender holds the camera under."""
        if isinstance(message, IncidentOpened | IncidentUpdated | IncidentClosed):
            held = self.held(message.incident.camera_id)
            message = message.model_copy(update={"held": held})
        return self._encode(message)


def _count_start(connection: sqlite3.Connection) -> int:
    start = int(_fact(connection, "start") or 0) + 1
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('start', ?)", (str(start),))
    return start


def _fact(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def _incidents(connection: sqlite3.Connection) -> tuple[Incident, ...]:
    rows = connection.execute("SELECT document FROM incidents ORDER BY id").fetchall()
    return tuple(Incident.model_validate_json(document) for (document,) in rows)


def _answer(connection: sqlite3.Connection, command_id: str) -> CommandAnswered | None:
    query = "SELECT answer FROM commands WHERE id = ?"
    row = connection.execute(query, (command_id,)).fetchone()
    return None if row is None else CommandAnswered.model_validate_json(row[0])


def _pauses(connection: sqlite3.Connection) -> dict[str, PauseHeld]:
    rows = connection.execute("SELECT document FROM pauses").fetchall()
    pauses = (PauseHeld.model_validate_json(document) for (document,) in rows)
    return {pause.camera_id: pause for pause in pauses}


def _last_episode(connection: sqlite3.Connection, key: Key) -> int:
    query = "SELECT last FROM episodes WHERE camera_id = ? AND rule_id = ? AND zone_id = ?"
    row = connection.execute(query, key).fetchone()
    return 0 if row is None else int(row[0])


def _holding(connection: sqlite3.Connection, camera_id: str) -> tuple[str, int | None]:
    query = "SELECT epoch FROM holdings WHERE camera_id = ?"
    row = connection.execute(query, (camera_id,)).fetchone()
    return _fact(connection, "book") or "", None if row is None else int(row[0])
