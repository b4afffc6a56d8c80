"""One worker of an id on a bus: a second one is refused, whatever machine it is on.

Two would take the cameras from each other for ever, each with a book of its own. The lock on the
data directory keeps them apart on one machine; where the bus is shared it says who is first. A
worker does not need the bus to watch: while it is away nothing is asked.
"""

import threading

from domain.errors import BusUnavailable
from events_bridge.lease import RENEW_EVERY_S, Lease
from patrol.claims import AlreadyRunning
from patrol.only_one import OnlyOne
from settings.slices import WorkerShare


class OnlyWorker(OnlyOne):
    """Keeps what makes this worker the only one of its id."""

    def __init__(
        self, share: WorkerShare, bus_url: str, *, renew_every_s: float = RENEW_EVERY_S
    ) -> None:
        super().__init__("worker", renew_every_s=renew_every_s)
        self._id = share.id
        self._lease = _lease(share, bus_url)

    def check(self) -> None:
        try:
            holder = self._lease.renew() if self._lease is not None else None
        except BusUnavailable:
            return
        if holder is not None:
            raise AlreadyRunning(
                f"another worker with the id {self._id} is on this bus: {holder}. Give this one an "
                "id of its own (worker.id), or stop that one first; one that was killed makes room "
                "within 15 s"
            )

    def watch(self, stopping: threading.Event) -> None:
        if self._lease is not None:
            super().watch(stopping)

    def stop(self) -> None:
        """Let another worker come. Raises AlreadyRunning if one had come."""
        super().stop()
        if self.refusal is not None:
            raise self.refusal

    def _let_go(self) -> None:
        if self._lease is not None:
            self._lease.close()


def _lease(share: WorkerShare, bus_url: str) -> Lease | None:
    """An embedded bus goes with the data directory, which is claimed."""
    if share.bus.is_embedded:
        return None
    share.dir.mkdir(parents=True, exist_ok=True)
    return Lease(bus_url, f"worker:{share.id}", share.dir, settings=share.bus)
