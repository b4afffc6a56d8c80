"""What the worker tells its process of: parts that turn, and threads that must not be gone."""

import threading
from typing import Protocol


class Turning(Protocol):
    """A part that goes round."""

    def turn(self) -> None:
        """Say that a round is done."""


class Pulse(Protocol):
    """Whoever listens: the process that a worker runs in (`patrol.heartbeat`)."""

    def part(self, name: str) -> Turning:
        """A new part; it is late if it does not turn."""

    def lives(self, thread: threading.Thread) -> None:
        """A thread that waits for work, and must not be gone once it was started."""
