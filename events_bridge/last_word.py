"""When a worker last told of its looks: for health checks, which know nothing of its spool."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import redis

from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect
from events_bridge.envelope import header_of, worker_source
from events_bridge.letters import entry_time
from events_bridge.publisher import ENVELOPE_FIELD

PAGE = 200
"""Entries read in one go, newest first."""


def last_looks_age_s(
    url: str, worker_id: str, settings: BusSettings, *, within_s: float
) -> float | None:
    """The age of a worker's newest summary of looks by the server's clock, in seconds; None if it
    told of none `within_s`. Raises BusUnavailable."""
    source = worker_source(worker_id)
    with closing(connect(url, settings)) as client, bus_errors(url, "read the looks"):
        seconds, microseconds = client.time()
        now_s = seconds + microseconds / 1e6
        for entry_id, envelope in _newest(client, settings.looks_stream, now_s - within_s):
            if header_of(envelope).source == source:
                return max(now_s - entry_time(entry_id).timestamp(), 0.0)
    return None


def _newest(client: redis.Redis, stream: str, since_s: float) -> Iterator[tuple[bytes, bytes]]:
    """Entries and their envelopes since a moment of the server's clock, newest first."""
    last = "+"
    while True:
        oldest = max(round(since_s * 1000), 0)
        rows: Any = client.xrevrange(stream, max=last, min=str(oldest), count=PAGE)
        for entry_id, fields in rows:
            yield entry_id, fields.get(ENVELOPE_FIELD, b"")
        if len(rows) < PAGE:
            return
        last = f"({rows[-1][0].decode()}"
