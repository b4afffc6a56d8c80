"""What was held back 信息过滤: findings that became no incident, and why, for audits."""

from enum import StrEnum

from domain.base import Text, Utc, Value
from domain.place import Id


class HeldBackReason(StrEnum):
    MASKED = "masked"
    EXEMPT = "exempt"
    QUEUE = "queue"
    DENIED = "denied"
    MOVED = "moved"
    SHADOW = "shadow"
    REJECTED = "rejected"

    @property
    def words(self) -> Text:
        return _TITLES[self]


_TITLES = {
    HeldBackReason.MASKED: Text.of("屏蔽区内", "Under an ignore zone"),
    HeldBackReason.EXEMPT: Text.of("豁免区、时段或车辆", "Exempt by zone, hour or class"),
    HeldBackReason.QUEUE: Text.of("排队等候", "Waits in a queue"),
    HeldBackReason.DENIED: Text.of("细看否定", "Denied by a second look"),
    HeldBackReason.MOVED: Text.of("画面移位, 规则暂停", "Camera moved, rule paused"),
    HeldBackReason.SHADOW: Text.of("规则试运行", "Rule in shadow"),
    HeldBackReason.REJECTED: Text.of("同处同物, 一周内已判误报", "Found false here this week"),
}


class HeldBack(Value):
    """A span in which one rule on one zone of one camera held findings back for one reason."""

    camera_id: Id
    rule_id: Id
    zone_id: Id
    reason: HeldBackReason
    from_at: Utc
    to_at: Utc
    looks: int
    """In how many looks of the span."""
