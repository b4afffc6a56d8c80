"""A real HTTP server for one file, with the manners and the accidents of the world's servers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What is served, and how badly; tests change it between requests."""

    body: bytes
    mark: str = '"v1"'
    """The ETag."""
    ranges: bool = True
    """Whether Range is understood."""
    cut_after: list[int] = field(default_factory=list)
    """For each coming request, after how many bytes its connection is cut."""
    status: int | None = None
    """Answer this instead of the file."""
    asked: list[str | None] = field(default_factory=list)
    """The Range of every request."""
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Served

    def do_GET(self) -> None:
        served, wanted = self.served, self.headers.get("Range")
        served.asked.append(wanted)
        if self.path.startswith("/moved/"):
            self._head(302, 0, Location=self.path.removeprefix("/moved"))
        elif served.status is not None:
            self._head(served.status, 0)
        else:
            self._send(self._start(wanted))

    def _start(self, wanted: str | None) -> int:
        held = self.headers.get("If-Range", self.served.mark)
        understood = wanted and self.served.ranges and held == self.served.mark
        return int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and understood else 0

    def _send(self, start: int) -> None:
        served = self.served
        size = len(served.body)
        if start >= size > 0:
            self._head(416, 0, **{"Content-Range": f"bytes */{size}"})
            return
        part = served.body[start:]
        place = {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
        self._head(206 if start else 200, len(part), ETag=served.mark, **place)
        cut = served.cut_after.pop(0) if served.cut_after else None
        self.wfile.write(part[:cut])
        if cut is not None:
            self.close_connection = True

    def _head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(body: bytes, file: str = "m.onnx") -> Iterator[Served]:
    """Serve `body` at `url` until the end of the block."""
    served = Served(body)
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}/{file}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
