"""The console's door: how many connections may be open, and how long each may keep it waiting.

What the server's library limits itself is its own options (`served`): the size of a request's
head, the pause between two requests, the queue of callers. It has none for what strangers did to
the console: half a request that never ends, a body sent by the byte, an answer that nobody
reads, and more connections than the process has descriptors. Its `limit_concurrency` counts
those too, so that a thousand half requests would lock everybody else out. Here they make room:
who has not asked for anything yet goes before somebody who has.
"""

import asyncio
import resource
import socket
import struct
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, ClassVar

import h11
import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from console.console_settings import ConsoleSettings

HEAD_MAX_BYTES = 32 * 1024
"""A request's first line and headers; browsers send some 2 kB, filters of a list some more."""
WAITING_CALLERS = 64
"""Callers that wait to be let in. So many are let in at once, at most, before any is counted."""
KEPT_DESCRIPTORS = 256
"""For the database, the bus, evidence and everything else that is no connection."""
LEAST_CONNECTIONS = 16
SWEEP_EVERY_S = 0.5
TELL_EVERY_S = 60.0
STOP_WITHIN_S = 2

_TOO_LONG = "request head too long"
_SLOW_HEAD = "request head not sent"
_SLOW_BODY = "request body not sent"
_UNREAD = "answer not read"
_NO_ROOM = "no room"
_MADE_ROOM = "made room for another"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a door allows. Seconds, and numbers of connections."""

    connections: int = 400
    per_client: int = 100
    head_s: float = 10.0
    body_s: float = 20.0
    unread_s: float = 30.0

    @classmethod
    def of(cls, settings: ConsoleSettings) -> "Limits":
        """The limits of `settings`, and no more connections than the process has room for."""
        return cls(
            connections=_room_for(settings.connections_max),
            per_client=settings.connections_per_client_max,
            head_s=settings.request_head_s,
            body_s=settings.request_body_s,
            unread_s=settings.answer_unread_s,
        )


class Door:
    """The connections of one server. Belongs to its event loop's thread."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._inside: dict[Connection, None] = {}  # in the order they came in
        self._of_client: Counter[str] = Counter()
        self._sent_away: Counter[str] = Counter()
        self._told_s = float("-inf")
        self._sweeping = False

    def __len__(self) -> int:
        return len(self._inside)

    def enter(self, connection: "Connection") -> bool:
        """Let a connection in; False if there is no room and nobody to make it."""
        client = connection.counted_as
        mine = (each for each in self._inside if each.counted_as == client)
        if client and self._of_client[client] >= self.limits.per_client:
            if not self._make_room(mine):
                return False
        elif len(self._inside) >= self.limits.connections and not self._make_room(self._inside):
            return False
        self._inside[connection] = None
        self._of_client[client] += 1
        self._keep_sweeping(connection.loop)
        return True

    def leave(self, connection: "Connection") -> None:
        if connection in self._inside:
            del self._inside[connection]
            self._of_client[connection.counted_as] -= 1
            self._of_client += Counter()  # forget who is gone

    def sent_away(self, why: str) -> None:
        self._sent_away[why] += 1

    def sweep(self, now_s: float) -> None:
        """End what has kept the server waiting for too long at `now_s`, and tell of it."""
        for connection in list(self._inside):
            connection.end_if_late(now_s)
        if self._sent_away and now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            told = ", ".join(f"{why}: {n}" for why, n in sorted(self._sent_away.items()))
            _log.warning("connections ended", why=told, open=len(self._inside))
            self._sent_away.clear()

    def _make_room(self, among: Iterable["Connection"]) -> bool:
        """End the connection that has been without a request for longest."""
        idle = next((each for each in among if each.has_not_asked), None)
        if idle is None:
            return False
        self.leave(idle)
        idle.end(_MADE_ROOM)
        return True

    def _keep_sweeping(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(SWEEP_EVERY_S, self._sweep_again, loop)

    def _sweep_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeping = False
        self.sweep(loop.time())
        if self._inside or self._sent_away:
            self._keep_sweeping(loop)


class Connection(H11Protocol):
    """One connection: the library's own, with a look at how long it has been as it is."""

    door: ClassVar[Door]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counted_as = ""
        self._is_new = True
        self._stage: tuple[object, ...] = ()
        self._since_s = 0.0
        self._unread_since_s: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.counted_as = _counted_as(self.client)
        self._since_s = self.loop.time()
        if not self.door.enter(self):
            self.end(_NO_ROOM, b"503 Service Unavailable")

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.has_not_asked and _is_too_long(data):
            self.end(_TOO_LONG, b"431 Request Header Fields Too Large")
            return
        super().data_received(data)
        self._note_stage(self.loop.time())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_since_s = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_since_s = None

    @property
    def has_not_asked(self) -> bool:
        """Whether no request is being answered or has come to the end of its headers."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self.conn.their_state in (h11.IDLE, h11.DONE)

    def end_if_late(self, now_s: float) -> None:
        """End the connection if it is in the same stage for longer than that may take."""
        self._note_stage(now_s)
        limits, for_s = self.door.limits, now_s - self._since_s
        unread_s = now_s - self._unread_since_s if self._unread_since_s is not None else 0.0
        if self.transport.is_closing() or unread_s > 0:
            if max(unread_s, for_s if self.transport.is_closing() else 0.0) > limits.unread_s:
                self.end(_UNREAD)
        elif self.has_not_asked:
            if self.transport.get_write_buffer_size():
                if for_s > limits.unread_s:
                    self.end(_UNREAD)
            elif for_s > limits.head_s:
                self.end(_SLOW_HEAD, b"408 Request Timeout")
        elif self.conn.their_state is h11.SEND_BODY and for_s > limits.body_s:
            self.end(_SLOW_BODY)

    def end(self, why: str, status: bytes | None = None) -> None:
        """End the connection, with an answer where one may still be sent."""
        self.door.sent_away(why)
        if status is None or self.transport.is_closing():
            # Reset, else the system keeps what nobody reads for minutes.
            if (line := self.transport.get_extra_info("socket")) is not None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
            return
        head = b"HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
        self.transport.write(head % status)
        self.transport.close()

    def _note_stage(self, now_s: float) -> None:
        """A stage is a part of one request; a byte more of the same part does not renew it."""
        stage = (self.cycle, self.conn.their_state, self.transport.is_closing())
        if self._is_new:
            self._is_new, self._stage = False, stage
        elif stage != self._stage:
            self._stage, self._since_s = stage, now_s


def served(app: ASGIApp, settings: ConsoleSettings, **options: Any) -> uvicorn.Config:
    """How `app` is served: with the library's own limits, and a door of its own before it."""
    door = Door(Limits.of(settings))
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=type("DoorConnection", (Connection,), {"door": door}),
        ws="none",
        backlog=WAITING_CALLERS,
        h11_max_incomplete_event_size=HEAD_MAX_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        **{"timeout_graceful_shutdown": STOP_WITHIN_S, **options},
    )


def _counted_as(client: tuple[str, int] | None) -> str:
    """The client's address. Nothing for one on this machine: a proxy's connections come from
    there, and carry everybody's requests."""
    address = client[0] if client else ""
    with suppress(ValueError):
        if ip_address(address.partition("%")[0]).is_loopback:
            return ""
    return address


def _is_too_long(data: bytes) -> bool:
    """Whether a request's head does not end where it has to. The library asks this only of
    heads that have not ended yet, and a read may bring 256 kB."""
    start = data[: HEAD_MAX_BYTES + 4]
    return len(data) > HEAD_MAX_BYTES and b"\r\n\r\n" not in start and b"\n\n" not in start


def _room_for(connections: int) -> int:
    """As many of `connections` as leave `KEPT_DESCRIPTORS` for the rest, after the process has
    taken as many descriptors as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + WAITING_CALLERS + KEPT_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return connections
    room = max(soft - WAITING_CALLERS - KEPT_DESCRIPTORS, LEAST_CONNECTIONS)
    if room < connections:
        _log.warning("fewer connections than asked for", descriptors=soft, connections=room)
    return min(room, connections)
