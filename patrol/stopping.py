"""Stopping: Ctrl-C and SIGTERM set one event, and everything ends in good order."""

import os
import signal
import threading
from types import FrameType

SUPERVISOR_VARIABLE = "PATROL_SUPERVISOR_PID"
"""Set for the children of `patrol up`: they end when that process is gone, however it went."""
PARENT_CHECK_EVERY_S = 1.0


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
    if supervisor := os.environ.get(SUPERVISOR_VARIABLE):
        watch = threading.Thread(
            target=_stop_with_parent, args=(int(supervisor), stopping), daemon=True
        )
        watch.start()
    return stopping


def _stop_with_parent(pid: int, stopping: threading.Event) -> None:
    while not stopping.wait(PARENT_CHECK_EVERY_S):
        if os.getppid() != pid:
            stopping.set()
