"""One process under the supervisor: started, listened to, ended when it hangs, started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from domain.backoff import Backoff
from patrol.heartbeat import REFUSED, VARIABLE
from patrol.standing import ChildStanding
from patrol.stopping import SUPERVISOR_VARIABLE

STOP_WITHIN_S = 5.0
FIRST_RESTART_AFTER_S = 1.0
LAST_RESTART_AFTER_S = 60.0
STABLE_AFTER_S = 10.0
"""A process that has worked so long did not die of its start: nothing is gained by waiting."""
SILENT_AT_MOST_S = 10.0
"""Without a heartbeat for so long a process hangs. Its own parts have `TURN_WITHIN_S` besides."""
FIRST_BEAT_WITHIN_S = 900.0
"""What a first look opens, such as an engine that is built for this machine, takes minutes."""
LONGEST_STEP_S = 1.0
"""A check that comes later than this was late itself: the machine slept, or this process did."""

log = structlog.get_logger(__name__)


class Child:
    """One `patrol` subcommand that should always run."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        beats: bool = False,
        silent_at_most_s: float = SILENT_AT_MOST_S,
        first_beat_within_s: float = FIRST_BEAT_WITHIN_S,
        stop_within_s: float = STOP_WITHIN_S,
    ) -> None:
        """`beats`: it has a heartbeat (patrol.heartbeat), without which it hangs."""
        self.name = name
        self.arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at_s = 0.0
        self.restart_at_s = 0.0
        self.refused = False
        self.restarts = 0
        # Without chance: few start together, and people read when the next start is.
        self._backoff = Backoff(FIRST_RESTART_AFTER_S, LAST_RESTART_AFTER_S, chance=0.0)
        self._why = ""
        self._restarted_at: datetime | None = None
        self._beats = beats
        self._silent_at_most_s = silent_at_most_s
        self._first_beat_within_s = first_beat_within_s
        self._stop_within_s = stop_within_s
        self._pipe: int | None = None
        self._first_beat_s: float | None = None
        self._silent_s = 0.0
        self._checked_s = 0.0
        self._kill_at_s: float | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "patrol", *self.arguments]
        reads, writes = os.pipe()
        os.set_blocking(reads, False)
        try:
            # Its own group: a Ctrl-C on the terminal reaches the supervisor alone, who ends the
            # rest.
            self.process = subprocess.Popen(
                command, start_new_session=True, env=_environment(writes), pass_fds=(writes,)
            )
        finally:
            os.close(writes)
            self._close_pipe()
            self._pipe = reads
        self.started_at_s = self._checked_s = time.monotonic()
        self._first_beat_s = self._kill_at_s = None
        self._silent_s = 0.0

    def check(self, now_s: float) -> None:
        """Start again what has died, waiting longer each time it dies young; end what hangs."""
        step_s, self._checked_s = min(now_s - self._checked_s, LONGEST_STEP_S), now_s
        if self.process is None:
            if now_s >= self.restart_at_s:
                self._start_again()
            return
        self._listen(now_s, step_s)
        if (code := self.process.poll()) is not None:
            self._listen(now_s, 0.0)
            self._bury(now_s, code)
        elif self._kill_at_s is not None:
            if now_s >= self._kill_at_s:
                self._kill()
        elif self._beats and self._silent_s > self._allowed_s:
            self._end_hung(now_s)

    @property
    def standing(self) -> ChildStanding:
        """How it fares, for people."""
        pid = self.process.pid if self.process else None
        beats = pid is not None and self._first_beat_s is not None
        return ChildStanding(self.name, pid, beats, self.restarts, self._why, self._restarted_at)

    @property
    def _allowed_s(self) -> float:
        begun = self._first_beat_s is not None
        return self._silent_at_most_s if begun else self._first_beat_within_s

    def _start_again(self) -> None:
        self.restarts += 1
        self._restarted_at = datetime.now(UTC)
        self.start()

    def _listen(self, now_s: float, step_s: float) -> None:
        """Take what came through the pipe since the last time."""
        said = b""
        if self._pipe is not None:
            with suppress(BlockingIOError):
                said = os.read(self._pipe, 65_536)
        # A process that once worked may work again, whatever is in its way today.
        if REFUSED in said and self._first_beat_s is None and not self.restarts:
            self.refused = True
        self._silent_s = 0.0 if said else self._silent_s + step_s
        if said and self._first_beat_s is None:
            self._first_beat_s = now_s

    def _end_hung(self, now_s: float) -> None:
        assert self.process is not None
        self._why = f"no heartbeat for {self._silent_s:.0f} s"
        log.error("process hangs", process=self.name, pid=self.process.pid, why=self._why)
        self._kill_at_s = now_s + self._stop_within_s
        self.process.send_signal(signal.SIGTERM)

    def _kill(self) -> None:
        """With all that it has started: none of it would end by itself."""
        assert self.process is not None
        with suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _bury(self, now_s: float, code: int) -> None:
        if self._kill_at_s is None:
            self._why = f"died with {signal.Signals(-code).name if code < 0 else f'code {code}'}"
        worked_since_s = self._first_beat_s if self._beats else self.started_at_s
        if worked_since_s is not None and now_s - worked_since_s > STABLE_AFTER_S:
            self._backoff.reset()
        wait_s = self._backoff.next_s()
        log.error("process died", process=self.name, why=self._why, restart_in_s=wait_s)
        self.process = None
        self._close_pipe()
        self.restart_at_s = now_s + wait_s

    def _close_pipe(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def _environment(pipe: int) -> dict[str, str]:
    return {**os.environ, SUPERVISOR_VARIABLE: str(os.getpid()), VARIABLE: str(pipe)}
