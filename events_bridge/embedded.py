"""The embedded bus: a real Valkey server for one machine, on a unix socket that only its user
may open, with its data in a directory.

One process per directory owns the server (it holds a file lock), starts it, restarts it if it
dies, and stops it. Every other process that asks for the same directory uses that server; when
the owner goes, one of them becomes the owner and carries on at the same address.
"""

import atexit
import fcntl
import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

from domain.closing import Running
from domain.errors import BusUnavailable
from events_bridge.backoff import Backoff
from events_bridge.settings import BusSettings
from events_bridge.valkey import ValkeyProcess, answers, socket_url

START_TIMEOUT_S = 20.0
"""For the server to answer, its data loaded."""
WATCH_EVERY_S = 0.5
SOCKET_PATH_MAX_BYTES = 100
"""The system's limit is 103 bytes on macOS and 107 on Linux."""
TEMP_NAME_BYTES = 40
"""Room for what comes below the system's temp directory."""

_log = structlog.get_logger(__name__)


class EmbeddedBus(Running):
    """`with EmbeddedBus(directory) as bus: connect to bus.url`."""

    def __init__(self, directory: Path, *, settings: BusSettings | None = None) -> None:
        self._directory = directory.resolve()
        self._settings = settings or BusSettings()
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
        """Where the server is; BusUnavailable before anybody started it."""
        socket = self._recorded_socket()
        if socket is None:
            raise BusUnavailable(f"the embedded bus of {self._directory} was not started")
        return socket_url(socket)

    @property
    def is_owner(self) -> bool:
        """Whether this process starts and stops the server."""
        return self._lock is not None

    def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Have a server that answers: start it, or find the one that runs. BusUnavailable, with
        the end of the server's log, if there is none within `timeout_s`."""
        if self._watcher is not None:
            return
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BusUnavailable(f"the embedded bus cannot use {self._directory}: {error}") from (
                error
            )
        atexit.register(self.stop)
        self._stopping.clear()
        self._looked.clear()
        self._trouble = None
        self._watcher = threading.Thread(target=self._watch, name="embedded-bus", daemon=True)
        self._watcher.start()
        try:
            self._wait_until_it_answers(timeout_s)
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

    def _wait_until_it_answers(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            socket = self._recorded_socket()
            # Not before the watcher has looked: what answers may be a server it sends away.
            looked = self._looked.is_set()
            if looked and socket is not None and answers(socket, self._settings):
                return
            if self._trouble is not None:
                raise BusUnavailable(f"the embedded bus of {self._directory}: {self._trouble}")
            if time.monotonic() > deadline:
                words = self._server.last_words() if self._server else "another process owns it"
                raise BusUnavailable(
                    f"expected the embedded bus of {self._directory} to answer within "
                    f"{timeout_s:g} s, got none: {words}"
                )
            time.sleep(0.02)

    def _watch(self) -> None:
        """The server's whole life, in one thread: the system ends a server with the thread that
        started it (see ValkeyProcess)."""
        while not self._stopping.is_set():
            try:
                self._tend()
            except (BusUnavailable, OSError) as error:
                self._trouble = str(error)
                _log.error("embedded bus not started", why=self._trouble)
            self._looked.set()
            self._stopping.wait(WATCH_EVERY_S)
        self._let_go()

    def _tend(self) -> None:
        """As the owner, or once nobody owns it any more, see to it that the server runs."""
        if not self.is_owner and not self._own():
            return
        if self._server is None:
            self._server = ValkeyProcess(self._directory, self._claim_socket(), self._settings)
            if self._server.adopt():
                _log.warning("embedded bus taken over from a killed process", pid=self._server.pid)
            else:
                self._server.start()
        elif self._server.is_alive():
            self._backoff.reset()
        elif time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + self._backoff.next_s()
            _log.error("embedded bus died, restarting it", last_words=self._server.last_words())
            self._claim_socket()
            self._server.start()

    def _own(self) -> bool:
        descriptor = os.open(self._directory / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def _let_go(self) -> None:
        if self._lock is None:
            return
        socket = self._recorded_socket()
        if self._server is not None:
            self._server.stop()
            self._server = None
        if socket is not None and socket.parent != self._directory:
            with suppress(OSError):
                socket.parent.rmdir()
        os.close(self._lock)
        self._lock = None

    @property
    def _address_path(self) -> Path:
        return self._directory / "address"

    def _recorded_socket(self) -> Path | None:
        try:
            return Path(self._address_path.read_text())
        except OSError:
            return None

    def _claim_socket(self) -> Path:
        """The socket's path, recorded for the other processes: in the directory or, where that
        path is too long for a socket, in a private directory of the system's temp directory."""
        socket = self._directory / "bus.sock"
        if len(os.fsencode(socket)) > SOCKET_PATH_MAX_BYTES:
            socket = self._short_socket()
        new = self._address_path.with_suffix(".new")
        new.write_text(str(socket))
        new.replace(self._address_path)
        return socket

    def _short_socket(self) -> Path:
        # The same path again and again, so that clients find a restarted server.
        recorded = self._recorded_socket()
        if recorded is not None:
            with suppress(OSError):
                recorded.parent.mkdir(mode=0o700)
            if _is_private(recorded.parent):
                return recorded
        temp = tempfile.gettempdir()
        if len(os.fsencode(temp)) > SOCKET_PATH_MAX_BYTES - TEMP_NAME_BYTES:
            temp = "/tmp"
        return Path(tempfile.mkdtemp(prefix="patrol-bus-", dir=temp)) / "bus.sock"


def _is_private(directory: Path) -> bool:
    """Whether a directory is there and only its owner, this user, may enter it."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    return status.st_uid == os.geteuid() and status.st_mode & 0o077 == 0
