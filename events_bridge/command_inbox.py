"""A worker's commands as they come, each with the time that is left to do it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.closing import Closing
from domain.commands import WITHIN_MAX_S, CommandAsked
from domain.errors import MessageInvalid, MessageTooNew
from events_bridge.bus_settings import BusSettings
from events_bridge.bus_time import bus_now_ms, stamped_ms
from events_bridge.command_board import commands_stream
from events_bridge.connection import bus_errors, connect
from events_bridge.envelope import from_envelope, header_of
from events_bridge.publisher import ENVELOPE_FIELD

READ_BATCH = 50
_READ_BACK_MS = round(WITHIN_MAX_S * 1000)
"""So far back a worker looks when it starts, or has lost the bus: nothing older has any time
left."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and how many seconds are left of its deadline; none or less: it is late."""

    asked: CommandAsked
    left_s: float


@dataclass(frozen=True, slots=True)
class Unread:
    """Something on the stream that is no command this version can read."""

    id: str
    """Empty if not even that can be read."""
    is_newer: bool
    """Whether a newer center wrote it; otherwise it is damaged."""
    why: str


class CommandInbox(Closing):
    """The stream of one worker. For one thread. Methods raise BusUnavailable; afterwards reading
    begins where it begins at the start, so commands may come again."""

    def __init__(self, url: str, worker_id: str, *, settings: BusSettings | None = None) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._stream = commands_stream(self._settings, worker_id)
        self._client = connect(url, self._settings)
        self._position: bytes | None = None

    def begin_again(self) -> None:
        """Let everything come once more that may have time left."""
        self._position = None

    def read(self) -> list[Command | Unread]:
        """The next commands, in order; waits `block_s` for the first."""
        position, self._position = self._position, None
        with bus_errors(self._url, "read commands"):
            if position is None:
                position = b"%d-0" % max(bus_now_ms(self._client) - _READ_BACK_MS, 0)
            rows: Any = self._client.xread(
                {self._stream: position},
                count=READ_BATCH,
                block=max(round(self._settings.block_s * 1000), 1),
            )
            now_ms = bus_now_ms(self._client) if rows else 0
        entries = rows[0][1] if rows else []
        self._position = entries[-1][0] if entries else position
        return list(_read(entries, now_ms))

    def close(self) -> None:
        self._client.close()


def _read(entries: Any, now_ms: int) -> Iterator[Command | Unread]:
    for entry_id, fields in entries:
        envelope = fields.get(ENVELOPE_FIELD, b"")
        try:
            asked = from_envelope(envelope)
        except MessageInvalid as error:
            id_ = header_of(envelope).id
            yield Unread(id_, isinstance(error, MessageTooNew), str(error))
            continue
        if not isinstance(asked, CommandAsked):
            yield Unread("", False, f"expected a command, got {asked.type}")
            continue
        passed_s = max(now_ms - stamped_ms(entry_id), 0) / 1000
        yield Command(asked, asked.within_s - passed_s)
