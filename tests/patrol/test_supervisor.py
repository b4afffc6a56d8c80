"""The supervisor with real processes: the cheapest `patrol` subcommands there are."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from patrol.child import FIRST_RESTART_AFTER_S, STABLE_AFTER_S, Child
from patrol.standing import Standing
from patrol.supervisor import ChildRefused, Supervisor
from tests.processes import alive, children_of
from tests.waiting import wait_until

PYTHON = sys.executable
BEATING = dedent(
    """
    import signal, sys, threading
    from patrol.heartbeat import Pulse
    from patrol import stopping as limits
    from patrol.stopping import stop_on_signals
    limits.ORPHAN_ENDS_WITHIN_S = limits.PARENT_CHECK_EVERY_S = 0.2
    stopping = stop_on_signals()
    pulse = Pulse(turn_within_s=0.5, beat_every_s=0.05)
    part = pulse.part("looker")
    hang = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: hang.set())
    with pulse:
        while not stopping.wait(0.02):
            if not hang.is_set():
                part.turn()
        if hang.is_set() and "stubborn" in sys.argv:
            threading.Event().wait()
    """
)
"""A program that turns until it is told to hang (SIGUSR1)."""


def pid_of(child: Child) -> int | None:
    return None if child.process is None else child.process.pid


def handles(pid: int, number: signal.Signals) -> bool:
    """Whether a process has come so far that it handles a signal (proc(5), status)."""
    caught = Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0]
    return bool(int(caught, 16) & 1 << (number - 1))


@contextmanager
def kept(*children: Child, standing_path: Path | None = None) -> Iterator[Supervisor]:
    """The children under a supervisor that runs beside the test."""
    supervisor = Supervisor(children, standing_path=standing_path)
    stopping = threading.Event()
    keeping = threading.Thread(target=supervisor.run, args=(stopping,))
    keeping.start()
    try:
        yield supervisor
    finally:
        stopping.set()
        keeping.join(20)
        assert not keeping.is_alive()


@pytest.fixture
def simulator_child(tmp_path):  # type: ignore[no-untyped-def]
    from tests.media import make_clip

    make_clip(tmp_path / "clip.mp4", seconds=1)
    return Child("simulator", ["simulate", str(tmp_path), "--cameras", "1", "--port", "0"])


@pytest.fixture
def runs_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Children are programs of the test, in place of subcommands."""
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} -c "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapper))


def beating(*arguments: str) -> Child:
    quick = {"silent_at_most_s": 1.0, "stop_within_s": 0.3}
    return Child("worker", [BEATING, *arguments], beats=True, **quick)


def works(child: Child) -> bool:
    return child.standing.beats


def test_a_process_that_dies_is_started_again_and_all_end_together(simulator_child: Child) -> None:
    with kept(simulator_child):
        wait_until(lambda: pid_of(simulator_child) is not None, "the process")
        first = pid_of(simulator_child)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: pid_of(simulator_child) not in (None, first), "another process")
        second = pid_of(simulator_child)
        assert second is not None
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_process_that_dies_young_waits_longer_each_time() -> None:
    child = Child("wrong", ["no-such-command"])
    child.start()
    waits = []
    for _ in range(3):
        assert child.process is not None
        child.process.wait(30)
        now_s = time.monotonic()
        child.check(now_s)
        waits.append(child.restart_at_s - now_s)
        child.check(child.restart_at_s)
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    assert waits == pytest.approx([1.0, 2.0, 4.0])


def die_after(child: Child, seconds: float) -> float:
    """Kill the child as if it had run so long; the pause before the next start."""
    child.start()
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    now_s = child.started_at_s + seconds
    child.check(now_s)
    return child.restart_at_s - now_s


def test_pauses_grow_only_for_quick_deaths() -> None:
    child = Child("wrong", ["no-such-command"])
    assert [die_after(child, 1) for _ in range(3)] == pytest.approx([1.0, 2.0, 4.0])
    stable_s = STABLE_AFTER_S + 1
    assert die_after(child, stable_s) == pytest.approx(FIRST_RESTART_AFTER_S)
    assert die_after(child, 5 * 3_600) == pytest.approx(FIRST_RESTART_AFTER_S)
    assert die_after(child, stable_s) == pytest.approx(FIRST_RESTART_AFTER_S)
    assert [die_after(child, 1) for _ in range(2)] == pytest.approx([2.0, 4.0])


def test_one_that_never_worked_died_of_its_start_however_long_it_took() -> None:
    child = Child("worker", ["no-such-command"], beats=True)
    assert [die_after(child, 600) for _ in range(3)] == pytest.approx([1.0, 2.0, 4.0])


@pytest.mark.usefixtures("runs_python")
def test_a_stopped_process_is_ended_and_started_again(tmp_path: Path) -> None:
    child = beating()
    with kept(child, standing_path=tmp_path / "supervisor.json"):
        wait_until(lambda: works(child), "a heartbeat")
        first = pid_of(child)
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        wait_until(
            lambda: pid_of(child) not in (None, first) and works(child), "another that works"
        )
        assert not alive(first)
        told = json.loads((tmp_path / "supervisor.json").read_text())["children"][0]
        assert told["restarts"] == 1
        assert "no heartbeat" in told["why"]


@pytest.mark.usefixtures("runs_python")
@pytest.mark.parametrize("arguments", [(), ("stubborn",)])
def test_a_process_whose_part_hangs_is_ended_and_started_again(arguments: tuple[str, ...]) -> None:
    """Its main thread still answers: only its looks stand still."""
    child = beating(*arguments)
    with kept(child):
        wait_until(lambda: works(child), "a heartbeat")
        first = pid_of(child)
        assert first is not None
        os.kill(first, signal.SIGUSR1)
        wait_until(
            lambda: pid_of(child) not in (None, first) and works(child), "another that works"
        )
        assert not alive(first)


@pytest.mark.usefixtures("runs_python")
def test_one_that_works_is_left_alone_though_the_supervisor_slept() -> None:
    child = beating()

    def checked() -> bool:
        child.check(time.monotonic())
        return works(child)

    child.start()
    try:
        wait_until(checked, "a heartbeat")
        for _ in range(3):
            child.check(time.monotonic() + 3_600)  # the machine was asleep
        assert child.standing.restarts == 0
        assert child.process is not None
        assert child.process.poll() is None
    finally:
        assert child.process is not None
        child.process.kill()
        child.process.wait()


@pytest.mark.usefixtures("runs_python")
def test_one_that_refuses_at_its_first_start_ends_the_supervisor() -> None:
    program = "from patrol.heartbeat import Pulse; Pulse().refuse(); raise SystemExit(1)"
    child, other = Child("center", [program], beats=True), beating()
    with pytest.raises(ChildRefused, match="center cannot run"):
        Supervisor([child, other]).run(threading.Event())
    assert other.process is not None
    assert other.process.poll() is not None


@pytest.mark.usefixtures("runs_python")
def test_what_runs_has_used_cores_and_what_is_gone_is_not_told() -> None:
    child, gone = beating(), Child("gone", [BEATING], beats=True)
    supervisor = Supervisor([child, gone, Child("never started", [])])
    child.start()
    gone.start()
    assert gone.process is not None
    gone.process.kill()
    gone.process.wait()
    wait_until(lambda: supervisor.cpu_cores()["worker"] > 0, "some work")
    assert supervisor.cpu_cores().keys() == {"worker"}
    supervisor.stop()


@pytest.mark.usefixtures("runs_python")
def test_children_end_when_their_supervisor_is_killed() -> None:
    """Also one that hangs: nobody else is left to end it."""
    program = dedent(
        f"""
        import threading
        from patrol import child, supervisor
        child.sys.executable = {sys.executable!r}
        supervisor.Supervisor(
            [child.Child("worker", [{BEATING!r}, "stubborn"], beats=True)]
        ).run(threading.Event())
        """
    )
    with subprocess.Popen([PYTHON, "-c", program]) as supervising:
        wait_until(lambda: children_of(supervising.pid), "the child")
        (pid,) = children_of(supervising.pid)
        wait_until(lambda: handles(pid, signal.SIGUSR1), "its handlers")
        os.kill(pid, signal.SIGUSR1)
        supervising.kill()
    wait_until(lambda: not alive(pid), "the child to end")


def test_what_another_supervisor_wrote_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.json"
    child = Child("worker", [])
    Standing(os.getppid(), (child.standing,)).save(path)
    told = Standing.load(path)
    assert told is not None
    assert not told.children[0].part().ok
    Standing(1 << 30, (child.standing,)).save(path)
    assert Standing.load(path) is None
    path.write_text("[" * 10_000)
    assert Standing.load(path) is None
