"""The outbox: where messages wait, on disk, until they are on the bus.

It belongs to whoever has something to say, so that what is said and what it is about are one
commit: the publisher only empties it. Each stream keeps its order; news goes before looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Lane(StrEnum):
    """The streams of the bus: order matters within one only."""

    NEWS = "news"
    """Incidents, evidence, health, gaps."""
    LOOKS = "looks"
    """Summaries of looks, each of which the next one outdates."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The oldest waiting envelopes of one lane, and the numbers they wait under."""

    lane: Lane
    envelopes: tuple[bytes, ...]
    numbers: tuple[int, ...]


class Outbox(Protocol):
    """Thread-safe. Nothing of it raises when a disk fails: that is the outbox's own business."""

    def __len__(self) -> int: ...

    def put(self, lane: Lane, envelope: bytes) -> None:
        """Take one envelope, without waiting for the disk."""

    def peek(self, limit: int) -> Parcel | None:
        """The next envelopes to send, at most `limit`; None if nothing waits."""

    def advance(self, parcel: Parcel) -> None:
        """Forget a parcel that was delivered."""

    def sync(self) -> None:
        """Make what waits safe from a power cut."""

    def listen(self, wake: Callable[[], None]) -> None:
        """From now on call `wake` whenever something was taken; it must not block."""
