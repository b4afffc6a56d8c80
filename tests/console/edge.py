"""The worker's end of the bus, for tests of the console: it hears commands and answers them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from domain.answers import CommandAnswered, PictureTaken, Refusal
from domain.commands import CommandAsked
from domain.holding import CameraGrant
from domain.listening import Listening
from events_bridge.bus_settings import BusSettings
from events_bridge.command_board import CommandBoard
from events_bridge.command_inbox import Command, CommandInbox
from events_bridge.holder_board import HolderBoard
from events_bridge.presence import PresenceBoard
from tests.builders import NOON

GATE = "gate-1"
BUS = BusSettings(block_s=0.01, offline_after_s=600)
"""Under which nobody is away only because the machine is busy."""


@dataclass
class Edge:
    """The worker's end of the bus."""

    board: CommandBoard
    inbox: CommandInbox
    presence: PresenceBoard

    def listen(self, *, listens: bool = True) -> None:
        said = {"worker_id": "edge-1", "book": "b", "program_version": "1", "listens": listens}
        self.presence.say(Listening.model_validate(said))

    def hear_all(self) -> list[CommandAsked]:
        return [come.asked for come in self.inbox.read() if isinstance(come, Command)]

    def hear(self) -> CommandAsked:
        (asked,) = self.hear_all()
        return asked

    def answer(self, command_id: str, jpeg: bytes = b"", **changes: Any) -> None:
        taken = PictureTaken(captured_at=NOON, age_s=0.2, size_wh=(640, 360), size_bytes=len(jpeg))
        fields = {"id": command_id, "worker_id": "edge-1", "answered_at": NOON, "answer": taken}
        self.board.answer(CommandAnswered.model_validate({**fields, **changes}), jpeg)

    def refuse(self, command_id: str, name: Refusal, detail: str) -> None:
        self.answer(command_id, answer=None, refusal=name, detail=detail)


@contextmanager
def edge_of(bus_url: str) -> Iterator[Edge]:
    """A worker called edge-1 that holds gate-1 and listens."""
    with (
        HolderBoard(bus_url) as holders,
        CommandBoard(bus_url, settings=BUS) as board,
        CommandInbox(bus_url, "edge-1", settings=BUS) as inbox,
        PresenceBoard(bus_url, settings=BUS) as presence,
    ):
        grant = {"camera_id": GATE, "epoch": 1, "worker_id": "edge-1", "book": "b", "start": 1}
        holders.put(CameraGrant.model_validate({**grant, "granted_at": NOON}))
        parts = Edge(board, inbox, presence)
        parts.listen()
        yield parts
