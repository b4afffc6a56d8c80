"""What every page and every route of the API works with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from cases.book import CaseBook
from console.looks import LookTimes
from console.registry import Registry
from console.settings import ConsoleSettings
from console.status import SystemStatus
from console.thumbnails import Thumbnails
from domain.clock import Clock
from events_bridge.letters import Box, LetterBox
from events_bridge.look_board import LookBoard
from evidence.store import EvidenceStore


class Streams:
    """All open streams of one application, `most` at a time; `close` ends them, so that the
    server can stop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0
        self._closed = Event()

    @property
    def full(self) -> bool:
        return self._open >= self._most

    @contextmanager
    def one(self) -> Iterator[None]:
        """One stream, as long as it is open. For the event loop's thread."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def close(self) -> None:
        """End all streams within half a second. Thread-safe."""
        self._closed.set()


@dataclass(frozen=True)
class Services:
    """The center's parts as the console sees them."""

    book: CaseBook
    store: EvidenceStore
    board: LookBoard
    settings: ConsoleSettings
    clock: Clock
    thumbnails: Thumbnails
    looks: LookTimes
    registry: Registry
    streams: Streams
    started_at: datetime
    """Since then workers are listened to."""
    status: Callable[[], SystemStatus] | None = None
    boxes: Callable[[Box], LetterBox] | None = None
    """The dead letters and the parked messages of the center, if it has a bus."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    @property
    def actor(self) -> str:
        """Who is said to act here, until people log in."""
        return self.settings.operator.zh

    def now(self) -> datetime:
        return self.clock.now()


def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


Here = Annotated[Services, Depends(services_of)]
"""The services, as a parameter of a route."""
