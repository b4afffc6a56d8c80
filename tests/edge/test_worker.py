"""What a worker makes of incidents: whom it still tells of them, and which are recorded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.evidence import EvidenceKind, MissingReason
from domain.incident import CloseReason
from domain.messages import (
    CamerasClaimed,
    EvidenceMissed,
    IncidentClosed,
    IncidentOpened,
    LooksDone,
    Message,
)
from edge.book.debts import OF_EACH_OPENING
from edge.process import Worker
from settings.config import Configuration
from streams.frame import Frame
from streams.replay import replay
from tests.books import make_book
from tests.builders import (
    NOON,
    closed,
    closed_revision,
    make_incident,
    opened,
    reopened_revision,
    updated,
)
from tests.events_bridge.bus_tools import on_stream
from tests.media import make_clip

GATE = {"id": "gate-1", "name": "门", "site_id": "s", "url": "rtsp://192.0.2.1/"}
OLDER = Path(__file__).parent / "upgrade"
"""What a worker of before the book left on disk; its own code wrote it."""


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return Configuration.of({"data_dir": tmp_path, "cameras": [GATE]})


@pytest.fixture
def frame(tmp_path: Path) -> Frame:
    clip = make_clip(tmp_path / "clip.mp4", seconds=1)
    return next(iter(replay(clip, look_every_s=1, start_at=NOON)))


@contextmanager
def idle(configuration: Configuration, bus_url: str) -> Iterator[Worker]:
    """A worker that was not started; it ends with all that it says on the bus."""
    worker = Worker(configuration.share(), bus_url=bus_url)
    try:
        yield worker
    finally:
        worker._publisher.close()
        worker._book.close()
        worker._holders.close()
        worker._board.close()
        worker._store.close()


def told(bus_url: str) -> list[Message]:
    """What was said of incidents and evidence."""
    return [one for one in on_stream(bus_url) if not isinstance(one, CamerasClaimed)]


def test_what_was_open_on_a_camera_that_is_gone_is_closed(
    configuration: Configuration, bus_url: str
) -> None:
    still_open = make_incident("inc_1", camera_id="west", revision=3)
    with make_book(configuration.share().dir) as book, book.page() as page:
        page.remember(
            "west",
            (
                still_open,
                make_incident("inc_2", camera_id="west", zone_id="kerb", shadow=True),
                closed_revision(make_incident("inc_3", camera_id="west", zone_id="square")),
            ),
        )
    with idle(configuration, bus_url) as worker:
        worker._recall()
    (message,) = told(bus_url)
    assert isinstance(message, IncidentClosed)
    assert (message.incident.id, message.incident.revision) == ("inc_1", 4)
    assert message.incident.close_reason is CloseReason.RULE_CHANGED
    with make_book(configuration.share().dir) as book:
        assert book.incidents == ()


@pytest.mark.parametrize("reason", [CloseReason.GONE, CloseReason.UNSEEN, CloseReason.OFF_HOURS])
def test_an_incident_is_recorded_when_it_opens_and_each_time_it_comes_back(
    configuration: Configuration, bus_url: str, frame: Frame, reason: CloseReason
) -> None:
    first = make_incident()
    ended = closed_revision(first, reason=reason)
    back = reopened_revision(ended)
    # What closes because nothing was seen, or out of hours, closes without a picture.
    with_frame = frame if reason is CloseReason.GONE else None
    with idle(configuration, bus_url) as worker:
        (post,) = worker._posts
        worker._handle_news(post, frame, [opened(first), updated(first)])
        worker._handle_news(post, with_frame, [closed(ended)])
        worker._handle_news(post, frame, [opened(back), updated(back)])
        owed = worker._book.debts.open
        assert [one.kind for one in owed] == [*OF_EACH_OPENING, *OF_EACH_OPENING]
        assert len({one.id for one in owed}) == 6


def test_what_an_older_worker_left_is_taken_up_once(
    configuration: Configuration, bus_url: str
) -> None:
    """Its memory and its spool: what was open, owed, and still to be said."""
    shutil.copytree(OLDER, configuration.share().dir)
    with idle(configuration, bus_url) as worker:
        assert {i.id for i in worker._book.incidents} == {"inc_open", "inc_cooling"}
        worker._recall()
    news = told(bus_url)
    # The older worker had sent the first two of its twelve.
    waited = [one.incident.id for one in news if isinstance(one, IncidentOpened)]
    assert waited == [f"inc_{number:05d}" for number in range(2, 12)]
    (missed,) = [one.evidence for one in news if isinstance(one, EvidenceMissed)]
    assert (missed.incident_id, missed.kind) == ("inc_open", EvidenceKind.CLIP)
    assert missed.reason is MissingReason.SHUTDOWN
    looks = [one for one in on_stream(bus_url, "patrol:looks") if isinstance(one, LooksDone)]
    assert len(looks) == 3
    assert not (configuration.share().dir / "memory.json").exists()
    assert not (configuration.share().dir / "spool").exists()
    shutil.copytree(OLDER / "spool", configuration.share().dir / "spool")  # not removed in time
    with idle(configuration, bus_url) as worker:
        worker._recall()
    assert [one.name for one in told(bus_url) if isinstance(one, IncidentOpened)] == [
        f"{id_}:1" for id_ in waited
    ]
