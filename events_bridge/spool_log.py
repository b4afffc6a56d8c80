"""A first-in-first-out log of envelopes in one directory. It survives kill -9 at any moment.

The log is a row of segment files. A line is `<crc32 in 8 hex digits> <envelope>\\n`, so a line
that was torn by a crash is recognised and skipped, and the next line is found again. A process
never appends to a segment it did not begin: a torn tail stays the last line of its file.

Delivered lines are left behind by removing whole segments; where the oldest segment is only
partly delivered, the file `cursor` says how far. A crash between delivery and cursor repeats
lines, it never loses any.

A segment that cannot be read is tried again. One that stays so is set aside under another name:
renamed back, its lines are sent after the next start.
"""

import errno
import os
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)
_SUFFIX = ".segment"
_ASIDE_SUFFIX = ".unreadable"
READ_ATTEMPTS = 10
"""After so many a segment is set aside, unless it is the machine that lacks something."""
_SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors that say nothing of the file."""


@dataclass(slots=True)
class _Segment:
    number: int
    path: Path
    size_bytes: int = 0
    waiting: int = 0
    synced_bytes: int = 0
    read_failures: int = 0


@dataclass(frozen=True, slots=True)
class LogBatch:
    """The oldest waiting envelopes, all of one segment, and the offset behind them in bytes."""

    envelopes: tuple[bytes, ...]
    segment: int
    end: int


class SpoolLog:
    """Not thread-safe: its user holds a lock."""

    def __init__(self, directory: Path, segment_max_bytes: int) -> None:
        self._directory = directory
        self._segment_max_bytes = segment_max_bytes
        self._writer: int | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._segments = deque(self._found())
        cursor = self._read_cursor()
        self._head = cursor[1] if self._segments and cursor[0] == self._segments[0].number else 0
        self._last_number = max(cursor[0], *(s.number for s in self._segments), 0)
        self._count_waiting()

    def __len__(self) -> int:
        return sum(segment.waiting for segment in self._segments)

    @property
    def size_bytes(self) -> int:
        """Room taken on disk, delivered lines of the oldest segment included."""
        return sum(segment.size_bytes for segment in self._segments)

    def append(self, envelope: bytes) -> None:
        """Write one line; OSError if the disk refuses, and then nothing of it is left."""
        line = _line(envelope)
        if self._writer is None or self._segments[-1].size_bytes >= self._segment_max_bytes:
            self._begin_segment()
        assert self._writer is not None
        segment = self._segments[-1]
        try:
            if os.write(self._writer, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(segment.path))
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._writer, segment.size_bytes)
            self._end_segment()
            raise
        segment.size_bytes += len(line)
        segment.waiting += 1

    def peek(self, limit: int) -> LogBatch | None:
        """The oldest envelopes, at most `limit`; None if nothing waits. OSError if the disk does
        not give them now."""
        while self._segments:
            segment = self._segments[0]
            try:
                batch = self._read(segment, limit)
            except OSError as error:
                segment.read_failures += error.errno not in _SCARCE
                if segment.read_failures < READ_ATTEMPTS:
                    raise
                self._set_oldest_aside(error)
                continue
            if batch.envelopes:
                return batch
            self._remove_oldest()
        return None

    def advance(self, batch: LogBatch) -> None:
        """Leave `batch` behind: it was delivered."""
        if not self._segments or self._segments[0].number != batch.segment:
            return  # its segment was given up in the meantime
        segment = self._segments[0]
        segment.waiting = max(segment.waiting - len(batch.envelopes), 0)
        self._head = batch.end
        if self._head >= segment.size_bytes:
            self._remove_oldest()
        else:
            self._write_cursor()

    def give_up_oldest(self) -> tuple[bytes, ...]:
        """Remove the oldest segment; what it still held. If it cannot be read it is set aside."""
        if not self._segments:
            return ()
        try:
            lost = self._read(self._segments[0], limit=None).envelopes
        except OSError as error:
            self._set_oldest_aside(error)
            return ()
        self._remove_oldest()
        return lost

    def unsynced(self) -> list[Path]:
        """Files with lines that a power cut could still take; they count as synced from here."""
        paths = [s.path for s in self._segments if s.synced_bytes < s.size_bytes]
        for segment in self._segments:
            segment.synced_bytes = segment.size_bytes
        return [*paths, self._directory] if paths else []

    def close(self) -> None:
        self._end_segment()

    def _begin_segment(self) -> None:
        self._end_segment()
        self._last_number += 1
        path = self._directory / f"{self._last_number:012d}{_SUFFIX}"
        self._writer = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._segments.append(_Segment(self._last_number, path))

    def _end_segment(self) -> None:
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None

    def _remove_oldest(self) -> None:
        path = self._leave_oldest().path
        try:
            path.unlink(missing_ok=True)
        except OSError as error:  # after a restart its lines would be sent again
            _log.error("spool segment not removed", file=str(path), error=str(error))

    def _set_oldest_aside(self, why: OSError) -> None:
        segment = self._leave_oldest()
        aside = segment.path.with_suffix(_ASIDE_SUFFIX)
        _log.error(
            "spool segment cannot be read, set aside",
            file=str(aside),
            waiting=segment.waiting,
            why=str(why),
        )
        try:
            segment.path.rename(aside)
        except OSError as error:  # after a restart it is tried again
            _log.error("spool segment not renamed", file=str(segment.path), error=str(error))

    def _leave_oldest(self) -> _Segment:
        segment = self._segments.popleft()
        if not self._segments:
            self._end_segment()
        self._head = 0
        return segment

    def _read(self, segment: _Segment, limit: int | None) -> LogBatch:
        """OSError if the segment cannot be read to the end or to the limit."""
        envelopes: list[bytes] = []
        end = self._head
        for envelope, end in _lines(segment.path, self._head, segment.size_bytes):
            if envelope is None:
                _log.error("spool line torn or damaged, skipped", file=str(segment.path), end=end)
                continue
            envelopes.append(envelope)
            if len(envelopes) == limit:
                break
        return LogBatch(tuple(envelopes), segment.number, end)

    def _found(self) -> Iterator[_Segment]:
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            size_bytes = path.stat().st_size
            yield _Segment(int(path.stem), path, size_bytes, synced_bytes=size_bytes)

    def _count_waiting(self) -> None:
        start = self._head
        for segment in self._segments:
            lines = _lines(segment.path, start, segment.size_bytes)
            with suppress(OSError):  # said when they are to be sent
                segment.waiting = sum(envelope is not None for envelope, _ in lines)
            start = 0

    @property
    def _cursor_path(self) -> Path:
        return self._directory / "cursor"

    def _read_cursor(self) -> tuple[int, int]:
        try:
            number, offset = self._cursor_path.read_text().split()
            return int(number), int(offset)
        except (OSError, ValueError):
            return 0, 0

    def _write_cursor(self) -> None:
        new = self._directory / "cursor.new"
        try:
            new.write_text(f"{self._segments[0].number} {self._head}\n")
            new.replace(self._cursor_path)
        except OSError as error:  # a full disk: after a crash some lines would be sent again
            _log.warning("spool cursor not written", file=str(new), error=str(error))


def _line(envelope: bytes) -> bytes:
    return b"%08x %b\n" % (zlib.crc32(envelope), envelope)


def _lines(path: Path, start: int, end: int) -> Iterator[tuple[bytes | None, int]]:
    """Each envelope between two offsets of a segment (None for a damaged line), and the offset
    behind it. A file that is gone counts as one damaged line; OSError if it cannot be read."""
    at = start
    try:
        with path.open("rb") as file:
            file.seek(start)
            while at < end and (line := file.readline()):
                at += len(line)
                yield _envelope(line), at
    except FileNotFoundError:
        yield None, end


def _envelope(line: bytes) -> bytes | None:
    checksum, _, envelope = line.rstrip(b"\n").partition(b" ")
    whole = line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(envelope)
    return envelope if whole else None
