"""Claims on a directory: the second is refused, in words, whatever became of the folder."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from domain.errors import ConfigurationError
from patrol.claims import AlreadyRunning, Claim
from patrol.stopping import SUPERVISOR_VARIABLE

PROGRAM = dedent(
    """
    import sys
    from pathlib import Path
    from patrol.claims import Claim
    with Claim(Path(sys.argv[1]), "a center"):
        print("has it", flush=True)
        sys.stdin.readline()
    """
)


@contextmanager
def another_process(path: Path, supervisor: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the claim until it is told to end or killed."""
    more = {} if supervisor is None else {SUPERVISOR_VARIABLE: str(supervisor)}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env={**os.environ, **more}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"has it\n"
        try:
            yield process
        finally:
            process.kill()


def refused(path: Path) -> str:
    with pytest.raises(AlreadyRunning) as caught, Claim(path, "a center", ending_s=0.3):
        pass
    return str(caught.value)


def test_the_second_is_refused_with_process_and_directory(tmp_path: Path) -> None:
    path = tmp_path / "data" / "center.lock"
    with another_process(path) as first:
        said = refused(path)
        assert said.startswith(f"a center already runs on {path.parent} (process {first.pid})")
        assert "--data" in said
        assert "\n" not in said
    with Claim(path, "a center"):
        pass


def test_a_killed_one_is_in_nobodys_way(tmp_path: Path) -> None:
    with another_process(tmp_path / "center.lock") as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with Claim(tmp_path / "center.lock", "a center"):
            pass


def test_a_stopped_one_still_has_it(tmp_path: Path) -> None:
    with another_process(tmp_path / "center.lock") as first:
        first.send_signal(signal.SIGSTOP)
        assert f"process {first.pid}" in refused(tmp_path / "center.lock")


def test_a_copy_of_the_folder_is_free(tmp_path: Path) -> None:
    with another_process(tmp_path / "first" / "center.lock"):
        shutil.copytree(tmp_path / "first", tmp_path / "copy")
        with Claim(tmp_path / "copy" / "center.lock", "a center"):
            pass


def test_a_moved_folder_is_taken_where_it_is_now(tmp_path: Path) -> None:
    with another_process(tmp_path / "before" / "center.lock"):
        (tmp_path / "before").rename(tmp_path / "after")
        assert str(tmp_path / "after") in refused(tmp_path / "after" / "center.lock")
        with Claim(tmp_path / "before" / "center.lock", "a center"):
            pass


def test_over_a_symlink_it_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with another_process(tmp_path / "real" / "center.lock"):
        assert str(tmp_path / "real") in refused(tmp_path / "link" / "center.lock")


def test_within_one_process_too(tmp_path: Path) -> None:
    with Claim(tmp_path / "center.lock", "a center"):
        assert f"process {os.getpid()}" in refused(tmp_path / "center.lock")


def test_one_whose_supervisor_is_gone_is_waited_for(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with another_process(tmp_path / "center.lock", supervisor=gone.pid) as left_behind:
        assert "it was left behind" in refused(tmp_path / "center.lock")
        assert left_behind.stdin is not None
        left_behind.stdin.close()  # it begins to end
        with Claim(tmp_path / "center.lock", "a center"):
            pass


@pytest.mark.parametrize("said", [b"", b"\xff", b"[1]", b"{" * 9_000, b'{"supervisor": 1e400}'])
def test_what_stands_in_the_file_decides_nothing(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "center.lock").write_bytes(said)
    with Claim(tmp_path / "center.lock", "a center"):
        (tmp_path / "center.lock").write_bytes(said)
        assert "already runs" in refused(tmp_path / "center.lock")


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="expected a file to lock in a folder to write in"):
        Claim(tmp_path / "file" / "center.lock", "a center")
