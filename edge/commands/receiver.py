"""The receiver: takes commands off the bus, says that it does, and hands them to the doer.

What is answered already is answered alike; what is late, damaged or unknown is refused by name;
what is too much is refused as well. Nothing here waits for a command to be done.
"""

import threading

import structlog

from domain.answers import CommandAnswered, Refusal
from domain.backoff import Backoff
from domain.clock import Clock, Moment
from domain.errors import BusUnavailable
from domain.listening import Listening
from edge.book import Book
from edge.commands.doer import Doer, answer_of
from edge.commands.outcome import Refused
from edge.steadfast import steadfast
from events_bridge.bus_settings import BusSettings
from events_bridge.command_board import CommandBoard
from events_bridge.command_inbox import Command, CommandInbox, Unread
from events_bridge.goodbye import say_goodbye
from events_bridge.presence import PresenceBoard

log = structlog.get_logger(__name__)


class Receiver(threading.Thread):
    """Listens for one worker."""

    def __init__(
        self,
        url: str,
        book: Book,
        *,
        worker_id: str,
        program_version: str,
        clock: Clock,
        settings: BusSettings,
    ) -> None:
        super().__init__(name="receiver", daemon=True)
        self._url = url
        self._book = book
        self._worker_id = worker_id
        self._program_version = program_version
        self._clock = clock
        self._settings = settings
        self._inbox = CommandInbox(url, worker_id, settings=settings)
        self._board = CommandBoard(url, settings=settings)
        self._presence = PresenceBoard(url, settings=settings)
        self._backoff = Backoff(settings.backoff_first_s, settings.backoff_max_s)
        self._doer: Doer | None = None
        self._said: Moment | None = None
        self._unsaid = threading.Event()
        self._stopping = threading.Event()

    def hands_to(self, doer: Doer) -> None:
        """Who does them. To be called before `start`."""
        self._doer = doer

    def answer(self, answered: CommandAnswered, jpeg: bytes = b"") -> None:
        """Tell the center. If the bus is away, the commands of late are read once more when it is
        back, and answered out of the book. Thread-safe."""
        try:
            self._board.answer(answered, jpeg)
        except BusUnavailable as error:
            log.warning("not answered yet", command=answered.id, why=str(error))
            self._unsaid.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            with steadfast("receive"):
                self._go_on()

    def stop(self, timeout_s: float) -> None:
        """Say goodbye, if the bus hears it."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)
        try:
            say_goodbye(lambda: self._presence.say(self._sign(listens=False)), self._url)
        except BusUnavailable as error:
            log.info("nobody heard the goodbye", why=str(error))
        for each in (self._inbox, self._board, self._presence):
            each.close()

    def _go_on(self) -> None:
        try:
            self.turn()
            self._backoff.reset()
        except BusUnavailable as error:
            if self._backoff.failures == 0 and not self._stopping.is_set():
                log.warning("bus away, no commands come", error=str(error))
            self._said = None
            self._stopping.wait(self._backoff.next_s())

    def turn(self) -> None:
        """Say that it listens, and take what has come. Raises BusUnavailable."""
        now = self._clock.moment()
        if self._said is None or now - self._said >= self._settings.listening_every_s:
            self._presence.say(self._sign())
            self._said = now
        if self._unsaid.is_set():
            self._unsaid.clear()
            self._inbox.begin_again()
        for one in self._inbox.read():
            with steadfast("command"):
                self._take(one)

    def _take(self, one: Command | Unread) -> None:
        assert self._doer is not None
        if isinstance(one, Unread):
            self._refuse_unread(one)
        elif self._board.is_answered(one.asked.id):
            return  # it came again: done once, or refused, and never done afterwards
        elif (known := self._book.answer(one.asked.id)) is not None:
            self.answer(known)
        elif one.left_s <= 0:
            self._refuse(one.asked.id, Refused(Refusal.EXPIRED))
        elif not self._doer.hand(one.asked, one.left_s):
            self._refuse(one.asked.id, Refused(Refusal.BUSY))

    def _refuse_unread(self, one: Unread) -> None:
        log.warning("command not understood", command=one.id, newer=one.is_newer, why=one.why)
        if one.id:
            name = Refusal.NOT_SUPPORTED if one.is_newer else Refusal.NOT_UNDERSTOOD
            self._refuse(one.id, Refused(name, one.why))

    def _refuse(self, command_id: str, refused: Refused) -> None:
        self.answer(answer_of(command_id, self._worker_id, self._clock, refused))

    def _sign(self, *, listens: bool = True) -> Listening:
        return Listening(
            worker_id=self._worker_id,
            book=self._book.id,
            program_version=self._program_version,
            listens=listens,
        )
