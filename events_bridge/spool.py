"""The spool: messages on disk that wait for the bus, in order, within a bound.

Two lanes, since order only matters within one stream: news (incidents, evidence, health, gaps)
and looks (summaries). When the room is used up, the oldest looks are given up first, with a
warning. Only when no looks are left is the oldest news given up, and each lost message is
named in an error: nothing about an incident or its evidence is ever lost in silence.
"""

import fcntl
import json
import os
import threading
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from domain.errors import BusError
from events_bridge.spool_log import LogBatch, SpoolLog

_log = structlog.get_logger(__name__)

OVERFLOW_MAX_BYTES = 4 * 2**20
"""What is kept in memory, per lane, while the spool's own disk refuses to write."""
SEGMENTS = 16
"""Room is given up in steps of one of so many parts."""
SEGMENT_MAX_BYTES = 2**20


class Lane(StrEnum):
    NEWS = "news"
    LOOKS = "looks"


@dataclass(frozen=True, slots=True)
class SpoolBatch:
    """The oldest waiting envelopes of one lane; `log` is None if they are held in memory."""

    lane: Lane
    envelopes: tuple[bytes, ...]
    log: LogBatch | None


class Spool:
    """Thread-safe. One process owns a spool directory; BusError if another one has it."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._owner = _own(directory)
        segment_max_bytes = min(max_bytes // SEGMENTS, SEGMENT_MAX_BYTES)
        # In the order of sending: news before looks.
        self._lanes = {
            lane: _LaneQueue(lane, SpoolLog(directory / lane, segment_max_bytes)) for lane in Lane
        }

    def __len__(self) -> int:
        with self._lock:
            return sum(len(queue) for queue in self._lanes.values())

    @property
    def size_bytes(self) -> int:
        with self._lock:
            return self._size_bytes()

    def put(self, lane: Lane, envelope: bytes) -> None:
        """Take one envelope. Never raises: what the disk refuses is kept in memory."""
        with self._lock:
            self._lanes[lane].put(envelope)
            self._make_room()

    def peek(self, limit: int) -> SpoolBatch | None:
        """The next envelopes to send, or None if nothing waits. OSError if the disk does not give
        them now."""
        with self._lock:
            for queue in self._lanes.values():
                if batch := queue.peek(limit):
                    return batch
        return None

    def advance(self, batch: SpoolBatch) -> None:
        """Leave a delivered batch behind."""
        with self._lock:
            self._lanes[batch.lane].advance(batch)

    def sync(self) -> None:
        """Make what waits safe from a power cut. Slow, so not for the thread that publishes."""
        with self._lock:
            paths = [path for queue in self._lanes.values() for path in queue.log.unsynced()]
        for path in paths:
            _sync_file(path)

    def close(self) -> None:
        with self._lock:
            for queue in self._lanes.values():
                queue.log.close()
            os.close(self._owner)

    def _size_bytes(self) -> int:
        return sum(queue.log.size_bytes for queue in self._lanes.values())

    def _make_room(self) -> None:
        while self._size_bytes() > self._max_bytes:
            looks = self._lanes[Lane.LOOKS]
            queue = looks if looks.log.size_bytes else self._lanes[Lane.NEWS]
            queue.give_up(queue.log.give_up_oldest(), f"spool is full ({self._max_bytes} bytes)")


class _LaneQueue:
    """One lane: its log on disk and, behind it, what the disk refused."""

    def __init__(self, lane: Lane, log: SpoolLog) -> None:
        self.log = log
        self._lane = lane
        self._overflow: deque[bytes] = deque()
        self._overflow_bytes = 0

    def __len__(self) -> int:
        return len(self.log) + len(self._overflow)

    def put(self, envelope: bytes) -> None:
        had_overflow = bool(self._overflow)
        self._overflow.append(envelope)
        self._overflow_bytes += len(envelope)
        try:
            while self._overflow:
                self.log.append(self._overflow[0])
                self._pop_overflow()
        except OSError as error:
            if not had_overflow:
                _log.error("spool not written, kept in memory", lane=self._lane, why=str(error))
            while self._overflow_bytes > OVERFLOW_MAX_BYTES:
                self.give_up((self._pop_overflow(),), f"no disk and no memory left ({error})")

    def peek(self, limit: int) -> SpoolBatch | None:
        if batch := self.log.peek(limit):
            return SpoolBatch(self._lane, batch.envelopes, batch)
        kept = tuple(self._overflow)[:limit]
        return SpoolBatch(self._lane, kept, None) if kept else None

    def advance(self, batch: SpoolBatch) -> None:
        if batch.log is not None:
            self.log.advance(batch.log)
            return
        for envelope in batch.envelopes:
            if self._overflow and self._overflow[0] is envelope:
                self._pop_overflow()

    def give_up(self, envelopes: tuple[bytes, ...], why: str) -> None:
        """Say aloud what is lost: looks in one line, news one by one."""
        if self._lane is Lane.LOOKS:
            _log.warning("looks given up", count=len(envelopes), why=why)
            return
        for envelope in envelopes:
            _log.error("message lost", **_name_of(envelope), why=why)

    def _pop_overflow(self) -> bytes:
        envelope = self._overflow.popleft()
        self._overflow_bytes -= len(envelope)
        return envelope


def _own(directory: Path) -> int:
    """A file descriptor whose lock marks the directory as taken until it is closed."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BusError(f"expected a spool directory that can be written, got {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise BusError(f"expected a spool of its own, but another publisher has {directory}") from (
            error
        )
    return descriptor


def _sync_file(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return  # delivered in the meantime
    except OSError as error:
        _log.error("spool not safe from a power cut", file=str(path), error=str(error))


def _name_of(envelope: bytes) -> dict[str, Any]:
    fields = json.loads(envelope)
    return {"type": fields["type"], "message": fields["id"], "subject": fields["subject"]}
