"""One worker of an id on a bus: a second one is refused, whatever machine it is on.

Two would take the cameras from each other for ever, each with a book of its own. The lock on the
data directory keeps them apart on one machine; where the bus is shared it says who is first. A
worker does not need the bus to watch: while it is away nothing is asked.
"""

import threading

import structlog

from domain.errors import BusUnavailable
from events_bridge.lease import RENEW_EVERY_S, Lease
from patrol.claims import AlreadyRunning
from settings.slices import WorkerShare

log = structlog.get_logger(__name__)


class OnlyWorker(threading.Thread):
    """Keeps what makes this worker the only one of its id. If another has come while the bus was
    away, this one stops; `refusal` says why."""

    def __init__(
        self, share: WorkerShare, bus_url: str, *, renew_every_s: float = RENEW_EVERY_S
    ) -> None:
        super().__init__(name="only-worker", daemon=True)
        self._id = share.id
        self._renew_every_s = renew_every_s
        self._lease = _lease(share, bus_url)
        self._stopping = threading.Event()
        self._ended: threading.Event | None = None
        self.refusal: AlreadyRunning | None = None

    def check(self) -> None:
        """Take or keep the lease. What is away today is asked again later.

        Raises:
            AlreadyRunning: another worker of this id has it.
        """
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
        """Begin to renew; sets `stopping` when another worker has come in between."""
        self._ended = stopping
        if self._lease is not None:
            self.start()

    def run(self) -> None:
        while not self._stopping.wait(self._renew_every_s):
            try:
                self.check()
            except AlreadyRunning as error:
                self.refusal = error
                log.error("not the only worker of its id any more, stopping", why=str(error))
                if self._ended is not None:
                    self._ended.set()
                return

    def stop(self) -> None:
        """Let another worker come. Raises AlreadyRunning if one had come."""
        self._stopping.set()
        if self.is_alive():
            self.join(2.0)
        if self._lease is not None:
            self._lease.close()
        if self.refusal is not None:
            raise self.refusal


def _lease(share: WorkerShare, bus_url: str) -> Lease | None:
    """An embedded bus goes with the data directory, which is claimed."""
    if share.bus.is_embedded:
        return None
    share.dir.mkdir(parents=True, exist_ok=True)
    return Lease(bus_url, f"worker:{share.id}", share.dir, settings=share.bus)
