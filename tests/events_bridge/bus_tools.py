"""What tests do to a bus, and how they listen to it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import redis

from domain.errors import BusUnavailable
from domain.messages import Message
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect
from events_bridge.consumer import Consumer
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import from_envelope
from tests.waiting import wait_until

GROUP = "center"


def server_pid(bus: EmbeddedBus) -> int:
    """The process id that the server itself tells. BusUnavailable while it is away."""
    with closing(connect(bus.url, BusSettings())) as client, bus_errors(bus.url, "ask"):
        return int(client.info("server")["process_id"])


def kill_server(bus: EmbeddedBus) -> int:
    """Kill the server in its tracks; its process id."""
    pid = server_pid(bus)
    os.kill(pid, signal.SIGKILL)
    return pid


def kill_and_wait(bus: EmbeddedBus) -> None:
    """Kill the server and wait until another one answers in its place."""
    old_pid = kill_server(bus)
    wait_until(lambda: answers_other_than(bus, old_pid), "a restarted server")


def answers_other_than(bus: EmbeddedBus, old_pid: int) -> bool:
    try:
        return server_pid(bus) != old_pid
    except BusUnavailable:
        return False


def on_stream(url: str, stream: str = BusSettings().news_stream) -> list[Message]:
    """The messages of a stream, oldest first."""
    with redis.Redis.from_url(url, protocol=2) as client:
        rows = client.xrange(stream) or []
    return [from_envelope(fields[b"envelope"]) for _, fields in rows if fields]


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
