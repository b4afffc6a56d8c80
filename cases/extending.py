"""延期: more time for a stage that runs, on the approval that the limits ask for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cases import clock_words, clocks
from cases.approving import check_level
from cases.case_settings import CaseSettings
from cases.history import Line
from cases.moves import Moves, locked
from domain.actor import Actor
from domain.errors import MoveRefused
from domain.limits import Approver, Limit, Stage
from domain.stage_clock import ClockState, StageClock


@dataclass(frozen=True, slots=True)
class Extension:
    """What somebody asks for, on the case as they saw it."""

    more: Limit
    reason: str
    actor: Actor
    version: int
    stage: Stage = Stage.HANDLE
    engineering: bool = False
    """工程类: work that takes builders, which a leader approves."""
    approval: Approver | None = None
    approved_by: str | None = None


def extend(
    session: Session, moves: Moves, settings: CaseSettings, no: str, asked: Extension, at: datetime
) -> None:
    """Give the stage its time.

    Raises:
        CaseNotFound, MoveConflict
        MoveRefused: the stage does not run or is late already, or nobody fit approved.
    """
    case = locked(session, no)
    moves.check_version(session, case, asked.version)
    found = clocks.of_case(session, no)
    clock = _running(no, found, asked.stage, at)
    if not asked.reason.strip():
        raise MoveRefused(f"case {no}: expected a reason to extend, got none", zh="请填写说明")
    standard = moves.clocks.standards.get(session, case.standard)
    number = sum(each.extensions for each in found) + 1
    needed = standard.extension_by(number, engineering=asked.engineering)
    given = check_level(no, needed, asked.approval, asked.approved_by, settings)
    extended = moves.clocks.extend(session, case, clock, asked.more, at)
    by = clock_words.approved(given, asked.approved_by)
    note = clock_words.extended(clock, extended, asked.more, by, asked.reason, settings.zone)
    clocks.tell(session, case, [Line(note, asked.actor, clocks=(extended,))], at)


def _running(no: str, found: tuple[StageClock, ...], stage: Stage, at: datetime) -> StageClock:
    running = [c for c in found if c.stage is stage and c.state is ClockState.RUNNING]
    if not running or running[0].due_at is None:
        raise MoveRefused(
            f"case {no}: expected a running clock of {stage} with a limit, there is none",
            zh=f"{stage.words.zh}没有正在计时的时限",
        )
    if running[0].is_late(at):
        raise MoveRefused(
            f"case {no}: expected an extension before the deadline, which was at "
            f"{running[0].due_at.isoformat()}",
            zh="已超期, 不能再延期",
        )
    return running[0]
