"""A child process that answers requests: what may hang or crash is done there and not here.

It is a module of ours, run by `python -m`. A request is any bytes on its standard input, an answer
one line of JSON on its standard output, and after it as many bytes as the line's `bytes` says.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from domain.closing import Closing

MAX_LINE_BYTES = 4 << 20
"""Of one answer's line; a graph says some kilobytes of itself, 1,000 class names are some 20."""


class ChildEnded(Exception):
    """The child is gone without having answered."""

    def __init__(self, status: int, *, late: bool) -> None:
        self.late = late
        """Whether it was ended because its time was over."""
        self.how = signal.Signals(-status).name if status < 0 else f"exit {status}"
        """The signal that ended it, or its exit code."""
        super().__init__("it was ended late" if late else f"it died ({self.how})")


class AnswerTooLong(Exception):
    """The line of an answer is longer than `MAX_LINE_BYTES`."""


class AskedChild(Closing):
    """One child process with a deadline. Use `with`; not for several threads."""

    def __init__(self, module: str, arguments: Sequence[str], *, within_s: float) -> None:
        """Start it. After `within_s`, or what `allow` says later, it is killed."""
        self._late = threading.Event()
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._asks, self._answers = self._child.stdin, self._child.stdout
        self._timer = self._timer_of(within_s)

    def allow(self, within_s: float) -> None:
        """Let it live for so long from now on."""
        self._timer.cancel()
        self._timer = self._timer_of(within_s)

    def send(self, request: bytes) -> None:
        """Raises ChildEnded."""
        try:
            self._asks.write(request)
            self._asks.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def answer(self) -> tuple[dict[str, Any], bytes]:
        """What it says next, with the bytes after it. Raises ChildEnded or AnswerTooLong."""
        line = self._answers.readline(MAX_LINE_BYTES)
        if len(line) == MAX_LINE_BYTES:
            raise AnswerTooLong
        said = json.loads(line) if line.endswith(b"\n") else {}
        body = self._answers.read(said.get("bytes", 0))
        if not said or len(body) != said.get("bytes", 0):
            raise self._ended()
        return said, body

    def close(self) -> None:
        """End the process, whatever it does."""
        self._timer.cancel()
        self._child.kill()
        self._child.communicate()

    def _ended(self) -> ChildEnded:
        status = self._child.wait()
        late = self._late.is_set() or status in (-signal.SIGXCPU, -signal.SIGALRM)
        return ChildEnded(status, late=late)

    def _timer_of(self, within_s: float) -> threading.Timer:
        timer = threading.Timer(within_s, self._end_late)
        timer.daemon = True
        timer.start()
        return timer

    def _end_late(self) -> None:
        self._late.set()
        self._child.kill()
