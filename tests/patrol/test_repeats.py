"""Lines that come again and again: written once, counted, and nothing remembered for ever."""

import json
import logging
import threading
from typing import Any

import pytest
import structlog

from patrol.logs import set_up_logs
from patrol.repeats import KINDS_MOST, LINES_MOST, Repeats
from tests.waiting import wait_until


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said: Any = record.msg
        self.lines.append(said["event"] if isinstance(said, dict) else record.getMessage())


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logger(kept: Kept, clock: Clock) -> logging.Logger:
    logger = logging.Logger("test")
    kept.addFilter(Repeats(kept, window_s=60, clock=clock))
    logger.addHandler(kept)
    return logger


def test_the_same_line_is_written_once_and_then_counted(
    logger: logging.Logger, kept: Kept, clock: Clock
) -> None:
    for _ in range(10_000):
        logger.warning("Invalid HTTP request received.")
    assert kept.lines == ["Invalid HTTP request received."]
    clock.now_s = 60
    logger.info("something else")
    assert kept.lines[1:] == [
        "repeated 9999 times in the last 60 s: Invalid HTTP request received.",
        "something else",
    ]
    logger.warning("Invalid HTTP request received.")
    assert kept.lines[-1] == "Invalid HTTP request received."


def test_lines_that_differ_are_each_written(logger: logging.Logger, kept: Kept) -> None:
    for camera in range(114):
        logger.warning({"event": "camera lost", "camera": f"c{camera}", "timestamp": "now"})
        logger.warning({"event": "camera lost", "camera": f"c{camera}", "timestamp": "later"})
    assert len(kept.lines) == 114


def test_even_lines_that_all_differ_are_bounded(
    logger: logging.Logger, kept: Kept, clock: Clock
) -> None:
    for port in range(10_000):
        logger.warning("cannot read from port %d", port)
    assert len(kept.lines) == LINES_MOST
    clock.now_s = 61
    logger.info("next")
    repeated = 10_000 - LINES_MOST
    assert kept.lines[LINES_MOST].startswith(f"repeated {repeated} times in the last 60 s")


def test_what_is_remembered_is_bounded(logger: logging.Logger, kept: Kept) -> None:
    for number in range(3 * KINDS_MOST):
        logger.warning(f"kind {number}")
    (repeats,) = kept.filters
    assert isinstance(repeats, Repeats)
    assert len(repeats._kinds) == KINDS_MOST


def test_a_level_and_another_logger_are_other_lines(kept: Kept, clock: Clock) -> None:
    kept.addFilter(Repeats(kept, clock=clock))
    for name in ("a", "b"):
        logger = logging.Logger(name)
        logger.addHandler(kept)
        logger.warning("gone")
        logger.error("gone")
    assert len(kept.lines) == 4


def test_the_count_is_said_though_nothing_else_is_logged(kept: Kept) -> None:
    kept.addFilter(Repeats(kept, window_s=0.05))
    logger = logging.Logger("test")
    logger.addHandler(kept)
    for _ in range(5):
        logger.warning("gone")
    wait_until(lambda: len(kept.lines) == 2, "the count")
    assert kept.lines[1].startswith("repeated 4 times")


def test_errors_with_tracebacks_are_counted_too(logger: logging.Logger, kept: Kept) -> None:
    for _ in range(100):
        try:
            raise ValueError("the same")
        except ValueError:
            logger.exception("a round failed")
    assert kept.lines == ["a round failed"]


def test_lines_of_both_kinds_are_counted_in_the_program_s_own_logs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(as_json=True)
    for _ in range(50):
        structlog.get_logger("a").warning("camera lost", camera="gate")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    said = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert said == ["camera lost", "Invalid HTTP request received."]


def test_many_threads_at_once(logger: logging.Logger, kept: Kept) -> None:
    def shout() -> None:
        for _ in range(500):
            logger.warning("gone")

    threads = [threading.Thread(target=shout) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.lines == ["gone"]
