"""A process that was asked to stop stops, whatever keeps one of its parts."""

import signal
import subprocess
import sys

CLOSING = """
import sys, threading, time
from patrol.stopping import stop_on_signals

stopping = stop_on_signals(within_s=0.3)
print("runs", flush=True)
stopping.wait()


def close_what_is_gone():
    time.sleep(float(sys.argv[1]))


close_what_is_gone()
print("closed", flush=True)
"""


def stopped(closing_takes_s: float) -> tuple[int, str, str]:
    """Exit code, output and log of a process that was asked to stop."""
    command = [sys.executable, "-c", CLOSING, str(closing_takes_s)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate(timeout=30)
    return process.returncode, out, log


def test_what_closes_in_time_is_let_close() -> None:
    assert stopped(0.0) == (0, "closed\n", "")


def test_what_hangs_is_left_where_it_is_and_named() -> None:
    code, out, log = stopped(60.0)
    assert code == 0
    assert "closed\n" not in out
    assert "stopped before everything was closed" in out + log
    assert "close_what_is_gone" in out + log
