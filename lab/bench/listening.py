"""Open pages, as many as there are clients: server-sent events, and when each case's first came."""

import asyncio
import json
import threading
import time
from collections import defaultdict

from domain.closing import Closing

OPENS_WITHIN_S = 20.0
_LINE_MAX = 1 << 20


class Listeners(Closing):
    """Clients of ``/api/stream`` in a thread of their own; they begin to listen at once.

    Raises:
        TimeoutError: not all of them are connected in time.
    """

    def __init__(self, port: int, clients: int) -> None:
        self._port = port
        self._clients = clients
        self._lock = threading.Lock()
        self._arrived: defaultdict[str, list[float]] = defaultdict(list)
        self._open = threading.Semaphore(0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="listeners", daemon=True)
        self._thread.start()
        for _ in range(clients):
            if not self._open.acquire(timeout=OPENS_WITHIN_S):
                raise TimeoutError(f"expected {clients} streams within {OPENS_WITHIN_S:g} s")

    def arrivals(self) -> dict[str, list[float]]:
        """Seconds of the wall's clock at which each case's first news came to each client."""
        with self._lock:
            return {no: list(times) for no, times in self._arrived.items()}

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(10)

    def _stop(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        tasks = [self._loop.create_task(self._listen()) for _ in range(self._clients)]
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=_LINE_MAX)
        try:
            writer.write(b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            seen: set[str] = set()
            while line := await reader.readline():
                at = time.time()
                if line.startswith(b"event: hello"):
                    self._open.release()
                elif line.startswith(b"data: "):
                    self._take(json.loads(line[6:]), at, seen)
        finally:
            writer.close()

    def _take(self, event: dict[str, object], at: float, seen: set[str]) -> None:
        changes = event.get("changes")
        for change in changes if isinstance(changes, list) else ():
            if change["no"] not in seen:
                seen.add(change["no"])
                with self._lock:
                    self._arrived[change["no"]].append(at)
