"""Server-sent events, over a real connection."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.clock import SystemClock
from domain.health import CameraHealth, CameraStatus
from domain.messages import CameraHealthChanged
from tests.console.conftest import SETTINGS, Center, build_center, jpeg, picture
from tests.console.server import LiveServer, serving

Event = tuple[str, dict[str, Any]]
FAST = SETTINGS.model_copy(update={"heartbeat_s": 0.5, "look_poll_s": 0.1})


@pytest.fixture
def center(tmp_path: Path, migrated_file: Path, bus_url: str) -> Iterator[Center]:
    yield from build_center(tmp_path, migrated_file, bus_url, SystemClock(), FAST)


@contextmanager
def events(client: httpx.Client, path: str = "/api/stream") -> Iterator[Iterator[Event]]:
    """The events of a stream, from its hello on."""
    with client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        def parsed() -> Iterator[Event]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

        yield parsed()


def first(found: Iterator[Event], holds: Callable[[Event], bool]) -> dict[str, Any]:
    return next(event[1] for event in found if holds(event))


def test_a_new_case_and_its_moves_are_told(center: Center, client: httpx.Client) -> None:
    with events(client) as news:
        assert next(news)[0] == "hello"
        case = center.open_case()
        told = first(news, lambda event: event[0] == "cases")
        assert told["changes"][0]["no"] == case.no
        assert told["now"]
        center.seal(case)
        first(news, lambda event: event[0] == "cases" and _what(event) == "evidence")


def _what(event: Event) -> str:
    return str(event[1]["changes"][0]["what"])


def test_a_cameras_health_is_told(center: Center, client: httpx.Client) -> None:
    with events(client) as news:
        next(news)
        at = center.clock.now()
        health = CameraHealth(camera_id="gate-1", at=at, status=CameraStatus.SEEING, since=at)
        center.book.handle(CameraHealthChanged(health=health))
        assert first(news, lambda event: event[0] == "cameras")["cameras"] == ["gate-1"]


def test_a_quiet_stream_says_that_the_server_lives(client: httpx.Client) -> None:
    with events(client) as news:
        assert [next(news)[0] for _ in range(3)] == ["hello", "tick", "tick"]


def test_new_pictures_are_told_to_the_wall_only(center: Center, client: httpx.Client) -> None:
    at = center.clock.now()
    center.board.put("gate-1", jpeg(picture()), at)
    with events(client, "/api/stream?looks=true") as news:
        told = first(news, lambda event: event[0] == "looks")["looks"]
        assert told == {"gate-1": at.isoformat()}
    with events(client) as news:
        assert [next(news)[0] for _ in range(2)] == ["hello", "tick"]


def test_streams_end_when_the_program_stops(center: Center) -> None:
    with (
        serving(center.make_app) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        with events(client) as news:
            next(news)
            server.app.state.streams.close()
            assert all(name == "tick" for name, _ in news)


def test_a_reader_that_was_too_slow_is_told_to_ask_again(
    center: Center, server: LiveServer, client: httpx.Client
) -> None:
    with events(client) as news:
        next(news)
        for number in range(300):
            at = center.clock.now()
            health = CameraHealth(
                camera_id=f"cam-{number}", at=at, status=CameraStatus.SEEING, since=at
            )
            center.book.handle(CameraHealthChanged(health=health))
        seen = {camera for event in _until(news, "cam-299") for camera in event.get("cameras", [])}
        assert "cam-299" in seen


def _until(news: Iterator[Event], camera: str) -> Iterator[dict[str, Any]]:
    for _, body in news:
        yield body
        if camera in body.get("cameras", []):
            return
