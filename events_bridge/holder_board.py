"""The holder board: which worker's book holds each camera, as the center granted it."""

from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from domain.checkpoint import reached
from domain.closing import Closing
from domain.holding import CameraGrant
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect

_log = structlog.get_logger(__name__)


class HolderBoard(Closing):
    """Thread-safe. One key a camera; a later grant replaces an earlier one."""

    def __init__(self, url: str, *, settings: BusSettings | None = None) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._client = connect(url, self._settings)

    def put(self, grant: CameraGrant) -> None:
        """Show who holds a camera. BusUnavailable if nobody can be told."""
        with bus_errors(self._url, f"tell the holder of camera={grant.camera_id}"):
            self._client.set(self._key(grant.camera_id), grant.model_dump_json())
        reached("grant.told")

    def get(self, camera_ids: Sequence[str]) -> dict[str, CameraGrant]:
        """The grants of these cameras; those of which nothing is known, or nothing that this
        version understands, are left out. BusUnavailable if nobody can tell."""
        if not camera_ids:
            return {}
        with bus_errors(self._url, "read who holds the cameras"):
            found = self._client.mget([self._key(camera_id) for camera_id in camera_ids])
        assert isinstance(found, list)
        grants = (_grant(text) for text in found if text is not None)
        return {grant.camera_id: grant for grant in grants if grant is not None}

    def close(self) -> None:
        self._client.close()

    def _key(self, camera_id: str) -> str:
        return f"{self._settings.holder_key}:{camera_id}"


def _grant(text: bytes | str) -> CameraGrant | None:
    try:
        return CameraGrant.model_validate_json(text)
    except ValidationError as error:
        _log.warning("a camera's grant is not understood", faults=error.error_count())
        return None
