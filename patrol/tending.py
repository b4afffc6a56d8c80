"""What time alone does to cases, done every few seconds beside the console."""

import threading

import structlog

from cases.book import CaseBook
from domain.errors import CaseStoreUnavailable

EVERY_S = 10.0
"""So late at most somebody hears of a deadline; a calendar that changed is followed as soon."""

log = structlog.get_logger(__name__)


def keep_tending(book: CaseBook, stopping: threading.Event, every_s: float = EVERY_S) -> None:
    """Tend the cases until `stopping` is set. A database that is away is asked again later."""
    if (year := book.unannounced_year()) is not None:
        log.warning("working days are not announced, deadlines in it are tentative", year=year)
    while not stopping.is_set():
        try:
            changed = book.tend()
        except CaseStoreUnavailable as error:
            log.warning("cases are not tended", error=str(error))
            changed = 0
        if not changed:
            stopping.wait(every_s)
