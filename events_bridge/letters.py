"""Messages that were set aside: dead letters, which could not be handled, and parked ones, which
wait for a newer program. One stream of a group each, bounded, and what it drops is counted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import redis
import structlog
from redis.typing import EncodableT, FieldT

from domain.errors import LetterNotFound
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect
from events_bridge.publisher import ENVELOPE_FIELD

OVERFLOW_LOOKED_AT = 1_000
"""Of a full box so many of the oldest are looked at for summaries of looks, which go first."""

_ID = re.compile(r"\d{1,16}-\d{1,16}")
_log = structlog.get_logger(__name__)


class Box(StrEnum):
    DEAD = "dead"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was set aside, and why. `id` is its entry in the box, `entry_id` the one it
    had on `stream`; `failures` counts the errors that its handler raised, `deliveries` how often
    it was handed out."""

    id: str
    envelope: bytes
    reason: str
    stream: str
    entry_id: str
    consumer: str
    deliveries: int
    failures: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BoxFigures:
    """How full a box is. `dropped` counts what was ever pushed out of it, unread by anybody."""

    letters: int
    oldest_at: datetime | None
    dropped: int


class LetterBox:
    """One box of one group. Every method raises BusUnavailable."""

    def __init__(self, url: str, group: str, box: Box, settings: BusSettings) -> None:
        self._url = url
        self._box = box
        self._settings = settings
        self._client = connect(url, settings)
        name = settings.dead_stream if box is Box.DEAD else settings.parked_stream
        self._stream = f"{name}:{group}"
        self._losses_field = f"{box}:{group}"

    def close(self) -> None:
        self._client.close()

    def add(self, pipe: redis.client.Pipeline, letter: Letter) -> None:
        """Put a letter in, as part of a transaction of the caller's; its `id` and `at` are given
        by the server. Call `bound` after it."""
        fields: dict[FieldT, EncodableT] = {
            ENVELOPE_FIELD: letter.envelope,
            "reason": letter.reason,
            "stream": letter.stream,
            "entry_id": letter.entry_id,
            "consumer": letter.consumer,
            "deliveries": letter.deliveries,
            "failures": letter.failures,
        }
        pipe.xadd(self._stream, fields)

    def bound(self) -> int:
        """Drop the oldest beyond the limit, aloud, and give their number."""
        with bus_errors(self._url, f"bound the {self._box} messages"):
            over = int(self._client.xlen(self._stream)) - self._limit
            if over <= 0:
                return 0
            rows: Any = self._client.xrange(self._stream, count=max(over, OVERFLOW_LOOKED_AT))
            # Counted in the same transaction: what left is never left out of the count.
            leaving = _first_to_leave(rows, self._settings.looks_stream.encode(), over)
            with self._client.pipeline(transaction=True) as pipe:
                pipe.xdel(self._stream, *leaving)
                pipe.hincrby(self._settings.losses_key, self._losses_field, len(leaving))
                pipe.execute()
        _log.error("box of messages is full, the oldest are lost", box=self._box, lost=len(leaving))
        return len(leaving)

    def letters(self, limit: int = 100, *, before: str | None = None) -> tuple[Letter, ...]:
        """The newest letters, newest first; those before the id `before`, if it is given."""
        last = "+" if before is None else f"({before}"
        with bus_errors(self._url, f"read the {self._box} messages"):
            rows: Any = self._client.xrevrange(self._stream, max=last, count=limit)
        return tuple(_letter(entry_id, fields) for entry_id, fields in rows)

    def after(self, letter_id: str, limit: int = 100) -> tuple[Letter, ...]:
        """The letters behind the id `letter_id`, oldest first; from "0" on, all."""
        with bus_errors(self._url, f"read the {self._box} messages"):
            rows: Any = self._client.xrange(self._stream, min=f"({letter_id}", count=limit)
        return tuple(_letter(entry_id, fields) for entry_id, fields in rows)

    def letter(self, letter_id: str) -> Letter:
        """One letter.

        Raises:
            LetterNotFound
        """
        if not _ID.fullmatch(letter_id):
            raise self._not_found(letter_id)
        with bus_errors(self._url, f"read letter={letter_id}"):
            rows: Any = self._client.xrange(self._stream, letter_id, letter_id)
        if not rows:
            raise self._not_found(letter_id)
        return _letter(*rows[0])

    def put_back(self, letter_id: str) -> str:
        """Put a message back on its stream, as new, and give its entry there. Of two who ask at
        once, one does it.

        Raises:
            LetterNotFound: there is none, or not any more.
        """
        self.letter(letter_id)

        def move(pipe: redis.client.Pipeline) -> bool:
            rows: Any = pipe.xrange(self._stream, letter_id, letter_id)
            pipe.multi()
            if rows:
                letter = _letter(*rows[0])
                entry: dict[FieldT, EncodableT] = {ENVELOPE_FIELD: letter.envelope}
                pipe.xadd(letter.stream or self._settings.news_stream, entry)
                pipe.xdel(self._stream, letter_id)
            return bool(rows)

        with bus_errors(self._url, f"put letter={letter_id} back"):
            done: Any = self._transaction(move)
        if not done:
            raise self._not_found(letter_id)
        return str(done[0].decode())

    def discard(self, letter_id: str) -> Letter:
        """Take a letter away for good, and give it once more.

        Raises:
            LetterNotFound: there is none, or not any more.
        """
        letter = self.letter(letter_id)
        with bus_errors(self._url, f"discard letter={letter_id}"):
            gone = self._client.xdel(self._stream, letter_id)
        if not gone:
            raise self._not_found(letter_id)
        _log.warning("message discarded", box=self._box, letter=letter_id, reason=letter.reason)
        return letter

    def figures(self) -> BoxFigures:
        with (
            bus_errors(self._url, f"count the {self._box} messages"),
            self._client.pipeline(transaction=True) as pipe,
        ):
            pipe.xlen(self._stream)
            pipe.xrange(self._stream, count=1)
            pipe.hget(self._settings.losses_key, self._losses_field)
            letters, oldest, dropped = pipe.execute()
        oldest_at = entry_time(oldest[0][0]) if oldest else None
        return BoxFigures(int(letters), oldest_at, int(dropped or 0))

    def _transaction(self, move: Any) -> list[Any]:
        """Run `move` on a pipeline that watches the box, until nobody else came between; what
        the commands answered, nothing if `move` had nothing to do."""
        with self._client.pipeline(transaction=True) as pipe:
            while True:
                try:
                    pipe.watch(self._stream)  # type: ignore[no-untyped-call]
                    return pipe.execute() if move(pipe) else []
                except redis.WatchError:
                    continue

    def _not_found(self, letter_id: str) -> LetterNotFound:
        return LetterNotFound(
            f"expected the id of a {self._box} message such as 1764385200000-0, got {letter_id}: "
            "there is none, or somebody has replayed or discarded it"
        )

    @property
    def _limit(self) -> int:
        one = self._settings
        return one.dead_max_length if self._box is Box.DEAD else one.parked_max_length


def entry_time(entry_id: bytes | str) -> datetime:
    """When an entry was put on its stream, by the server's clock."""
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    return datetime.fromtimestamp(int(text.partition("-")[0]) / 1000, UTC)


def _first_to_leave(rows: Sequence[Any], looks: bytes, count: int) -> list[bytes]:
    """The ids of `count` of the rows, oldest first: summaries of looks before anything else, for
    those are outdated by the next, and a flood of them must not push out an incident."""
    of_looks = [entry_id for entry_id, fields in rows if fields.get(b"stream") == looks]
    others = [entry_id for entry_id, fields in rows if fields.get(b"stream") != looks]
    return [*of_looks, *others][:count]


def _letter(entry_id: bytes, fields: dict[bytes, bytes]) -> Letter:
    """Lenient: what an older program wrote, or a person by hand, is shown as far as it goes."""

    def text(name: bytes) -> str:
        return fields.get(name, b"").decode("utf-8", "backslashreplace")

    def number(name: bytes) -> int:
        said = fields.get(name, b"")
        return int(said) if said.isdigit() else 0

    return Letter(
        id=entry_id.decode(),
        envelope=fields.get(ENVELOPE_FIELD, b""),
        reason=text(b"reason"),
        stream=text(b"stream"),
        entry_id=text(b"entry_id"),
        consumer=text(b"consumer"),
        deliveries=number(b"deliveries"),
        failures=number(b"failures"),
        at=entry_time(entry_id),
    )
