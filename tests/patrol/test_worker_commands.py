"""The worker's end of the road, turned by hand: done once, in time, never before the looks."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from domain import checkpoint
from domain.answers import ConfigurationTold, LookSeen, PauseHeld, Refusal
from domain.clock import VirtualClock
from domain.commands import (
    AcceptView,
    AskedBy,
    AskerKind,
    Command,
    CommandAsked,
    LookNow,
    Pause,
    Probe,
    TakePicture,
    TellConfiguration,
)
from domain.holding import CameraGrant
from domain.place import Id
from edge.book import Book
from edge.commands.deeds import Deeds
from edge.commands.doer import WAITING_MAX, Doer
from edge.commands.end import digest_of
from edge.commands.receiver import Receiver
from edge.holder import Holder
from edge.post import CameraPost
from edge.roster import Roster
from events_bridge.bus_settings import BusSettings
from events_bridge.command_board import CommandBoard, CommandRecord, commands_stream
from events_bridge.embedded import EmbeddedBus
from events_bridge.holder_board import HolderBoard
from settings.config import Configuration
from tests.books import make_book
from tests.builders import NOON
from tests.waiting import wait_until

LI = AskedBy(kind=AskerKind.PERSON, id="li", name="李(示例)", role="dispatcher")
QUICK = BusSettings(block_s=0.01, connect_timeout_s=0.5)
TOLD = ConfigurationTold(digest="0" * 64, program_version="1", loaded_at=NOON, cameras=1)


class Edge:
    """One worker without threads and without a camera: its book, bus and posts are real."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self.url = url
        self.clock = VirtualClock(NOON)
        cameras = [camera("gate"), camera("dome", keeps_view=False)]
        share = Configuration.of({"cameras": cameras}, data_dir=folder).share()
        self.posts = [
            CameraPost(each, share, clock=self.clock, on_gap=lambda _gap: None)
            for each in share.cameras
        ]
        self.roster = Roster(self.posts, attended=0)
        self.book: Book = stack.enter_context(make_book(folder))
        self.board = stack.enter_context(CommandBoard(url, settings=QUICK))
        holders = stack.enter_context(HolderBoard(url, settings=QUICK))
        self.holders = holders
        self.holder = Holder(
            self.book,
            holders,
            worker_id="edge-1",
            camera_ids=["gate", "dome"],
            clock=self.clock,
            take_over=lambda _grant: None,
            let_go=lambda _grant: None,
        )
        self.receiver = Receiver(
            url,
            self.book,
            worker_id="edge-1",
            program_version="1",
            clock=self.clock,
            settings=QUICK,
        )
        stack.callback(self.receiver.stop, 0)
        self.deeds = Deeds(
            self.posts, self.roster, self.holder, clock=self.clock, configuration=TOLD
        )
        self.doer = Doer(
            self.deeds,
            self.book,
            worker_id="edge-1",
            clock=self.clock,
            answer=self.receiver.answer,
        )
        self.receiver.hands_to(self.doer)

    def send(self, command: Command, id_: Id = "cmd_1", within_s: float = 15.0) -> None:
        self.board.ask(
            CommandAsked(
                id=id_,
                worker_id="edge-1",
                command=command,
                asked_by=LI,
                asked_at=NOON,
                within_s=within_s,
            )
        )

    def send_raw(self, envelope: bytes) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.xadd(commands_stream(QUICK, "edge-1"), {"envelope": envelope})

    def turn(self, times: int = 1) -> None:
        """What both threads do in one round."""
        self.receiver.turn()
        for _ in range(times):
            self.doer.turn(0.001)

    def record(self, id_: Id = "cmd_1") -> CommandRecord:
        return self.board.record(id_)

    def refusal(self, id_: Id = "cmd_1") -> Refusal | None:
        answered = self.record(id_).answered
        return answered.refusal if answered else None

    def entries(self) -> list[bytes]:
        with redis.Redis.from_url(self.url) as client:
            rows = client.xrange(commands_stream(QUICK, "edge-1"))
        return [fields[b"envelope"] for _, fields in rows]


def camera(camera_id: str, **more: object) -> dict[str, object]:
    return {"id": camera_id, "name": camera_id, "site_id": "s", "url": "rtsp://h/1", **more}


@pytest.fixture
def edge(tmp_path: Path, bus_url: str) -> Iterator[Edge]:
    with ExitStack() as stack:
        yield Edge(tmp_path, bus_url, stack)


def test_what_comes_twice_is_done_once(edge: Edge) -> None:
    edge.send(Pause(camera_id="gate", reason="检修"))
    edge.send_raw(edge.entries()[0])
    edge.turn()
    first = edge.record().answered
    assert first is not None
    assert isinstance(first.answer, PauseHeld)
    assert edge.posts[0].pause == first.answer
    edge.send_raw(edge.entries()[0])
    edge.turn(3)
    assert edge.record().answered == first
    assert edge.book.answer("cmd_1") == first
    assert edge.book.pauses == {"gate": first.answer}


def test_a_late_command_is_not_done(edge: Edge) -> None:
    edge.send(Pause(camera_id="gate", reason="检修"), within_s=0.001)
    wait_until(lambda: edge.record().age_s > 0.01, "the deadline")
    edge.turn()
    assert edge.refusal() is Refusal.EXPIRED
    assert edge.posts[0].pause is None


def test_a_look_that_does_not_come_is_given_up_at_the_deadline(edge: Edge) -> None:
    edge.send(LookNow(camera_id="gate"))
    edge.turn()
    assert edge.record().answered is None
    assert edge.posts[0].asked.waiting
    edge.send(Probe(camera_id="gate"), "cmd_2")  # which does not wait for it
    edge.turn()
    assert edge.record("cmd_2").answered is not None
    edge.clock.advance(16)
    edge.turn()
    assert edge.refusal() is Refusal.EXPIRED
    assert not edge.posts[0].asked.waiting


def test_one_look_answers_all_who_asked(edge: Edge) -> None:
    for number in range(3):
        edge.send(LookNow(camera_id="gate"), f"cmd_{number}")
    edge.turn(3)
    assert edge.roster.owed(edge.clock.moment())[0] is edge.posts[0]
    seen = LookSeen(captured_at=NOON, size_wh=(4, 2), boxes=2, score=0.5)
    edge.posts[0].asked.tell(seen)
    edge.turn()
    for number in range(3):
        answered = edge.record(f"cmd_{number}").answered
        assert answered is not None
        assert answered.answer == seen


def test_a_flood_is_refused_and_never_done_afterwards(edge: Edge) -> None:
    for number in range(2 * WAITING_MAX):
        edge.send(TellConfiguration(), f"cmd_{number}")
    edge.turn(2 * WAITING_MAX)
    said = [edge.refusal(f"cmd_{number}") for number in range(2 * WAITING_MAX)]
    assert said == [None] * WAITING_MAX + [Refusal.BUSY] * WAITING_MAX
    edge.receiver._inbox.begin_again()
    edge.turn(2 * WAITING_MAX)
    assert edge.refusal(f"cmd_{WAITING_MAX}") is Refusal.BUSY
    assert edge.book.answer(f"cmd_{WAITING_MAX}") is None


def test_looks_that_wait_are_bounded_too(edge: Edge) -> None:
    for number in range(WAITING_MAX + 1):
        edge.send(LookNow(camera_id="gate"), f"cmd_{number}")
        edge.turn()
    assert edge.refusal(f"cmd_{WAITING_MAX}") is Refusal.BUSY
    assert edge.refusal("cmd_0") is None


def test_what_cannot_be_read_is_refused_if_it_says_its_id(edge: Edge) -> None:
    edge.send(Probe(camera_id="gate"))
    sound = edge.entries()[0]
    edge.send_raw(b"\xff\xfe")
    edge.send_raw(sound.replace(b'"cmd_1"', b'"cmd_2"').replace(b'"camera_id"', b'"camera"'))
    edge.send(Probe(camera_id="gate"), "cmd_3")
    edge.turn(3)
    assert edge.record("cmd_3").answered is not None
    with redis.Redis.from_url(edge.url) as client:
        answered = client.hget(f"{QUICK.command_key}:cmd_2", "answered")
    assert isinstance(answered, bytes)
    assert Refusal.NOT_UNDERSTOOD.value.encode() in answered


def test_a_deed_that_fails_is_told_and_costs_the_others_nothing(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a camera that nobody thought of")

    monkeypatch.setattr(edge.posts[0], "health", fail)
    edge.send(Probe(camera_id="gate"))
    edge.send(TellConfiguration(), "cmd_2")
    edge.turn(3)
    assert edge.refusal() is Refusal.FAILED
    answered = edge.record("cmd_2").answered
    assert answered is not None
    assert answered.answer == TOLD


def test_a_camera_of_another_worker_is_refused(edge: Edge) -> None:
    edge.send(Probe(camera_id="square"))
    edge.book.hold("gate", 1)
    edge.holders.put(
        CameraGrant(
            camera_id="gate", epoch=2, worker_id="west", book="b2", start=1, granted_at=NOON
        )
    )
    edge.holder.hear()
    edge.send(Probe(camera_id="gate"), "cmd_2")
    edge.turn(2)
    assert edge.refusal() is edge.refusal("cmd_2") is Refusal.NOT_ITS_CAMERA


def test_a_view_is_accepted_while_nobody_looks_and_only_where_one_is_kept(edge: Edge) -> None:
    (gate, _) = edge.posts
    assert edge.roster.claim(gate)
    edge.send(AcceptView(camera_id="gate"))
    edge.send(AcceptView(camera_id="dome"), "cmd_2")
    edge.turn(2)
    assert edge.record().answered is None
    assert edge.refusal("cmd_2") is Refusal.NO_VIEW_KEPT
    edge.roster.release(gate)
    edge.turn()
    answered = edge.record().answered
    assert answered is not None
    assert answered.refusal is None
    assert edge.roster.claim(gate)


def test_a_camera_that_sends_nothing_has_no_picture(edge: Edge) -> None:
    edge.send(TakePicture(camera_id="gate"))
    edge.turn()
    assert edge.refusal() is Refusal.NO_PICTURE


def test_a_paused_camera_is_owed_nothing(edge: Edge) -> None:
    (gate, dome) = edge.posts
    edge.send(Pause(camera_id="gate", reason="检修"))
    edge.turn()
    edge.clock.advance(60)
    now = edge.clock.moment()
    assert edge.roster.owed(now) == [dome]
    for post in edge.posts:
        post.miss_if_late(now)
    assert set(gate.book.close_page().skipped) == {"paused"}


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("place", ["book.committed", "command.answered"])
def test_a_kill_between_leaves_nothing_half_done(tmp_path: Path, bus_url: str, place: str) -> None:
    def die(reached: str) -> None:
        if reached == place:
            checkpoint.watch(None)
            raise Killed

    with ExitStack() as stack:
        edge = Edge(tmp_path, bus_url, stack)
        edge.send(Pause(camera_id="gate", reason="检修"))
        edge.receiver.turn()
        checkpoint.watch(die)
        with pytest.raises(Killed):
            edge.doer.turn(0.001)
    with ExitStack() as stack:
        again = Edge(tmp_path, bus_url, stack)
        pause = again.book.pauses["gate"]
        again.turn(2)
        answered = again.record().answered
        assert answered is not None
        assert answered.answer == pause
        assert answered == again.book.answer("cmd_1")


def test_an_answer_waits_in_the_book_for_a_bus_that_is_away(tmp_path: Path) -> None:
    with EmbeddedBus(tmp_path / "bus") as bus, ExitStack() as stack:
        edge = Edge(tmp_path, bus.url, stack)
        edge.send(Pause(camera_id="gate", reason="检修"))
        edge.receiver.turn()
        bus.stop()
        edge.doer.turn(0.001)
        assert edge.posts[0].pause is not None
        bus.start()  # the command is on it still
        wait_until(lambda: answered_after_a_turn(edge), "the answer")
        assert edge.record().answered == edge.book.answer("cmd_1")


def answered_after_a_turn(edge: Edge) -> bool:
    edge.receiver._go_on()
    return edge.board.is_answered("cmd_1")


def test_a_digest_tells_no_password_and_not_where_files_lie(tmp_path: Path) -> None:
    def digest(password: str, folder: str, look_every_s: float = 2.0) -> str:
        settings = {
            "data_dir": tmp_path / folder,
            "defaults": {"look_every_s": look_every_s},
            "cameras": [
                {"id": "g", "name": "g", "site_id": "s", "url": f"rtsp://a:{password}@h/1"}
            ],
        }
        return digest_of(Configuration.of(settings).share())

    assert digest("one", "a") == digest("two", "b")
    assert digest("one", "a") != digest("one", "a", 3.0)
