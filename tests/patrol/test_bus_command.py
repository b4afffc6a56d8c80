"""`patrol bus dead`: what was set aside is listed, shown and put back."""

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from events_bridge.connection import connect
from events_bridge.consumer import Consumer
from events_bridge.letters import Box, LetterBox
from events_bridge.publisher import ENVELOPE_FIELD
from events_bridge.settings import BusSettings
from patrol.bus import GROUP
from patrol.commands.bus import app
from tests.waiting import wait_until

BROKEN = b"this is no envelope, rtsp://admin:pa55word@camera/1"


@pytest.fixture
def config(tmp_path: Path, bus_url: str) -> Path:
    """A configuration whose bus holds one message that nobody can read, set aside by a center."""
    settings = BusSettings(url=bus_url)
    with connect(bus_url, settings) as client:
        client.xadd(settings.news_stream, {ENVELOPE_FIELD: BROKEN})
    stop = threading.Event()
    consumer = Consumer(
        bus_url, group=GROUP, name="center", handler=lambda message: None, settings=settings
    )
    running = threading.Thread(target=consumer.run, args=(stop,))
    running.start()
    with closing(LetterBox(bus_url, GROUP, Box.DEAD, settings)) as box:
        wait_until(lambda: box.figures().letters == 1, "the dead letter")
    stop.set()
    running.join()
    consumer.close()
    file = tmp_path / "town.yaml"
    file.write_text(json.dumps({"bus": {"url": bus_url}, "data_dir": str(tmp_path / "data")}))
    return file


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == code, done.output
    return done.output


def listed(config: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(run("dead", "list", "--config", str(config), "--json"))
    return said


def test_a_dead_letter_is_listed_with_its_reason_and_without_a_password(config: Path) -> None:
    (letter,) = listed(config)["dead"]
    assert letter["reason"]
    assert "pa55word" not in json.dumps(letter)
    words = run("dead", "list", "--config", str(config))
    assert letter["id"] in words
    assert "1 dead, 0 lost" in words


def test_one_is_shown_whole(config: Path) -> None:
    (letter,) = listed(config)["dead"]
    shown = json.loads(run("dead", "show", letter["id"], "--config", str(config), "--json"))
    assert shown == letter
    assert "no envelope" in shown["envelope"]
    assert "pa55word" not in run("dead", "show", letter["id"], "--config", str(config))


@pytest.mark.parametrize("everything", [False, True])
def test_it_is_put_back_and_gone_from_the_box(config: Path, bus_url: str, everything: bool) -> None:
    (letter,) = listed(config)["dead"]
    which = "--all" if everything else letter["id"]
    said = json.loads(run("dead", "replay", which, "--config", str(config), "--json"))
    assert set(said["replayed"]) == {letter["id"]}
    assert listed(config)["letters"] == 0
    settings = BusSettings(url=bus_url)
    with connect(bus_url, settings) as client:
        (_, fields) = client.xrevrange(settings.news_stream, count=1)[0]  # type: ignore[index]
    assert fields[ENVELOPE_FIELD] == BROKEN


def test_wrong_use(config: Path) -> None:
    run("dead", "replay", "--config", str(config), code=2)
    run("dead", "replay", "1-1", "--all", "--config", str(config), code=2)
    assert listed(config)["letters"] == 1


@pytest.mark.parametrize("command", ["show", "replay"])
def test_a_letter_that_is_not_there(config: Path, command: str) -> None:
    done = CliRunner().invoke(app, ["dead", command, "1-1", "--config", str(config)])
    assert done.exit_code == 1
    assert "expected the id of a dead message" in str(done.exception)
