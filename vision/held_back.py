"""The book of what one camera's rules held back: spans, so that an hour at a red light is one line
and not a thousand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from domain.held_back import HeldBack, HeldBackReason

PAUSE_S = 60.0
"""A span ends when nothing was held back for this long …"""
LONGEST_S = 900.0
"""… and is told anew after this long: whoever audits need not wait for its end."""

TellHeldBack = Callable[[HeldBack], None]
Key = tuple[str, str, HeldBackReason]
"""Rule id, zone id, reason."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Span:
    from_at: datetime
    to_at: datetime
    began_s: float
    last_s: float
    looks: int = 1


class HeldBackBook:
    """Written look by look; tells each span when it ends."""

    def __init__(self, camera_id: str, tell: TellHeldBack | None) -> None:
        self._camera_id = camera_id
        self._tell = tell
        self._spans: dict[Key, _Span] = {}

    def note(self, key: Key, at: datetime, now_s: float) -> None:
        """In this look something was held back."""
        span = self._spans.get(key)
        if span is None:
            self._spans[key] = _Span(at, at, now_s, now_s)
            self._log("held back", key)
            return
        span.looks += 1
        span.to_at, span.last_s = max(at, span.to_at), now_s

    def settle(self, now_s: float) -> None:
        """Tell the spans that are over, or that have lasted long enough to be told."""
        for key, span in list(self._spans.items()):
            if now_s - span.last_s >= PAUSE_S or now_s - span.began_s >= LONGEST_S:
                self._end(key)

    def end(self) -> None:
        """Tell all: nobody looks any more."""
        for key in list(self._spans):
            self._end(key)

    def _end(self, key: Key) -> None:
        span = self._spans.pop(key)
        self._log("held back until now", key, looks=span.looks)
        if self._tell is None:
            return
        rule_id, zone_id, reason = key
        self._tell(
            HeldBack(
                camera_id=self._camera_id,
                rule_id=rule_id,
                zone_id=zone_id,
                reason=reason,
                from_at=span.from_at,
                to_at=span.to_at,
                looks=span.looks,
            )
        )

    def _log(self, words: str, key: Key, **more: object) -> None:
        rule_id, zone_id, reason = key
        _log.info(
            words, camera=self._camera_id, rule=rule_id, zone=zone_id, reason=reason.value, **more
        )
