"""A consumer group on its streams: the redis commands, in the words of this package."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import ResponseError
from redis.typing import EncodableT, FieldT

from domain.checkpoint import reached
from events_bridge.connection import bus_errors, connect
from events_bridge.publisher import ENVELOPE_FIELD
from events_bridge.settings import BusSettings

PENDING_MAX = 1_000
"""Unacknowledged entries that are looked at in one go, per stream."""
_LAG_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """An entry handed out for the `count`-th time."""

    stream: str
    entry_id: str
    envelope: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that was handed out `count` times and not acknowledged."""

    stream: str
    entry_id: str
    consumer: str
    idle_ms: int
    count: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled, and why."""

    envelope: bytes
    reason: str
    stream: str
    entry_id: str
    consumer: str
    deliveries: int
    at: datetime


class ConsumerGroup:
    """Every method raises BusUnavailable, or GroupMissing when the group must be made again."""

    def __init__(self, url: str, group: str, streams: Sequence[str], settings: BusSettings) -> None:
        self._url = url
        self._group = group
        self._streams = tuple(streams)
        self._settings = settings
        self._client = connect(url, settings)
        self._dead_stream = f"{settings.dead_stream}:{group}"

    def close(self) -> None:
        self._client.close()

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
        found = []
        for stream in self._streams:
            with bus_errors(self._url, "look for unacknowledged messages"):
                rows: Any = self._client.xpending_range(stream, self._group, "-", "+", PENDING_MAX)
            found += [_pending(stream, row) for row in rows]
        return found

    def claim(self, entry: Pending, consumer: str) -> list[Delivery]:
        """Take an entry over, which counts as a delivery. Empty if it was claimed by somebody
        else in the meantime, or has left the stream."""
        with bus_errors(self._url, "claim"):
            entries: Any = self._client.xclaim(
                entry.stream, self._group, consumer, entry.idle_ms, [entry.entry_id]
            )
        return list(_deliveries(entry.stream, entries, count=entry.count + 1))

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

    def acknowledge(self, delivery: Delivery) -> None:
        with bus_errors(self._url, "acknowledge"):
            self._client.xack(delivery.stream, self._group, delivery.entry_id)
        reached("bus.acknowledged")

    def bury(self, delivery: Delivery, consumer: str, reason: str) -> None:
        """Move an entry to the dead letters, in one transaction with its acknowledgement."""
        fields: dict[FieldT, EncodableT] = {
            ENVELOPE_FIELD: delivery.envelope,
            "reason": reason,
            "stream": delivery.stream,
            "entry_id": delivery.entry_id,
            "consumer": consumer,
            "deliveries": delivery.count,
        }
        with bus_errors(self._url, "bury"), self._client.pipeline(transaction=True) as pipe:
            pipe.xadd(self._dead_stream, fields, maxlen=self._settings.dead_max_length)
            pipe.xack(delivery.stream, self._group, delivery.entry_id)
            pipe.execute()

    def dead_letters(self, limit: int) -> tuple[DeadLetter, ...]:
        """The newest dead letters of the group, newest first."""
        with bus_errors(self._url, "read the dead letters"):
            rows: Any = self._client.xrevrange(self._dead_stream, count=limit)
        return tuple(_dead_letter(entry_id, fields) for entry_id, fields in rows)

    def lag(self) -> int:
        """Messages on the bus that the group has not acknowledged yet."""
        with bus_errors(self._url, "measure the lag"):
            return sum(self._lag_on(stream) for stream in self._streams)

    def _lag_on(self, stream: str) -> int:
        if not self._client.exists(stream):
            return 0
        rows: Any = self._client.xinfo_groups(stream)
        for row in rows:
            if row["name"].decode() == self._group:
                unread = row.get("lag")
                if unread is None:  # the server cannot tell after entries were taken out
                    start = f"({row['last-delivered-id'].decode()}"
                    unread = len(self._client.xrange(stream, start, count=_LAG_MAX) or ())
                return int(unread) + int(row["pending"])
        return int(self._client.xlen(stream))


def _deliveries(stream: str, entries: Any, *, count: int) -> Iterator[Delivery]:
    for entry_id, fields in entries:
        if fields is not None:  # None: trimmed from the stream while it was unacknowledged
            envelope = fields.get(ENVELOPE_FIELD, b"")
            yield Delivery(stream, entry_id.decode(), envelope, count)


def _pending(stream: str, row: dict[str, Any]) -> Pending:
    return Pending(
        stream=stream,
        entry_id=row["message_id"].decode(),
        consumer=row["consumer"].decode(),
        idle_ms=row["time_since_delivered"],
        count=row["times_delivered"],
    )


def _dead_letter(entry_id: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
    milliseconds = int(entry_id.partition(b"-")[0])
    return DeadLetter(
        envelope=fields[ENVELOPE_FIELD],
        reason=fields[b"reason"].decode(),
        stream=fields[b"stream"].decode(),
        entry_id=fields[b"entry_id"].decode(),
        consumer=fields[b"consumer"].decode(),
        deliveries=int(fields[b"deliveries"]),
        at=datetime.fromtimestamp(milliseconds / 1000, UTC),
    )
