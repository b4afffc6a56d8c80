"""What people read of commands and answers, in both languages, whichever they are."""

import re
from datetime import timedelta
from typing import get_args

import pytest

from domain.answers import (
    Answer,
    CommandAnswered,
    ConfigurationTold,
    LookSeen,
    PauseEnded,
    PauseHeld,
    PictureTaken,
    Probed,
    Refusal,
    ViewAccepted,
    answer_words,
)
from domain.commands import (
    ASKABLE,
    REASON_MAX,
    AskedBy,
    AskerKind,
    CameraCommand,
    CommandAsked,
    CommandState,
    LookNow,
    Pause,
    Probe,
    Resume,
    TakeConfiguration,
    TellConfiguration,
    camera_of,
    command_of,
    kind_words,
)
from domain.errors import CommandUnclear
from domain.health import CameraHealth, CameraStatus, FaultKind
from tests.builders import NOON

LI = AskedBy(kind=AskerKind.PERSON, id="li", name="", role="dispatcher")
SEEING = CameraHealth(camera_id="gate-1", at=NOON, status=CameraStatus.SEEING, since=NOON)
BLACK = SEEING.model_copy(
    update={
        "status": CameraStatus.IMPAIRED,
        "fault": FaultKind.BLACK,
        "codec": "h264",
        "size_wh": (640, 360),
    }
)
PAUSED = PauseHeld(
    camera_id="gate-1", command_id="cmd_1", reason="检修", paused_by=LI, paused_at=NOON
)


@pytest.mark.parametrize(
    ("answer", "zh", "en"),
    [
        (LookSeen(captured_at=NOON, size_wh=(4, 2)), "目标 0 个", "0 boxes"),
        (
            LookSeen(captured_at=NOON, size_wh=(4, 2), boxes=2, score=0.5),
            "目标 2 个, 最高 0.50",
            "2 boxes, surest 0.50",
        ),
        (LookSeen(captured_at=NOON, size_wh=(4, 2), skipped="black"), "黑屏", "Black picture"),
        (
            PictureTaken(captured_at=NOON, age_s=0.25, size_wh=(4, 2), size_bytes=1),
            "4×2, 0.2 秒前",
            "4×2, 0.2 s old",
        ),
        (Probed(health=SEEING), "正常, -", "Seeing, -"),
        (Probed(health=BLACK), "黑屏, h264 640×360", "Black picture, h264 640×360"),
        (PAUSED, "已暂停 (li: 检修)", "Paused (li: 检修)"),
        (PauseEnded(paused_at=NOON, resumed_at=NOON), "已恢复巡看", "Looked at again"),
        (ViewAccepted(was_known=True), "已接受", "Accepted"),
        (
            ConfigurationTold(digest="ab" * 32, program_version="1.2", loaded_at=NOON, cameras=3),
            "1.2, 配置 abababababab",
            "1.2, abababababab",
        ),
    ],
)
def test_an_answer_is_said_in_a_line(answer: Answer, zh: str, en: str) -> None:
    assert zh in answer_words(answer).zh
    assert en in answer_words(answer).en
    answered = CommandAnswered(id="cmd_1", worker_id="w", answered_at=NOON, answer=answer)
    assert answered.words == answer_words(answer)
    assert CommandAnswered.model_validate_json(answered.model_dump_json()) == answered


@pytest.mark.parametrize("name", [*Refusal, *CommandState])
def test_every_refusal_and_state_has_words(name: Refusal | CommandState) -> None:
    assert re.search(r"[\u4e00-\u9fff]", name.words.zh)
    assert not re.search(r"[\u4e00-\u9fff]", name.words.en)


def test_a_refusal_says_its_detail() -> None:
    refused = CommandAnswered(
        id="cmd_1", worker_id="w", answered_at=NOON, refusal=Refusal.NO_PICTURE
    )
    assert refused.words == Refusal.NO_PICTURE.words
    told = refused.model_copy(update={"detail": "no packet for 12 s"})
    assert told.words.zh == "没有现在的画面 (no packet for 12 s)"
    assert (told.name, told.subject, told.at) == ("cmd_1:answer", "cmd_1", NOON)


def test_every_kind_has_words_and_says_whom_it_is_for() -> None:
    for kind in get_args(CameraCommand):
        command = kind(camera_id="gate-1", **({"reason": "检修"} if kind is Pause else {}))
        assert kind_words(command).zh
        assert camera_of(command) == "gate-1"
    for own in (TellConfiguration(), TakeConfiguration(digest="ab")):
        assert kind_words(own).en
        assert camera_of(own) is None


def test_each_kind_that_may_be_asked_becomes_its_command() -> None:
    asked = [command_of(kind, "gate-1", " 检修 ") for kind in ASKABLE]
    assert [command.kind for command in asked] == list(ASKABLE)
    assert {camera_of(command) for command in asked} == {"gate-1", None}
    assert command_of("pause", "gate-1", " 检修 ") == Pause(camera_id="gate-1", reason="检修")
    assert command_of("resume", "gate-1") == Resume(camera_id="gate-1")


@pytest.mark.parametrize(
    ("kind", "reason", "said", "zh"),
    [
        ("pause", "  ", "expected a reason: why", "暂停需要写明原因"),
        ("resume", "x" * (REASON_MAX + 1), "200 characters at most, got 201", "原因最多 200 字"),
        ("configure", "", "expected one of look_now, .*, got 'configure'", "没有这种指令"),
        ("x" * 99, "", "got 'x{40}'", "没有这种指令"),
    ],
)
def test_what_is_no_command_is_refused_in_both_languages(
    kind: str, reason: str, said: str, zh: str
) -> None:
    with pytest.raises(CommandUnclear, match=said) as caught:
        command_of(kind, "gate-1", reason)
    assert caught.value.zh == zh


def test_a_command_is_named_by_its_id_and_is_about_its_camera_or_worker() -> None:
    fields = {"id": "cmd_1", "worker_id": "edge-1", "asked_by": LI, "asked_at": NOON}
    asked = CommandAsked.model_validate({**fields, "command": LookNow(camera_id="gate-1")})
    assert (asked.name, asked.subject, asked.at) == ("cmd_1", "gate-1", NOON)
    own = CommandAsked.model_validate({**fields, "command": TellConfiguration()})
    assert own.subject == "edge-1"
    for within_s in (0, -1, timedelta(days=1).total_seconds()):
        with pytest.raises(ValueError, match="within_s"):
            CommandAsked.model_validate(
                {**fields, "command": Probe(camera_id="g"), "within_s": within_s}
            )


def test_a_reason_carries_no_password() -> None:
    said = "see rtsp://admin:s3cret@10.0.0.1/1"
    for command in (Pause(camera_id="g", reason=said), Resume(camera_id="g", reason=said)):
        assert "s3cret" not in command.model_dump_json()
    with pytest.raises(ValueError, match="reason"):
        Pause(camera_id="g", reason="")


def test_only_what_waits_is_not_final() -> None:
    assert [state for state in CommandState if not state.is_final] == [CommandState.SENT]
