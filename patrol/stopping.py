"""Stopping: Ctrl-C and SIGTERM set one event, and everything ends in good order."""

import os
import signal
import threading
from types import FrameType

SUPERVISOR_VARIABLE = "PATROL_SUPERVISOR_PID"
"""Set for the children of `patrol up`: they end when that process is gone, however it went."""
PARENT_CHECK_EVERY_S = 1.0
ORPHAN_ENDS_WITHIN_S = 10.0
"""A child that lost its supervisor and is not done by then is ended: nobody else would do it."""


def supervisor_pid() -> int | None:
    """The process that started this one to look after it; None without one."""
    told = os.environ.get(SUPERVISOR_VARIABLE, "")
    return int(told) if told.isdecimal() else None


def stop_on_signals() -> threading.Event:
    """An event that SIGINT, SIGTERM or the supervisor's death sets.

    A second signal ends the process at once.
    """
    stopping = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            raise SystemExit(128 + number)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    if (supervisor := supervisor_pid()) is not None:
        watch = threading.Thread(target=_stop_with_parent, args=(supervisor, stopping), daemon=True)
        watch.start()
    return stopping


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
