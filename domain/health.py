"""How a camera fares. "Running" is not "seeing": packets, looks and a picture that changes."""

from enum import StrEnum

from pydantic import Field

from domain.base import Detail, Text, Utc, Value
from domain.place import Id


class CameraStatus(StrEnum):
    CONNECTING = "connecting"
    SEEING = "seeing"
    IMPAIRED = "impaired"  # packets come, but the picture cannot be trusted
    OFFLINE = "offline"

    @property
    def words(self) -> Text:
        return _STATUS_TITLES[self]


class FaultKind(StrEnum):
    """Why a camera does not see. The first group is about the stream, the second the picture, and
    the last about the program: people paused it, or nobody runs it, which only the center can
    tell."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    STALLED = "stalled"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    ENDED = "ended"
    CORRUPT = "corrupt"
    UNSUPPORTED_CODEC = "unsupported_codec"
    NO_KEYFRAME = "no_keyframe"
    NOT_LOOKED_AT = "not_looked_at"

    FROZEN = "frozen"
    BLACK = "black"
    COVERED = "covered"
    MOVED = "moved"
    OVEREXPOSED = "overexposed"
    BLURRED = "blurred"
    COLOUR_CAST = "colour_cast"
    NOISY = "noisy"

    PAUSED = "paused"
    WORKER_AWAY = "worker_away"

    @property
    def words(self) -> Text:
        return _FAULT_TITLES[self]

    @property
    def is_of_picture(self) -> bool:
        """Whether packets come all right, and the fault is in what they show."""
        return self in _OF_PICTURE

    @property
    def blinds(self) -> bool:
        """Whether nothing can be judged by such a picture at all. In a bad one a fire may still
        be seen."""
        return self in (FaultKind.FROZEN, FaultKind.BLACK)


_OF_PICTURE = frozenset(
    {
        FaultKind.FROZEN,
        FaultKind.BLACK,
        FaultKind.COVERED,
        FaultKind.MOVED,
        FaultKind.OVEREXPOSED,
        FaultKind.BLURRED,
        FaultKind.COLOUR_CAST,
        FaultKind.NOISY,
    }
)


_STATUS_TITLES = {
    CameraStatus.CONNECTING: Text.of("连接中", "Connecting"),
    CameraStatus.SEEING: Text.of("正常", "Seeing"),
    CameraStatus.IMPAIRED: Text.of("画面异常", "Impaired"),
    CameraStatus.OFFLINE: Text.of("离线", "Offline"),
}
_FAULT_TITLES = {
    FaultKind.REFUSED: Text.of("连接被拒绝", "Connection refused"),
    FaultKind.UNREACHABLE: Text.of("主机不可达", "Host unreachable"),
    FaultKind.STALLED: Text.of("无数据", "No data"),
    FaultKind.UNAUTHORIZED: Text.of("用户名或密码错误", "Wrong user name or password"),
    FaultKind.NOT_FOUND: Text.of("通道不存在", "No such channel"),
    FaultKind.ENDED: Text.of("连接中断", "Connection closed"),
    FaultKind.CORRUPT: Text.of("数据损坏", "Corrupt data"),
    FaultKind.UNSUPPORTED_CODEC: Text.of("不支持的编码", "Unsupported codec"),
    FaultKind.NO_KEYFRAME: Text.of("无关键帧", "No keyframe"),
    FaultKind.NOT_LOOKED_AT: Text.of("有画面未巡看", "Pictures come, nobody looks"),
    FaultKind.FROZEN: Text.of("画面冻结", "Frozen picture"),
    FaultKind.BLACK: Text.of("黑屏", "Black picture"),
    FaultKind.COVERED: Text.of("镜头遮挡", "Lens covered"),
    FaultKind.MOVED: Text.of("画面移位, 分区规则已暂停", "Camera moved; rules on zones pause"),
    FaultKind.OVEREXPOSED: Text.of("画面过曝", "Over-exposed"),
    FaultKind.BLURRED: Text.of("画面模糊", "Blurred picture"),
    FaultKind.COLOUR_CAST: Text.of("画面偏色", "Colour cast"),
    FaultKind.NOISY: Text.of("画面噪声", "Noisy picture"),
    FaultKind.PAUSED: Text.of("巡看已暂停", "Paused by people"),
    FaultKind.WORKER_AWAY: Text.of("小脑未运行", "Worker not running"),
}


class MissCause(StrEnum):
    """Why a look was missed, or came to nothing, when neither the stream nor the picture was at
    fault."""

    OVERLOAD = "overload"  # its picture waited, and there was more to look at than time
    NO_PICTURE = "no_picture"  # the stream seems in order, and yet nothing new came
    NO_DETECTOR = "no_detector"  # there was nobody to look
    FAILED = "failed"  # the worker itself failed at it; its log says how

    @property
    def words(self) -> Text:
        return _MISS_TITLES[self]


_MISS_TITLES = {
    MissCause.OVERLOAD: Text.of("过载", "Overload"),
    MissCause.NO_PICTURE: Text.of("无画面", "No picture"),
    MissCause.NO_DETECTOR: Text.of("无检测器", "No detector"),
    MissCause.FAILED: Text.of("程序出错", "Worker failed"),
}
_CAUSE_TITLES = {kind.value: kind.words for kinds in (FaultKind, MissCause) for kind in kinds}


def cause_words(cause: str) -> Text:
    """What people call the cause of a missed look; the cause itself when a newer worker knows
    more of them."""
    return _CAUSE_TITLES.get(cause, Text.of(cause, cause))


class CameraHealth(Value):
    """One camera's state at one moment. `detail` is for ops and never holds a password."""

    camera_id: Id
    at: Utc
    steady_at: Utc | None = None
    """The same moment by a clock that went on from the worker's start and was never set since:
    what lies between two reports is told by it, and `at` differs where the wall clock was set."""
    status: CameraStatus
    since: Utc
    fault: FaultKind | None = None
    detail: Detail = ""
    codec: str | None = None
    size_wh: tuple[int, int] | None = None
    fps: float | None = None
    keyframe_every_s: float | None = None
    last_packet_at: Utc | None = None
    last_look_at: Utc | None = None
    reconnects: int = 0


class CoverageGap(Value):
    """A span in which no packets of a camera came, nobody was there to take them, or people had
    paused it; and why."""

    camera_id: Id
    from_at: Utc
    to_at: Utc
    cause: FaultKind
    detail: Detail = ""


class CameraLooks(Value):
    """What was looked at on one camera in one span of time."""

    camera_id: Id
    looks: int
    last_look_at: Utc | None = None
    longest_interval_s: float | None = None
    intervals_s: tuple[float, ...] = ()
    """Time from each of these looks to the one before it."""
    on_activity: int = 0
    """How many of these looks came early, because packets were suddenly larger than usual."""
    unchanged: int = 0
    """How many of these looks were at a picture that showed what the network saw in full shortly
    before, so that it was not asked again …"""
    first: int = 0
    """… and how many were first looks, in which a small network suspected neither fire nor smoke,
    so that the detector did not see the picture; all others were full looks."""
    skipped: dict[str, int] = Field(default_factory=dict)
    """Looks that were due but not done, by cause: a `FaultKind` of the stream or the picture, or a
    `MissCause`."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Detections in the last look, by label."""
    runs_on: Detail = ""
    """What computed the last look, in words; with the reason if it is not what was asked for."""
