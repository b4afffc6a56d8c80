"""A console served for real: uvicorn in a thread, on a free port of this machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from console.door import served
from tests.waiting import wait_until


class LiveServer:
    """Serves what `make_app` makes from `start` to `stop`, each time on the same port."""

    def __init__(self, make_app: Callable[[], FastAPI]) -> None:
        self._make_app = make_app
        self.app = make_app()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.server_state.connections) if self._server else 0

    def start(self) -> None:
        if self.port:
            self.app = self._make_app()
        here = self.app.state.services.settings.model_copy(
            update={"host": "127.0.0.1", "port": self.port}
        )
        config = served(self.app, here, timeout_graceful_shutdown=5)
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, name="console", daemon=True)
        self._thread.start()
        wait_until(lambda: server.started, "the console to listen")
        self.port = server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self.app.state.streams.close()
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._server = None


@contextmanager
def serving(make_app: Callable[[], FastAPI]) -> Iterator[LiveServer]:
    server = LiveServer(make_app)
    server.start()
    try:
        yield server
    finally:
        server.stop()
