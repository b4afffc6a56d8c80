"""The supervisor: keeps the processes of one machine running, and ends them together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from patrol.stopping import SUPERVISOR_VARIABLE

STOP_WITHIN_S = 5.0
CHECK_EVERY_S = 0.2
FIRST_RESTART_AFTER_S = 1.0
LAST_RESTART_AFTER_S = 60.0
HEALTHY_AFTER_S = 60.0
"""A process that ran this long is healthy again: its next restart does not wait."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Child:
    """One `patrol` subcommand that should always run."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    restart_at_s: float = 0.0
    wait_s: float = field(default=FIRST_RESTART_AFTER_S)

    def start(self) -> None:
        command = [sys.executable, "-m", "patrol", *self.arguments]
        # Its own group: a Ctrl-C on the terminal reaches the supervisor alone, who ends the rest.
        self.process = subprocess.Popen(command, start_new_session=True, env=_environment())
        self.started_at_s = time.monotonic()

    def check(self, now_s: float) -> None:
        """Start again what has died, waiting longer each time it dies young."""
        if self.process is None:
            if now_s >= self.restart_at_s:
                self.start()
            return
        if (code := self.process.poll()) is None:
            return
        if now_s - self.started_at_s > HEALTHY_AFTER_S:
            self.wait_s = FIRST_RESTART_AFTER_S
        log.error("process died", process=self.name, code=code, restart_in_s=self.wait_s)
        self.process = None
        self.restart_at_s = now_s + self.wait_s
        self.wait_s = min(self.wait_s * 2, LAST_RESTART_AFTER_S)


class Supervisor:
    """Runs children until told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children

    def run(self, stopping: threading.Event) -> None:
        for child in self._children:
            child.start()
        try:
            while not stopping.wait(CHECK_EVERY_S):
                for child in self._children:
                    child.check(time.monotonic())
        finally:
            self.stop()

    def stop(self) -> None:
        """Ask every child to end; after `STOP_WITHIN_S`, make it."""
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        give_up_at_s = time.monotonic() + STOP_WITHIN_S
        for process in running:
            try:
                process.wait(max(give_up_at_s - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def cpu_cores(self) -> dict[str, float]:
        """The cores each running child has used on average since its start, by name."""
        now_s = time.monotonic()
        return {
            child.name: _cpu_seconds(child.process.pid) / (now_s - child.started_at_s)
            for child in self._children
            if child.process is not None
        }


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _environment() -> dict[str, str]:
    return {**os.environ, SUPERVISOR_VARIABLE: str(os.getpid())}
