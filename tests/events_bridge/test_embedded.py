"""The embedded server: one per directory, whoever dies."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import connect
from events_bridge.embedded import EmbeddedBus
from events_bridge.held import hold
from events_bridge.urls import mask_url
from events_bridge.valkey import ValkeyProcess, answers
from tests.events_bridge.bus_tools import kill_and_wait, server_pid
from tests.processes import alive
from tests.small_disk import fill, small_disk
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


def test_data_survives_a_stop(tmp_path: Path) -> None:
    with EmbeddedBus(tmp_path) as bus:
        put(bus, "first")
        pid = server_pid(bus)
    assert not alive(pid)
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
        assert stat.S_ISSOCK((directory / "bus.sock").stat().st_mode)


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
    wait_until(lambda: answers(hold(tmp_path / "bus"), BusSettings()), "the socket")
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
    guest, held = EmbeddedBus(tmp_path), hold(tmp_path)
    with another_process(tmp_path, owner=True) as owner:
        guest.start()
        put(guest, "kept over the change")
        owner.communicate(b"\n")
    wait_until(
        lambda: guest.is_owner and answers(held, BusSettings()), "the guest to become the owner"
    )
    assert get(guest) == "kept over the change"
    guest.stop()


def test_nothing_is_left_of_a_killed_owner(tmp_path: Path) -> None:
    with another_process(tmp_path, owner=True) as owner:
        pid = int((tmp_path / "valkey.pid").read_text())
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(pid), "the server to end")
    with EmbeddedBus(tmp_path) as heir:
        assert heir.is_owner


def test_a_server_that_was_left_behind_is_taken_over(left_behind: ValkeyProcess) -> None:
    """As it happens where the system does not end a server with its owner."""
    with EmbeddedBus(left_behind.directory.name) as heir:
        assert heir.is_owner
        assert server_pid(heir) == left_behind.pid
        kill_and_wait(heir)
        assert server_pid(heir) != left_behind.pid


def test_a_server_that_was_taken_over_is_stopped(left_behind: ValkeyProcess) -> None:
    with EmbeddedBus(left_behind.directory.name) as heir:
        pid = server_pid(heir)
    assert not alive(pid)


def test_a_server_nobody_knows_is_sent_away(left_behind: ValkeyProcess) -> None:
    """It listens at the socket, but its process file is lost: two would spoil the data."""
    (left_behind.directory.path / "valkey.pid").unlink()
    with EmbeddedBus(left_behind.directory.name) as bus:
        assert server_pid(bus) != left_behind.pid
        assert not left_behind.is_alive()


@pytest.fixture
def left_behind(tmp_path: Path) -> Iterator[ValkeyProcess]:
    """A server that runs, but nobody owns its directory."""
    server = ValkeyProcess(hold(tmp_path), BusSettings())
    server.start()
    wait_until(lambda: answers(server.directory, BusSettings()), "the server")
    yield server
    server.stop()


def test_stale_files_of_another_life_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "bus.sock").touch()
    (tmp_path / "address").write_text(str(tmp_path / "bus.sock"))
    (tmp_path / "valkey.pid").write_text(str(os.getpid()))  # the number lives on, as another
    with EmbeddedBus(tmp_path) as bus:
        put(bus, "first")
        assert not (tmp_path / "address").exists()
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


def test_a_full_disk_is_told_though_the_server_could_not_say_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256) as disk:
        (disk / "bus").mkdir()
        fill(disk)
        bus = EmbeddedBus(disk / "bus")
        with pytest.raises(BusUnavailable, match="no room is left on its disk"):
            bus.start(timeout_s=1)


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


def copy_by(how: str, original: Path, copy: Path) -> None:
    """A copy as people make one, while the original runs."""
    subprocess.run(["cp", how, str(original), str(copy)], check=True)


@pytest.mark.parametrize("deep", ["", "deep/" * 40])
def test_a_copy_of_a_running_directory_leaves_the_original_alone(tmp_path: Path, deep: str) -> None:
    original, copy = tmp_path / "original" / deep, tmp_path / "copy" / deep
    with EmbeddedBus(original) as bus:
        put(bus, "the original's")
        pid = server_pid(bus)
        copy_by("-a", tmp_path / "original", tmp_path / "copy")
        assert str(tmp_path) not in "".join(
            path.read_bytes().decode("latin-1") for path in copy.iterdir() if path.is_file()
        )
        with EmbeddedBus(copy) as other:
            assert other.is_owner
            assert server_pid(other) != pid
            assert get(other) == "the original's"
            put(other, "the copy's")
        assert server_pid(bus) == pid
        assert get(bus) == "the original's"


def test_an_older_program_s_address_in_a_copy_leads_nowhere(tmp_path: Path) -> None:
    """It was absolute, and whatever listened there was told to stop."""
    with EmbeddedBus(tmp_path / "original") as bus:
        pid = server_pid(bus)
        (tmp_path / "copy").mkdir()
        (tmp_path / "copy" / "address").write_text(str(tmp_path / "original" / "bus.sock"))
        with EmbeddedBus(tmp_path / "copy") as other:
            assert server_pid(other) != pid
        assert server_pid(bus) == pid


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_socket_that_leads_elsewhere_is_never_told_to_stop(
    own_bus: EmbeddedBus, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    pid = server_pid(own_bus)
    (tmp_path / "linked").mkdir()
    link(tmp_path / "bus" / "bus.sock", tmp_path / "linked" / "bus.sock")
    with pytest.raises(BusUnavailable, match=rf"got the one that works in .*bus \(process {pid}\)"):
        EmbeddedBus(tmp_path / "linked").start()
    assert server_pid(own_bus) == pid
    assert (tmp_path / "bus" / "bus.sock").exists()


def test_a_copy_of_links_alone_is_refused(own_bus: EmbeddedBus, tmp_path: Path) -> None:
    """Its files are the original's own: a second server would write into the same data."""
    pid = server_pid(own_bus)
    copy_by("-al", tmp_path / "bus", tmp_path / "linked")
    with pytest.raises(BusUnavailable, match="is the folder linked instead of copied"):
        EmbeddedBus(tmp_path / "linked").start()
    assert server_pid(own_bus) == pid


def test_a_folder_moved_while_it_is_in_use(tmp_path: Path) -> None:
    with EmbeddedBus(tmp_path / "before") as bus:
        put(bus, "first")
        pid = server_pid(bus)
        (tmp_path / "before").rename(tmp_path / "after")
        assert get(bus) == "first"
        with EmbeddedBus(tmp_path / "after") as guest, EmbeddedBus(tmp_path / "before") as new:
            assert server_pid(guest) == pid
            assert server_pid(new) != pid
        kill_and_wait(bus)
        assert get(bus) == "first"
        assert mask_url(bus.url).startswith(f"unix://{tmp_path / 'after'}/")


def test_a_directory_reached_over_a_symlink_is_the_same(
    own_bus: EmbeddedBus, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "bus")
    with EmbeddedBus(tmp_path / "link") as guest:
        assert server_pid(guest) == server_pid(own_bus)


def test_a_silent_process_at_the_socket_is_told_of(left_behind: ValkeyProcess) -> None:
    """Stopped, but not ended: two servers would spoil the data."""
    (left_behind.directory.path / "valkey.pid").unlink()
    assert left_behind.pid is not None
    os.kill(left_behind.pid, signal.SIGSTOP)
    try:
        bus = EmbeddedBus(left_behind.directory.name, settings=BusSettings(answer_timeout_s=0.2))
        with pytest.raises(BusUnavailable, match="is its process stopped"):
            bus.start()
    finally:
        os.kill(left_behind.pid, signal.SIGCONT)


def test_no_temp_directory_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    with EmbeddedBus(tmp_path / ("deep/" * 40)) as bus:
        put(bus, "first")


@pytest.mark.parametrize("name", ["owner.lock", "valkey.log"])
def test_a_file_in_the_way_is_told_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "bus" / name).mkdir(parents=True)
    with pytest.raises(BusUnavailable, match=rf"{tmp_path}/bus/{name}: Is a directory"):
        EmbeddedBus(tmp_path / "bus").start()
