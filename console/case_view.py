"""One case as a page shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cases.queries import overdue
from cases.states import WITH_NOTE
from console.clocks import ClockLine, clock_lines
from console.map import PlanMap, draw_plan
from console.media import Media, media_of
from console.services import Services
from console.signs import Sign, Tone, case_symbol, state_sign
from console.times import Times
from console.words import WORDS, say
from domain.base import Text
from domain.case import Case, Entry, Move, Triage, Verdict
from domain.place import GridPlan


@dataclass(frozen=True)
class Button:
    """A decision on offer. `do` names what the page's script does: send it, or ask more first."""

    words: str
    do: Literal["send", "false", "duplicate", "permit", "dispatch", "note"]
    move: Move
    symbol: str
    key: str = ""
    verdict: Verdict | None = None
    main: bool = False


@dataclass(frozen=True)
class HistoryLine:
    entry: Entry
    note: str
    actor: str
    tone: Tone
    changed: bool


@dataclass(frozen=True)
class CaseView:
    """A case with everything its panel says."""

    case: Case
    state: Sign
    symbol: str
    urgent: bool
    overdue: str
    place: str
    address: str
    grid_line: str
    media: Media
    map: PlanMap | None
    clocks: tuple[ClockLine, ...]
    history: tuple[HistoryLine, ...]
    buttons: tuple[Button, ...]
    undo_until: datetime | None


_SYMBOLS: dict[Move, str] = {
    Move.ACCEPT: "check",
    Move.HANDLE: "tool",
    Move.REPORT: "clipboard-check",
    Move.VERIFY: "eye",
    Move.CLOSE: "circle-check",
    Move.ARCHIVE: "archive",
    Move.RETURN: "arrow-back-up",
    Move.REWORK: "refresh",
    Move.SUSPEND: "player-pause",
    Move.RESUME: "arrow-right",
    Move.REOPEN: "refresh",
}


_KEYS: dict[Move, str] = {
    Move.ACCEPT: "a",
    Move.HANDLE: "h",
    Move.REPORT: "f",
    Move.VERIFY: "v",
    Move.CLOSE: "c",
}


def case_view(services: Services, times: Times, no: str) -> CaseView:
    """Everything about case `no`.

    Raises:
        CaseNotFound: no such case.
    """
    book = services.book
    case = book.case(no)
    plan = services.registry.plan(case.grids.plan_version)
    media = media_of(services, times, case, book.evidence(no), book.opening(no))
    return CaseView(
        case=case,
        state=state_sign(case.state),
        symbol=case_symbol(case),
        urgent=is_urgent(case),
        overdue=overdue_words(case, times),
        place=place_of(case, times),
        address=case.address.to(times.language) if case.address else "",
        grid_line=" › ".join(grid_names(plan, case, times)),
        media=media,
        map=_map(plan, case, times),
        clocks=clock_lines(services, times, no),
        history=_history(book.entries(no), times),
        buttons=_buttons(book.allowed(case), times),
        undo_until=_undo_until(services, no),
    )


def overdue_words(case: Case, times: Times) -> str:
    """By how much the case's stage is overdue; empty while it is not."""
    if case.due_at is None or not overdue(case.due_at, times.now):
        return ""
    late_s = (times.now - case.due_at).total_seconds()
    return say("overdue_by", times.language, span=times.age(late_s))


def _undo_until(services: Services, no: str) -> datetime | None:
    until = services.book.undo_until(no, actor=services.actor)
    return until if until and until > services.now() else None


def is_urgent(case: Case) -> bool:
    return case.triage is Triage.URGENT


def place_of(case: Case, times: Times) -> str:
    """The best name there is of where it is."""
    return case.place.to(times.language) if case.place else say("place.unknown", times.language)


def grid_names(plan: GridPlan | None, case: Case, times: Times) -> tuple[str, ...]:
    """The case's grids from the widest to the narrowest, in the plan it was routed with."""
    ids = (case.grids.first, case.grids.second, case.grids.third)
    grids = (plan.grid(grid_id) for grid_id in ids) if plan else ()
    return tuple(grid.name.to(times.language) for grid in grids if grid)


def _map(plan: GridPlan | None, case: Case, times: Times) -> PlanMap | None:
    if plan is None:
        return None
    ids = (case.grids.first, case.grids.second, case.grids.third)
    position = (case.lon, case.lat) if case.lon is not None and case.lat is not None else None
    label = say("map.label", times.language, place=place_of(case, times))
    scale_words = {n: WORDS[f"map.{n}"].to(times.language) for n in ("metres", "kilometres")}
    here = frozenset(grid_id for grid_id in ids if grid_id)
    return draw_plan(plan, position, here, times.language, label, scale_words)


def _history(entries: tuple[Entry, ...], times: Times) -> tuple[HistoryLine, ...]:
    """Newest first."""
    return tuple(
        HistoryLine(
            entry=entry,
            note=_note(entry).to(times.language),
            actor="" if entry.actor.is_system else entry.actor.name.to(times.language),
            tone=state_sign(entry.to_state).tone,
            changed=entry.from_state != entry.to_state,
        )
        for entry in reversed(entries)
    )


def _note(entry: Entry) -> Text:
    """What the entry says beyond the name of its move."""
    return Text.of("", "") if entry.move and entry.note == entry.move.words else entry.note


def _buttons(allowed: tuple[Move, ...], times: Times) -> tuple[Button, ...]:
    """What may be done now."""
    rejections = _rejections(times) if Move.REJECT in allowed else []
    buttons: list[Button] = []
    if Move.CONFIRM in allowed:
        buttons.append(_word("action.real", times, "send", Move.CONFIRM, "check", "y", main=True))
        buttons += rejections
    for move, key in (
        (Move.DISPATCH, "action.dispatch"),
        (Move.PRE_DISPATCH, "action.pre_dispatch"),
    ):
        if move in allowed:
            main = not buttons and move is Move.DISPATCH
            shortcut = "d" if move is Move.DISPATCH or Move.DISPATCH not in allowed else ""
            buttons.append(_word(key, times, "dispatch", move, "send", shortcut, main=main))
    special = (Move.CONFIRM, Move.REJECT, Move.DISPATCH, Move.PRE_DISPATCH)
    for move in (move for move in allowed if move not in special):
        buttons.append(_plain(move, times, main=not buttons))
    # Once reviewed, the way on comes first and taking the verdict back last.
    return tuple(buttons) if Move.CONFIRM in allowed else (*buttons, *rejections)


def _rejections(times: Times) -> list[Button]:
    reject = Move.REJECT
    return [
        _word("action.false", times, "false", reject, "x", "n", Verdict.FALSE),
        _word("action.duplicate", times, "duplicate", reject, "copy", "r", Verdict.DUPLICATE),
        _word("action.permitted", times, "permit", reject, "certificate", "p", Verdict.PERMITTED),
        _word("action.gone", times, "send", reject, "circle-dashed", "g", Verdict.GONE),
    ]


def _word(
    words: str,
    times: Times,
    do: Literal["send", "false", "duplicate", "permit", "dispatch"],
    move: Move,
    symbol: str,
    key: str = "",
    verdict: Verdict | None = None,
    *,
    main: bool = False,
) -> Button:
    return Button(say(words, times.language), do, move, symbol, key, verdict, main)


def _plain(move: Move, times: Times, *, main: bool) -> Button:
    noted = move in WITH_NOTE
    words = move.words.to(times.language) + ("…" if noted else "")
    key = _KEYS.get(move, "")
    symbol = _SYMBOLS.get(move, "arrow-right")
    return Button(words, "note" if noted else "send", move, symbol, key, None, main and not noted)
