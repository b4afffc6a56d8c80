"""Threads that must outlive their own mistakes."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)


@contextmanager
def steadfast(what: str, **ids: str) -> Iterator[None]:
    """One round of a thread's work, or the part of it that one camera has. Whatever goes wrong in
    it is logged with its traceback, and the next comes: a worker whose thread died quietly would
    run and see nothing.
    """
    try:
        yield
    except Exception:
        log.exception("a round failed", what=what, **ids)
