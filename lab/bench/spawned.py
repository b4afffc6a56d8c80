"""A part of the bench in a process of its own, so that its cost is not the bench's."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from domain.errors import ConfigurationError

START_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0


class Spawned:
    """Runs ``serve(*args, connection)``: it says one thing when it is ready, then answers."""

    def __init__(self, what: str, serve: Callable[..., None], *args: Any) -> None:
        """Raises ConfigurationError when `what` is not ready in time."""
        spawning = multiprocessing.get_context("spawn")
        self._ours, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_run, args=(serve, args, theirs), daemon=True)
        self._process.start()
        theirs.close()
        try:
            if not self._ours.poll(START_WITHIN_S):
                raise ConfigurationError(f"{what} did not start within {START_WITHIN_S:g} s")
            self.told = self._ours.recv()
        except (EOFError, ConfigurationError) as error:
            self.stop()
            raise ConfigurationError(f"{what} did not start") from error

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def ask(self, *question: str) -> Any:
        self._ours.send(question)
        return self._ours.recv()

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(STOP_WITHIN_S)
        self._ours.close()


def _run(serve: Callable[..., None], args: tuple[Any, ...], asked: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(*args, asked)
