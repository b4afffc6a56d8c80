"""The door of a camera through which all its streams come: one knocks at a time, and none soon
after a refused login."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import StreamUnauthorized
from streams.address import CameraAddress


class Door:
    """Shared by the readers of one account of one device. An account is locked by repeated wrong
    logins, whichever stream they are for."""

    def __init__(self, pause_s: float) -> None:
        """`pause_s`: how long nobody knocks after a refused login."""
        self._pause_s = pause_s
        self._one_at_a_time = threading.Lock()
        self._shut_until_s = 0.0

    @contextmanager
    def knock(self, address: CameraAddress) -> Iterator[None]:
        """For the time of connecting, login included.

        Raises:
            StreamUnauthorized: a login was refused a short while ago; nothing was tried.
        """
        with self._one_at_a_time:
            if time.monotonic() < self._shut_until_s:
                raise StreamUnauthorized(
                    f"{address.masked}: not tried, the login was just refused for another stream"
                )
            try:
                yield
            except StreamUnauthorized:
                self._shut_until_s = time.monotonic() + self._pause_s
                raise


def same_account(one: CameraAddress, other: CameraAddress) -> bool:
    """Whether two addresses lead to one account of one device."""
    if one.is_file or other.is_file:
        return False
    return (one.host, one.port, one.user) == (other.host, other.port, other.user)
