"""The worker's book on real disks: full, taken away, damaged, and used by two."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.clock import VirtualClock
from domain.errors import BookTaken
from domain.evidence import EvidenceKind
from domain.holding import CameraGrant
from domain.messages import EvidenceSealed, IncidentOpened, LooksDone
from edge.book import Book
from edge.book.outbox import Rank
from edge.book.schema import VERSION
from events_bridge.envelope import to_envelope
from events_bridge.outbox import Lane
from tests.books import SOURCE, make_book, waiting
from tests.builders import NOON, make_evidence, make_incident, opened
from tests.events_bridge.samples import MESSAGES_OF_EACH_TYPE, looks_message
from tests.small_disk import fill, small_disk

CAMERA = "gate-1"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with make_book(tmp_path) as book:
        yield book


AT_ONCE = {"retry_disk_every_s": 0.0}
"""A disk that refused is tried again with the next write."""


def write(book: Book, *numbers: int) -> None:
    """Incidents that are open now, each told."""
    incidents = [make_incident(f"inc_{number}", camera_id=CAMERA) for number in numbers]
    with book.page() as page:
        book.keep(page, CAMERA, incidents)
        for incident in incidents:
            page.tell(opened(incident))


def told(book: Book) -> list[str]:
    messages = waiting(book.outbox)
    return [m.incident.id for m in messages if isinstance(m, IncidentOpened)]


def grant(book: Book, epoch: int) -> CameraGrant:
    return CameraGrant(
        camera_id=CAMERA, epoch=epoch, worker_id="edge-1", book=book.id, start=1, granted_at=NOON
    )


def test_what_is_written_is_there_again(tmp_path: Path) -> None:
    with make_book(tmp_path) as book:
        write(book, 1)
        name = book.id
        book.take(grant(book, 4))
        with book.page() as page:
            page.owe(make_incident("inc_1"), EvidenceKind.CLIP)
    with make_book(tmp_path) as book:
        assert (book.id, book.start) == (name, 2)
        assert [incident.id for incident in book.incidents] == ["inc_1"]
        assert [owed.kind for owed in book.debts.open] == [EvidenceKind.CLIP]
        assert book.held(CAMERA).epoch == 4
        assert told(book) == ["inc_1"]


def test_a_page_that_fails_is_not_written(book: Book) -> None:
    def fail_half_way() -> None:
        with book.page() as page:
            page.tell(opened(make_incident()))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert told(book) == []


def test_messages_say_under_what_their_camera_is_held(book: Book) -> None:
    write(book, 1)
    book.take(grant(book, 3))
    write(book, 1)
    held = [m.held for m in waiting(book.outbox) if isinstance(m, IncidentOpened)]
    assert [(one.book, one.epoch) for one in held if one] == [(book.id, None), (book.id, 3)]


def test_a_grant_to_another_book_changes_nothing(book: Book) -> None:
    other = grant(book, 3).model_copy(update={"book": "book_other"})
    assert not book.take(other)
    assert book.held(CAMERA).epoch is None


def test_an_incident_that_was_not_committed_is_named_the_same_again(tmp_path: Path) -> None:
    with make_book(tmp_path) as book:
        first = book.name_incident(CAMERA, "fire", "frame")
    with make_book(tmp_path) as book:
        assert book.name_incident(CAMERA, "fire", "frame") == first
        with book.page() as page:
            book.keep(page, CAMERA, [])
    with make_book(tmp_path) as book:
        second = book.name_incident(CAMERA, "fire", "frame")
        others = {book.name_incident(CAMERA, *rest) for rest in (("fire", "z"), ("x", "frame"))}
        assert len({first, second, *others}) == 4


def test_incidents_are_named_by_the_epoch_once_it_is_granted(tmp_path: Path) -> None:
    """Two books under one epoch would name alike; without one they never do."""
    named = {}
    for place in ("one", "other"):
        with make_book(tmp_path / place) as book:
            named[place] = [book.name_incident(CAMERA, "fire", "frame")]
        with make_book(tmp_path / place) as book:
            book.take(grant(book, 5))
            named[place].append(book.name_incident(CAMERA, "fire", "frame"))
    assert named["one"][0] != named["other"][0]
    assert named["one"][1] == named["other"][1]


def test_two_processes_on_one_book_are_refused_in_words(tmp_path: Path) -> None:
    code = (
        "from tests.books import make_book; from pathlib import Path; import sys;"
        "make_book(Path(sys.argv[1])); print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        while b"mine" not in other.stdout.readline():
            assert other.poll() is None
        with pytest.raises(BookTaken, match="another process has"):
            make_book(tmp_path)
        other.kill()
    make_book(tmp_path).close()


# ---- the disk


def test_a_full_disk_costs_nothing_but_safety(tmp_path: Path) -> None:
    """The book goes on in memory, says so, and is on disk again when there is room."""
    with small_disk(tmp_path / "disk", size_kb=512) as disk:
        with make_book(disk, **AT_ONCE) as book:
            write(book, 1)
            before = book.id
            ballast = fill(disk)
            with capture_logs() as logs:
                for number in range(2, 40):  # until what was allocated is used up
                    write(book, number)
            assert "the disk refuses it" in "".join(str(entry["event"]) for entry in logs)
            assert book.in_memory
            assert book.id != before, "what the disk holds and what memory holds have parted"
            assert [incident.id for incident in book.incidents] == ["inc_39"]
            ballast.unlink()
            write(book, 40)
            assert not book.in_memory
            after = book.id
        with make_book(disk, **AT_ONCE) as book:
            assert book.id == after
            assert told(book) == [f"inc_{number}" for number in range(1, 41)]
            assert [incident.id for incident in book.incidents] == ["inc_40"]


@pytest.mark.parametrize("killed", [False, True])
def test_a_worker_starts_on_a_full_disk(tmp_path: Path, killed: bool) -> None:
    """What the book held is there, and what happens meanwhile comes to it."""
    with small_disk(tmp_path / "disk", size_kb=512) as disk:
        if killed:
            code = (
                "import os, sys; from pathlib import Path; from tests.edge.test_book import *;"
                "b = make_book(Path(sys.argv[1])); write(b, 1); os._exit(9)"
            )
            assert subprocess.run([sys.executable, "-c", code, str(disk)], check=False).returncode
        else:
            with make_book(disk, **AT_ONCE) as book:
                write(book, 1)
        ballast = fill(disk)
        with make_book(disk, **AT_ONCE) as book:
            for number in range(2, 40):
                write(book, number)
            assert book.in_memory
            ballast.unlink()
            write(book, 40)
            assert not book.in_memory
        with make_book(disk, **AT_ONCE) as book:
            assert told(book) == [f"inc_{number}" for number in range(1, 41)]


def test_a_disk_that_is_still_full_at_the_end_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kb=512) as disk:
        book = make_book(disk)
        fill(disk)
        for number in range(1, 40):
            write(book, number)
        with capture_logs() as logs:
            book.close()
    assert logs[-1]["log_level"] == "error"


def test_a_file_that_is_removed_under_the_worker_is_written_again(tmp_path: Path) -> None:
    with make_book(tmp_path, **AT_ONCE) as book:
        write(book, 1)
        for path in tmp_path.glob("book.sqlite3*"):
            path.unlink()
        write(book, 2)
        write(book, 3)
        assert not book.in_memory
    with make_book(tmp_path) as book:
        assert told(book) == ["inc_1", "inc_2", "inc_3"]


def spoil(path: Path) -> None:
    """Turn the middle of a file into rubbish."""
    content = bytearray(path.read_bytes())
    content[len(content) // 4 :] = b"\xa5" * (len(content) - len(content) // 4)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        spoil,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
    ],
    ids=["spoilt", "empty", "foreign", "cut"],
)
def test_a_damaged_book_is_set_aside_and_begun_anew(tmp_path: Path, damage: Any) -> None:
    with make_book(tmp_path) as book:
        write(book, 1)
        before = book.id
    path = tmp_path / "book.sqlite3"
    damage(path)
    spoilt = path.read_bytes()
    with capture_logs() as logs, make_book(tmp_path) as book:
        assert book.id != before
        assert book.incidents == ()
        write(book, 2)
        assert told(book) == ["inc_2"]
    if spoilt:
        (aside,) = tmp_path.glob("book.sqlite3.aside_*")
        assert aside.read_bytes() == spoilt
        assert any("damaged" in str(entry["event"]) for entry in logs)


def test_a_book_of_a_newer_version_is_kept(tmp_path: Path) -> None:
    make_book(tmp_path).close()
    with sqlite3.connect(tmp_path / "book.sqlite3") as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with capture_logs() as logs:
        make_book(tmp_path).close()
    assert f"got {VERSION + 1} (is it newer?)" in str(logs[0]["why"])
    assert len(list(tmp_path.glob("book.sqlite3.aside_*"))) == 1


def test_a_book_that_is_damaged_while_it_is_used_is_begun_anew(tmp_path: Path) -> None:
    with make_book(tmp_path, **AT_ONCE) as book:
        write(book, *range(1, 60))
        before = book.id
        with sqlite3.connect(tmp_path / "book.sqlite3") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
        spoil(tmp_path / "book.sqlite3")
        for number in range(100, 103):
            write(book, number)
        assert book.id != before
        assert [incident.id for incident in book.incidents] == ["inc_102"]


# ---- the room


def test_looks_are_given_up_before_cameras_and_these_before_cases(tmp_path: Path) -> None:
    health = next(m for m in MESSAGES_OF_EACH_TYPE if "health" in m.type)
    size = len(to_envelope(opened(make_incident("inc_00")), SOURCE))
    with make_book(tmp_path, max_bytes=20 * size) as book, capture_logs() as logs:
        for number in range(5):
            envelope = to_envelope(looks_message(number), SOURCE)
            book.outbox.put(Lane.LOOKS, envelope)
            book.outbox.put(Lane.NEWS, to_envelope(health, SOURCE))
        for number in range(10, 40):
            write(book, number)
        kept = waiting(book.outbox)
        assert {type(message) for message in kept} == {IncidentOpened}
        ids = [m.incident.id for m in kept if isinstance(m, IncidentOpened)]
        assert ids[-1] == "inc_39"
        assert 15 <= len(ids) <= 20
        assert book.outbox.given_up == {
            Rank.LOOKS: 5,
            Rank.CAMERAS: 5,
            Rank.CASES: 30 - len(ids),
        }
    lost = [entry["message"] for entry in logs if entry["event"] == "message lost"]
    assert lost == [f"inc_{number}:1" for number in range(10, 40 - len(ids))]


def test_sent_letters_make_room(tmp_path: Path) -> None:
    size = len(to_envelope(opened(make_incident("inc_00")), SOURCE))
    with make_book(tmp_path, max_bytes=4 * size) as book:
        for number in range(10, 40):
            write(book, number)
            assert told(book) == [f"inc_{number}"]
        assert not book.outbox.given_up


def test_news_goes_before_looks_and_each_in_order(book: Book) -> None:
    book.outbox.put(Lane.LOOKS, to_envelope(looks_message(1), SOURCE))
    write(book, 1)
    with book.page() as page:
        page.tell(EvidenceSealed(evidence=make_evidence()))
    kinds = [type(message) for message in waiting(book.outbox)]
    assert kinds == [IncidentOpened, EvidenceSealed, LooksDone]


def test_a_closed_book_has_nothing_to_send(tmp_path: Path) -> None:
    book = make_book(tmp_path, clock=VirtualClock(NOON))
    write(book, 1)
    book.close()
    book.close()
    assert book.outbox.peek(10) is None
    assert len(book.outbox) == 0
    book.outbox.sync()
