"""The consumer: hands every message to a handler at least once.

A message is acknowledged after the handler returned. If the handler fails, the message comes
again, later and later, up to `max_deliveries` times; then it goes to the dead letters with the
reason. If a consumer dies, another one of its group claims what it held.
"""

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from domain.errors import BusUnavailable, CaseStoreUnavailable, MessageInvalid
from domain.messages import Message
from events_bridge.backoff import Backoff
from events_bridge.connection import GroupMissing
from events_bridge.envelope import from_envelope
from events_bridge.group import ConsumerGroup, DeadLetter, Delivery, Pending
from events_bridge.settings import BusSettings
from events_bridge.trimming import NewsTrimmer

TRANSIENT_ERRORS: tuple[type[Exception], ...] = (BusUnavailable, CaseStoreUnavailable)
"""Errors that say nothing against the message: it is kept and tried until they are over."""
RETRY_LOOK_EVERY_S = 1.0

_log = structlog.get_logger(__name__)


class Consumer:
    """One consumer `name` of one `group`. Names are unique among those that run at a time and
    stay the same over restarts, so that a restarted consumer finds what it held."""

    def __init__(
        self,
        url: str,
        *,
        group: str,
        name: str,
        handler: Callable[[Message], None],
        settings: BusSettings | None = None,
        streams: Sequence[str] | None = None,
    ) -> None:
        self._settings = settings or BusSettings()
        names = streams or (self._settings.news_stream, self._settings.looks_stream)
        self._group = ConsumerGroup(url, group, names, self._settings)
        self._trimmer = NewsTrimmer(url, self._settings)
        self._name = name
        self._handler = handler
        self._log = _log.bind(group=group, consumer=name)
        self._backoff = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        self._is_new = True
        self._retry_look_at = 0.0
        self._housekeeping_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set, through any absence of the bus. Returns within about
        `block_s` and the time of one message."""
        while not stop.is_set():
            try:
                self._round(stop)
            except GroupMissing:
                self._log.warning("group is gone, making it again")
                self._is_new = True
            except BusUnavailable as error:
                if self._backoff.failures == 0:
                    self._log.warning("bus away", error=str(error))
                self._is_new = True
                stop.wait(self._backoff.next_s())

    def lag(self) -> int:
        """Messages on the bus that the group has not acknowledged. May raise BusUnavailable."""
        return self._group.lag()

    def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The group's newest dead letters, newest first. May raise BusUnavailable."""
        return self._group.dead_letters(limit)

    def close(self) -> None:
        self._group.close()
        self._trimmer.close()

    def _round(self, stop: threading.Event) -> None:
        if self._is_new:
            self._group.create()
        self._handle_again(stop)
        self._is_new = False
        if stop.is_set():
            return
        self._handle_new(stop)
        self._keep_house()
        if self._backoff.failures:
            self._log.info("bus is back")
        self._backoff.reset()

    def _handle_again(self, stop: threading.Event) -> None:
        """What is due once more: own failures after their wait, everything this consumer held
        before a restart, and what consumers that seem dead hold.

        Each is claimed only when its turn comes: a message that kills the process must not use
        up the deliveries of those behind it.
        """
        now = time.monotonic()
        if now < self._retry_look_at and not self._is_new:
            return
        self._retry_look_at = now + RETRY_LOOK_EVERY_S
        for entry in filter(self._is_due, self._group.pending()):
            if stop.is_set():
                return
            for delivery in self._group.claim(entry, self._name):
                self._handle(delivery, [delivery], stop)

    def _is_due(self, entry: Pending) -> bool:
        if entry.consumer != self._name:
            return entry.idle_ms >= self._settings.claim_idle_s * 1000
        wait_s = self._settings.retry_first_s * 2.0 ** min(entry.count - 1, 32)
        return self._is_new or entry.idle_ms >= wait_s * 1000

    def _handle_new(self, stop: threading.Event) -> None:
        deliveries = self._group.read(self._name)
        for index, delivery in enumerate(deliveries):
            if stop.is_set():
                return  # the rest stays unacknowledged and comes again
            self._handle(delivery, deliveries[index:], stop)

    def _handle(self, delivery: Delivery, in_hand: list[Delivery], stop: threading.Event) -> None:
        """Errors of the bus go up; every other one concerns this message only."""
        if delivery.count > self._settings.max_deliveries:
            self._bury(delivery, f"{delivery.count - 1} deliveries, and none was acknowledged")
            return
        try:
            message = from_envelope(delivery.envelope)
            done = self._hand_over(message, in_hand, stop)
        except BusUnavailable:
            raise
        except MessageInvalid as error:
            self._bury(delivery, str(error))
        except Exception as error:
            self._failed(delivery, error)
        else:
            if done:
                self._group.acknowledge(delivery)

    def _hand_over(self, message: Message, in_hand: list[Delivery], stop: threading.Event) -> bool:
        """Whether the handler took the message; False if told to stop before it could."""
        patience = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        while True:
            try:
                self._handler(message)
                return True
            except TRANSIENT_ERRORS as error:
                if patience.failures == 0:
                    self._log.warning("handler has to wait", message=message.name, why=str(error))
            self._group.hold(in_hand, self._name)
            if stop.wait(patience.next_s()):
                return False

    def _failed(self, delivery: Delivery, error: Exception) -> None:
        if delivery.count >= self._settings.max_deliveries:
            self._bury(delivery, f"{type(error).__name__}: {error}")
            return
        self._log.warning(
            "message not handled, comes again",
            entry=delivery.entry_id,
            deliveries=delivery.count,
            exc_info=error,
        )

    def _bury(self, delivery: Delivery, reason: str) -> None:
        self._log.error(
            "message goes to the dead letters",
            entry=delivery.entry_id,
            deliveries=delivery.count,
            reason=reason,
        )
        self._group.bury(delivery, self._name, reason)

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + self._settings.housekeeping_every_s
            self._trimmer.trim()
