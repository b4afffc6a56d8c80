"""The presence of workers: who takes commands now, and since when somebody does not."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from domain.closing import Closing
from domain.listening import Listening, WorkerPresence
from events_bridge.bus_settings import BusSettings
from events_bridge.bus_time import bus_now_ms
from events_bridge.connection import bus_errors, connect

KEEP_MS = 30 * 86_400_000
"""So long it is known since when a worker is away."""


class PresenceBoard(Closing):
    """Thread-safe. One key a worker. Methods raise BusUnavailable."""

    def __init__(self, url: str, *, settings: BusSettings | None = None) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._client = connect(url, self._settings)

    def say(self, sign: Listening) -> None:
        """Tell that a worker listens, or no longer does."""
        key = self._key(sign.worker_id)
        with bus_errors(self._url, f"say that worker={sign.worker_id} listens"):
            fields: dict[Any, Any] = {
                "sign": sign.model_dump_json(),
                "ms": bus_now_ms(self._client),
            }
            with self._client.pipeline(transaction=True) as pipe:
                pipe.hset(key, mapping=fields)
                pipe.pexpire(key, KEEP_MS)
                pipe.execute()

    def of(self, worker_id: str) -> WorkerPresence | None:
        """Whether a worker listens; None if nobody ever heard of it."""
        with bus_errors(self._url, f"ask whether worker={worker_id} listens"):
            said, said_ms = self._client.hmget(self._key(worker_id), ["sign", "ms"])
            now_ms = bus_now_ms(self._client)
        sign = _sign(said)
        if sign is None or said_ms is None:
            return None
        silent_s = max(now_ms - int(said_ms), 0) / 1000
        return WorkerPresence(
            sign=sign,
            said_at=datetime.fromtimestamp(int(said_ms) / 1000, UTC),
            silent_s=silent_s,
            is_here=sign.listens and silent_s <= self._settings.offline_after_s,
        )

    def close(self) -> None:
        self._client.close()

    def _key(self, worker_id: str) -> str:
        return f"{self._settings.listening_key}:{worker_id}"


def _sign(said: Any) -> Listening | None:
    try:
        return None if said is None else Listening.model_validate_json(said)
    except ValidationError:
        return None
