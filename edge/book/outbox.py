"""The book's outbox: what waits for the bus, in order, within a bound.

When the room is used up, summaries of looks are given up first, then what was said of cameras,
and only when nothing else is left the oldest incidents and evidence: each of these is named in an
error, and all are counted. Nothing is ever lost in silence.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

import structlog

from domain.messages import (
    CamerasClaimed,
    EvidenceMissed,
    EvidenceSealed,
    IncidentClosed,
    IncidentOpened,
    IncidentUpdated,
    LooksDone,
    Message,
)
from edge.book.file import BookFile
from events_bridge.outbox import Lane, Parcel

KEPT_WHEN_FULL = 15 / 16
"""Room is given up in steps: down to this share of the bound."""

log = structlog.get_logger(__name__)


class Rank(IntEnum):
    """What is given up first when room is short."""

    LOOKS = 0
    CAMERAS = 1
    """Health, gaps, what was held back."""
    CASES = 2
    """What makes a case and what belongs to it."""

    @classmethod
    def of(cls, message: Message) -> "Rank":
        if isinstance(message, LooksDone):
            return cls.LOOKS
        return cls.CASES if isinstance(message, _OF_CASES) else cls.CAMERAS


_OF_CASES = (
    IncidentOpened,
    IncidentUpdated,
    IncidentClosed,
    EvidenceSealed,
    EvidenceMissed,
    CamerasClaimed,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it waits."""

    lane: Lane
    rank: Rank
    envelope: bytes


class BookOutbox:
    """Thread-safe."""

    def __init__(self, file: BookFile, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._wakes: list[Callable[[], None]] = []
        self._size_bytes = 0
        self._generation = -1
        self.given_up: Counter[Rank] = Counter()
        """Messages that were given up since the start."""

    def __len__(self) -> int:
        return 0 if self._file.closed else self._file.read(_count)

    def put(self, lane: Lane, envelope: bytes) -> None:
        """Take one envelope that is about a camera or its looks; the disk is not waited for."""
        rank = Rank.LOOKS if lane is Lane.LOOKS else Rank.CAMERAS
        letter = Letter(lane, rank, envelope)
        self._file.write(partial(insert, letters=(letter,)), durable=False)
        self.taken((letter,))

    def taken(self, letters: Iterable[Letter]) -> None:
        """Letters were committed: make room, and wake whoever sends them."""
        self._measure(sum(len(letter.envelope) for letter in letters))
        if self._size_bytes > self._max_bytes:
            self._make_room()
        for wake in self._wakes:
            wake()

    def peek(self, limit: int) -> Parcel | None:
        if self._file.closed:
            return None
        for lane in Lane:  # in the order of sending: news before looks
            if rows := self._file.read(partial(_oldest, lane=lane, limit=limit)):
                numbers, envelopes = zip(*rows, strict=True)
                return Parcel(lane, envelopes, numbers)
        return None

    def advance(self, parcel: Parcel) -> None:
        if self._file.closed:
            return  # the next process sends it again
        self._file.write(partial(_remove, numbers=parcel.numbers), durable=False)
        self._measure(-sum(map(len, parcel.envelopes)))

    def sync(self) -> None:
        """Make what waits safe from a power cut."""
        if not self._file.closed:
            self._file.write(_touch)

    def listen(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    def _measure(self, grown_bytes: int) -> None:
        """Know how much waits. It is counted anew when the book may have become another."""
        if self._generation != self._file.generation:
            self._generation = self._file.generation
            self._size_bytes = self._file.read(_total_bytes)
        else:
            self._size_bytes = max(self._size_bytes + grown_bytes, 0)

    def _make_room(self) -> None:
        excess = self._size_bytes - round(self._max_bytes * KEPT_WHEN_FULL)
        lost = self._file.write(partial(_give_up, excess_bytes=excess))
        self._size_bytes -= sum(len(letter.envelope) for letter in lost)
        ranks = Counter(letter.rank for letter in lost)
        self.given_up += ranks
        why = f"more than {self._max_bytes} bytes wait"
        for letter in lost:
            if letter.rank is Rank.CASES:
                log.error("message lost", **_name_of(letter.envelope), why=why)
        for rank in (Rank.LOOKS, Rank.CAMERAS):
            if ranks[rank]:
                log.warning(
                    "messages given up", what=rank.name.lower(), count=ranks[rank], why=why,
                    since_start=self.given_up[rank],
                )  # fmt: skip


def insert(connection: sqlite3.Connection, letters: Iterable[Letter]) -> None:
    """Add letters within a transaction."""
    connection.executemany(
        "INSERT INTO outbox (lane, rank, envelope) VALUES (?, ?, ?)",
        [(letter.lane.value, int(letter.rank), letter.envelope) for letter in letters],
    )


def _count(connection: sqlite3.Connection) -> int:
    [(count,)] = connection.execute("SELECT COUNT(*) FROM outbox").fetchall()
    return int(count)


def _total_bytes(connection: sqlite3.Connection) -> int:
    query = "SELECT COALESCE(SUM(LENGTH(envelope)), 0) FROM outbox"
    [(total,)] = connection.execute(query).fetchall()
    return int(total)


def _oldest(connection: sqlite3.Connection, lane: Lane, limit: int) -> list[tuple[int, bytes]]:
    query = "SELECT number, envelope FROM outbox WHERE lane = ? ORDER BY number LIMIT ?"
    return connection.execute(query, (lane.value, limit)).fetchall()


def _remove(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    connection.executemany("DELETE FROM outbox WHERE number = ?", [(n,) for n in numbers])


def _touch(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('synced', '')")


def _give_up(connection: sqlite3.Connection, excess_bytes: int) -> list[Letter]:
    """Remove the oldest of the lowest rank until `excess_bytes` are free; what was removed."""
    rows = connection.execute(
        "SELECT number, lane, rank, LENGTH(envelope) FROM outbox ORDER BY rank, number"
    )
    chosen: list[int] = []
    for number, _lane, _rank, size in rows:
        if excess_bytes <= 0:
            break
        chosen.append(number)
        excess_bytes -= size
    rows.close()
    lost = [_letter(connection, number) for number in chosen]
    _remove(connection, chosen)
    return lost


def _letter(connection: sqlite3.Connection, number: int) -> Letter:
    query = "SELECT lane, rank, envelope FROM outbox WHERE number = ?"
    [(lane, rank, envelope)] = connection.execute(query, (number,)).fetchall()
    return Letter(Lane(lane), Rank(rank), envelope)


def _name_of(envelope: bytes) -> dict[str, Any]:
    fields = json.loads(envelope)
    return {"type": fields["type"], "message": fields["id"], "subject": fields["subject"]}
