"""Who may allow what: 挂账 and 延期 by level, as the limits say."""

from datetime import datetime, timedelta
from typing import Protocol

from cases.case_settings import CaseSettings
from domain.errors import MoveRefused
from domain.limits import Approver, Standard


class Asks(Protocol):
    """What asks for an approval, and whose it brings."""

    @property
    def until(self) -> datetime | None: ...
    @property
    def approval(self) -> Approver | None: ...
    @property
    def approved_by(self) -> str | None: ...


def approve_suspension(
    no: str, asked: Asks, standard: Standard, settings: CaseSettings, at: datetime
) -> datetime:
    """Until when a case is set aside: as asked, else as long as it may be.

    Raises:
        MoveRefused: it is for too long or not at all, or on too low a level.
    """
    check_level(no, standard.suspension, asked.approval, asked.approved_by, settings)
    latest = at + timedelta(days=standard.suspend_days)
    if asked.until is None:
        return latest
    if not at < asked.until <= latest:
        raise MoveRefused(
            f"case {no}: expected a review date after now and up to {latest.isoformat()}, "
            f"got {asked.until.isoformat()}",
            zh=f"挂账须在 {standard.suspend_days} 天以内复核",
        )
    return asked.until


def check_level(
    no: str,
    needed: Approver,
    approval: Approver | None,
    approved_by: str | None,
    settings: CaseSettings,
) -> Approver:
    """The level that approves. The desk stands for its own; a higher one is named with who it was.

    Raises:
        MoveRefused: it is too low, or nobody is named.
    """
    if approval is not None and not (approved_by or "").strip():
        raise MoveRefused(
            f"case {no}: expected who approved as {approval}, got nobody", zh="请填写批准人"
        )
    given = approval or settings.desk_approves
    if not given.covers(needed):
        raise MoveRefused(
            f"case {no}: expected the approval of a {needed}, got that of a {given}",
            zh=f"须经{needed.words.zh}批准",
        )
    return given
