"""Commands 指令: what the center asks of a worker. Their answers are in `domain.answers`.

A command has an id, whoever asked, and a deadline. It is answered once: by what was found or done,
or by a refusal with its name. Its deadline is a duration from the moment at which the bus took it
in, so that no two clocks need to agree.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Detail, Text, Utc, Value
from domain.errors import CommandUnclear
from domain.message import Message
from domain.place import Id

WITHIN_S = 15.0
"""The usual deadline."""
WITHIN_MAX_S = 120.0
REASON_MAX = 200

CommandId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Reason = Annotated[Detail, Field(min_length=1, max_length=REASON_MAX)]


class AskerKind(StrEnum):
    """Who may ask."""

    PERSON = "person"
    BRIDGE = "bridge"
    SYSTEM = "system"


class AskedBy(Value):
    """Who asked, and in which role. A person's name says nothing of what it may do."""

    kind: AskerKind
    id: str = Field(min_length=1, max_length=80)
    name: str = Field(max_length=80)
    role: str = Field(min_length=1, max_length=40)


class _OfCamera(Value):
    camera_id: Id


class LookNow(_OfCamera):
    """Look at the camera next, whatever is owed."""

    kind: Literal["look_now"] = "look_now"


class TakePicture(_OfCamera):
    """A picture of now, for people."""

    kind: Literal["picture"] = "picture"


class Probe(_OfCamera):
    """What its stream is, and how it fares."""

    kind: Literal["probe"] = "probe"


class Pause(_OfCamera):
    """Look at the camera no more until it is resumed. Its packets are still read."""

    kind: Literal["pause"] = "pause"
    reason: Reason


class Resume(_OfCamera):
    """Look at a paused camera again."""

    kind: Literal["resume"] = "resume"
    reason: Detail = Field(default="", max_length=REASON_MAX)


class AcceptView(_OfCamera):
    """The camera looks where it should: its view is learned anew."""

    kind: Literal["accept_view"] = "accept_view"


class TellConfiguration(Value):
    """What the worker runs with."""

    kind: Literal["configuration"] = "configuration"


class TakeConfiguration(Value):
    """Run with another configuration. No worker of this version can."""

    kind: Literal["configure"] = "configure"
    digest: str = Field(max_length=64)
    """Of the configuration that is meant."""


CameraCommand = LookNow | TakePicture | Probe | Pause | Resume | AcceptView
Command = Annotated[
    CameraCommand | TellConfiguration | TakeConfiguration, Field(discriminator="kind")
]


_WITHOUT_MORE: dict[str, type[LookNow | TakePicture | Probe | AcceptView]] = {
    "look_now": LookNow,
    "picture": TakePicture,
    "probe": Probe,
    "accept_view": AcceptView,
}
ASKABLE = (*_WITHOUT_MORE, "pause", "resume", "configuration")
"""The kinds that people may ask of a camera, and of the worker that holds it."""


def command_of(kind: str, camera_id: str, reason: str = "") -> CameraCommand | TellConfiguration:
    """The command that somebody asks for by its kind.

    Raises:
        CommandUnclear: there is no such kind, or the reason is missing or too long.
    """
    reason = reason.strip()
    if len(reason) > REASON_MAX:
        words = f"expected a reason of {REASON_MAX} characters at most, got {len(reason)}"
        raise CommandUnclear(words, zh=f"原因最多 {REASON_MAX} 字")
    if kind in _WITHOUT_MORE:
        return _WITHOUT_MORE[kind](camera_id=camera_id)
    match kind:
        case "pause" if not reason:
            words = "expected a reason: why nobody may look at the camera"
            raise CommandUnclear(words, zh="暂停需要写明原因")
        case "pause":
            return Pause(camera_id=camera_id, reason=reason)
        case "resume":
            return Resume(camera_id=camera_id, reason=reason)
        case "configuration":
            return TellConfiguration()
    words = f"expected one of {', '.join(ASKABLE)}, got {kind[:40]!r}"
    raise CommandUnclear(words, zh="没有这种指令")


def camera_of(command: Command) -> str | None:
    """The camera that a command is for; None if it is for the worker itself."""
    return command.camera_id if isinstance(command, _OfCamera) else None


class CommandAsked(Message):
    """A command on its way to one worker."""

    type = "patrol.command.asked.v1"
    id: CommandId
    worker_id: Id
    command: Command
    asked_by: AskedBy
    asked_at: Utc
    """By the asker's clock, for people."""
    within_s: float = Field(default=WITHIN_S, gt=0, le=WITHIN_MAX_S)
    """The deadline, from when the bus took the command in."""

    @property
    def name(self) -> str:
        return self.id

    @property
    def subject(self) -> str:
        return camera_of(self.command) or self.worker_id

    @property
    def at(self) -> datetime:
        return self.asked_at


_KIND_TITLES = {
    "look_now": Text.of("看一眼", "Look now"),
    "picture": Text.of("现场画面", "Live picture"),
    "probe": Text.of("检测码流", "Probe"),
    "pause": Text.of("暂停巡看", "Pause"),
    "resume": Text.of("恢复巡看", "Resume"),
    "accept_view": Text.of("接受现画面", "Accept the view"),
    "configuration": Text.of("查询配置", "Ask for the configuration"),
    "configure": Text.of("下发配置", "Give a configuration"),
}


def kind_words(command: Command) -> Text:
    """What people call it."""
    return _KIND_TITLES[command.kind]


class CommandState(StrEnum):
    """How a command stands, as the center can tell."""

    SENT = "sent"  # on the bus, and its deadline is not over
    ANSWERED = "answered"
    REFUSED = "refused"
    OFFLINE = "offline"  # the worker has stopped listening since
    NO_ANSWER = "no_answer"  # the deadline is over; whether it was done nobody can tell
    UNREADABLE = "unreadable"  # answered by a newer worker, in words that are not known here

    @property
    def words(self) -> Text:
        return _STATE_TITLES[self]

    @property
    def is_final(self) -> bool:
        """Whether it is not worth asking again soon. An answer may still come late."""
        return self is not CommandState.SENT


_STATE_TITLES = {
    CommandState.SENT: Text.of("已下发, 等待回执", "Sent, waiting for the answer"),
    CommandState.ANSWERED: Text.of("已回执", "Answered"),
    CommandState.REFUSED: Text.of("被拒绝", "Refused"),
    CommandState.OFFLINE: Text.of("小脑离线", "Worker offline"),
    CommandState.NO_ANSWER: Text.of(
        "到期无回执, 是否执行未知", "No answer in time; whether it was done is not known"
    ),
    CommandState.UNREADABLE: Text.of("回执来自更新版本, 读不懂", "Answered by a newer worker"),
}
