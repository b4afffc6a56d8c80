"""Commands from the center to a real worker, with a simulated camera at its other end."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import redis

from cases.book import CaseBook
from domain.answers import (
    ConfigurationTold,
    LookSeen,
    PauseEnded,
    PauseHeld,
    PictureTaken,
    Probed,
    Refusal,
    ViewAccepted,
)
from domain.clock import SystemClock
from domain.commands import (
    AcceptView,
    AskedBy,
    AskerKind,
    Command,
    CommandState,
    LookNow,
    Pause,
    Probe,
    Resume,
    TakeConfiguration,
    TakePicture,
    TellConfiguration,
)
from domain.errors import WorkerOffline
from domain.health import CameraStatus, FaultKind
from edge.commands.end import digest_of
from edge.process import Worker
from events_bridge.command_board import commands_stream
from events_bridge.command_road import CommandRoad, CommandView
from lab.footage.simulator import Simulator
from settings.config import Configuration
from tests.command_line import PatrolHere
from tests.integration.rig import block_clip, case_book, prepare, wait_for, worker

LI = AskedBy(kind=AskerKind.PERSON, id="li", name="李(示例)", role="dispatcher")
GATE = "gate"

pytestmark = pytest.mark.timeout(120)


@dataclass
class Town:
    """A configuration, the center's end of the road, and the center's book."""

    configuration: Configuration
    bus_url: str
    road: CommandRoad
    book: CaseBook

    def ask(self, command: Command, **options: str) -> CommandView:
        """Ask, and wait for what becomes of it."""
        return self.road.wait(self.road.ask(command, LI, within_s=60, **options))

    def refusal(self, command: Command) -> Refusal | None:
        view = self.ask(command)
        assert view.record.answered is not None, view.words
        return view.record.answered.refusal

    def answer(self, command: Command, **options: str) -> object:
        view = self.ask(command, **options)
        assert view.state is CommandState.ANSWERED, view.words
        assert view.record.answered is not None
        return view.record.answered.answer

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """A worker that listens and sees."""
        with worker(self.configuration, self.bus_url) as running:
            wait_for(self._listens, "a worker that listens")
            wait_for(lambda: running._posts[0].book.looked, "a first look")
            yield running

    def _listens(self) -> bool:
        presence = self.road.presence(self.configuration.share().id)
        return presence is not None and presence.is_here

    def health(self) -> tuple[CameraStatus, FaultKind | None] | None:
        row = self.book.camera(GATE)
        return (row.health.status, row.health.fault) if row and row.health else None


@pytest.fixture
def town(tmp_path: Path, bus_url: str) -> Iterator[Town]:
    with ExitStack() as stack:
        clip = block_clip(tmp_path / "gate.mp4", {(4, 3): "car"})
        cameras = stack.enter_context(Simulator({GATE: clip}, credentials=("viewer", "s3cret")))
        url = cameras.url(GATE, with_credentials=True)
        configuration = prepare(
            tmp_path, {GATE: {"url": url}}, bus={"url": bus_url, "offline_after_s": 60}
        )
        book = stack.enter_context(case_book(configuration, bus_url))
        road = stack.enter_context(CommandRoad(bus_url, SystemClock(), settings=configuration.bus))
        yield Town(configuration, bus_url, road, book)


def test_a_camera_is_looked_at_shown_probed_paused_and_resumed(town: Town) -> None:
    with pytest.raises(WorkerOffline, match="no worker has claimed it"):
        town.ask(LookNow(camera_id=GATE))
    with town.worker() as running:
        (post,) = running._posts
        wait_for(lambda: town.health() == (CameraStatus.SEEING, None), "a camera that sees")

        seen = town.answer(LookNow(camera_id=GATE))
        assert isinstance(seen, LookSeen)
        assert (seen.skipped, seen.boxes, seen.counts) == ("", 1, {"car": 1})
        assert seen.score is not None

        view = town.ask(TakePicture(camera_id=GATE))
        assert view.record.answered is not None
        taken = view.record.answered.answer
        assert isinstance(taken, PictureTaken)
        jpeg = town.road.picture(view.record.asked.id)
        assert jpeg is not None
        assert len(jpeg) == taken.size_bytes
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[1::-1] == taken.size_wh == (320, 192)
        assert taken.age_s < 5

        probed = town.answer(Probe(camera_id=GATE))
        assert isinstance(probed, Probed)
        assert (probed.health.codec, probed.health.size_wh) == ("h264", (320, 192))
        assert probed.health.status is CameraStatus.SEEING

        held = town.answer(Pause(camera_id=GATE, reason="杆件检修"))
        assert isinstance(held, PauseHeld)
        assert (held.reason, held.paused_by) == ("杆件检修", LI)
        wait_for(
            lambda: town.health() == (CameraStatus.IMPAIRED, FaultKind.PAUSED),
            "a camera that is told to be paused",
        )
        post.book.close_page()
        assert town.refusal(LookNow(camera_id=GATE)) is Refusal.PAUSED
        assert town.refusal(Pause(camera_id=GATE, reason="again")) is Refusal.ALREADY_PAUSED
        wait_for(lambda: town.answer(TakePicture(camera_id=GATE)), "a picture all the same")
        newest = post.reader.main.ring.newest_keyframe
        wait_for(lambda: post.reader.main.ring.newest_keyframe is not newest, "packets go on")
        page = post.book.close_page()
        assert page.looks == 0

        ended = town.answer(Resume(camera_id=GATE))
        assert isinstance(ended, PauseEnded)
        assert town.refusal(Resume(camera_id=GATE)) is Refusal.NOT_PAUSED
        wait_for(lambda: town.health() == (CameraStatus.SEEING, None), "a camera that sees again")
        (gap,) = wait_for(lambda: town.book.gaps(GATE, held.paused_at), "the gap")
        assert (gap.from_at, gap.to_at) == (ended.paused_at, ended.resumed_at)
        assert gap.cause is FaultKind.PAUSED
        assert gap.detail == f"{LI.name}: 杆件检修"
        assert town.book.maintenance() == ()  # nobody has to repair what people paused
    with pytest.raises(WorkerOffline, match="offline since"):
        town.ask(LookNow(camera_id=GATE))
    with redis.Redis.from_url(town.bus_url) as client:
        for key in client.scan_iter("patrol:command*"):
            assert b"s3cret" not in client.dump(key)


def test_a_pause_outlives_the_worker_and_a_command_is_done_once(town: Town) -> None:
    with town.worker():
        first = town.ask(Pause(camera_id=GATE, reason="检修"), key="pause-1")
        assert first.state is CommandState.ANSWERED
    forget_answers(town.bus_url)  # as if the worker had died before it was answered
    assert town.road.view(first.record.asked.id).state is CommandState.OFFLINE
    with worker(town.configuration, town.bus_url) as again:
        (post,) = again._posts
        assert post.pause is not None
        assert post.pause.command_id == first.record.asked.id
        sent = wait_for(lambda: sent_again(town, first), "a worker that listens")
        assert sent is not None
        view = town.road.wait(sent)
        assert view.record.answered == first.record.answered  # told out of its book
        wait_for(lambda: post.reader.main.ring.newest_keyframe, "packets")
        assert not post.book.looked
        assert isinstance(town.answer(Resume(camera_id=GATE)), PauseEnded)
        wait_for(lambda: post.book.looked, "a look")
    with worker(town.configuration, town.bus_url) as once_more:
        # The pause lies on the bus still and has time left; it was done once and is over.
        assert once_more._posts[0].pause is None
        wait_for(lambda: once_more._posts[0].book.looked, "a look")
        assert once_more._posts[0].pause is None


def sent_again(town: Town, first: CommandView) -> CommandView | None:
    view = town.road.view(first.record.asked.id)
    return None if view.state is CommandState.OFFLINE else view


def forget_answers(bus_url: str) -> None:
    with redis.Redis.from_url(bus_url) as client:
        for key in client.scan_iter("patrol:command:*"):
            client.hdel(key, "answered")


def test_what_a_worker_cannot_do_is_refused_by_name(town: Town) -> None:
    with town.worker() as running:
        told = town.answer(TellConfiguration(), worker_id=running._publisher._source.split("/")[-1])
        assert isinstance(told, ConfigurationTold)
        assert (len(told.digest), told.cameras) == (64, 1)
        refused = town.road.wait(
            town.road.ask(TakeConfiguration(digest=told.digest), LI, worker_id="edge-1")
        )
        assert refused.record.answered is not None
        assert refused.record.answered.refusal is Refusal.NOT_SUPPORTED
        assert "不支持" in refused.words.zh

        # A newer center asks for what this version has no word for.
        sent = town.road.ask(Probe(camera_id=GATE), LI)
        newer = as_a_newer_center_says(town, sent)
        wait_for(lambda: refusal_on_bus(town, newer) is not None, "a refusal")
        assert refusal_on_bus(town, newer) == Refusal.NOT_SUPPORTED.value

        accepted = town.answer(AcceptView(camera_id=GATE))
        assert isinstance(accepted, ViewAccepted)


def as_a_newer_center_says(town: Town, sent: CommandView) -> str:
    """Put a command on the stream as a version to come would: its id."""
    stream = commands_stream(town.configuration.bus, sent.record.asked.worker_id)
    with redis.Redis.from_url(town.bus_url) as client:
        _, fields = client.xrevrange(stream, count=1)[0]
        changed = fields[b"envelope"].replace(b'"probe"', b'"juggle"')
        changed = changed.replace(sent.record.asked.id.encode(), b"cmd_newer")
        client.xadd(stream, {"envelope": changed})
    return "cmd_newer"


def refusal_on_bus(town: Town, command_id: str) -> str | None:
    with redis.Redis.from_url(town.bus_url) as client:
        said = client.hget(f"{town.configuration.bus.command_key}:{command_id}", "answered")
    if said is None:
        return None
    return next((name.value for name in Refusal if f'"{name}"'.encode() in said), "")


def test_the_command_line_asks_and_says_what_came(
    town: Town, tmp_path: Path, patrol_here: PatrolHere
) -> None:
    where = ("--config", tmp_path / "patrol.yaml", "--data", tmp_path / "data")
    saved = tmp_path / "now.jpg"

    def ask(*words: object) -> tuple[int, str, str]:
        return patrol_here("cameras", "ask", GATE, *words, *where)

    with town.worker():
        code, said, _ = ask("picture", "--save", saved, "--json")
        assert code == 0
        told = json.loads(said)
        assert told["state"] == CommandState.ANSWERED
        assert saved.stat().st_size == told["answered"]["answer"]["size_bytes"]
        assert ask("pause")[0] == 2
        code, said, _ = ask("configuration", "--json")
        assert json.loads(said)["answered"]["answer"]["digest"] == digest_of(
            town.configuration.share()
        )
        code, said, _ = ask("resume")
        assert (code, Refusal.NOT_PAUSED.words.en in said) == (1, True)
    code, _, complaint = ask("look")
    assert code == 1
    assert "offline since" in complaint
    assert patrol_here("cameras", "ask", "nowhere", "look", *where)[0] == 1
