"""Answers 回执: what came of a command, or the refusal that says by name why nothing did."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, model_validator

from domain.base import Detail, Text, Utc, Value
from domain.commands import AskedBy, CommandId
from domain.health import CameraHealth, cause_words
from domain.message import Message
from domain.place import Id

PICTURE_MAX_BYTES = 512_000
"""A live picture is no larger: it is made smaller until it fits."""


class LookSeen(Value):
    """The look that was asked for."""

    kind: Literal["look_now"] = "look_now"
    captured_at: Utc
    size_wh: tuple[int, int]
    boxes: int = 0
    score: float | None = None
    """Of the surest box; None without any."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Boxes by label."""
    skipped: str = ""
    """Why the picture could not be decided on (a `FaultKind` or `MissCause`); empty if it was."""


class PictureTaken(Value):
    """A picture lies ready; it is kept for minutes, and never in an archive."""

    kind: Literal["picture"] = "picture"
    captured_at: Utc
    age_s: float
    """How old it was when it was handed over."""
    size_wh: tuple[int, int]
    """Of the JPEG, which may be smaller than the camera's picture."""
    size_bytes: int = Field(le=PICTURE_MAX_BYTES)


class Probed(Value):
    """The camera's health as the worker sees it at this moment."""

    kind: Literal["probe"] = "probe"
    health: CameraHealth
    picture_age_s: float | None = None
    """Since the last packet of a picture; None if none ever came."""


class PauseHeld(Value):
    """A camera is not looked at; until when nobody knows."""

    kind: Literal["pause"] = "pause"
    camera_id: Id
    command_id: CommandId
    reason: str
    paused_by: AskedBy
    paused_at: Utc

    @property
    def words(self) -> Text:
        """Who, and why."""
        who = self.paused_by.name or self.paused_by.id
        return Text.of(f"{who}: {self.reason}", f"{who}: {self.reason}")


class PauseEnded(Value):
    """A camera is looked at again."""

    kind: Literal["resume"] = "resume"
    paused_at: Utc
    resumed_at: Utc


class ViewAccepted(Value):
    """The camera's view is learned anew."""

    kind: Literal["accept_view"] = "accept_view"
    was_known: bool
    """Whether a view had been learned before."""


class ConfigurationTold(Value):
    """What a worker runs with."""

    kind: Literal["configuration"] = "configuration"
    digest: str
    """SHA-256 of the configuration as it is shown, passwords masked: it does not tell whether one
    of those changed."""
    program_version: str
    loaded_at: Utc
    cameras: int


Answer = Annotated[
    LookSeen | PictureTaken | Probed | PauseHeld | PauseEnded | ViewAccepted | ConfigurationTold,
    Field(discriminator="kind"),
]


class Refusal(StrEnum):
    """Why a command is not done."""

    NOT_SUPPORTED = "not_supported"  # this worker cannot do such a thing, or does not know it
    NOT_UNDERSTOOD = "not_understood"  # the command is damaged
    NOT_ITS_CAMERA = "not_its_camera"  # the worker does not watch it, or another holds it now
    NO_PICTURE = "no_picture"  # the camera sends none, or none that can be decoded
    PAUSED = "paused"  # what was asked is done only on a camera that is looked at
    ALREADY_PAUSED = "already_paused"
    NOT_PAUSED = "not_paused"
    NO_VIEW_KEPT = "no_view_kept"  # the camera turns by itself, no view of it is kept
    BUSY = "busy"  # too many commands wait
    EXPIRED = "expired"  # the deadline passed before it could be done
    FAILED = "failed"  # the worker failed at it; its log says how

    @property
    def words(self) -> Text:
        return _REFUSAL_TITLES[self]


_REFUSAL_TITLES = {
    Refusal.NOT_SUPPORTED: Text.of("该小脑不支持此指令", "Not supported by this worker"),
    Refusal.NOT_UNDERSTOOD: Text.of("指令无法读懂", "The command was not understood"),
    Refusal.NOT_ITS_CAMERA: Text.of("摄像机不在该小脑", "The worker does not hold this camera"),
    Refusal.NO_PICTURE: Text.of("没有现在的画面", "No picture of now"),
    Refusal.PAUSED: Text.of("巡看已暂停", "The camera is paused"),
    Refusal.ALREADY_PAUSED: Text.of("已处于暂停", "Paused already"),
    Refusal.NOT_PAUSED: Text.of("未处于暂停", "Not paused"),
    Refusal.NO_VIEW_KEPT: Text.of("该摄像机不记画面位置", "No view of this camera is kept"),
    Refusal.BUSY: Text.of("待办指令过多", "Too many commands wait"),
    Refusal.EXPIRED: Text.of("超过期限, 未执行", "Too late, nothing was done"),
    Refusal.FAILED: Text.of("小脑执行出错", "The worker failed at it"),
}


class CommandAnswered(Message):
    """A worker's answer to one command: either what came of it, or why it was refused."""

    type = "patrol.command.answered.v1"
    id: CommandId
    """The command's."""
    worker_id: Id
    answered_at: Utc
    answer: Answer | None = None
    refusal: Refusal | None = None
    detail: Detail = ""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.answer is None) == (self.refusal is None):
            raise ValueError("expected an answer or a refusal, got both or neither")
        return self

    @property
    def name(self) -> str:
        return f"{self.id}:answer"

    @property
    def subject(self) -> str:
        return self.id

    @property
    def at(self) -> datetime:
        return self.answered_at

    @property
    def words(self) -> Text:
        """What came of it, in a line."""
        if self.answer is not None:
            return answer_words(self.answer)
        assert self.refusal is not None
        said = self.refusal.words
        if not self.detail:
            return said
        return Text.of(f"{said.zh} ({self.detail})", f"{said.en} ({self.detail})")


def answer_words(answer: Answer) -> Text:
    """An answer in a line."""
    match answer:
        case LookSeen(skipped="") as seen:
            sure = "" if seen.score is None else f"{seen.score:.2f}"
            zh = f"目标 {seen.boxes} 个" + (f", 最高 {sure}" if sure else "")
            return Text.of(zh, f"{seen.boxes} boxes" + (f", surest {sure}" if sure else ""))
        case LookSeen(skipped=cause):
            words = cause_words(cause)
            return Text.of(f"画面未判定: {words.zh}", f"not decided on: {words.en}")
        case PictureTaken(size_wh=(width, height), age_s=age_s):
            return Text.of(
                f"{width}×{height}, {age_s:.1f} 秒前", f"{width}×{height}, {age_s:.1f} s old"
            )
        case Probed(health=health):
            words = health.fault.words if health.fault else health.status.words
            stream = f"{health.codec or '-'} {'×'.join(map(str, health.size_wh or ()))}".strip()
            return Text.of(f"{words.zh}, {stream}", f"{words.en}, {stream}")
        case PauseHeld(words=words):
            return Text.of(f"已暂停 ({words.zh})", f"Paused ({words.en})")
        case PauseEnded():
            return Text.of("已恢复巡看", "Looked at again")
        case ViewAccepted():
            return Text.of("已接受, 重新学习画面位置", "Accepted; the view is learned anew")
        case ConfigurationTold(digest=digest, program_version=version):
            return Text.of(f"{version}, 配置 {digest[:12]}", f"{version}, {digest[:12]}")
        case _:
            assert_never(answer)
