"""Logs: one line an occurrence, ids first, never a password, and no line a thousand times."""

import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from domain.masking import mask_values
from patrol.repeats import Repeats

_log = logging.getLogger(__name__)


def _mask_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The last guard: whatever a library put into a message, a password does not pass."""
    for key, value in event.items():
        if key not in _OF_STRUCTLOG:
            event[key] = mask_values(value)
    return event


_OF_STRUCTLOG = frozenset({"_record", "_from_structlog"})
"""What structlog hands from one step to the next; none of it is shown."""


def tell_of_crashes() -> None:
    """Log whatever ends a thread, or the program, without being caught: Python itself would print
    it past the mask."""

    def of_program(kind: type[BaseException], error: BaseException, _trace: object) -> None:
        _log.critical("the program failed", exc_info=error)

    def of_thread(crash: threading.ExceptHookArgs) -> None:
        name = crash.thread.name if crash.thread else "?"
        if crash.exc_value is not None and not isinstance(crash.exc_value, SystemExit):
            _log.critical("thread %s failed", name, exc_info=crash.exc_value)

    sys.excepthook = of_program
    threading.excepthook = of_thread


def set_up_logs(*, verbose: bool = False, as_json: bool = False) -> None:
    """Send all logs to standard error, coloured on a terminal, JSON for machines."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Before the mask, and without the values of variables: passwords are among them.
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler.setFormatter(formatter)
    handler.addFilter(Repeats(handler))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for noisy in ("uvicorn.access", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
