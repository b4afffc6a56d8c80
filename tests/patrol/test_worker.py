"""What a worker makes of incidents: whom it still tells of them, and which are recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.incident import CloseReason
from domain.messages import IncidentClosed
from patrol.config import Configuration
from patrol.worker import Worker
from patrol.worker.memory import WorkerMemory
from streams.frame import Frame
from streams.replay import replay
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


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return Configuration.model_validate({"data_dir": tmp_path, "cameras": [GATE]})


@pytest.fixture
def frame(tmp_path: Path) -> Frame:
    clip = make_clip(tmp_path / "clip.mp4", seconds=1)
    return next(iter(replay(clip, look_every_s=1, start_at=NOON)))


@contextmanager
def idle(configuration: Configuration, bus_url: str) -> Iterator[Worker]:
    """A worker that was not started; it ends with all that it says on the bus."""
    worker = Worker(configuration, bus_url=bus_url)
    try:
        yield worker
    finally:
        worker._publisher.close()
        worker._board.close()
        worker._store.close()


def test_what_was_open_on_a_camera_that_is_gone_is_closed(
    configuration: Configuration, bus_url: str
) -> None:
    still_open = make_incident("inc_1", camera_id="west", revision=3)
    WorkerMemory(
        incidents=(
            still_open,
            make_incident("inc_2", camera_id="west", zone_id="kerb", shadow=True),
            closed_revision(make_incident("inc_3", camera_id="west", zone_id="square")),
        )
    ).save(configuration.worker_dir / "memory.json")
    with idle(configuration, bus_url) as worker:
        worker._recall()
    (message,) = on_stream(bus_url)
    assert isinstance(message, IncidentClosed)
    assert (message.incident.id, message.incident.revision) == ("inc_1", 4)
    assert message.incident.close_reason is CloseReason.RULE_CHANGED
    assert WorkerMemory.load(configuration.worker_dir / "memory.json") == WorkerMemory()


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
        recorded = sorted(worker._recorder.pending, key=lambda incident: incident.revision)
        assert recorded == [first, back]
