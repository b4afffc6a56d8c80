"""Workers' books for tests."""

from functools import partial
from pathlib import Path
from typing import Any

from domain.messages import Message
from edge.book import Book
from events_bridge.envelope import from_envelope, to_envelope, worker_source
from events_bridge.outbox import Outbox

SOURCE = worker_source("edge-1")
ROOM = 16 * 2**20


def make_book(path: Path, *, max_bytes: int = ROOM, **options: Any) -> Book:
    """The book in the folder `path`, as a worker opens it."""
    encode = partial(to_envelope, source=SOURCE)
    return Book(path / "book.sqlite3", encode, max_bytes=max_bytes, **options)


def waiting(outbox: Outbox) -> list[Message]:
    """All that waits in an outbox, as it would be sent; it is taken out."""
    found: list[Message] = []
    while (parcel := outbox.peek(1_000)) is not None:
        found += map(from_envelope, parcel.envelopes)
        outbox.advance(parcel)
    return found
