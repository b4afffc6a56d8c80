"""The look board: the last look's small picture of every camera, for the wall."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from redis.typing import EncodableT, FieldT

from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect

QUIET_S = 2.0
"""After a failed put, further ones are skipped for this long: a lost bus must not slow looks."""
QUIET_TIMES = 20
"""… and so many times as long as the put took: a bus that hangs takes a twentieth of the time."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastLook:
    """A JPEG and when its picture was captured (aware, UTC)."""

    jpeg: bytes
    at: datetime


class LookBoard:
    """Thread-safe. Pictures leave the board `look_keep_s` after they were put."""

    def __init__(self, url: str, *, settings: BusSettings | None = None) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._client = connect(url, self._settings)
        self._quiet_until = 0.0

    def put(self, camera_id: str, jpeg: bytes, at: datetime) -> None:
        """Show a newer picture. Does nothing while the bus is away: the next look is near."""
        if time.monotonic() < self._quiet_until:
            return
        began_s = time.monotonic()
        try:
            self._put(camera_id, {"jpeg": jpeg, "at": at.isoformat()})
        except BusUnavailable as error:
            if self._quiet_until == 0.0:
                _log.warning("bus away, the wall stands still", error=str(error))
            now_s = time.monotonic()
            self._quiet_until = now_s + max(QUIET_S, QUIET_TIMES * (now_s - began_s))
        else:
            self._quiet_until = 0.0

    def get(self, camera_id: str) -> LastLook | None:
        """The newest picture, or None if there is none. BusUnavailable if nobody can tell."""
        with bus_errors(self._url, f"read the last look of camera={camera_id}"):
            jpeg, at = self._client.hmget(self._key(camera_id), ["jpeg", "at"])
        if not isinstance(jpeg, bytes) or not isinstance(at, bytes):
            return None
        return LastLook(jpeg, datetime.fromisoformat(at.decode()))

    def times(self, camera_ids: Sequence[str]) -> dict[str, datetime]:
        """When the newest picture of each camera was captured, without fetching the pictures;
        cameras without one are left out. BusUnavailable if nobody can tell."""
        with (
            bus_errors(self._url, "read the times of the last looks"),
            self._client.pipeline(transaction=False) as pipe,
        ):
            for camera_id in camera_ids:
                pipe.hget(self._key(camera_id), "at")
            found = pipe.execute()
        return {
            camera_id: datetime.fromisoformat(at.decode())
            for camera_id, at in zip(camera_ids, found, strict=True)
            if isinstance(at, bytes)
        }

    def close(self) -> None:
        self._client.close()

    def _put(self, camera_id: str, fields: dict[FieldT, EncodableT]) -> None:
        key = self._key(camera_id)
        with (
            bus_errors(self._url, f"put the last look of camera={camera_id}"),
            self._client.pipeline(transaction=True) as pipe,
        ):
            pipe.hset(key, mapping=fields)
            pipe.pexpire(key, round(self._settings.look_keep_s * 1000))
            pipe.execute()

    def _key(self, camera_id: str) -> str:
        return f"{self._settings.look_key}:{camera_id}"
