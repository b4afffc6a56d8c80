"""What tests do to a bus, and how they listen to it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from domain.messages import Message
from events_bridge.consumer import Consumer
from events_bridge.envelope import from_envelope
from events_bridge.settings import BusSettings

GROUP = "center"


def server_pid(directory: Path) -> int:
    return int((directory / "valkey.pid").read_text())


def kill_server(directory: Path) -> int:
    """Kill the embedded server of a directory as a power cut would; its process id."""
    pid = server_pid(directory)
    os.kill(pid, signal.SIGKILL)
    return pid


def on_stream(url: str, stream: str = "patrol:news") -> list[Message]:
    """The messages of a stream, oldest first."""
    with redis.Redis.from_url(url, protocol=2) as client:
        rows = client.xrange(stream) or []
    return [from_envelope(fields[b"envelope"]) for _, fields in rows if fields]  # type: ignore[index]


@contextmanager
def consuming(
    url: str,
    handler: Callable[[Message], None],
    settings: BusSettings,
    *,
    name: str = "center-1",
) -> Iterator[Consumer]:
    """A consumer that runs in its own thread until the block ends."""
    consumer = Consumer(url, group=GROUP, name=name, handler=handler, settings=settings)
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield consumer
    finally:
        stop.set()
        thread.join()
        consumer.close()


class Inbox:
    """An idempotent handler: each message once, by its name, in the order of arrival."""

    def __init__(self) -> None:
        self._seen: dict[str, Message] = {}

    def __call__(self, message: Message) -> None:
        self._seen.setdefault(message.name, message)

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def messages(self) -> list[Message]:
        return list(self._seen.values())
