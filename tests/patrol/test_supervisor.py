"""The supervisor with real processes: the cheapest `patrol` subcommands there are."""

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from patrol.supervisor import Child, Supervisor


def wait_until(true: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    give_up_at_s = time.monotonic() + timeout_s
    while time.monotonic() < give_up_at_s:
        if true():
            return True
        time.sleep(0.05)
    return False


def pid_of(child: Child) -> int | None:
    return None if child.process is None else child.process.pid


@pytest.fixture
def simulator_child(tmp_path):  # type: ignore[no-untyped-def]
    from tests.media import make_clip

    make_clip(tmp_path / "clip.mp4", seconds=1)
    return Child("simulator", ["simulate", str(tmp_path), "--cameras", "1", "--port", "0"])


def test_a_process_that_dies_is_started_again_and_all_end_together(simulator_child: Child) -> None:
    supervisor = Supervisor([simulator_child])
    stopping = threading.Event()
    keeping = threading.Thread(target=supervisor.run, args=(stopping,))
    keeping.start()
    try:
        assert wait_until(lambda: pid_of(simulator_child) is not None)
        first = pid_of(simulator_child)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: pid_of(simulator_child) not in (None, first))
        second = pid_of(simulator_child)
        assert second is not None
    finally:
        stopping.set()
        keeping.join(20)
    assert not keeping.is_alive()
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
