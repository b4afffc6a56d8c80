"""The doer: one thread that does commands, one after the other, and answers them.

What must wait for a look waits beside the others. A command that is done is written into the
worker's book in one commit with what it changes, then it takes effect, then it is answered: it is
done once, however often it comes, and a kill between leaves nothing half done.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from domain.answers import CommandAnswered, Refusal
from domain.clock import Clock
from domain.commands import CommandAsked
from edge.book import Book
from edge.commands.deeds import Deeds
from edge.commands.outcome import Done, Outcome, Refused, Unfinished
from edge.steadfast import steadfast

WAITING_MAX = 16
"""Commands that wait for the doer, and as many that it has begun and that wait for a look."""
DETAIL_MAX = 500
POLL_S = 0.05
IDLE_S = 0.5

Answer = Callable[[CommandAnswered, bytes], None]
"""Tells the center; raises nothing when it cannot."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Task:
    """A command in hand, and until when it makes sense (`Moment.s`)."""

    asked: CommandAsked
    until_s: float
    begun: Unfinished | None = field(default=None)


class Doer(threading.Thread):
    """Does what it is handed."""

    def __init__(
        self, deeds: Deeds, book: Book, *, worker_id: str, clock: Clock, answer: Answer
    ) -> None:
        super().__init__(name="doer", daemon=True)
        self._deeds = deeds
        self._book = book
        self._worker_id = worker_id
        self._clock = clock
        self._answer = answer
        self._queue: queue.Queue[Task] = queue.Queue(maxsize=WAITING_MAX)
        self._begun: list[Task] = []
        self._in_hand: set[str] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def hand(self, asked: CommandAsked, left_s: float) -> bool:
        """Take a command that makes sense for `left_s` seconds more; one that is in hand is not
        taken twice. False: too many wait."""
        with self._lock:
            if asked.id in self._in_hand:
                return True
            try:
                self._queue.put_nowait(Task(asked, self._clock.moment().s + left_s))
            except queue.Full:
                return False
            self._in_hand.add(asked.id)
            return True

    def run(self) -> None:
        while not self._stopping.is_set():
            with steadfast("commands"):
                self.turn(POLL_S if self._begun else IDLE_S)

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)

    def turn(self, wait_s: float) -> None:
        """Begin with one command, if one comes within `wait_s`, and see to those that wait."""
        try:
            self._begun.append(self._queue.get(timeout=wait_s))
        except queue.Empty:
            pass
        self._begun = [task for task in self._begun if not self._settle(task)]

    def _settle(self, task: Task) -> bool:
        """Whether the command is answered, or would never be."""
        done = True
        with steadfast("command", command=task.asked.id):
            try:
                outcome = self._outcome(task)
                done = outcome is not None
                if outcome is not None:
                    self._conclude(task, outcome)
            except Exception:
                self._conclude(task, Refused(Refusal.FAILED))
                raise
        if done:
            with self._lock:
                self._in_hand.discard(task.asked.id)
        return done

    def _outcome(self, task: Task) -> Outcome | None:
        if self._clock.moment().s > task.until_s:
            if task.begun is not None:
                task.begun.give_up()
            return Refused(Refusal.EXPIRED)
        if task.begun is None:
            begun = self._deeds.begin(task.asked)
            if isinstance(begun, Done | Refused):
                return begun
            if sum(each.begun is not None for each in self._begun) >= WAITING_MAX:
                begun.give_up()
                return Refused(Refusal.BUSY)
            task.begun = begun
        return task.begun.outcome()

    def _conclude(self, task: Task, outcome: Outcome) -> None:
        asked = task.asked
        answered = answer_of(asked.id, self._worker_id, self._clock, outcome)
        with self._book.page() as page:
            page.answer(answered)
            if isinstance(outcome, Done) and outcome.write is not None:
                outcome.write(page)
        if isinstance(outcome, Done) and outcome.then is not None:
            outcome.then()
        log.info(
            "command",
            command=asked.id,
            kind=asked.command.kind,
            of=asked.subject,
            asked_by=f"{asked.asked_by.kind}:{asked.asked_by.id}",
            role=asked.asked_by.role,
            said=answered.words.en,
        )
        self._answer(answered, outcome.jpeg if isinstance(outcome, Done) else b"")


def answer_of(command_id: str, worker_id: str, clock: Clock, outcome: Outcome) -> CommandAnswered:
    """The message that tells the center."""
    refused = outcome if isinstance(outcome, Refused) else None
    return CommandAnswered(
        id=command_id,
        worker_id=worker_id,
        answered_at=clock.now(),
        answer=outcome.answer if isinstance(outcome, Done) else None,
        refusal=refused.refusal if refused else None,
        detail=refused.detail[:DETAIL_MAX] if refused else "",
    )
