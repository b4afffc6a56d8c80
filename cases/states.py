"""The one table of what may be done to a case, by whom, and what must be said with it.

After the states of the city-management workflow. Nothing leads from ALERT to CLOSED; a case is
closed only by a person, after somebody has said what it was.
"""

from dataclasses import dataclass
from enum import Flag, auto

from domain.actor import Actor, ActorKind
from domain.base import Text
from domain.case import CaseState as S
from domain.case import Move, Verdict
from domain.errors import MoveRefused


class Who(Flag):
    """Whose hand it is. A role acts as the person who is on duty."""

    PERSON = auto()
    SYSTEM = auto()
    BRIDGE = auto()

    @classmethod
    def of(cls, actor: Actor) -> "Who":
        return _HANDS[actor.kind]


_HANDS = {
    ActorKind.PERSON: Who.PERSON,
    ActorKind.ROLE: Who.PERSON,
    ActorKind.SYSTEM: Who.SYSTEM,
    ActorKind.BRIDGE: Who.BRIDGE,
}


class Needs(Flag):
    """What must come with a move, or hold before it."""

    NOTHING = 0
    NOTE = auto()  # a reason in words
    VERDICT = auto()  # false with its reason, duplicate with its case, permitted or gone
    REVIEWED = auto()  # somebody has said what the case is
    UNREVIEWED = auto()  # nobody has yet
    PRE_DISPATCH = auto()  # the kind's settings allow it
    LEFT = auto()  # it was void because its matter had left by itself
    MAY_RETURN = auto()  # it was not given back too often


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed move. `to` None: back to the state the case was suspended from."""

    move: Move
    sources: frozenset[S]
    to: S | None
    who: Who
    needs: Needs = Needs.NOTHING

    def target(self, state: S, suspended_from: S | None) -> S:
        if self.to is not None:
            return self.to
        return state if suspended_from is None else suspended_from


def _transition(
    move: Move, sources: set[S], to: S | None, who: Who, needs: Needs = Needs.NOTHING
) -> Transition:
    return Transition(move, frozenset(sources), to, who, needs)


_PERSON, _SYSTEM = Who.PERSON, Who.SYSTEM
_EITHER = Who.PERSON | Who.SYSTEM
_IN_THE_FIELD = Who.PERSON | Who.BRIDGE
"""Whoever was sent; they may say by their own platform how far they are, and nothing more."""
IN_FIELD = {S.DISPATCHED, S.ACCEPTED, S.HANDLING, S.FEEDBACK, S.VERIFYING, S.RETURNED, S.REWORK}
"""Where a pre-dispatched case may be while its review still runs."""

TABLE: tuple[Transition, ...] = (
    _transition(Move.RECEIVE, {S.ALERT}, S.PENDING_REVIEW, _SYSTEM),
    _transition(Move.CONFIRM, {S.PENDING_REVIEW}, S.FILED, _PERSON),
    *(_transition(Move.CONFIRM, {s}, s, _PERSON, Needs.UNREVIEWED) for s in S if s in IN_FIELD),
    _transition(
        Move.REJECT,
        {S.PENDING_REVIEW, S.FILED, S.RETURNED, S.REOPENED},
        S.VOIDED,
        _PERSON,
        Needs.VERDICT,
    ),
    _transition(
        Move.REJECT,
        IN_FIELD - {S.RETURNED},
        S.VOIDED,
        _PERSON,
        Needs.VERDICT | Needs.UNREVIEWED,
    ),
    _transition(Move.PRE_DISPATCH, {S.PENDING_REVIEW}, S.DISPATCHED, _EITHER, Needs.PRE_DISPATCH),
    _transition(Move.DISPATCH, {S.FILED, S.RETURNED, S.REOPENED}, S.DISPATCHED, _PERSON),
    _transition(Move.ACCEPT, {S.DISPATCHED}, S.ACCEPTED, _IN_THE_FIELD),
    _transition(Move.HANDLE, {S.ACCEPTED, S.REWORK}, S.HANDLING, _IN_THE_FIELD),
    _transition(Move.REPORT, {S.HANDLING}, S.FEEDBACK, _IN_THE_FIELD, Needs.NOTE),
    _transition(Move.VERIFY, {S.FEEDBACK}, S.VERIFYING, _EITHER),
    _transition(Move.CLOSE, {S.VERIFYING}, S.CLOSED, _PERSON, Needs.REVIEWED),
    _transition(Move.ARCHIVE, {S.CLOSED}, S.ARCHIVED, _EITHER),
    _transition(
        Move.RETURN,
        {S.DISPATCHED, S.ACCEPTED},
        S.RETURNED,
        _IN_THE_FIELD,
        Needs.NOTE | Needs.MAY_RETURN,
    ),
    _transition(Move.REWORK, {S.FEEDBACK, S.VERIFYING}, S.REWORK, _PERSON, Needs.NOTE),
    _transition(
        Move.SUSPEND,
        {S.FILED, S.DISPATCHED, S.ACCEPTED, S.HANDLING, S.RETURNED, S.REWORK, S.REOPENED},
        S.SUSPENDED,
        _PERSON,
        Needs.NOTE,
    ),
    _transition(Move.RESUME, {S.SUSPENDED}, None, _EITHER),
    _transition(Move.REOPEN, {S.CLOSED}, S.REOPENED, _EITHER, Needs.NOTE),
    _transition(Move.REOPEN, {S.ARCHIVED}, S.REOPENED, _SYSTEM, Needs.NOTE),
    _transition(Move.REOPEN, {S.VOIDED}, S.PENDING_REVIEW, _SYSTEM, Needs.LEFT),
)

WITH_NOTE = frozenset(transition.move for transition in TABLE if Needs.NOTE in transition.needs)
"""Moves that a person must give a reason for."""
VOIDING = frozenset({Verdict.FALSE, Verdict.DUPLICATE, Verdict.PERMITTED, Verdict.GONE})
"""Verdicts that void a case; REAL is what confirms it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table needs to know of a case."""

    state: S
    verdict: Verdict | None
    may_pre_dispatch: bool
    may_return: bool = True

    @property
    def reviewed(self) -> bool:
        return self.verdict is not None


def allowed(standing: Standing, who: Who) -> tuple[Move, ...]:
    """What `who` may do to a case that stands like this, in the order of the table."""
    fitting = (transition for transition in TABLE if standing.state in transition.sources)
    return tuple(
        transition.move
        for transition in fitting
        if transition.who & who and _holds(transition, standing)
    )


def find(no: str, standing: Standing, move: Move, who: Who) -> Transition:
    """The transition that allows the move.

    Raises:
        MoveRefused: there is none; the message says what is allowed.
    """
    for transition in TABLE:
        fits = transition.move is move and standing.state in transition.sources
        if fits and transition.who & who and _holds(transition, standing):
            return transition
    raise MoveRefused(_refusal(no, standing, move, who))


def _holds(transition: Transition, standing: Standing) -> bool:
    return not (
        (Needs.REVIEWED in transition.needs and not standing.reviewed)
        or (Needs.UNREVIEWED in transition.needs and standing.reviewed)
        or (Needs.PRE_DISPATCH in transition.needs and not standing.may_pre_dispatch)
        or (Needs.LEFT in transition.needs and standing.verdict is not Verdict.GONE)
        or (Needs.MAY_RETURN in transition.needs and not standing.may_return)
    )


def _refusal(no: str, standing: Standing, move: Move, who: Who) -> str:
    state = standing.state
    words = f"case {no} is {_named(state.words, state)}: {_named(move.words, move)} is not allowed"
    if because := _because(standing, move, who):
        words += f", {because}"
    moves = allowed(standing, who)
    options = ", ".join(_named(option.words, option) for option in moves) or "nothing"
    return f"{words}; allowed to {_NAMES[who]}: {options}"


def _because(standing: Standing, move: Move, who: Who) -> str:
    transitions = [
        transition
        for transition in TABLE
        if transition.move is move and standing.state in transition.sources
    ]
    if not transitions:
        return ""
    if not any(transition.who & who for transition in transitions):
        person = any(Who.PERSON in transition.who for transition in transitions)
        return "only a person does that" if person else "only the system does that"
    if any(Needs.REVIEWED in transition.needs for transition in transitions):
        return "nobody has reviewed it yet"
    if any(Needs.PRE_DISPATCH in transition.needs for transition in transitions):
        return "its kind is not set to be pre-dispatched"
    if any(Needs.LEFT in transition.needs for transition in transitions):
        return "its matter did not leave by itself"
    if any(Needs.MAY_RETURN in transition.needs for transition in transitions):
        return "it was given back as often as it may be: the coordination office decides"
    return "it has been reviewed"


_NAMES = {Who.PERSON: "a person", Who.SYSTEM: "the system", Who.BRIDGE: "a bridge"}


def _named(words: Text, value: str) -> str:
    return f"{words.zh} ({value})"
