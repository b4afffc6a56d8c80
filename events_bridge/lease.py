"""A lease: who is the only one of its kind on a bus, written into the bus itself.

The key lives for `LEASE_S` and is renewed well before. A holder that is killed therefore stands in
the way for some seconds, except in its own place: whoever comes back there has proved, by the lock
on the directory, that the earlier one is gone.
"""

import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from domain.closing import Closing
from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect
from events_bridge.goodbye import say_goodbye

LEASE_S = 15.0
RENEW_EVERY_S = 4.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lease, as it says itself."""

    host: str
    pid: int
    directory: str
    place: str
    nonce: str

    @classmethod
    def here(cls, directory: Path) -> "Holder":
        """This process, in the place that this directory is."""
        status = directory.stat()
        try:
            boot = _BOOT_ID.read_text().strip()
        except OSError:
            boot = socket.gethostname()
        place = f"{boot}-{status.st_dev:x}-{status.st_ino:x}"
        return cls(socket.gethostname(), os.getpid(), str(directory), place, uuid4().hex)

    @classmethod
    def parse(cls, said: bytes | str) -> "Holder":
        """Who wrote `said`; an unknown one if nobody of ours did."""
        try:
            told = json.loads(said)
            return cls(**{name: told[name] for name in cls.__slots__})
        except (ValueError, TypeError, KeyError, RecursionError):
            return cls("unknown", 0, "unknown", "", "")

    def dump(self) -> bytes:
        return json.dumps({name: getattr(self, name) for name in self.__slots__}).encode()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, directory {self.directory}"


class Lease(Closing):
    """The lease called `name`. Thread-safe as its client is; `close` gives it back."""

    def __init__(
        self,
        url: str,
        name: str,
        directory: Path,
        *,
        settings: BusSettings | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._url = url
        self._key = f"patrol:lease:{name}"
        self._me = Holder.here(directory)
        self._lease_ms = int(lease_s * 1000)
        self._client = connect(url, settings or BusSettings())

    def renew(self) -> Holder | None:
        """Take the lease, or keep it: None. Who has it, if it is somebody else.

        Raises:
            BusUnavailable: the bus does not say.
        """
        mine = self._me.dump()
        with bus_errors(self._url, "ask who the only one is"):
            said = None
            while said is None:  # or it has just run out
                if self._client.set(self._key, mine, nx=True, px=self._lease_ms):
                    return None
                said = self._client.get(self._key)
            holder = Holder.parse(said)
            if holder.place != self._me.place:
                return holder
            self._client.set(self._key, mine, px=self._lease_ms)
            return None

    def close(self) -> None:
        """Give the lease back, if it is held."""
        with suppress(BusUnavailable):
            say_goodbye(self._give_back, self._url)
        self._client.close()

    def _give_back(self) -> None:
        with bus_errors(self._url, "give the lease back"):
            if self._client.get(self._key) == self._me.dump():
                self._client.delete(self._key)
