"""What comes of a command, before it is written down."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.answers import Answer, Refusal
from edge.book.page import Page


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What was found, or what is to be done once it is written: `write` is one commit with the
    answer, and `then` makes it true in memory."""

    answer: Answer
    jpeg: bytes = b""
    write: Callable[[Page], None] | None = None
    then: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing is done. `detail` is for ops and never holds a password."""

    refusal: Refusal
    detail: str = ""


Outcome = Done | Refused


class Unfinished:
    """A command that has to wait for something. It is asked again and again, in one thread."""

    def outcome(self) -> Outcome | None:
        """None: not yet."""
        raise NotImplementedError

    def give_up(self) -> None:
        """The deadline is over."""
