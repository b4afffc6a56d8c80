"""Waiting in tests: for something to become true, however long the machine takes."""

import time
from collections.abc import Callable

WAIT_S = 20.0


def wait_until(holds: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> None:
    """Return as soon as `holds()` is true; AssertionError that names `what` if it never is."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s for {what}"
        time.sleep(0.01)
