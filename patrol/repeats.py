"""Repeated log lines are counted instead of written.

What goes wrong once a round, or once for each stranger at the door, fills a disk and hides what
matters. The same line is written once, then it is said how often it came within a minute. Lines
of one kind that differ, as by a camera's id, are each written, up to a number of them.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

WINDOW_S = 60.0
LINES_MOST = 200
"""So many different lines of one kind are written within a window."""
KINDS_MOST = 500
"""So many kinds are known at once; with more, the oldest is forgotten."""
_VARIES = frozenset({"timestamp", "level", "logger", "_record", "_from_structlog"})
_SUMMARY = "counts_repeats"


@dataclass(slots=True)
class _Kind:
    """What came of one kind of line since `began_s`."""

    record: logging.LogRecord
    began_s: float
    seen: set[int] = field(default_factory=set)
    left_out: int = 0


class Repeats(logging.Filter):
    """A filter of `handler`: thread-safe, and bounded in what it remembers."""

    def __init__(
        self,
        handler: logging.Handler,
        *,
        window_s: float = WINDOW_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._handler = handler
        self._window_s = window_s
        self._clock = clock
        self._kinds: dict[tuple[str, int, str], _Kind] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line now."""
        if hasattr(record, _SUMMARY):
            return True
        self.flush()
        with self._lock:
            written = self._is_new(record)
            if not written and self._timer is None:
                self._timer = threading.Timer(self._window_s, self._ring)
                self._timer.daemon = True
                self._timer.start()
        return written

    def flush(self) -> None:
        """Say what was left out in windows that are over."""
        now_s = self._clock()
        with self._lock:
            over = [k for k, kind in self._kinds.items() if now_s - kind.began_s >= self._window_s]
            told = [self._kinds.pop(key) for key in over]
        for kind in told:
            self._say(kind)

    def _ring(self) -> None:
        """The flood may have been the last that is logged for hours: nothing else would say it."""
        with self._lock:
            self._timer = None
        self.flush()
        with self._lock:
            waits = any(kind.left_out for kind in self._kinds.values())
            if waits and self._timer is None:
                self._timer = threading.Timer(self._window_s / 4, self._ring)
                self._timer.daemon = True
                self._timer.start()

    def _is_new(self, record: logging.LogRecord) -> bool:
        key = (record.name, record.levelno, _event(record))
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= KINDS_MOST:
                del self._kinds[next(iter(self._kinds))]
            kind = self._kinds[key] = _Kind(record, self._clock())
        line = hash(_line(record))
        if line in kind.seen or len(kind.seen) >= LINES_MOST:
            kind.left_out += 1
            kind.record = record
            return False
        kind.seen.add(line)
        return True

    def _say(self, kind: _Kind) -> None:
        if not kind.left_out:
            return
        first = kind.record
        words = f"repeated {kind.left_out} times in the last {self._window_s:.0f} s: "
        summary = logging.makeLogRecord({**first.__dict__, "exc_info": None, "exc_text": None})
        setattr(summary, _SUMMARY, True)
        if isinstance(first.msg, dict):
            kept = {name: value for name, value in first.msg.items() if name != "exception"}
            summary.msg = {**kept, "event": words + _event(first)}
        else:
            summary.msg, summary.args = words + str(first.msg), first.args
        self._handler.handle(summary)


def _event(record: logging.LogRecord) -> str:
    """What is said, without what it is said of."""
    said: Any = record.msg
    return str(said.get("event", "")) if isinstance(said, dict) else str(said)


def _line(record: logging.LogRecord) -> str:
    """All that is said, but when."""
    said: Any = record.msg
    if isinstance(said, dict):
        return repr(sorted((k, str(v)) for k, v in said.items() if k not in _VARIES))
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    try:
        return f"{record.getMessage()} {error!r}"
    except (TypeError, ValueError):
        return f"{said} {error!r}"
