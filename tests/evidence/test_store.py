"""The store: sealed once, found by hash, never half-written."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from structlog.testing import capture_logs

from domain.clock import VirtualClock
from domain.errors import (
    EvidenceError,
    EvidenceNotFound,
    EvidenceStorageFull,
    EvidenceTampered,
)
from domain.evidence import Evidence, EvidenceKind
from evidence.sealed import SealedFiles
from evidence.store import EvidenceStore
from tests.builders import NOON
from tests.small_disk import fill, small_disk

CONTENT = b"what the camera saw " * 1_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EvidenceStore]:
    with open_store(tmp_path / "evidence") as store:
        yield store


def open_store(root: Path) -> EvidenceStore:
    return EvidenceStore(root, VirtualClock(NOON), min_free_bytes=0)


def seal(
    store: EvidenceStore,
    content: bytes = CONTENT,
    *,
    suffix: str = ".mp4",
    write: Callable[[Path], object] | None = None,
) -> Evidence:
    return store.seal(
        kind=EvidenceKind.CLIP,
        incident_id="inc_1",
        camera_id="gate-1",
        captured_from=NOON - timedelta(seconds=20),
        captured_to=NOON,
        media_type="video/mp4",
        suffix=suffix,
        write=write or (lambda path: path.write_bytes(content)),
    )


def files(root: Path) -> list[Path]:
    """Every file below the root but the workspaces' locks."""
    return sorted(p for p in root.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_sealed(store: EvidenceStore) -> None:
    evidence = seal(store)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert (evidence.sha256, evidence.size_bytes) == (sha256, len(CONTENT))
    assert evidence.path == f"{sha256[:2]}/{sha256}.mp4"
    assert evidence.sealed_at == NOON
    assert evidence.id.startswith("evi_")
    path = store.path(evidence)
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert files(store.root) == [path]
    store.verify(evidence)


def test_the_same_content_twice_is_one_file_and_two_records(store: EvidenceStore) -> None:
    first, second = seal(store), seal(store)
    assert first.id != second.id
    assert first.path == second.path
    assert len(files(store.root)) == 1
    store.verify(first)
    store.verify(second)


def test_many_threads_seal_at_once(store: EvidenceStore) -> None:
    sealed: list[Evidence] = []
    threads = [
        threading.Thread(target=lambda n=n: sealed.append(seal(store, b"%d" % (n % 5) * 100)))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({evidence.id for evidence in sealed}) == 20
    assert len(files(store.root)) == 5
    for evidence in sealed:
        store.verify(evidence)


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[1234] ^= 0x10
    path.write_bytes(bytes(content))


def shorten(path: Path) -> None:
    os.truncate(path, len(CONTENT) - 1)


@pytest.mark.parametrize(
    ("damage", "error", "what"),
    [
        (flip_a_byte, EvidenceTampered, "sealed with sha256 .*, .* has"),
        (shorten, EvidenceTampered, "sealed with 20000 bytes, .* has 19999"),
        (Path.unlink, EvidenceNotFound, "no sealed file"),
    ],
)
def test_alteration_shows(
    store: EvidenceStore, damage: Callable[[Path], None], error: type[Exception], what: str
) -> None:
    evidence = seal(store)
    path = store.path(evidence)
    path.chmod(0o644)
    damage(path)
    with pytest.raises(error, match=what):
        store.verify(evidence)


def test_sealing_over_an_altered_file_restores_it_aloud(store: EvidenceStore) -> None:
    first = seal(store)
    path = store.path(first)
    path.chmod(0o644)
    flip_a_byte(path)
    with capture_logs() as logs:
        second = seal(store)
    assert [entry["log_level"] for entry in logs] == ["error"]
    store.verify(first)
    store.verify(second)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


@pytest.mark.parametrize(
    "path",
    [
        "",
        "../secret",
        "/etc/passwd",
        "ab/../../secret",
        "tmp/x.jpg",
        f"aa/{'b' * 64}.jpg",
        f"ab/{'ab' * 32}.jpg/../../../secret",
        f"ab/{'ab' * 32}.jpg\n",
        f"ab/{'ab' * 32}.jpg",
    ],
)
def test_no_other_file_can_be_reached(store: EvidenceStore, path: str) -> None:
    (store.root.parent / "secret").write_text("secret")
    with pytest.raises(EvidenceNotFound):
        store.path(path)


def test_a_link_out_of_the_root_is_not_followed(store: EvidenceStore) -> None:
    outside = store.root.parent / "outside"
    outside.mkdir()
    name = f"{'ab' * 32}.jpg"
    (outside / name).write_text("secret")
    (store.root / "ab").symlink_to(outside)
    with pytest.raises(EvidenceNotFound):
        store.path(f"ab/{name}")


def fail_half_way(path: Path) -> None:
    path.write_bytes(CONTENT)
    raise ValueError("no packets")


@pytest.mark.parametrize(
    ("write", "error", "what"),
    [
        (fail_half_way, ValueError, "no packets"),
        (lambda path: None, EvidenceError, "expected a file with content"),
        (lambda path: path.touch(), EvidenceError, "expected a file with content"),
        (lambda path: Path("/dev/full").write_bytes(b"x"), EvidenceStorageFull, "No space left"),
        (lambda path: (path / "x").write_bytes(b"x"), EvidenceError, "cannot be kept"),
    ],
)
def test_nothing_is_left_of_what_failed(
    store: EvidenceStore, write: Callable[[Path], object], error: type[Exception], what: str
) -> None:
    with pytest.raises(error, match=what):
        seal(store, write=write)
    assert files(store.root) == []


@pytest.mark.parametrize("suffix", ["", "jpg", "/../x.jpg", ".JPG", ".j/g"])
def test_suffixes(store: EvidenceStore, suffix: str) -> None:
    with pytest.raises(EvidenceError, match="expected a suffix"):
        seal(store, suffix=suffix)


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kb=256) as disk, open_store(disk / "e") as store:
        kept = seal(store)
        ballast = fill(disk)
        with pytest.raises(EvidenceStorageFull, match="No space left"):
            seal(store, b"more" * 10_000)
        assert files(disk / "e") == [store.path(kept)]
        ballast.unlink()
        store.verify(seal(store, b"more" * 10_000))


def test_room_is_left_for_others(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", size_kb=256) as disk,
        EvidenceStore(disk, VirtualClock(NOON), min_free_bytes=200_000) as store,
    ):
        seal(store, b"x" * 100_000)
        with pytest.raises(EvidenceStorageFull, match="expected 200000 bytes to be free"):
            seal(store)
        assert len(files(disk)) == 1


def test_a_root_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match="cannot be kept at"):
        EvidenceStore(tmp_path / "file" / "evidence")


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    program = dedent(
        """
        import os, signal, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from domain.evidence import EvidenceKind
        from evidence.store import EvidenceStore
        def write(path):
            path.write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        at = datetime.now(UTC)
        EvidenceStore(Path(sys.argv[1]), min_free_bytes=0).seal(
            kind=EvidenceKind.CLIP, incident_id="i", camera_id="c", captured_from=at,
            captured_to=at, media_type="video/mp4", suffix=".mp4", write=write)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    assert [path.read_bytes() for path in files(tmp_path)] == [b"half"]
    with capture_logs() as logs:
        open_store(tmp_path).close()
    assert [len(entry["files"]) for entry in logs] == [1]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_is_being_written_is_no_leftover(store: EvidenceStore) -> None:
    def write(path: Path) -> None:
        path.write_bytes(CONTENT[:100])
        with open_store(store.root) as another:
            seal(another)
        path.write_bytes(CONTENT)

    store.verify(seal(store, write=write))
    assert len(files(store.root)) == 1


def test_closing_leaves_only_what_is_sealed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    path = store.path(seal(store))
    store.close()
    store.close()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]
    store.verify(seal(store))
    store.close()


def test_who_only_reads_writes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    with open_store(root) as store:
        sealed = seal(store)
    (root / "tmp" / "left.lock").write_text("of a process that is gone")
    before = {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]}
    reader = SealedFiles(root)
    reader.verify(sealed)
    assert reader.path(sealed).read_bytes() == CONTENT
    assert {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]} == before
    assert not SealedFiles(tmp_path / "nowhere").root.exists()
