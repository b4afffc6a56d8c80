"""The heartbeat: threads that turn, seen from inside."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from textwrap import dedent

import pytest
from structlog.testing import capture_logs

from domain.errors import BusUnavailable, ConfigurationError
from patrol.heartbeat import BEAT, REFUSED, VARIABLE, Pulse, refusing
from tests.waiting import wait_until


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a supervisor would read."""
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    monkeypatch.setenv(VARIABLE, str(writes))
    yield reads
    os.close(reads)
    os.close(writes)


def heard(pipe: int) -> bytes:
    try:
        return os.read(pipe, 1_000)
    except BlockingIOError:
        return b""


def test_it_beats_while_every_part_turns() -> None:
    pulse = Pulse(turn_within_s=5)
    looker, reporter = pulse.part("looker 1"), pulse.part("reporter")
    looker.turn()
    assert not pulse.beats(time.monotonic()), "the reporter has not begun"
    reporter.turn()
    now_s = time.monotonic()
    assert pulse.beats(now_s)
    assert pulse.late(now_s + 6) == ("looker 1", "reporter")
    assert not pulse.beats(now_s + 6)


def test_one_part_that_hangs_is_enough() -> None:
    pulse = Pulse(turn_within_s=0.05)
    first, second = pulse.part("looker 1"), pulse.part("looker 2", within_s=100)
    first.turn()
    second.turn()
    wait_until(lambda: pulse.late(time.monotonic()) == ("looker 1",), "the part to be late")
    second.turn()
    assert not pulse.beats(time.monotonic())


def test_a_part_that_rests_is_late_only_while_at_work() -> None:
    pulse = Pulse()
    handler = pulse.part("handler", within_s=5, may_rest=True)
    assert pulse.beats(time.monotonic() + 1_000)
    with handler.at_work():
        assert pulse.beats(time.monotonic())
        assert not pulse.beats(time.monotonic() + 6)
    assert pulse.beats(time.monotonic() + 1_000)


def test_a_thread_that_is_gone_stops_the_beat() -> None:
    pulse, goes_on = Pulse(), threading.Event()
    thread = threading.Thread(target=goes_on.wait, name="recorder")
    pulse.lives(thread)
    assert pulse.beats(0.0), "not started yet"
    thread.start()
    assert pulse.beats(0.0)
    goes_on.set()
    thread.join()
    assert pulse.late(0.0) == ("recorder",)


def test_beats_go_into_the_pipe_and_stop_with_a_part(pipe: int) -> None:
    pulse = Pulse(turn_within_s=0.3, beat_every_s=0.02)
    part = pulse.part("looker 1")
    with pulse:
        part.turn()
        wait_until(lambda: BEAT in heard(pipe), "a beat")
        wait_until(lambda: pulse.late(time.monotonic()), "the part to be late")
        wait_until(lambda: not heard(pipe), "the last beat to be taken")
        time.sleep(0.1)  # five beats' time
        assert heard(pipe) == b""


def test_the_pipe_is_for_this_process_alone(pipe: int) -> None:
    writes = int(os.environ[VARIABLE])
    Pulse()
    assert VARIABLE not in os.environ
    assert not os.get_inheritable(writes)


def test_what_waiting_does_not_cure_is_told(pipe: int) -> None:
    pulse = Pulse()
    with pytest.raises(BusUnavailable), refusing(pulse):
        raise BusUnavailable("not today")
    assert heard(pipe) == b""
    with pytest.raises(ConfigurationError), refusing(pulse):
        raise ConfigurationError("never")
    assert heard(pipe) == REFUSED


def test_without_a_supervisor_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "99999")
    with Pulse() as pulse:
        pulse.refuse()


def test_a_thread_that_ends_because_the_process_does_is_no_fault() -> None:
    """A container that is told to stop would else report a failure, now and then."""
    pulse, stopping = Pulse(beat_every_s=0.01), threading.Event()
    thread = threading.Thread(target=stopping.wait, name="consumer")
    pulse.lives(thread)
    pulse.ends(stopping)
    thread.start()
    pulse.start()
    stopping.set()
    thread.join()
    time.sleep(0.1)  # ten beats' time
    pulse.stop()


def test_without_a_supervisor_a_process_that_hangs_ends_itself() -> None:
    """In good order if it can, by force if not, and so that who started it sees that it failed."""
    program = dedent(
        """
        import sys, threading
        from patrol import heartbeat
        heartbeat.ORPHAN_ENDS_WITHIN_S = 0.3
        pulse, stopping = heartbeat.Pulse(turn_within_s=0.1, beat_every_s=0.02), threading.Event()
        pulse.part("looker 1").turn()
        pulse.ends(stopping)
        pulse.start()
        stopping.wait()
        if "stubborn" in sys.argv:
            threading.Event().wait()
        pulse.stop()
        """
    )
    for arguments in ((), ("stubborn",)):
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        assert done.returncode == 1
        assert (b"Hung: ended, to be started again: looker 1" in done.stderr) != bool(arguments)


def test_it_is_said_where_a_part_that_hangs_stands() -> None:
    pulse, stuck = Pulse(turn_within_s=0.05), threading.Event()
    part = pulse.part("looker 3")

    def hang_here() -> None:
        part.turn()
        stuck.wait(5)

    thread = threading.Thread(target=hang_here)
    thread.start()
    with capture_logs() as logs:
        wait_until(lambda: not pulse.beats(time.monotonic()) and bool(logs), "a hang")
    stuck.set()
    thread.join()
    [said] = logs
    assert said["parts"] == "looker 3"
    [at] = said["at"]
    assert "hang_here" in at
    assert part.stands_at() == ""
