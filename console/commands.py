"""Commands as pages and programs see them: who asks, and how one stands."""

from datetime import datetime

from fastapi import HTTPException
from pydantic import BaseModel, Field

from console.services import Services
from console.signs import Tone
from domain.answers import Answer, PictureTaken, Refusal
from domain.base import Text
from domain.commands import (
    ASKABLE,
    REASON_MAX,
    WITHIN_MAX_S,
    WITHIN_S,
    AskedBy,
    AskerKind,
    CameraCommand,
    CommandState,
    TellConfiguration,
    camera_of,
    command_of,
    kind_words,
)
from events_bridge.command_road import CommandRoad, CommandView

ROLE = "dispatcher"
"""Of whoever uses the console, until people log in."""

TONES: dict[CommandState, Tone] = {
    CommandState.SENT: "blue",
    CommandState.ANSWERED: "green",
    CommandState.REFUSED: "amber",
    CommandState.OFFLINE: "red",
    CommandState.NO_ANSWER: "red",
    CommandState.UNREADABLE: "grey",
}
SYMBOLS: dict[CommandState, str] = {
    CommandState.SENT: "send",
    CommandState.ANSWERED: "circle-check",
    CommandState.REFUSED: "ban",
    CommandState.OFFLINE: "plug-connected-x",
    CommandState.NO_ANSWER: "hourglass",
    CommandState.UNREADABLE: "question-mark",
}


class CommandSaid(BaseModel):
    """A command and how it stands."""

    id: str
    kind: str
    kind_words: Text
    camera_id: str | None
    """None if it was for the worker itself."""
    worker_id: str
    asked_by: AskedBy
    asked_at: datetime
    within_s: float
    age_s: float
    """Since the bus took it in, by the bus's clock."""
    state: CommandState
    words: Text
    """How it stands, in a line."""
    answer: Answer | None = None
    refusal: Refusal | None = None
    detail: str = ""
    picture: str | None = None
    """Where the picture that was taken can be fetched, for some minutes."""


class CommandRequest(BaseModel):
    """What is asked of a camera."""

    kind: str = Field(description=f"One of {', '.join(ASKABLE)}")
    reason: str = Field(default="", max_length=REASON_MAX, description="Needed with pause")
    within_s: float = Field(default=WITHIN_S, ge=1, le=WITHIN_MAX_S, description="The deadline")

    def of(self, camera_id: str) -> CameraCommand | TellConfiguration:
        """Raises as `command_of`."""
        return command_of(self.kind, camera_id, self.reason)


def asked_by(services: Services) -> AskedBy:
    """Who asks here."""
    name = services.settings.operator.zh
    return AskedBy(kind=AskerKind.PERSON, id="operator", name=name, role=ROLE)


def road_of(services: Services) -> CommandRoad:
    """HTTPException 503 if this center has no bus."""
    if services.road is None:
        raise HTTPException(503, "this center has no road to its workers")
    return services.road


def ask_camera(
    services: Services, camera_id: str, wanted: CommandRequest, key: str | None
) -> CommandView:
    """Ask the worker that holds a camera. Raises as `CommandRoad.ask` and `command_of`, and
    HTTPException 503."""
    command, road = wanted.of(camera_id), road_of(services)
    return road.ask(
        command,
        asked_by(services),
        key=key,
        worker_id=None if camera_of(command) else road.holder_of(camera_id),
        within_s=wanted.within_s,
    )


def said_of(view: CommandView) -> CommandSaid:
    asked, answered = view.record.asked, view.record.answered
    answer = answered.answer if answered else None
    taken = isinstance(answer, PictureTaken)
    return CommandSaid(
        id=asked.id,
        kind=asked.command.kind,
        kind_words=kind_words(asked.command),
        camera_id=camera_of(asked.command),
        worker_id=asked.worker_id,
        asked_by=asked.asked_by,
        asked_at=asked.asked_at,
        within_s=asked.within_s,
        age_s=round(view.record.age_s, 2),
        state=view.state,
        words=view.words,
        answer=answer,
        refusal=answered.refusal if answered else None,
        detail=answered.detail if answered else "",
        picture=f"/api/commands/{asked.id}/picture.jpg" if taken else None,
    )
