"""The consumer: hands every message to a handler at least once.

A message is acknowledged after the handler returned. What may go wrong, and whose fault it is:

the handler raised an error     the message's: it comes again, later and later, and after
                                `max_deliveries` such errors goes to the dead letters
nobody can read the message     the message's: it goes to the dead letters at once
a newer program wrote it        nobody's: it is parked until a program starts that reads it
database, disk, bus are away    the world's: the message stays in hand until they are back, and
                                `trouble` says by name what it waits for
the program died over it        unknown: it comes again, for ever, and after a few times behind
                                all others, so that what kills does not stop the rest
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from domain.backoff import Backoff, doubled_s
from domain.errors import (
    BusUnavailable,
    CaseStoreUnavailable,
    EvidenceStorageFull,
    MessageInvalid,
    MessageTooNew,
)
from domain.messages import Message
from domain.trouble import Trouble, trouble_of
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import GroupMissing
from events_bridge.envelope import from_envelope
from events_bridge.group import Backlog, ConsumerGroup, Delivery, Pending
from events_bridge.letters import Box, BoxFigures, Letter, LetterBox
from events_bridge.parking import Parking
from events_bridge.trimming import NewsTrimmer

RETRY_LOOK_EVERY_S = 1.0
SUSPECT_AFTER = 3
"""A message that was handed out so often without any end waits until nothing else does."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps a consumer from its work, since when (`time.monotonic`), and its own words."""

    trouble: Trouble
    detail: str
    since_s: float


class Consumer:
    """One consumer `name` of one `group`. Names are unique among those that run at a time and
    stay the same over restarts, so that a restarted consumer finds what it held.

    `together`, if it is given, takes several messages in at once, all or none: what was read in
    one go is tried with it first, and one by one only if that failed.
    """

    def __init__(
        self,
        url: str,
        *,
        group: str,
        name: str,
        handler: Callable[[Message], None],
        together: Callable[[Sequence[Message]], None] | None = None,
        settings: BusSettings | None = None,
        streams: Sequence[str] | None = None,
    ) -> None:
        self._settings = settings or BusSettings()
        names = streams or (self._settings.news_stream, self._settings.looks_stream)
        self._group = ConsumerGroup(url, group, names, self._settings)
        self._trimmer = NewsTrimmer(url, self._settings)
        self._name = name
        self._handler = handler
        self._together = together
        self._log = _log.bind(group=group, consumer=name)
        self._backoff = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        self._is_new = True
        self._retry_look_at = 0.0
        self._suspects: list[Pending] = []
        self._parking = Parking(self._group.box(Box.PARKED))
        self._housekeeping_at = 0.0
        self._held: Held | None = None

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
                    self._log.warning("bus away", trouble=error.trouble, error=str(error))
                self._rest(error.trouble, str(error), stop)
            except Exception as error:
                # Whatever it is, a consumer that ends in silence is worse than one that tries on.
                self._log.error("round failed, trying on", exc_info=error)
                self._rest(Trouble.INTAKE_STOPPED, f"{type(error).__name__}: {error}", stop)

    @property
    def held(self) -> Held | None:
        """What keeps it from its work now; None while it works."""
        return self._held

    def lag(self) -> int:
        """Messages on the bus that the group has not acknowledged. May raise BusUnavailable."""
        return self._group.lag()

    def backlog(self) -> Backlog:
        """What the group has not handled, and since when. May raise BusUnavailable."""
        return self._group.backlog()

    def check_writable(self) -> None:
        """BusUnavailable if the bus takes nothing, though it may let itself be read."""
        self._group.check_writable()

    def dead_letters(self, limit: int = 100) -> tuple[Letter, ...]:
        """The group's newest dead letters, newest first. May raise BusUnavailable."""
        return self.box(Box.DEAD).letters(limit)

    def parked(self, limit: int = 100) -> tuple[Letter, ...]:
        """The newest messages that wait for a newer program. May raise BusUnavailable."""
        return self.box(Box.PARKED).letters(limit)

    def box(self, box: Box) -> LetterBox:
        return self._group.box(box)

    def figures(self) -> dict[Box, BoxFigures]:
        """How full the boxes are. May raise BusUnavailable."""
        return {box: self.box(box).figures() for box in Box}

    def unread_lost(self) -> int:
        """News that left the bus by its age before the group read it. May raise BusUnavailable."""
        return self._trimmer.unread_lost()

    def close(self) -> None:
        self._group.close()
        self._trimmer.close()

    def _rest(self, trouble: Trouble, detail: str, stop: threading.Event) -> None:
        self._hold(trouble, detail)
        self._is_new = True
        stop.wait(self._backoff.next_s())

    def _hold(self, trouble: Trouble, detail: str) -> None:
        since_s = self._held.since_s if self._held else time.monotonic()
        self._held = Held(trouble, detail, since_s)

    def _round(self, stop: threading.Event) -> None:
        if self._is_new:
            self._group.create()
            self._parking.take_up()
        self._handle_again(stop)
        self._is_new = False
        if stop.is_set():
            return
        if not self._handle_new(stop):
            self._handle_suspects(stop)
        self._keep_house()
        if self._backoff.failures:
            self._log.info("bus is back")
        self._backoff.reset()
        self._held = None

    # ---- again

    def _handle_again(self, stop: threading.Event) -> None:
        """What is due once more: own failures after their wait, everything this consumer held
        before a restart, and what consumers that seem dead hold.

        Each is claimed only when its turn comes, and not together with others: who knows what
        became of it the last time.
        """
        now = time.monotonic()
        if now < self._retry_look_at and not self._is_new:
            return
        self._retry_look_at = now + RETRY_LOOK_EVERY_S
        due = [entry for entry in self._group.pending() if self._is_due(entry)]
        self._suspects = [entry for entry in due if entry.unfinished >= SUSPECT_AFTER]
        self._claim([entry for entry in due if entry.unfinished < SUSPECT_AFTER], stop)

    def _handle_suspects(self, stop: threading.Event) -> None:
        """What was handed out again and again, and nobody came back to say how it ended."""
        suspects, self._suspects = self._suspects, []
        for entry in suspects:
            self._log.warning(
                "message was handed out without any end",
                entry=entry.entry_id,
                times=entry.unfinished,
            )
            self._claim([entry], stop)

    def _claim(self, entries: Sequence[Pending], stop: threading.Event) -> None:
        for entry in entries:
            if stop.is_set():
                return
            for delivery in self._group.claim(entry, self._name):
                self._handle(delivery, [delivery], stop)

    def _is_due(self, entry: Pending) -> bool:
        if entry.consumer != self._name:
            return entry.idle_ms >= self._settings.claim_idle_s * 1000
        wait_s = doubled_s(self._settings.retry_first_s, entry.failures - 1)
        return self._is_new or entry.idle_ms >= wait_s * 1000

    # ---- new

    def _handle_new(self, stop: threading.Event) -> bool:
        """Whether there was anything new."""
        deliveries = self._group.read(self._name)
        size = self._settings.read_batch
        for start in range(0, len(deliveries), size):
            self._handle_batch(deliveries[start : start + size], stop)
        return bool(deliveries)

    def _handle_batch(self, batch: Sequence[Delivery], stop: threading.Event) -> None:
        if not stop.is_set() and self._took_together(batch):
            self._group.acknowledge(*batch)
            return
        for index, delivery in enumerate(batch):
            if stop.is_set():
                return  # the rest stays unacknowledged and comes again
            self._handle(delivery, batch[index:], stop)

    def _took_together(self, batch: Sequence[Delivery]) -> bool:
        """False if anything is in the way: taken one by one, it is found whose fault it is."""
        if self._together is None or len(batch) < 2:
            return False
        try:
            self._together([from_envelope(delivery.envelope) for delivery in batch])
        except Exception as error:
            self._log.debug("batch is taken one by one", size=len(batch), why=str(error))
            return False
        return True

    # ---- one

    def _handle(
        self, delivery: Delivery, in_hand: Sequence[Delivery], stop: threading.Event
    ) -> None:
        """Errors of the bus go up; every other one concerns this message only."""
        try:
            message = from_envelope(delivery.envelope)
            done = self._hand_over(message, in_hand, stop)
        except BusUnavailable:
            raise
        except MessageTooNew as error:
            self._set_aside(Box.PARKED, delivery, str(error))
        except MessageInvalid as error:
            self._set_aside(Box.DEAD, delivery, str(error))
        except Exception as error:
            self._failed(delivery, error)
        else:
            if done:
                self._group.acknowledge(delivery)

    def _hand_over(
        self, message: Message, in_hand: Sequence[Delivery], stop: threading.Event
    ) -> bool:
        """Whether the handler took the message; False if told to stop before it could."""
        patience = Backoff(self._settings.backoff_first_s, self._settings.backoff_max_s)
        while True:
            try:
                self._handler(message)
            except Exception as error:
                if (trouble := _outage(error)) is None:
                    raise
                if patience.failures == 0:
                    self._log.warning(
                        "handler has to wait",
                        message=message.name,
                        trouble=trouble,
                        why=str(error),
                    )
                self._hold(trouble, str(error))
            else:
                self._held = None
                return True
            self._group.hold(in_hand, self._name)
            if stop.wait(patience.next_s()):
                return False

    def _failed(self, delivery: Delivery, error: Exception) -> None:
        failures = self._group.count_failure(delivery)
        if failures >= self._settings.max_deliveries:
            failed = replace(delivery, failures=failures)
            self._set_aside(Box.DEAD, failed, f"{type(error).__name__}: {error}")
            return
        self._log.warning(
            "message not handled, comes again",
            entry=delivery.entry_id,
            deliveries=delivery.count,
            failures=failures,
            exc_info=error,
        )

    def _set_aside(self, box: Box, delivery: Delivery, reason: str) -> None:
        say = self._log.error if box is Box.DEAD else self._log.warning
        say(
            "message goes to the dead letters" if box is Box.DEAD else "message is parked",
            entry=delivery.entry_id,
            deliveries=delivery.count,
            failures=delivery.failures,
            reason=reason,
        )
        self._group.set_aside(box, delivery, self._name, reason)

    # ---- house

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + self._settings.housekeeping_every_s
            self._trimmer.trim()
            self._parking.take_up()


def _outage(error: Exception) -> Trouble | None:
    """What an error says of the world, and not of the message; None if it is the message's."""
    if isinstance(error, BusUnavailable | CaseStoreUnavailable):
        return error.trouble
    if isinstance(error, EvidenceStorageFull):
        return Trouble.DISK_FULL
    return trouble_of(error)
