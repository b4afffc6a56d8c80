"""The supervisor: keeps the processes of one machine running, and ends them together."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import structlog

from domain.errors import PatrolError
from patrol.child import STOP_WITHIN_S, Child
from patrol.standing import Standing

CHECK_EVERY_S = 0.2

log = structlog.get_logger(__name__)


class ChildRefused(PatrolError):
    """A child said at its first start that it cannot work; why, it has said itself."""


class Supervisor:
    """Runs children until told to stop."""

    def __init__(self, children: Sequence[Child], *, standing_path: Path | None = None) -> None:
        """`standing_path`: where it is written down how they fare, for the health page."""
        self._children = children
        self._standing_path = standing_path
        self._standing: Standing | None = None

    def run(self, stopping: threading.Event) -> None:
        """Raises ChildRefused if one of them will not work however often it is started."""
        for child in self._children:
            child.start()
        try:
            while not stopping.wait(CHECK_EVERY_S):
                for child in self._children:
                    child.check(time.monotonic())
                    if child.refused:
                        raise ChildRefused(f"{child.name} cannot run; see what it said")
                self._write_down()
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
        if self._standing_path is not None:
            self._standing_path.unlink(missing_ok=True)

    def cpu_cores(self) -> dict[str, float]:
        """The cores each running child has used on average since its start, by name."""
        now_s = time.monotonic()
        cores = {}
        for child in self._children:
            if (process := child.process) is not None:
                with suppress(psutil.NoSuchProcess):
                    used = psutil.Process(process.pid).cpu_times()
                    cores[child.name] = (used.user + used.system) / (now_s - child.started_at_s)
        return cores

    def _write_down(self) -> None:
        if self._standing_path is None:
            return
        standing = Standing(os.getpid(), tuple(child.standing for child in self._children))
        if standing != self._standing:
            self._standing = standing
            try:
                standing.save(self._standing_path)
            except OSError as error:
                log.warning("not written down", path=str(self._standing_path), why=error.strerror)
