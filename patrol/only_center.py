"""One center for one bus and one database: a second one is refused, whatever machine it is on.

Two would read under one consumer name and decide on the same cases. The lock on the data directory
keeps them apart on one machine; where bus or database are shared, these themselves say who is
first.
"""

import threading
from contextlib import suppress

from cases.sole import DatabaseClaim
from domain.errors import BusUnavailable, CaseStoreUnavailable
from events_bridge.lease import RENEW_EVERY_S, Lease
from patrol.claims import AlreadyRunning
from patrol.only_one import OnlyOne

WAIT_FOR_BUS_S = 1.0


class OnlyCenter(OnlyOne):
    """Keeps what makes this center the only one, of its bus and of its database."""

    def __init__(
        self, lease: Lease | None, claim: DatabaseClaim, *, renew_every_s: float = RENEW_EVERY_S
    ) -> None:
        """Without a `lease` the bus is this center's own."""
        super().__init__("center", renew_every_s=renew_every_s)
        self._lease = lease
        self._claim = claim
        self._granted = threading.Event()

    def check(self) -> None:
        with suppress(CaseStoreUnavailable):
            if (other := self._claim.renew()) is not None:
                raise AlreadyRunning(
                    f"another center keeps the cases of this database: {other}. Stop that one "
                    "first, or name another database (database.url)"
                )
        try:
            holder = self._lease.renew() if self._lease is not None else None
        except BusUnavailable:
            self._granted.clear()
            return
        if holder is not None:
            raise AlreadyRunning(
                f"another center takes the messages of this bus: {holder}. Stop that one first, or "
                "name another bus (bus.url); one that was killed makes room within 15 s"
            )
        self._granted.set()

    def wait(self, stopping: threading.Event) -> bool:
        """Wait until this center may take messages; False if it is to stop before."""
        while not stopping.is_set():
            if self._granted.wait(0.2):
                return True
        return False

    @property
    def _pause_s(self) -> float:
        return self._renew_every_s if self._granted.is_set() else WAIT_FOR_BUS_S

    def _let_go(self) -> None:
        self._claim.close()
        if self._lease is not None:
            self._lease.close()
