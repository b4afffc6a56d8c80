"""The log of envelopes: order, crashes, damage."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events_bridge.spool_log import READ_ATTEMPTS, SpoolLog
from tests.scarcity import no_descriptors

SEGMENT_MAX_BYTES = 1_000
ENVELOPES = tuple(b'{"number": %d, "text": "%s"}' % (n, b"x" * 80) for n in range(40))
LINE_BYTES = len(ENVELOPES[-1]) + 10


def open_log(path: Path) -> SpoolLog:
    return SpoolLog(path, SEGMENT_MAX_BYTES)


def filled(path: Path, envelopes: tuple[bytes, ...] = ENVELOPES) -> SpoolLog:
    log = open_log(path)
    for envelope in envelopes:
        log.append(envelope)
    return log


def take(log: SpoolLog, count: int | None = None) -> list[bytes]:
    """Deliver `count` envelopes, or all."""
    taken: list[bytes] = []
    while count is None or len(taken) < count:
        batch = log.peek(7 if count is None else min(count - len(taken), 7))
        if batch is None:
            break
        taken += batch.envelopes
        log.advance(batch)
    return taken


def segments(path: Path) -> list[Path]:
    return sorted(path.glob("*.segment"))


def test_first_in_first_out(tmp_path: Path) -> None:
    log = filled(tmp_path)
    assert len(log) == len(ENVELOPES)
    assert tuple(take(log)) == ENVELOPES
    assert len(log) == log.size_bytes == 0
    assert not segments(tmp_path)
    log.close()


def test_what_was_not_delivered_is_there_after_a_restart(tmp_path: Path) -> None:
    first = filled(tmp_path)
    take(first, 13)
    first.close()
    second = open_log(tmp_path)
    assert len(second) == len(ENVELOPES) - 13
    second.append(b"newest")
    assert take(second) == [*ENVELOPES[13:], b"newest"]
    second.close()


def test_peeking_is_not_delivering(tmp_path: Path) -> None:
    log = filled(tmp_path)
    assert log.peek(3) == log.peek(3)
    log.close()


def test_segments_of_delivered_envelopes_are_removed(tmp_path: Path) -> None:
    log = filled(tmp_path)
    before = len(segments(tmp_path))
    take(log, 30)
    assert 0 < len(segments(tmp_path)) < before
    log.close()


@pytest.mark.parametrize("missing_bytes", [1, 2, 20, 100, LINE_BYTES])
def test_a_torn_last_line_is_skipped_aloud(tmp_path: Path, missing_bytes: int) -> None:
    filled(tmp_path).close()
    last = segments(tmp_path)[-1]
    last.write_bytes(last.read_bytes()[:-missing_bytes])
    with capture_logs() as logs:
        log = open_log(tmp_path)
        log.append(b"after the crash")
        assert take(log) == [*ENVELOPES[:-1], b"after the crash"]
    torn = [entry for entry in logs if "torn" in entry["event"]]
    assert [entry["log_level"] for entry in torn] == (
        ["error"] if missing_bytes < LINE_BYTES else []
    )
    log.close()


def test_damage_in_the_middle_costs_one_envelope(tmp_path: Path) -> None:
    filled(tmp_path).close()
    first = segments(tmp_path)[0]
    content = bytearray(first.read_bytes())
    content[content.index(b'"number": 3')] ^= 0x01
    first.write_bytes(bytes(content))
    log = open_log(tmp_path)
    assert take(log) == [*ENVELOPES[:3], *ENVELOPES[4:]]
    log.close()


def test_a_lost_cursor_repeats_but_never_loses(tmp_path: Path) -> None:
    log = filled(tmp_path)
    take(log, 3)
    log.close()
    (tmp_path / "cursor").write_text("rubbish")
    again = open_log(tmp_path)
    assert tuple(take(again)) == ENVELOPES
    again.close()


def test_numbers_are_not_used_twice_so_that_an_old_cursor_skips_nothing(tmp_path: Path) -> None:
    log = filled(tmp_path, ENVELOPES[:5])
    take(log, 3)
    take(log)
    log.close()
    again = filled(tmp_path, ENVELOPES[:5])
    again.close()
    third = open_log(tmp_path)
    assert tuple(take(third)) == ENVELOPES[:5]
    third.close()


def test_giving_up_the_oldest(tmp_path: Path) -> None:
    log = filled(tmp_path)
    batch = log.peek(2)
    lost = log.give_up_oldest()
    assert lost == ENVELOPES[: len(lost)]
    assert batch is not None
    log.advance(batch)  # delivered after it was given up: nothing to leave behind
    assert tuple(take(log)) == ENVELOPES[len(lost) :]
    assert log.give_up_oldest() == ()
    log.close()


def test_a_segment_that_vanished_is_no_end(tmp_path: Path) -> None:
    log = filled(tmp_path)
    vanished = segments(tmp_path)[0]
    count = vanished.read_bytes().count(b"\n")
    vanished.unlink()
    assert tuple(take(log)) == ENVELOPES[count:]
    log.close()


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Within it a directory lies where the segment was."""
    kept = path.with_suffix(".kept")
    path.rename(kept)
    path.mkdir()
    yield
    path.rmdir()
    kept.rename(path)


def test_a_segment_that_cannot_be_read_now_is_read_later(tmp_path: Path) -> None:
    log = filled(tmp_path)
    with unreadable(segments(tmp_path)[0]):
        for _ in range(READ_ATTEMPTS - 1):
            with pytest.raises(IsADirectoryError):
                log.peek(3)
    assert tuple(take(log)) == ENVELOPES
    log.close()


def test_however_long_descriptors_are_scarce_nothing_is_set_aside(tmp_path: Path) -> None:
    log = filled(tmp_path)
    with no_descriptors():
        for _ in range(READ_ATTEMPTS * 2):
            with pytest.raises(OSError, match="Too many open files"):
                log.peek(3)
    assert tuple(take(log)) == ENVELOPES
    log.close()


def test_a_segment_that_stays_unreadable_is_set_aside_aloud(tmp_path: Path) -> None:
    filled(tmp_path).close()
    bad = segments(tmp_path)[0]
    count = bad.read_bytes().count(b"\n")
    bad.rename(tmp_path / "kept")
    bad.mkdir()
    log = open_log(tmp_path)
    for _ in range(READ_ATTEMPTS - 1):
        with pytest.raises(IsADirectoryError):
            log.peek(3)
    with capture_logs() as logs:
        assert tuple(take(log)) == ENVELOPES[count:]
    assert [entry["event"] for entry in logs] == ["spool segment cannot be read, set aside"]
    assert bad.with_suffix(".unreadable").is_dir()
    log.close()


def test_giving_up_what_cannot_be_read_keeps_the_file(tmp_path: Path) -> None:
    log = filled(tmp_path)
    oldest = segments(tmp_path)[0]
    content = oldest.read_bytes()
    with no_descriptors(), capture_logs() as logs:
        assert log.give_up_oldest() == ()
    (said,) = logs
    assert (said["log_level"], said["waiting"]) == ("error", content.count(b"\n"))
    assert oldest.with_suffix(".unreadable").read_bytes() == content
    assert tuple(take(log)) == ENVELOPES[content.count(b"\n") :]
    log.close()
