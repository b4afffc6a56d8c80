"""What this process has learnt of cameras: how they log in, and which reader understands them.

It outlives connections. Of the process only that is kept which a password hangs on: which devices
take a digest, where somebody keeps it. There are as many entries as addresses were configured.
"""

import threading
import time
from collections.abc import Callable, Iterable

from streams.address import CameraAddress
from streams.rtsp.places import door_of

Door = tuple[str, int]
"""Host and port of a device."""
KeepDigest = Callable[[frozenset[Door]], None]
"""Keeps which devices take a digest, beyond the process."""

TRY_LIBAV_AGAIN_AFTER_S = 3600.0
"""Where libav did not understand a camera either, it is not asked again for so long."""


class KnownCameras:
    """Safe to use from several threads."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._keep_digest: KeepDigest | None = None
        self._digest: set[Door] = set()
        self._redirecting: set[Door] = set()
        self._by_libav: dict[str, str] = {}
        self._in_vain_s: dict[str, float] = {}

    def saw_digest(self, address: CameraAddress) -> None:
        """The device can log in without being told the password."""
        door = door_of(address)
        with self._lock:
            if door in self._digest:
                return
            self._digest.add(door)
        self._keep()

    def recall(self, digest: Iterable[Door], keep: KeepDigest | None) -> None:
        """Know of an earlier process which devices take a digest, and have `keep` told of all that
        are known each time that there is another."""
        with self._lock:
            self._digest.update(digest)
            self._keep_digest = keep

    def _keep(self) -> None:
        """One at a time, so that the last that is kept knows all."""
        with self._keeping:
            with self._lock:
                keep, digest = self._keep_digest, frozenset(self._digest)
            if keep is not None:
                keep(digest)

    def speaks_digest(self, address: CameraAddress) -> bool:
        with self._lock:
            return door_of(address) in self._digest

    def saw_redirect(self, address: CameraAddress) -> None:
        """The device sends its clients elsewhere: libav would follow, password and all."""
        with self._lock:
            self._redirecting.add(door_of(address))

    def redirects(self, address: CameraAddress) -> bool:
        with self._lock:
            return door_of(address) in self._redirecting

    def misread(self, address: CameraAddress, why: str) -> bool:
        """Our own reader does not understand this camera; whether libav is to try it."""
        with self._lock:
            tried_s = self._in_vain_s.get(address.bare_url)
            lately = tried_s is not None and self._now_s() - tried_s < TRY_LIBAV_AGAIN_AFTER_S
            if lately or door_of(address) in self._redirecting:
                return False
            self._by_libav[address.bare_url] = why
            return True

    def why_libav(self, address: CameraAddress) -> str | None:
        """Why the camera is read by libav; none if it is not."""
        with self._lock:
            return self._by_libav.get(address.bare_url)

    def libav_in_vain(self, address: CameraAddress) -> None:
        """libav does not understand it either: our own reader goes on trying."""
        with self._lock:
            self._by_libav.pop(address.bare_url, None)
            self._in_vain_s[address.bare_url] = self._now_s()


KNOWN = KnownCameras()
"""That of this process."""
