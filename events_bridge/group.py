"""A consumer group on its streams: the redis commands, in the words of this package."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from redis.exceptions import ResponseError

from domain.checkpoint import reached
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect
from events_bridge.letters import Box, Letter, LetterBox, entry_time
from events_bridge.publisher import ENVELOPE_FIELD

PENDING_MAX = 1_000
"""Unacknowledged entries that are looked at in one go, per stream."""
_LAG_MAX = 100_000
_PROBE_KEEP_MS = 60_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """An entry handed out for the `count`-th time, whose handler has failed `failures` times."""

    stream: str
    entry_id: str
    envelope: bytes
    count: int
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that was handed out `count` times and not acknowledged. Its handler raised an
    error `failures` of these times; the other times nobody knows how it ended."""

    stream: str
    entry_id: str
    consumer: str
    idle_ms: int
    count: int
    failures: int = 0

    @property
    def unfinished(self) -> int:
        """Deliveries after which neither a success nor an error came: the program died, or it
        was stopped, or the bus was lost."""
        return self.count - self.failures


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a group has not handled yet: how many messages, and the age of the oldest by the
    server's clock, 0 without any."""

    waiting: int
    oldest_s: float


class ConsumerGroup:
    """Every method raises BusUnavailable, or GroupMissing when the group must be made again."""

    def __init__(self, url: str, group: str, streams: Sequence[str], settings: BusSettings) -> None:
        self._url = url
        self._group = group
        self._streams = tuple(streams)
        self._settings = settings
        self._client = connect(url, settings)
        self._failures_key = f"{settings.failures_key}:{group}"
        self._boxes = {box: LetterBox(url, group, box, settings) for box in Box}

    def close(self) -> None:
        self._client.close()
        for box in self._boxes.values():
            box.close()

    def box(self, box: Box) -> LetterBox:
        return self._boxes[box]

    def create(self) -> None:
        """Have the group on every stream, from the oldest entry on; no harm if it is there."""
        for stream in self._streams:
            with bus_errors(self._url, f"create group={self._group}"):
                self._create_on(stream)

    def _create_on(self, stream: str) -> None:
        try:
            self._client.xgroup_create(stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def read(self, consumer: str) -> list[Delivery]:
        """New entries, at most `read_batch` of each stream; waits `block_s` for the first."""
        positions: dict[Any, Any] = dict.fromkeys(self._streams, ">")
        with bus_errors(self._url, "read"):
            answer: Any = self._client.xreadgroup(
                self._group,
                consumer,
                positions,
                count=self._settings.read_batch,
                block=max(round(self._settings.block_s * 1000), 1),
            )
        return [
            delivery
            for stream, entries in answer or ()
            for delivery in _deliveries(stream.decode(), entries, count=1)
        ]

    def pending(self) -> list[Pending]:
        """The oldest unacknowledged entries of all consumers of the group."""
        found: list[Pending] = []
        with bus_errors(self._url, "look for unacknowledged messages"):
            failures: Any = None
            for stream in self._streams:
                rows: Any = self._client.xpending_range(stream, self._group, "-", "+", PENDING_MAX)
                if rows and failures is None:
                    failures = self._client.hgetall(self._failures_key)
                found += [_pending(stream, row, failures) for row in rows]
        return found

    def claim(self, entry: Pending, consumer: str) -> list[Delivery]:
        """Take an entry over, which counts as a delivery. Empty if it was claimed by somebody
        else in the meantime, or has left the stream."""
        with bus_errors(self._url, "claim"):
            entries: Any = self._client.xclaim(
                entry.stream, self._group, consumer, entry.idle_ms, [entry.entry_id]
            )
        return list(
            _deliveries(entry.stream, entries, count=entry.count + 1, failures=entry.failures)
        )

    def hold(self, deliveries: Iterable[Delivery], consumer: str) -> None:
        """Say that entries are still in work, so that nobody claims them. This delivery does not
        count: if the bus is lost meanwhile, they come again as often as before."""
        with bus_errors(self._url, "hold"):
            for delivery in deliveries:
                self._client.xclaim(
                    delivery.stream,
                    self._group,
                    consumer,
                    0,
                    [delivery.entry_id],
                    justid=True,
                    retrycount=delivery.count - 1,
                )

    def acknowledge(self, *deliveries: Delivery) -> None:
        with (
            bus_errors(self._url, "acknowledge"),
            self._client.pipeline(transaction=True) as pipe,
        ):
            for stream, some in groupby(deliveries, key=lambda delivery: delivery.stream):
                pipe.xack(stream, self._group, *(delivery.entry_id for delivery in some))
            if failed := [_failures_field(d) for d in deliveries if d.failures]:
                pipe.hdel(self._failures_key, *failed)
            pipe.execute()
        reached("bus.acknowledged")

    def count_failure(self, delivery: Delivery) -> int:
        """Note that the handler raised an error at a message, and give the number of times. It is
        kept on the bus, so that neither a restart nor another consumer begins anew."""
        with bus_errors(self._url, "count an error"), self._client.pipeline() as pipe:
            pipe.hincrby(self._failures_key, _failures_field(delivery), 1)
            # What was trimmed from the stream meanwhile leaves its number behind; not for ever.
            pipe.pexpire(self._failures_key, round(self._settings.news_max_age_s * 1000))
            return int(pipe.execute()[0])

    def set_aside(self, box: Box, delivery: Delivery, consumer: str, reason: str) -> None:
        """Move an entry to the dead letters or the parked messages, in one transaction with its
        acknowledgement."""
        letter = Letter(
            id="",
            envelope=delivery.envelope,
            reason=reason,
            stream=delivery.stream,
            entry_id=delivery.entry_id,
            consumer=consumer,
            deliveries=delivery.count,
            failures=delivery.failures,
            at=datetime.now(UTC),
        )
        with (
            bus_errors(self._url, "set a message aside"),
            self._client.pipeline(transaction=True) as pipe,
        ):
            self._boxes[box].add(pipe, letter)
            pipe.xack(delivery.stream, self._group, delivery.entry_id)
            pipe.hdel(self._failures_key, _failures_field(delivery))
            pipe.execute()
        self._boxes[box].bound()

    def check_writable(self) -> None:
        """Write something small: a server that reads may still take nothing."""
        with bus_errors(self._url, "write"):
            self._client.set(f"{self._failures_key}:probe", b"", px=_PROBE_KEEP_MS)

    def backlog(self) -> Backlog:
        """What waits, and for how long."""
        waiting = self.lag()
        with bus_errors(self._url, "ask for the oldest message"):
            oldest = [entry_id for s in self._streams if (entry_id := self._oldest_on(s))]
            seconds, microseconds = self._client.time()
        if not oldest:
            return Backlog(waiting, 0.0)
        began = min(entry_time(entry_id).timestamp() for entry_id in oldest)
        return Backlog(max(waiting, 1), max(seconds + microseconds / 1e6 - began, 0.0))

    def _oldest_on(self, stream: str) -> bytes | None:
        """The oldest entry that the group has not acknowledged."""
        row = self._group_row(stream)
        start = "-" if row is None else f"({row['last-delivered-id'].decode()}"
        unread: Any = self._client.xrange(stream, min=start, count=1)
        if row is not None and row["pending"]:
            summary: Any = self._client.xpending(stream, self._group)
            if summary["min"] is not None:
                return bytes(summary["min"])
        return bytes(unread[0][0]) if unread else None

    def lag(self) -> int:
        """Messages on the bus that the group has not acknowledged yet."""
        with bus_errors(self._url, "measure the lag"):
            return sum(self._lag_on(stream) for stream in self._streams)

    def _lag_on(self, stream: str) -> int:
        row = self._group_row(stream)
        if row is None:
            return int(self._client.xlen(stream))
        unread = row.get("lag")
        if unread is None:  # the server cannot tell after entries were taken out
            start = f"({row['last-delivered-id'].decode()}"
            unread = len(self._client.xrange(stream, start, count=_LAG_MAX) or ())
        return int(unread) + int(row["pending"])

    def _group_row(self, stream: str) -> dict[str, Any] | None:
        """What the server knows of the group on a stream; None if there is no such group yet."""
        if not self._client.exists(stream):
            return None
        rows: Any = self._client.xinfo_groups(stream)
        return next((row for row in rows if row["name"].decode() == self._group), None)


def _failures_field(one: Delivery | Pending) -> str:
    return f"{one.stream}/{one.entry_id}"


def _deliveries(stream: str, entries: Any, *, count: int, failures: int = 0) -> Iterator[Delivery]:
    for entry_id, fields in entries:
        if fields is not None:  # None: trimmed from the stream while it was unacknowledged
            envelope = fields.get(ENVELOPE_FIELD, b"")
            yield Delivery(stream, entry_id.decode(), envelope, count, failures)


def _pending(stream: str, row: dict[str, Any], failures: dict[bytes, bytes]) -> Pending:
    pending = Pending(
        stream=stream,
        entry_id=row["message_id"].decode(),
        consumer=row["consumer"].decode(),
        idle_ms=row["time_since_delivered"],
        count=row["times_delivered"],
    )
    failed = failures.get(_failures_field(pending).encode(), 0)
    return replace(pending, failures=int(failed))
