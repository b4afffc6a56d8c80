"""What leaves the news stream, and when: by age and acknowledgement, never by mere number."""

from typing import Any

import redis
import structlog

from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect

EntryId = tuple[int, int]
"""A stream entry's id: milliseconds of the server's clock, and a number."""

UNREAD_NEWS = "unread"
"""The field of `BusSettings.losses_key` that counts news which left the bus unread."""

_log = structlog.get_logger(__name__)


class NewsTrimmer:
    """Takes news off the bus that every group has acknowledged and that is old enough."""

    def __init__(self, url: str, settings: BusSettings) -> None:
        self._url = url
        self._settings = settings
        self._client = connect(url, settings)

    def trim(self) -> int:
        """The number of entries removed. BusUnavailable if the bus is away."""
        stream = self._settings.news_stream
        with bus_errors(self._url, "trim"):
            if not self._client.exists(stream):
                return 0
            read_to = _first_unacknowledged(self._client, stream)
            now_ms = _server_ms(self._client)
            too_old = now_ms - round(self._settings.news_max_age_s * 1000), 0
            old_enough = now_ms - round(self._settings.news_keep_s * 1000), 0
            first_kept = max(min(read_to, old_enough), too_old)
            removed = int(self._client.xtrim(stream, minid=_text(first_kept), approximate=False))
            if lost := bool(removed and too_old > read_to):
                self._client.hincrby(self._settings.losses_key, UNREAD_NEWS, removed)
        if lost:
            _log.error("news left the bus unread", stream=stream, at_most=removed)
        return removed

    def unread_lost(self) -> int:
        """How many entries, at most, ever left the bus before all groups had acknowledged them.
        BusUnavailable if the bus is away."""
        with bus_errors(self._url, "ask for losses"):
            lost: Any = self._client.hget(self._settings.losses_key, UNREAD_NEWS)
        return int(lost or 0)

    def close(self) -> None:
        self._client.close()


def _first_unacknowledged(client: redis.Redis, stream: str) -> EntryId:
    """The oldest entry that some group still needs; (0, 0) if no group has read anything yet."""
    groups: Any = client.xinfo_groups(stream)
    return min((_needed_by(client, stream, group) for group in groups), default=(0, 0))


def _needed_by(client: redis.Redis, stream: str, group: dict[str, Any]) -> EntryId:
    if group["pending"]:
        summary: Any = client.xpending(stream, group["name"])
        if summary["min"] is not None:
            return _entry_id(summary["min"])
    milliseconds, number = _entry_id(group["last-delivered-id"])
    return milliseconds, number + 1


def _server_ms(client: redis.Redis) -> int:
    answer: Any = client.time()
    seconds, microseconds = answer
    return int(seconds) * 1000 + int(microseconds) // 1000


def _entry_id(text: bytes) -> EntryId:
    milliseconds, _, number = text.partition(b"-")
    return int(milliseconds), int(number)


def _text(entry_id: EntryId) -> str:
    return f"{max(entry_id[0], 0)}-{entry_id[1]}"
