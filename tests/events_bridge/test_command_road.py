"""Commands on the bus: sent once, answered once, late by the bus's own clock, never piling up."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import redis

from domain.answers import PICTURE_MAX_BYTES, CommandAnswered, PictureTaken, Refusal
from domain.clock import VirtualClock
from domain.commands import (
    AskedBy,
    AskerKind,
    CommandAsked,
    CommandState,
    LookNow,
    Pause,
    TakePicture,
    TellConfiguration,
)
from domain.errors import (
    BusUnavailable,
    CommandConflict,
    CommandNotFound,
    TooManyCommands,
    WorkerOffline,
)
from domain.holding import CameraGrant
from domain.listening import Listening
from events_bridge.bus_settings import BusSettings
from events_bridge.command_board import CommandBoard
from events_bridge.command_inbox import Command, CommandInbox
from events_bridge.command_road import ANSWER_SLACK_S, MOST, MOST_IN_S, CommandRoad
from events_bridge.embedded import EmbeddedBus
from events_bridge.holder_board import HolderBoard
from events_bridge.presence import PresenceBoard
from tests.builders import NOON
from tests.waiting import wait_until

LI = AskedBy(kind=AskerKind.PERSON, id="li", name="李(示例)", role="dispatcher")
QUICK = BusSettings(block_s=0.01, offline_after_s=600)


@dataclass
class Bus:
    """The ends of a road, and a worker called edge-1 that says it listens."""

    url: str
    clock: VirtualClock
    road: CommandRoad
    board: CommandBoard
    inbox: CommandInbox
    presence: PresenceBoard

    def listen(self, *, listens: bool = True) -> None:
        self.presence.say(
            Listening(worker_id="edge-1", book="book_1", program_version="1", listens=listens)
        )

    def answer(self, command_id: str, jpeg: bytes = b"") -> bool:
        return self.board.answer(answered(command_id, size_bytes=len(jpeg)), jpeg)


def answered(command_id: str, *, size_bytes: int = 10) -> CommandAnswered:
    picture = PictureTaken(captured_at=NOON, age_s=0.1, size_wh=(4, 2), size_bytes=size_bytes)
    return CommandAnswered(id=command_id, worker_id="edge-1", answered_at=NOON, answer=picture)


@pytest.fixture
def bus(bus_url: str) -> Iterator[Bus]:
    yield from opened(bus_url, QUICK)


def opened(url: str, settings: BusSettings) -> Iterator[Bus]:
    clock = VirtualClock(NOON)
    with ExitStack() as stack:
        holders = stack.enter_context(HolderBoard(url))
        grant = {"camera_id": "gate-1", "epoch": 1, "worker_id": "edge-1", "book": "book_1"}
        holders.put(CameraGrant.model_validate({**grant, "start": 1, "granted_at": NOON}))
        parts = Bus(
            url,
            clock,
            stack.enter_context(CommandRoad(url, clock, settings=settings)),
            stack.enter_context(CommandBoard(url, settings=settings)),
            stack.enter_context(CommandInbox(url, "edge-1", settings=settings)),
            stack.enter_context(PresenceBoard(url, settings=settings)),
        )
        parts.listen()
        yield parts


def test_a_command_reaches_the_holder_and_its_answer_comes_back(bus: Bus) -> None:
    sent = bus.road.ask(TakePicture(camera_id="gate-1"), LI)
    assert sent.state is CommandState.SENT

    (come,) = bus.inbox.read()
    assert isinstance(come, Command)
    assert come.asked == sent.record.asked
    assert (come.asked.worker_id, come.asked.asked_by) == ("edge-1", LI)
    assert 0 < come.left_s <= come.asked.within_s

    assert bus.answer(come.asked.id, b"jpeg")
    after = bus.road.view(come.asked.id)
    assert after.state is CommandState.ANSWERED
    assert after.record.answered == answered(come.asked.id, size_bytes=4)
    assert bus.road.picture(come.asked.id) == b"jpeg"


def test_the_first_answer_stands(bus: Bus) -> None:
    sent = bus.road.ask(TakePicture(camera_id="gate-1"), LI)
    assert bus.answer(sent.record.asked.id, b"first")
    assert not bus.answer(sent.record.asked.id, b"second")
    assert bus.road.picture(sent.record.asked.id) == b"first"


def test_the_same_key_sends_nothing_twice_though_the_worker_is_gone_by_then(bus: Bus) -> None:
    first = bus.road.ask(LookNow(camera_id="gate-1"), LI, key="k")
    bus.listen(listens=False)
    again = bus.road.ask(LookNow(camera_id="gate-1"), LI, key="k")
    assert again.record.asked == first.record.asked
    assert len(bus.inbox.read()) == 1

    with pytest.raises(CommandConflict, match=r"look_now of gate-1.*got pause"):
        bus.road.ask(Pause(camera_id="gate-1", reason="检修"), LI, key="k")
    other = LI.model_copy(update={"id": "wang"})
    with pytest.raises(WorkerOffline):  # another's key is another key
        bus.road.ask(LookNow(camera_id="gate-1"), other, key="k")


def test_who_is_offline_is_told_at_once_and_nothing_is_sent(bus: Bus) -> None:
    with pytest.raises(WorkerOffline, match="no worker has claimed it"):
        bus.road.ask(LookNow(camera_id="square-1"), LI)
    with pytest.raises(WorkerOffline, match="never said that it takes commands"):
        bus.road.ask(TellConfiguration(), LI, worker_id="west")
    bus.listen(listens=False)
    with pytest.raises(WorkerOffline, match=r"worker edge-1 is offline since .*nothing was sent"):
        bus.road.ask(LookNow(camera_id="gate-1"), LI)
    assert bus.inbox.read() == []


def test_a_worker_that_falls_silent_is_offline_by_the_clock_of_the_bus(bus_url: str) -> None:
    settings = BusSettings(block_s=0.01, offline_after_s=0.1)
    for bus in opened(bus_url, settings):
        sent = bus.road.ask(LookNow(camera_id="gate-1"), LI)
        view = bus.road.wait(sent)
        assert view.state is CommandState.OFFLINE
        assert "edge-1" in view.words.zh
        with pytest.raises(WorkerOffline):
            bus.road.ask(LookNow(camera_id="gate-1"), LI)


def test_a_deadline_is_over_by_the_clock_of_the_bus_alone(bus: Bus) -> None:
    """Both machines' clocks may be wrong by hours, each its own way."""
    bus.clock.set_by(-7200)
    sent = bus.road.ask(LookNow(camera_id="gate-1"), LI, within_s=0.05)
    late: list[Command] = []

    def comes_late() -> bool:
        bus.inbox.begin_again()
        (one,) = bus.inbox.read()
        assert isinstance(one, Command)
        late[:] = [one]
        return one.left_s <= 0

    wait_until(comes_late, "the deadline")
    age_s = bus.road.view(sent.record.asked.id).record.age_s
    assert age_s < 0.05 + ANSWER_SLACK_S or bus.road.view(sent.record.asked.id).state.is_final

    with redis.Redis.from_url(bus.url) as client:  # as if it had been taken in some seconds ago
        key = f"{QUICK.command_key}:{sent.record.asked.id}"
        milliseconds = int(str(client.hget(key, "entry"), "ascii").partition("-")[0])
        client.hset(key, "entry", f"{milliseconds - 10_000}-0")
    view = bus.road.view(sent.record.asked.id)
    assert view.state is CommandState.NO_ANSWER
    assert bus.answer(sent.record.asked.id)  # and if it was only late, that is told
    assert bus.road.view(sent.record.asked.id).state is CommandState.ANSWERED


def test_one_worker_is_not_sent_more_than_so_many(bus: Bus) -> None:
    for _ in range(MOST):
        bus.road.ask(LookNow(camera_id="gate-1"), LI)
    with pytest.raises(TooManyCommands, match="edge-1"):
        bus.road.ask(LookNow(camera_id="gate-1"), LI)
    bus.clock.advance(MOST_IN_S)
    bus.road.ask(LookNow(camera_id="gate-1"), LI)


def test_a_flood_keeps_the_newest_of_a_bounded_stream(bus_url: str) -> None:
    settings = BusSettings(
        block_s=0.01, offline_after_s=600, commands_max_length=10, pictures_max_length=3
    )
    for bus in opened(bus_url, settings):
        for number in range(40):
            bus.board.ask(asked(f"cmd_{number}"))
            bus.answer(f"cmd_{number}", bytes(100))
        names = [one.asked.id for one in bus.inbox.read() if isinstance(one, Command)]
        assert names == [f"cmd_{number}" for number in range(30, 40)]
        kept = [n for n in range(40) if bus.road.picture(f"cmd_{n}") is not None]
        assert kept == [37, 38, 39]
        assert bus.road.view("cmd_0").state is CommandState.ANSWERED


def asked(command_id: str) -> CommandAsked:
    return CommandAsked(
        id=command_id,
        worker_id="edge-1",
        command=TakePicture(camera_id="gate-1"),
        asked_by=LI,
        asked_at=NOON,
    )


def test_a_picture_has_a_limit_of_its_own() -> None:
    with pytest.raises(ValueError, match="less than or equal"):
        answered("cmd_1", size_bytes=PICTURE_MAX_BYTES + 1)


def test_an_answer_is_one_thing_or_the_other() -> None:
    with pytest.raises(ValueError, match="got both or neither"):
        CommandAnswered(id="cmd_1", worker_id="edge-1", answered_at=NOON)
    with pytest.raises(ValueError, match="got both or neither"):
        answered("cmd_1").model_validate(
            {**answered("cmd_1").model_dump(), "refusal": Refusal.BUSY.value}
        )


def test_an_answer_in_words_of_a_newer_worker_is_told_as_such(bus: Bus) -> None:
    sent = bus.road.ask(LookNow(camera_id="gate-1"), LI)
    bus.answer(sent.record.asked.id)
    with redis.Redis.from_url(bus.url) as client:
        key = f"{QUICK.command_key}:{sent.record.asked.id}"
        envelope = client.hget(key, "answered")
        assert isinstance(envelope, bytes)
        client.hset(key, "answered", envelope.replace(b'"picture"', b'"hologram"'))
    assert bus.road.view(sent.record.asked.id).state is CommandState.UNREADABLE


def test_what_nobody_asked_is_not_found(bus: Bus) -> None:
    with pytest.raises(CommandNotFound, match="cmd_nobody"):
        bus.road.view("cmd_nobody")


def test_a_bus_that_is_away_is_said_to_be(own_bus: EmbeddedBus) -> None:
    for bus in opened(own_bus.url, QUICK):
        own_bus.stop()
        with pytest.raises(BusUnavailable):
            bus.road.ask(LookNow(camera_id="gate-1"), LI)
