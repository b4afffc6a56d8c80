"""The rejected board: what dispatchers found to be false on each camera, for whoever watches it."""

from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from domain.closing import Closing
from domain.rejected import REMEMBERED_FOR, RejectedPlaces
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect

_KEEP_MS = round(REMEMBERED_FOR.total_seconds() * 1000)
_log = structlog.get_logger(__name__)


class RejectedBoard(Closing):
    """Thread-safe. One key a camera; a later list replaces an earlier one, and one that nobody
    renews for as long as a rejection is remembered is gone."""

    def __init__(self, url: str, *, settings: BusSettings | None = None) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._client = connect(url, self._settings)

    def put(self, places: RejectedPlaces) -> None:
        """Show what is rejected on a camera. BusUnavailable if nobody can be told."""
        with bus_errors(self._url, f"tell what is rejected on camera={places.camera_id}"):
            self._client.set(self._key(places.camera_id), places.model_dump_json(), px=_KEEP_MS)

    def get(self, camera_ids: Sequence[str]) -> dict[str, RejectedPlaces]:
        """What is rejected on these cameras. One of which nothing is told has nothing rejected;
        one that is told of in words that are not known here is left out, so that nothing changes.
        BusUnavailable if nobody can tell."""
        if not camera_ids:
            return {}
        with bus_errors(self._url, "read what is rejected"):
            found = self._client.mget([self._key(camera_id) for camera_id in camera_ids])
        assert isinstance(found, list)
        told = zip(camera_ids, found, strict=True)
        places = (_places(camera_id, text) for camera_id, text in told)
        return {one.camera_id: one for one in places if one is not None}

    def close(self) -> None:
        self._client.close()

    def _key(self, camera_id: str) -> str:
        return f"{self._settings.rejected_key}:{camera_id}"


def _places(camera_id: str, text: bytes | str | None) -> RejectedPlaces | None:
    if text is None:
        return RejectedPlaces(camera_id=camera_id)
    try:
        return RejectedPlaces.model_validate_json(text)
    except ValidationError as error:
        _log.warning("what is rejected is not understood", faults=error.error_count())
        return None
