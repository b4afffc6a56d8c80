"""An incident 事件: a finding that lasts, opened, updated and closed by one rule on one camera."""

from enum import StrEnum

from pydantic import Field

from domain.base import Text, Utc, Value
from domain.geometry import Box
from domain.place import Id


class IncidentKind(StrEnum):
    FIRE = "fire"
    ROAD_OCCUPATION = "road_occupation"
    CROWDING = "crowding"
    WATCH = "watch"
    """What a rule made by configuration alone was told to watch for."""

    @property
    def words(self) -> Text:
        return _KIND_TITLES[self]


class IncidentState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class CloseReason(StrEnum):
    GONE = "gone"
    UNSEEN = "unseen"
    RULE_CHANGED = "rule_changed"
    OFF_HOURS = "off_hours"
    MOVED = "moved"

    @property
    def words(self) -> Text:
        return _CLOSE_TITLES[self]


_KIND_TITLES = {
    IncidentKind.FIRE: Text.of("火情", "Fire"),
    IncidentKind.ROAD_OCCUPATION: Text.of("占道", "Road occupation"),
    IncidentKind.CROWDING: Text.of("聚集", "Crowding"),
    IncidentKind.WATCH: Text.of("布控", "Watch"),
}
_CLOSE_TITLES = {
    CloseReason.GONE: Text.of("已消失", "No longer seen"),
    CloseReason.UNSEEN: Text.of("失去画面, 无法确认", "Camera lost, cannot tell"),
    CloseReason.RULE_CHANGED: Text.of("规则已变更", "Rule changed"),
    CloseReason.OFF_HOURS: Text.of("布防时段结束", "Watch hours over"),
    CloseReason.MOVED: Text.of("摄像机移位, 规则暂停", "Camera moved, rule paused"),
}


class LabelledBox(Value):
    """One thing in a picture: what the detector called it, how sure it was, and where."""

    label: str
    score: float = Field(ge=0, le=1)
    box: Box


class ModelRef(Value):
    """Which weights looked."""

    name: str
    sha256: str


class Incident(Value):
    """One incident at one revision. The life of an incident is a row of these, same id,
    revisions 1, 2, 3 …; whoever has seen revision n may ignore any up to n."""

    id: str
    revision: int = Field(ge=1)
    state: IncidentState
    kind: IncidentKind
    camera_id: Id
    rule_id: Id
    rule_kind: str | None = None
    """What the rule is: fire_lane, goods … None from a worker that does not say it yet."""
    rule_version: str
    """Changes with any parameter of the rule."""
    zone_id: Id
    zone: tuple[tuple[float, float], ...] = ()
    """The zone's polygon as the rule used it, frame units."""

    first_seen_at: Utc
    opened_at: Utc
    last_seen_at: Utc
    closed_at: Utc | None = None
    close_reason: CloseReason | None = None
    reopened: int = 0

    score: float = Field(ge=0, le=1)
    count: int | None = None
    looks: int
    hits: int
    explanation: Text
    boxes: tuple[LabelledBox, ...] = ()
    model: ModelRef | None = None
    notice: Text | None = None
    shadow: bool = False
    """Whether the rule was only tried; such an incident is never published."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is at most one open incident of."""
        return self.camera_id, self.rule_id, self.zone_id
