"""The publisher: empties the outbox, in the background and in order, on to the bus. So a dead bus
neither blocks nor loses anything."""

import threading

import redis
import structlog
from redis.typing import EncodableT, FieldT

from domain.backoff import Backoff
from domain.checkpoint import reached
from domain.closing import Closing
from domain.errors import BusError, BusUnavailable
from domain.messages import LooksDone, Message
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import bus_errors, connect
from events_bridge.envelope import to_envelope
from events_bridge.outbox import Lane, Outbox, Parcel
from events_bridge.urls import mask_url

ENVELOPE_FIELD = b"envelope"
"""The one field of a stream entry."""

_log = structlog.get_logger(__name__)


class Publisher(Closing):
    """Starts sending at once, also what an earlier process left in the outbox.

    Raises ConfigurationError for an unusable `url`.
    """

    def __init__(
        self,
        url: str,
        outbox: Outbox,
        *,
        source: str,
        settings: BusSettings | None = None,
    ) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._source = source
        self._client = connect(url, self._settings)
        self._outbox = outbox
        self._backoff = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        self._news = threading.Event()
        self._empty = threading.Condition()
        self._closing = threading.Event()
        self._closed = False
        outbox.listen(self._news.set)
        self._thread = threading.Thread(target=self._send_all, name="publisher", daemon=True)
        self._thread.start()

    def publish(self, message: Message) -> None:
        """Take a message that belongs to nothing else. Returns at once, whether the bus is there
        or not."""
        if self._closed:
            raise BusError(f"message={message.name}: the publisher of {self._source} is closed")
        lane = Lane.LOOKS if isinstance(message, LooksDone) else Lane.NEWS
        self._outbox.put(lane, to_envelope(message, self._source))

    @property
    def waiting(self) -> int:
        """Messages that have not reached the bus yet."""
        return 0 if self._closed else len(self._outbox)

    @property
    def connected(self) -> bool:
        """Whether the last attempt to reach the bus, if any, went well."""
        return self._backoff.failures == 0

    def flush(self, timeout_s: float) -> bool:
        """Wait until nothing waits any more; False if something still does after `timeout_s`."""
        with self._empty:
            return self._empty.wait_for(lambda: not len(self._outbox), timeout_s)

    def close(self, timeout_s: float = 2.0) -> None:
        """Try once more to send what waits; what cannot be sent stays in the outbox for the next
        process."""
        if self._closed:
            return
        self._closing.set()
        self._news.set()
        self._thread.join(timeout_s)
        self._closed = True
        if left := len(self._outbox):
            _log.warning("messages stay in the outbox", source=self._source, waiting=left)
        self._client.close()

    def _send_all(self) -> None:
        while True:
            self._news.clear()
            parcel = self._outbox.peek(self._settings.publish_batch)
            if parcel is not None:
                if not self._deliver(parcel) and not self._rest():
                    return
                continue
            with self._empty:
                self._empty.notify_all()
            if self._closing.is_set():
                return
            self._news.wait()

    def _deliver(self, parcel: Parcel) -> bool:
        try:
            self._send(parcel)
        except BusUnavailable as error:
            if self._backoff.failures == 0:
                _log.warning("bus away, messages wait", source=self._source, error=str(error))
            return False
        if self._backoff.failures:
            _log.info("bus is back", source=self._source, bus=mask_url(self._url))
        self._backoff.reset()
        reached("bus.sent")
        self._outbox.advance(parcel)
        reached("outbox.advanced")
        return True

    def _send(self, parcel: Parcel) -> None:
        """All of a parcel or nothing, so that few messages come twice after a lost answer."""
        with bus_errors(self._url, "publish"), self._client.pipeline(transaction=True) as pipe:
            for envelope in parcel.envelopes:
                self._add(pipe, parcel.lane, envelope)
            pipe.execute()

    def _add(self, pipe: redis.client.Pipeline, lane: Lane, envelope: bytes) -> None:
        entry: dict[FieldT, EncodableT] = {ENVELOPE_FIELD: envelope}
        if lane is Lane.NEWS:
            pipe.xadd(self._settings.news_stream, entry)
        else:
            pipe.xadd(self._settings.looks_stream, entry, maxlen=self._settings.looks_max_length)

    def _rest(self) -> bool:
        """Wait before the next attempt; False if the publisher is closing."""
        wait_s = self._backoff.next_s()
        self._outbox.sync()
        return not self._closing.wait(wait_s)
