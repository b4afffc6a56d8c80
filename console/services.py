"""What every page and every route of the API works with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore, Event
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from cases.book import CaseBook
from console.console_settings import ConsoleSettings
from console.looks import LookTimes
from console.registry import Registry
from console.status import SystemStatus
from console.thumbnails import Thumbnails
from domain.actor import Actor
from domain.clock import Clock
from events_bridge.command_road import CommandRoad
from events_bridge.letters import Box, LetterBox
from events_bridge.look_board import LookBoard
from evidence.store import EvidenceStore


class Uploads:
    """Uploads that are being taken in, `most` at a time."""

    def __init__(self, most: int) -> None:
        self._room = BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[bool]:
        """A place for one upload; False: there is none, come again."""
        got = self._room.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                self._room.release()


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
    uploads: Uploads
    started_at: datetime
    """Since then workers are listened to."""
    status: Callable[[], SystemStatus] | None = None
    road: CommandRoad | None = None
    """The way to the workers, if there is a bus."""
    boxes: Callable[[Box], LetterBox] | None = None
    """The dead letters and the parked messages of the center, if it has a bus."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    @property
    def actor(self) -> Actor:
        """Who is said to act here, until people log in: whoever is on duty."""
        return Actor.role("operator", self.settings.operator)

    def now(self) -> datetime:
        return self.clock.now()


def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


Here = Annotated[Services, Depends(services_of)]
"""The services, as a parameter of a route."""
