"""The embedded server: one per directory, whoever dies."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from domain.errors import BusUnavailable
from events_bridge.connection import connect
from events_bridge.embedded import EmbeddedBus
from events_bridge.settings import BusSettings
from events_bridge.valkey import ValkeyProcess, answers
from tests.events_bridge.bus_tools import kill_and_wait, server_pid
from tests.waiting import wait_until


def put(bus: EmbeddedBus, value: str) -> None:
    with closing(connect(bus.url, BusSettings())) as client:
        client.set("kept", value)


def get(bus: EmbeddedBus) -> str | None:
    with closing(connect(bus.url, BusSettings())) as client:
        value = client.get("kept")
    return value.decode() if isinstance(value, bytes) else None


@contextmanager
def another_process(directory: Path, *, owner: bool) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the bus of `directory` until it is told to end or killed."""
    program = dedent(
        """
        import sys
        from pathlib import Path
        from events_bridge.embedded import EmbeddedBus
        with EmbeddedBus(Path(sys.argv[1])) as bus:
            print("owner" if bus.is_owner else "guest", file=sys.stderr, flush=True)
            sys.stdin.readline()
        """
    )
    command = [sys.executable, "-c", program, str(directory)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == (b"owner\n" if owner else b"guest\n")
        try:
            yield process
        finally:
            process.kill()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process nobody waits for stays in the table, dead.
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()


def test_data_survives_a_stop(tmp_path: Path) -> None:
    with EmbeddedBus(tmp_path) as bus:
        put(bus, "first")
        pid = server_pid(bus)
    assert not runs(pid)
    assert not list(tmp_path.rglob("*.sock"))
    with EmbeddedBus(tmp_path) as again:
        assert get(again) == "first"


def test_nobody_else_may_connect(own_bus: EmbeddedBus, tmp_path: Path) -> None:
    (socket,) = tmp_path.rglob("*.sock")
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    with closing(connect(own_bus.url, BusSettings())) as client:
        assert client.config_get("port") == {"port": "0"}


def test_starting_twice_is_starting_once(own_bus: EmbeddedBus) -> None:
    pid = server_pid(own_bus)
    own_bus.start()
    assert server_pid(own_bus) == pid


@pytest.mark.parametrize(
    "name", ["with blanks and 汉字 and 100%", "deep/" * 40 + "too long for a socket's path"]
)
def test_directories_of_any_name(tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    with EmbeddedBus(directory) as bus:
        put(bus, "first")
        first_url = bus.url
        kill_and_wait(bus)
        assert bus.url == first_url
    with EmbeddedBus(directory) as again:
        assert get(again) == "first"
        assert again.url == first_url
        socket = Path((directory / "address").read_text())
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert socket.parent == directory or not socket.parent.exists()


def test_a_killed_server_comes_back_with_what_it_had(own_bus: EmbeddedBus) -> None:
    put(own_bus, "kept over the crash")
    kill_and_wait(own_bus)
    assert get(own_bus) == "kept over the crash"
    kill_and_wait(own_bus)
    assert get(own_bus) == "kept over the crash"


def test_a_vanished_socket_file_comes_back(own_bus: EmbeddedBus, tmp_path: Path) -> None:
    put(own_bus, "first")
    socket = tmp_path / "bus" / "bus.sock"
    socket.unlink()
    wait_until(lambda: answers(socket, BusSettings()), "the socket")
    assert get(own_bus) == "first"


def test_a_second_process_uses_the_first_ones_server(own_bus: EmbeddedBus, tmp_path: Path) -> None:
    pid = server_pid(own_bus)
    with another_process(tmp_path / "bus", owner=False) as guest:
        guest.communicate(b"\n")
    assert server_pid(own_bus) == pid


def test_two_in_one_process(own_bus: EmbeddedBus, tmp_path: Path) -> None:
    with EmbeddedBus(tmp_path / "bus") as guest:
        assert guest.url == own_bus.url
        assert own_bus.is_owner
        assert not guest.is_owner


def test_when_the_owner_ends_a_guest_carries_on(tmp_path: Path) -> None:
    guest, socket = EmbeddedBus(tmp_path), tmp_path / "bus.sock"
    with another_process(tmp_path, owner=True) as owner:
        guest.start()
        put(guest, "kept over the change")
        owner.communicate(b"\n")
    wait_until(
        lambda: guest.is_owner and answers(socket, BusSettings()), "the guest to become the owner"
    )
    assert get(guest) == "kept over the change"
    guest.stop()


def test_nothing_is_left_of_a_killed_owner(tmp_path: Path) -> None:
    with another_process(tmp_path, owner=True) as owner:
        pid = int((tmp_path / "valkey.pid").read_text())
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not runs(pid), "the server to end")
    with EmbeddedBus(tmp_path) as heir:
        assert heir.is_owner


def test_a_server_that_was_left_behind_is_taken_over(left_behind: ValkeyProcess) -> None:
    """As it happens where the system does not end a server with its owner."""
    with EmbeddedBus(left_behind.directory) as heir:
        assert heir.is_owner
        assert server_pid(heir) == left_behind.pid
        kill_and_wait(heir)
        assert server_pid(heir) != left_behind.pid


def test_a_server_that_was_taken_over_is_stopped(left_behind: ValkeyProcess) -> None:
    with EmbeddedBus(left_behind.directory) as heir:
        pid = server_pid(heir)
    assert not runs(pid)


def test_a_server_nobody_knows_is_sent_away(left_behind: ValkeyProcess) -> None:
    """It listens at the socket, but its process file is lost: two would spoil the data."""
    (left_behind.directory / "valkey.pid").unlink()
    with EmbeddedBus(left_behind.directory) as bus:
        assert server_pid(bus) != left_behind.pid
        assert not left_behind.is_alive()


@pytest.fixture
def left_behind(tmp_path: Path) -> Iterator[ValkeyProcess]:
    """A server that runs, but nobody owns its directory."""
    server = ValkeyProcess(tmp_path, tmp_path / "bus.sock", BusSettings())
    server.start()
    wait_until(lambda: answers(server.socket, BusSettings()), "the server")
    yield server
    server.stop()


def test_stale_files_of_another_life_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "bus.sock").touch()
    (tmp_path / "address").write_text(str(tmp_path / "bus.sock"))
    (tmp_path / "valkey.pid").write_text(str(os.getpid()))  # the number lives on, as another
    with EmbeddedBus(tmp_path) as bus:
        put(bus, "first")
    (tmp_path / "valkey.pid").write_text("rubbish")
    with EmbeddedBus(tmp_path) as again:
        assert get(again) == "first"


def test_ctrl_c_does_not_reach_the_server_before_its_users(own_bus: EmbeddedBus) -> None:
    assert os.getpgid(server_pid(own_bus)) != os.getpgrp()


def test_before_anybody_started_it(tmp_path: Path) -> None:
    with pytest.raises(BusUnavailable, match="was not started"):
        EmbeddedBus(tmp_path).url  # noqa: B018


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BusUnavailable, match="cannot use"):
        EmbeddedBus(tmp_path / "file" / "bus").start()


def test_spoilt_data_is_told_in_the_servers_words(tmp_path: Path) -> None:
    with EmbeddedBus(tmp_path) as bus:
        put(bus, "first")
    for part in (tmp_path / "appendonlydir").glob("*.incr.aof"):
        part.write_bytes(b"this is no log of commands\r\n" * 3)
    with pytest.raises(BusUnavailable, match="Bad file format"):
        EmbeddedBus(tmp_path).start(timeout_s=1.0)


def test_after_a_stop_nothing_answers(own_bus: EmbeddedBus) -> None:
    url = own_bus.url
    own_bus.stop()
    own_bus.stop()
    with closing(connect(url, BusSettings())) as client, pytest.raises(RedisConnectionError):
        client.ping()
