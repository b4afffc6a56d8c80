"""A case 案件: what people handle. States after the city-management workflow."""

from enum import IntEnum, StrEnum

from pydantic import Field

from domain.actor import Actor
from domain.base import Text, Utc, Value
from domain.duty import DutyClass
from domain.incident import IncidentKind
from domain.place import GridPath, Id

PERMIT_NO_MAX = 64
"""Characters of a permit's reference."""


class CaseState(StrEnum):
    ALERT = "alert"
    PENDING_REVIEW = "pending_review"
    FILED = "filed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    FEEDBACK = "feedback"
    VERIFYING = "verifying"
    CLOSED = "closed"
    ARCHIVED = "archived"
    VOIDED = "voided"
    RETURNED = "returned"
    REWORK = "rework"
    SUSPENDED = "suspended"
    REOPENED = "reopened"

    @property
    def words(self) -> Text:
        return _STATE_TITLES[self]


class Move(StrEnum):
    """What is done to a case; the words on the buttons."""

    RECEIVE = "receive"  # the system takes an alert into the review queue
    CONFIRM = "confirm"
    REJECT = "reject"
    DISPATCH = "dispatch"
    PRE_DISPATCH = "pre_dispatch"
    ACCEPT = "accept"
    HANDLE = "handle"
    REPORT = "report"
    VERIFY = "verify"
    CLOSE = "close"
    ARCHIVE = "archive"
    RETURN = "return"
    REWORK = "rework"
    SUSPEND = "suspend"
    RESUME = "resume"
    REOPEN = "reopen"
    UNDO = "undo"

    @property
    def words(self) -> Text:
        return _MOVE_TITLES[self]


class Verdict(StrEnum):
    """What a person found the case to be."""

    REAL = "real"
    FALSE = "false"
    DUPLICATE = "duplicate"
    PERMITTED = "permitted"
    GONE = "gone"  # it was there and left by itself before anybody had to act

    @property
    def words(self) -> Text:
        return _VERDICT_TITLES[self]


class FalseReason(StrEnum):
    """What fooled the detector; asked for with every 误报."""

    LIGHT = "light"
    REFLECTION = "reflection"
    STEAM_DUST = "steam_dust"
    CONSTRUCTION = "construction"
    ANIMAL = "animal"
    OTHER = "other"

    @property
    def words(self) -> Text:
        return _FALSE_TITLES[self]


class Permit(Value):
    """What makes a thing lawful that a rule found: the approval's reference and its last moment."""

    no: str = Field(min_length=1, max_length=PERMIT_NO_MAX)
    until: Utc


class Priority(IntEnum):
    """紧急程度, 1 the most urgent (as AlarmPriority of GB/T 28181)."""

    URGENT = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4

    @property
    def words(self) -> Text:
        return _PRIORITY_TITLES[self]


class Triage(StrEnum):
    """急事立即办理、小事一格解决、大事全网联动."""

    URGENT = "urgent"
    LOCAL = "local"
    JOINT = "joint"

    @property
    def words(self) -> Text:
        return _TRIAGE_TITLES[self]


class CaseSource(StrEnum):
    """案件来源: who found it."""

    VIDEO_AI = "video_ai"  # the only one that the program opens by itself, of an incident
    VIDEO_MANUAL = "video_manual"
    SNAP = "snap"
    PATROL = "patrol"
    EMERGENCY = "emergency"
    HOTLINE = "hotline"
    DLD = "dld"

    @property
    def words(self) -> Text:
        return _SOURCE_TITLES[self]


_STATE_TITLES = {
    CaseState.ALERT: Text.of("预警", "Alert"),
    CaseState.PENDING_REVIEW: Text.of("待受理", "Pending review"),
    CaseState.FILED: Text.of("已立案", "Filed"),
    CaseState.DISPATCHED: Text.of("已派遣", "Dispatched"),
    CaseState.ACCEPTED: Text.of("已签收", "Accepted"),
    CaseState.HANDLING: Text.of("处置中", "Handling"),
    CaseState.FEEDBACK: Text.of("已反馈", "Reported"),
    CaseState.VERIFYING: Text.of("核查中", "Verifying"),
    CaseState.CLOSED: Text.of("已结案", "Closed"),
    CaseState.ARCHIVED: Text.of("已归档", "Archived"),
    CaseState.VOIDED: Text.of("作废", "Voided"),
    CaseState.RETURNED: Text.of("退单", "Returned"),
    CaseState.REWORK: Text.of("返工", "Rework"),
    CaseState.SUSPENDED: Text.of("挂账", "Suspended"),
    CaseState.REOPENED: Text.of("重开", "Reopened"),
}
_MOVE_TITLES = {
    Move.RECEIVE: Text.of("受理", "Receive"),
    Move.CONFIRM: Text.of("属实并立案", "Confirm"),
    Move.REJECT: Text.of("作废", "Void"),
    Move.DISPATCH: Text.of("派遣", "Dispatch"),
    Move.PRE_DISPATCH: Text.of("预派遣", "Pre-dispatch"),
    Move.ACCEPT: Text.of("签收", "Accept"),
    Move.HANDLE: Text.of("处置", "Handle"),
    Move.REPORT: Text.of("反馈", "Report"),
    Move.VERIFY: Text.of("核查", "Verify"),
    Move.CLOSE: Text.of("结案", "Close"),
    Move.ARCHIVE: Text.of("归档", "Archive"),
    Move.RETURN: Text.of("退单", "Return"),
    Move.REWORK: Text.of("返工", "Rework"),
    Move.SUSPEND: Text.of("挂账", "Suspend"),
    Move.RESUME: Text.of("恢复", "Resume"),
    Move.REOPEN: Text.of("重开", "Reopen"),
    Move.UNDO: Text.of("撤销", "Undo"),
}
_VERDICT_TITLES = {
    Verdict.REAL: Text.of("属实", "Real"),
    Verdict.FALSE: Text.of("误报", "False"),
    Verdict.DUPLICATE: Text.of("重复", "Duplicate"),
    Verdict.PERMITTED: Text.of("许可", "Permitted"),
    Verdict.GONE: Text.of("自行消失", "Gone by itself"),
}
_FALSE_TITLES = {
    FalseReason.LIGHT: Text.of("灯光", "Light"),
    FalseReason.REFLECTION: Text.of("反光", "Reflection"),
    FalseReason.STEAM_DUST: Text.of("水汽烟尘", "Steam or dust"),
    FalseReason.CONSTRUCTION: Text.of("施工", "Construction"),
    FalseReason.ANIMAL: Text.of("动物", "Animal"),
    FalseReason.OTHER: Text.of("其他", "Other"),
}
_PRIORITY_TITLES = {
    Priority.URGENT: Text.of("特急", "Urgent"),
    Priority.HIGH: Text.of("紧急", "High"),
    Priority.NORMAL: Text.of("一般", "Normal"),
    Priority.LOW: Text.of("低", "Low"),
}
_TRIAGE_TITLES = {
    Triage.URGENT: Text.of("急事", "Urgent matter"),
    Triage.LOCAL: Text.of("小事", "Local matter"),
    Triage.JOINT: Text.of("大事", "Joint matter"),
}
_SOURCE_TITLES = {
    CaseSource.VIDEO_AI: Text.of("视频智能发现", "Video patrol"),
    CaseSource.VIDEO_MANUAL: Text.of("视频人工发现", "Video, by a person"),
    CaseSource.SNAP: Text.of("随手拍", "Citizen's snapshot"),
    CaseSource.PATROL: Text.of("日常巡查", "Daily patrol"),
    CaseSource.EMERGENCY: Text.of("应急上报", "Emergency report"),
    CaseSource.HOTLINE: Text.of("网络理政", "Hotline"),
    CaseSource.DLD: Text.of("大联动", "Joint-action platform"),
}


def matter(
    kind: IncidentKind | None, event_code: str, event_name: Text | None, duty_class: DutyClass
) -> Text:
    """What a case is about: its kind, else the name of its code, else whose duty it is. A code that
    ends in 99 says 其他 within its class, which is no name."""
    if kind is not None:
        return kind.words
    other = event_code.endswith("99")
    return duty_class.words if event_name is None or other else event_name


class Entry(Value):
    """流转记录: one line of a case's history. `seq` counts from 1 without holes."""

    seq: int
    at: Utc
    actor: Actor
    move: Move | None = None
    """None for a remark: evidence arrived, the incident went on, and so on."""
    from_state: CaseState | None = None
    to_state: CaseState
    note: Text


class Case(Value):
    """One case as everyone outside the database sees it. One that the video patrol found has an
    incident and a camera; of others either may be absent."""

    no: str
    external_no: str | None = None
    """Its number on the platform that it came from."""
    source: CaseSource
    state: CaseState
    kind: IncidentKind | None = None
    """None where nobody named one of the kinds that cameras find."""
    duty_class: DutyClass
    event_code: str
    event_name: Text | None = None
    """The local table's words for the code, as they were when the case was made."""
    priority: Priority
    triage: Triage
    title: Text
    explanation: Text
    """Why a rule found it, or what was reported."""

    incident_id: str | None = None
    camera_id: Id | None = None
    camera_name: Text | None = None
    site_id: Id | None = None
    site_name: Text | None = None
    address: Text | None = None
    gb_id: str | None = None
    lon: float | None = None
    lat: float | None = None
    grids: GridPath
    owner: Text
    """Whose queue it lies in: the innermost grid's team, or the coordination office."""

    first_seen_at: Utc
    opened_at: Utc
    last_seen_at: Utc
    gone_at: Utc | None = None
    updated_at: Utc
    review_due_at: Utc | None = None
    """Until when somebody should have said what it is."""
    due_at: Utc | None = None
    """Until when the present stage should be over; past it the case is overdue 超期. None: it waits
    for nobody."""
    score: float | None = None
    """How sure the detector was."""
    count: int | None = None

    verdict: Verdict | None = None
    verdict_reason: FalseReason | None = None
    duplicate_of: str | None = None
    permit_no: str | None = None
    permit_until: Utc | None = None
    """With the verdict permitted: by which permit, and until when it holds."""
    reviewer: Actor | None = None
    assignee: str | None = None
    notice: Text | None = None
    suspended_until: Utc | None = None
    """挂账: when it comes back by itself."""
    returns: int = 0
    """退单: how often it was given back since it was opened."""
    version: int
    """Grows with every change; a move names the version it was decided on."""

    @property
    def what(self) -> Text:
        """What it is about, in two or three words."""
        return matter(self.kind, self.event_code, self.event_name, self.duty_class)

    @property
    def place(self) -> Text | None:
        """Where it is, by the best name there is."""
        return self.site_name or self.address or self.camera_name
