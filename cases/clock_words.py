"""What the history says of clocks, Chinese first."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.base import Text
from domain.limits import Approver, Limit, Stage
from domain.stage_clock import StageClock

BACK_FOR_REVIEW = Text.of("挂账到期, 自动恢复", "Its review date has come; it is back")


def escalated(stage: Stage, who: Text, since: datetime, zone: ZoneInfo) -> Text:
    at = shown(since, zone)
    return Text.of(
        f"{stage.words.zh}超期, 应告知{who.zh} ({at})",
        f"{stage.words.en} is overdue: {who.en} should know since {at}",
    )


def retimed(old: StageClock, new: StageClock, zone: ZoneInfo) -> Text:
    """A deadline that moved: from when to when."""
    before, after = (_due(clock, zone) for clock in (old, new))
    return Text.of(
        f"{new.stage.words.zh}时限重算: {before.zh} → {after.zh}",
        f"Deadline to {new.stage.words.en.lower()} reckoned anew: {before.en} → {after.en}",
    )


def extended(
    old: StageClock, new: StageClock, more: Limit, by: Text, note: str, zone: ZoneInfo
) -> Text:
    """延期: how much, from when to when, and who allowed it."""
    before, after = (_due(clock, zone) for clock in (old, new))
    return Text.of(
        f"{new.stage.words.zh}延期 {more.words.zh}: {before.zh} → {after.zh}; {by.zh}; {note}",
        f"{more.words.en} more to {new.stage.words.en.lower()}: {before.en} → {after.en}; "
        f"{by.en}; {note}",
    )


def approved(level: Approver, name: str | None) -> Text:
    who = f" {name}" if name else ""
    return Text.of(f"批准: {level.words.zh}{who}", f"allowed by: {level.words.en}{who}")


def shown(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _due(clock: StageClock, zone: ZoneInfo) -> Text:
    if clock.due_at is None:
        return Text.of("暂停", "paused") if clock.budget is not None else Text.of("无", "none")
    at = shown(clock.due_at, zone)
    return Text.of(f"{at} (暂定)", f"{at} (tentative)") if clock.tentative else Text.of(at, at)
