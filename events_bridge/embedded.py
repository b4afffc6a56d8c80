"""The embedded bus: a real Valkey server for one machine, on a unix socket that only its user
may open, with its data in a directory.

One process per directory owns the server (it holds a file lock), starts it, restarts it if it
dies, and stops it. Every other process that asks for the same directory uses that server; when
the owner goes, one of them becomes the owner and carries on at the same address.

The address is the directory's own: nothing about it is stored, so a copy of the directory never
leads to the original's server.
"""

import atexit
import fcntl
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

from domain.backoff import Backoff
from domain.closing import Running
from domain.documents import real_path
from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.held import HeldDirectory, hold, told
from events_bridge.valkey import ValkeyProcess, answers, socket_of, socket_url

START_TIMEOUT_S = 20.0
"""For the server to answer, its data loaded."""
LEAST_FREE_BYTES = 64 * 1024
"""With less free a server cannot even say so in its log."""
WATCH_EVERY_S = 0.5
SOCKET_PATH_MAX_BYTES = 103
"""What fits on macOS. On Linux sockets are reached by handle, so their paths are short."""

_log = structlog.get_logger(__name__)


class EmbeddedBus(Running):
    """`with EmbeddedBus(directory) as bus: connect to bus.url`."""

    def __init__(self, directory: Path, *, settings: BusSettings | None = None) -> None:
        self._directory = real_path(directory)
        self._settings = settings or BusSettings()
        self._held: HeldDirectory | None = None
        self._lock: int | None = None
        self._server: ValkeyProcess | None = None
        self._backoff = Backoff(WATCH_EVERY_S, 30.0)
        self._not_before = 0.0
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._trouble: str | None = None
        self._watcher: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the server is for this process; BusUnavailable before `start`."""
        if self._held is None:
            raise BusUnavailable(f"the embedded bus of {self._directory} was not started")
        return socket_url(socket_of(self._held))

    @property
    def is_owner(self) -> bool:
        """Whether this process starts and stops the server."""
        return self._lock is not None

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Have a server that answers: start it, or find the one that runs. BusUnavailable, with
        the end of the server's log, if there is none within `timeout_s`."""
        if self._watcher is not None:
            return
        held = self._held = self._hold()
        atexit.register(self.stop)
        self._stopping.clear()
        self._looked.clear()
        self._trouble = None
        self._watcher = threading.Thread(target=self._watch, name="embedded-bus", daemon=True)
        self._watcher.start()
        try:
            self._wait_until_it_answers(held, timeout_s)
        except BusUnavailable:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop watching and, as the owner, stop the server. What it holds stays on disk."""
        atexit.unregister(self.stop)
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None

    def _hold(self) -> HeldDirectory:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = hold(self._directory)
        except OSError as error:
            raise BusUnavailable(f"the embedded bus cannot use {self._directory}: {error}") from (
                error
            )
        socket = socket_of(held)
        if sys.platform != "linux" and len(os.fsencode(socket)) > SOCKET_PATH_MAX_BYTES:
            raise BusUnavailable(
                f"expected at most {SOCKET_PATH_MAX_BYTES} bytes for a socket's path, got "
                f"{socket}: choose a data directory with a shorter path"
            )
        return held

    def _wait_until_it_answers(self, held: HeldDirectory, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            # Not before the watcher has looked: what answers may be a server it sends away.
            if self._looked.is_set() and answers(held, self._settings):
                return
            if self._trouble is not None:
                raise BusUnavailable(f"the embedded bus of {held.name}: {self._trouble}")
            if time.monotonic() > deadline:
                words = self._server.last_words() if self._server else "another process owns it"
                words = words or _without_words(self._directory)
                raise BusUnavailable(
                    f"expected the embedded bus of {held.name} to answer within "
                    f"{timeout_s:g} s, got none: {words}"
                )
            time.sleep(0.02)

    def _watch(self) -> None:
        """The server's whole life, in one thread: the system ends a server with the thread that
        started it (see ValkeyProcess)."""
        while not self._stopping.is_set():
            try:
                self._tend()
                self._trouble = None
            except (BusUnavailable, OSError) as error:
                self._tell(told(error))
            self._looked.set()
            self._stopping.wait(WATCH_EVERY_S)
        self._let_go()

    def _tell(self, trouble: str) -> None:
        """Trouble that lasts is said once, not twice a second."""
        if trouble != self._trouble:
            _log.error("embedded bus not started", why=trouble)
        self._trouble = trouble

    def _tend(self) -> None:
        """As the owner, or once nobody owns it any more, see to it that the server runs."""
        held = self._held
        if held is None or (not self.is_owner and not self._own(held)):
            return
        if self._server is None:
            self._server = ValkeyProcess(held, self._settings)
            if self._server.adopt():
                _log.warning("embedded bus taken over from a killed process", pid=self._server.pid)
            else:
                self._server.start()
        elif self._server.is_alive():
            self._backoff.reset()
        elif time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + self._backoff.next_s()
            _log.error("embedded bus died, restarting it", last_words=self._server.last_words())
            self._server.start()

    def _own(self, held: HeldDirectory) -> bool:
        descriptor = os.open(held.path / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        # Where an older program kept the absolute path of its socket.
        with suppress(OSError):
            (held.path / "address").unlink()
        return True

    def _let_go(self) -> None:
        if self._lock is None:
            return
        if self._server is not None:
            self._server.stop()
            self._server = None
        os.close(self._lock)
        self._lock = None


def _without_words(directory: Path) -> str:
    """Why a server that could not even write its log did not answer."""
    is_full = shutil.disk_usage(directory).free < LEAST_FREE_BYTES
    return "no room is left on its disk" if is_full else "it said nothing"


def url_of(directory: Path) -> str:
    """Where the server of a directory listens while one runs. Nothing is made or started.

    Raises:
        BusUnavailable: there is no such directory.
    """
    try:
        return socket_url(socket_of(hold(Path(os.path.realpath(directory, strict=True)))))
    except OSError as error:
        raise BusUnavailable(
            f"expected the directory of an embedded bus at {directory}: {told(error)}"
        ) from error
