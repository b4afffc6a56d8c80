"""A bus with a dead letter and a parked message, as a real consumer set them aside."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import redis

from console.status import SystemStatus
from domain.messages import Message
from events_bridge.bus_settings import BusSettings
from events_bridge.consumer import Consumer
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.publisher import ENVELOPE_FIELD
from patrol.bus import GROUP
from patrol.center_status import bus_parts
from tests.events_bridge.samples import incident_message
from tests.waiting import wait_until

QUICK = BusSettings(block_s=0.05, retry_first_s=0.0, max_deliveries=1)
SOURCE = worker_source("edge-1")


def refuse(message: Message) -> None:
    raise RuntimeError("<b>no place</b> at rtsp://admin:hunter2@10.0.0.7/1")


@contextmanager
def set_aside(bus_url: str) -> Iterator[Consumer]:
    """A center's consumer that has just set one message aside for each reason; it stands still."""
    sound = to_envelope(incident_message(0), SOURCE)
    newer = to_envelope(incident_message(1), SOURCE)
    newer = newer.replace(b"patrol.incident.opened.v1", b"patrol.incident.opened.v9")
    with redis.Redis.from_url(bus_url) as client:
        for envelope in (sound, newer):
            client.xadd(QUICK.news_stream, {ENVELOPE_FIELD: envelope})
    stop = threading.Event()
    with closing(
        Consumer(bus_url, group=GROUP, name="center", handler=refuse, settings=QUICK)
    ) as consumer:
        thread = threading.Thread(target=consumer.run, args=(stop,))
        thread.start()
        wait_until(lambda: all(one.letters for one in consumer.figures().values()), "the letters")
        wait_until(lambda: consumer.lag() == 0, "an empty bus")
        stop.set()
        thread.join()
        yield consumer


def status_of(consumer: Consumer) -> Callable[[], SystemStatus]:
    """What a center with this consumer says of its bus."""

    def status() -> SystemStatus:
        now = datetime.now(UTC)
        parts = tuple(bus_parts(consumer, QUICK.late_after_s))
        return SystemStatus(at=now, version="0", started_at=now, parts=parts)

    return status
