"""The publisher: every message goes through the spool on disk and from there, in the
background and in order, to the bus. So a dead bus neither blocks nor loses anything."""

import threading
from pathlib import Path

import redis
import structlog
from redis.typing import EncodableT, FieldT

from domain.closing import Closing
from domain.errors import BusError, BusUnavailable
from domain.messages import LooksDone, Message
from events_bridge.backoff import Backoff
from events_bridge.connection import bus_errors, connect
from events_bridge.envelope import to_envelope
from events_bridge.settings import BusSettings
from events_bridge.spool import Lane, Spool, SpoolBatch
from events_bridge.urls import mask_url

ENVELOPE_FIELD = b"envelope"
"""The one field of a stream entry."""

_log = structlog.get_logger(__name__)


class Publisher(Closing):
    """Starts sending at once, also what an earlier process left in the spool.

    Raises ConfigurationError for an unusable `url`, BusError for a spool that is taken.
    """

    def __init__(
        self,
        url: str,
        spool_dir: Path,
        *,
        source: str,
        settings: BusSettings | None = None,
    ) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._source = source
        self._client = connect(url, self._settings)
        self._spool = Spool(spool_dir, self._settings.spool_max_bytes)
        self._backoff = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        self._unread = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        self._news = threading.Event()
        self._empty = threading.Condition()
        self._closing = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._send_all, name="publisher", daemon=True)
        self._thread.start()

    def publish(self, message: Message) -> None:
        """Take a message for the bus. Returns at once, whether the bus is there or not."""
        if self._closed:
            raise BusError(f"message={message.name}: the publisher of {self._source} is closed")
        lane = Lane.LOOKS if isinstance(message, LooksDone) else Lane.NEWS
        self._spool.put(lane, to_envelope(message, self._source))
        self._news.set()

    @property
    def waiting(self) -> int:
        """Messages that have not reached the bus yet."""
        return 0 if self._closed else len(self._spool)

    @property
    def connected(self) -> bool:
        """Whether the last attempt to reach the bus, if any, went well."""
        return self._backoff.failures == 0

    def flush(self, timeout_s: float) -> bool:
        """Wait until nothing waits any more; False if something still does after `timeout_s`."""
        with self._empty:
            return self._empty.wait_for(lambda: not len(self._spool), timeout_s)

    def close(self, timeout_s: float = 2.0) -> None:
        """Try once more to send what waits; what cannot be sent stays on disk for the next
        process."""
        if self._closed:
            return
        self._closing.set()
        self._news.set()
        self._thread.join(timeout_s)
        self._closed = True
        if left := len(self._spool):
            _log.warning("messages stay in the spool", source=self._source, waiting=left)
        if not self._thread.is_alive():
            self._spool.close()
        self._client.close()

    def _send_all(self) -> None:
        while True:
            self._news.clear()
            try:
                batch = self._spool.peek(self._settings.publish_batch)
            except OSError as error:
                if self._unread.failures == 0:
                    _log.error("spool not read, messages wait", source=self._source, why=str(error))
                if not self._rest(self._unread):
                    return
                continue
            self._unread.reset()
            if batch is not None:
                if not self._deliver(batch) and not self._rest(self._backoff):
                    return
                continue
            with self._empty:
                self._empty.notify_all()
            if self._closing.is_set():
                return
            self._news.wait()

    def _deliver(self, batch: SpoolBatch) -> bool:
        try:
            self._send(batch)
        except BusUnavailable as error:
            if self._backoff.failures == 0:
                _log.warning("bus away, messages wait", source=self._source, error=str(error))
            return False
        if self._backoff.failures:
            _log.info("bus is back", source=self._source, bus=mask_url(self._url))
        self._backoff.reset()
        self._spool.advance(batch)
        return True

    def _send(self, batch: SpoolBatch) -> None:
        """All of a batch or nothing, so that few messages come twice after a lost answer."""
        with bus_errors(self._url, "publish"), self._client.pipeline(transaction=True) as pipe:
            for envelope in batch.envelopes:
                self._add(pipe, batch.lane, envelope)
            pipe.execute()

    def _add(self, pipe: redis.client.Pipeline, lane: Lane, envelope: bytes) -> None:
        entry: dict[FieldT, EncodableT] = {ENVELOPE_FIELD: envelope}
        if lane is Lane.NEWS:
            pipe.xadd(self._settings.news_stream, entry)
        else:
            pipe.xadd(self._settings.looks_stream, entry, maxlen=self._settings.looks_max_length)

    def _rest(self, backoff: Backoff) -> bool:
        """Wait before the next attempt; False if the publisher is closing."""
        wait_s = backoff.next_s()
        self._spool.sync()
        return not self._closing.wait(wait_s)
