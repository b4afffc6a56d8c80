"""When a worker last told of its looks: for health checks, which know nothing of its spool."""

from contextlib import closing
from datetime import datetime
from typing import Any

from events_bridge.connection import bus_errors, connect
from events_bridge.envelope import header_of, worker_source
from events_bridge.letters import entry_time
from events_bridge.publisher import ENVELOPE_FIELD
from events_bridge.settings import BusSettings

LATEST = 500
"""Entries that are looked at: a worker tells every few seconds, and others tell between."""


def last_looks_at(url: str, worker_id: str, settings: BusSettings) -> tuple[datetime | None, float]:
    """When a worker's newest summary of looks came on the bus, None if it is not among the newest
    of all workers; and its age in seconds by the server's clock. BusUnavailable."""
    source = worker_source(worker_id)
    with closing(connect(url, settings)) as client, bus_errors(url, "read the looks"):
        newest: Any = client.xrevrange(settings.looks_stream, count=LATEST)
        seconds, microseconds = client.time()
    for entry_id, fields in newest:
        if header_of(fields.get(ENVELOPE_FIELD, b"")).source == source:
            at = entry_time(entry_id)
            return at, max(seconds + microseconds / 1e6 - at.timestamp(), 0.0)
    return None, 0.0
