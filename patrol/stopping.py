"""Stopping: Ctrl-C and SIGTERM set one event, and everything ends in good order."""

import os
import signal
import sys
import threading
import traceback
from types import FrameType

import structlog

SUPERVISOR_VARIABLE = "PATROL_SUPERVISOR_PID"
"""Set for the children of `patrol up`: they end when that process is gone, however it went."""
PARENT_CHECK_EVERY_S = 1.0
ORPHAN_ENDS_WITHIN_S = 10.0
"""A child that lost its supervisor and is not done by then is ended: nobody else would do it."""


STOPS_WITHIN_S = 8.0
"""Docker kills a process ten seconds after it asked it to stop."""
CALLS_NAMED = 16
"""Of what the main thread is in, the innermost: a library's own come first."""

log = structlog.get_logger(__name__)


def supervisor_pid() -> int | None:
    """The process that started this one to look after it; None without one."""
    told = os.environ.get(SUPERVISOR_VARIABLE, "")
    return int(told) if told.isdecimal() else None


def stop_on_signals(within_s: float | None = None) -> threading.Event:
    """An event that SIGINT, SIGTERM or the supervisor's death sets. A process that is not done
    `within_s` after it is ended where it is: a bus, a database or a name server that is gone may
    keep each of its connections waiting, and what has to last is written before.

    A second signal ends the process at once.
    """
    stopping = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            raise SystemExit(128 + number)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    if within_s is not None:
        threading.Thread(target=_end_unfinished, args=(stopping, within_s), daemon=True).start()
    if (supervisor := supervisor_pid()) is not None:
        watch = threading.Thread(target=_stop_with_parent, args=(supervisor, stopping), daemon=True)
        watch.start()
    return stopping


def _end_unfinished(stopping: threading.Event, after_s: float) -> None:
    stopping.wait()
    threading.Event().wait(after_s)
    main = sys._current_frames().get(threading.main_thread().ident or 0)
    calls = [call.name for call in reversed(traceback.extract_stack(main))]
    at = " < ".join(calls[:CALLS_NAMED])
    log.warning("stopped before everything was closed", within_s=after_s, at=at)
    os._exit(0)


def _stop_with_parent(pid: int, stopping: threading.Event) -> None:
    while os.getppid() == pid:
        if stopping.wait(PARENT_CHECK_EVERY_S):
            return
    stopping.set()
    end_late(ORPHAN_ENDS_WITHIN_S)


def end_late(after_s: float) -> None:
    """End this process after so long, whatever of it hangs by then. For daemon threads."""
    threading.Event().wait(after_s)
    os._exit(1)
