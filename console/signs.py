"""One meaning, one colour, one icon. Red: urgent or overdue. Amber: waiting for someone.
Blue: in work. Green: done. Grey: void or stale. A word always stands beside them."""

from dataclasses import dataclass
from typing import Literal

from domain.base import Text
from domain.case import Case, CaseSource, CaseState
from domain.health import CameraStatus, FaultKind
from domain.incident import IncidentKind

Tone = Literal["red", "amber", "blue", "green", "grey"]


@dataclass(frozen=True)
class Sign:
    """Words with their colour and their icon (a symbol of ``tabler-icons.svg``)."""

    words: Text
    tone: Tone
    symbol: str


_WAITING: tuple[Tone, str] = ("amber", "hourglass")
_WORKING: tuple[Tone, str] = ("blue", "tool")
_STATES: dict[CaseState, tuple[Tone, str]] = {
    CaseState.ALERT: _WAITING,
    CaseState.PENDING_REVIEW: _WAITING,
    CaseState.FILED: ("amber", "clipboard-check"),
    CaseState.DISPATCHED: ("blue", "send"),
    CaseState.ACCEPTED: _WORKING,
    CaseState.HANDLING: _WORKING,
    CaseState.FEEDBACK: ("amber", "clipboard-check"),
    CaseState.VERIFYING: ("blue", "eye"),
    CaseState.CLOSED: ("green", "circle-check"),
    CaseState.ARCHIVED: ("green", "archive"),
    CaseState.VOIDED: ("grey", "ban"),
    CaseState.RETURNED: ("amber", "arrow-back-up"),
    CaseState.REWORK: ("blue", "refresh"),
    CaseState.SUSPENDED: ("grey", "player-pause"),
    CaseState.REOPENED: ("amber", "refresh"),
}
_KINDS: dict[IncidentKind, str] = {
    IncidentKind.FIRE: "flame",
    IncidentKind.ROAD_OCCUPATION: "barrier-block",
    IncidentKind.CROWDING: "users",
    IncidentKind.WATCH: "eye",
}
_SOURCES: dict[CaseSource, str] = {
    CaseSource.VIDEO_AI: "video",
    CaseSource.VIDEO_MANUAL: "video",
    CaseSource.SNAP: "photo",
    CaseSource.PATROL: "user",
    CaseSource.EMERGENCY: "alert-triangle",
    CaseSource.HOTLINE: "inbox",
    CaseSource.DLD: "users",
}
_STATUSES: dict[CameraStatus, tuple[Tone, str]] = {
    CameraStatus.CONNECTING: ("amber", "plug-x"),
    CameraStatus.SEEING: ("green", "video"),
    CameraStatus.IMPAIRED: ("amber", "alert-triangle"),
    CameraStatus.OFFLINE: ("red", "plug-connected-x"),
}
_FAULTS: dict[FaultKind, str] = {
    FaultKind.UNAUTHORIZED: "lock",
    FaultKind.NOT_FOUND: "unlink",
    FaultKind.FROZEN: "snowflake",
    FaultKind.BLACK: "moon-off",
    FaultKind.COVERED: "camera-off",
    FaultKind.MOVED: "arrow-right",
    FaultKind.OVEREXPOSED: "sun",
    FaultKind.BLURRED: "circle-dashed",
    FaultKind.COLOUR_CAST: "photo",
    FaultKind.NOISY: "dots",
    FaultKind.UNSUPPORTED_CODEC: "question-mark",
}


def state_sign(state: CaseState) -> Sign:
    tone, symbol = _STATES[state]
    return Sign(state.words, tone, symbol)


def case_symbol(case: Case) -> str:
    """Of its kind; of a case that has none, of who found it."""
    return _KINDS[case.kind] if case.kind else _SOURCES[case.source]


def camera_sign(status: CameraStatus, fault: FaultKind | None) -> Sign:
    """The status in words and colour; a fault that has its own icon shows that. A pause is what
    people wanted, and no bad picture."""
    if fault is FaultKind.PAUSED:
        return Sign(fault.words, "grey", "player-pause")
    tone, symbol = _STATUSES[status]
    return Sign(status.words, tone, _FAULTS.get(fault, symbol) if fault else symbol)


def fault_sign(fault: FaultKind, *, over: bool) -> Sign:
    """A fault in words; amber while somebody should see to it, green once it is over."""
    symbol = "circle-check" if over else _FAULTS.get(fault, "alert-triangle")
    return Sign(fault.words, "green" if over else "amber", symbol)
