"""The only process of its kind: asked again and again whether it still is, and ended if not."""

import threading
from abc import ABC, abstractmethod

import structlog

from patrol.claims import AlreadyRunning

JOIN_WITHIN_S = 1.0
"""A thread that still asks somebody who is away is not waited for longer."""

log = structlog.get_logger(__name__)


class OnlyOne(threading.Thread, ABC):
    """Keeps what makes this process the only one. If another has come while nobody could be asked,
    this one stops; `refusal` says why."""

    def __init__(self, what: str, *, renew_every_s: float) -> None:
        """`what`: of what there may be one, as logs call it."""
        super().__init__(name=f"only-{what}", daemon=True)
        self.refusal: AlreadyRunning | None = None
        self._what = what
        self._renew_every_s = renew_every_s
        self._stopping = threading.Event()
        self._ended: threading.Event | None = None

    @abstractmethod
    def check(self) -> None:
        """Take or keep it. Who is away today is asked again later.

        Raises:
            AlreadyRunning: another has it.
        """

    @abstractmethod
    def _let_go(self) -> None:
        """Make room for another."""

    @property
    def _pause_s(self) -> float:
        """How long until it is asked again."""
        return self._renew_every_s

    def watch(self, stopping: threading.Event) -> None:
        """Begin to renew; sets `stopping` when another has come in between."""
        self._ended = stopping
        self.start()

    def run(self) -> None:
        while not self._stopping.wait(self._pause_s):
            try:
                self.check()
            except AlreadyRunning as error:
                self.refusal = error
                log.error("not the only one any more, stopping", what=self._what, why=str(error))
                if self._ended is not None:
                    self._ended.set()
                return

    def stop(self) -> None:
        """Let another come."""
        self._stopping.set()
        if self.is_alive():
            self.join(JOIN_WITHIN_S)
        self._let_go()
