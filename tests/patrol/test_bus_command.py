"""`patrol bus dead`: dead letters and parked messages on the command line."""

import json
import threading
from pathlib import Path

import pytest
import redis

from domain.messages import Message
from events_bridge.bus_settings import BusSettings
from events_bridge.consumer import Consumer
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.letters import Box
from events_bridge.publisher import ENVELOPE_FIELD, Publisher
from patrol.bus import GROUP
from settings.config import Configuration
from tests.books import make_book
from tests.command_line import PatrolHere
from tests.events_bridge.samples import incident_message
from tests.waiting import wait_until

SOURCE = worker_source("edge-1")
QUICK = BusSettings(block_s=0.05, retry_first_s=0.0, max_deliveries=1)


def refuse(message: Message) -> None:
    raise RuntimeError("cannot take \x1b[31mthis\x1b[0m: rtsp://admin:hunter2@10.0.0.7/1")


@pytest.fixture
def town(tmp_path: Path, bus_url: str) -> Path:
    """A configuration whose bus holds one message that no handler takes, one that nobody can
    read, and one of a newer program."""
    newer = json.loads(to_envelope(incident_message(1), SOURCE))
    newer["type"] = f"{newer['type'].rpartition('.v')[0]}.v9"
    with (
        make_book(tmp_path / "worker") as book,
        Publisher(bus_url, book.outbox, source=SOURCE, settings=QUICK) as publisher,
    ):
        publisher.publish(incident_message(0))
    with redis.Redis.from_url(bus_url) as client:
        wait_until(lambda: client.xlen(QUICK.news_stream) == 1, "the message")
        for envelope in (b"rub[red]bish\x1b[2J", json.dumps(newer).encode()):
            client.xadd(QUICK.news_stream, {ENVELOPE_FIELD: envelope})
    consumer = Consumer(bus_url, group=GROUP, name="center", handler=refuse, settings=QUICK)
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    wait_until(lambda: consumer.figures()[Box.PARKED].letters == 1, "the parked message")
    wait_until(lambda: consumer.figures()[Box.DEAD].letters == 2, "the dead letters")
    stop.set()
    thread.join()
    consumer.close()
    file = tmp_path / "town.yaml"
    file.write_text(f"bus: {{url: '{bus_url}'}}\n")
    return file


def test_letters_are_listed_shown_and_replayed(
    town: Path, patrol_here: PatrolHere, bus_url: str
) -> None:
    code, out, err = patrol_here("bus", "dead", "list", "--json", "-c", town)
    unreadable, refused = sorted(json.loads(out)["dead"], key=lambda letter: letter["type"])
    assert (code, err) == (0, "")
    assert (refused["source"], refused["failures"], unreadable["failures"]) == (SOURCE, 1, 0)
    assert refused["subject"] == incident_message(0).subject

    code, out, _ = patrol_here("bus", "dead", "list", "-c", town)
    assert code == 0
    assert "rub[red]bish" in out
    assert "hunter2" not in out
    assert "\x1b" not in out

    code, out, _ = patrol_here("bus", "dead", "show", refused["id"], "-c", town)
    assert code == 0
    assert incident_message(0).name in out
    assert "hunter2" not in out
    assert "\x1b" not in out

    code, out, _ = patrol_here("bus", "dead", "replay", refused["id"], "--json", "-c", town)
    entry = json.loads(out)["replayed"][refused["id"]]
    assert code == 0
    with redis.Redis.from_url(bus_url) as client:
        assert client.xrange(QUICK.news_stream, entry, entry)

    code, _, err = patrol_here("bus", "dead", "replay", refused["id"], unreadable["id"], "-c", town)
    assert code == 1
    assert refused["id"] in err
    left = json.loads(patrol_here("bus", "dead", "list", "--json", "-c", town)[1])
    assert left == {"letters": 0, "dropped": 0, "dead": []}


def test_parked_messages_and_all_at_once(town: Path, patrol_here: PatrolHere) -> None:
    code, out, _ = patrol_here("bus", "dead", "list", "--parked", "--json", "-c", town)
    (parked,) = json.loads(out)["parked"]
    assert (code, parked["box"], parked["type"][-3:]) == (0, Box.PARKED, ".v9")
    code, out, _ = patrol_here("bus", "dead", "discard", "--parked", parked["id"], "-c", town)
    assert (code, "1 条" in out) == (0, True)
    code, out, _ = patrol_here("bus", "dead", "replay", "--all", "-c", town)
    assert (code, "2 条" in out) == (0, True)
    assert patrol_here("bus", "dead", "replay", "--all", "-c", town)[0] == 0  # none is no fault


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "0-0"], 1),
        (["show", "x"], 1),
        (["replay"], 2),
        (["replay", "--all", "1-1"], 2),
        (["discard"], 2),
        (["list", "--limit", "0"], 2),
        (["list", "--help"], 0),
    ],
)
def test_wrong_use_and_unknown_letters(
    tmp_path: Path, bus_url: str, patrol_here: PatrolHere, words: list[str], code: int
) -> None:
    file = tmp_path / "town.yaml"
    file.write_text(f"bus: {{url: '{bus_url}'}}\n")
    said = patrol_here("bus", "dead", *words, "-c", file)
    assert said[0] == code
    assert "Traceback" not in said[2]


def test_an_embedded_bus_is_read_beside_the_program_and_never_made(
    tmp_path: Path, patrol_here: PatrolHere
) -> None:
    data = tmp_path / "data"
    code, _, err = patrol_here("bus", "dead", "list", "-d", data)
    assert code == 1
    assert "expected the data of an embedded bus" in err
    assert not data.exists()
    with EmbeddedBus(Configuration.of({"data_dir": data}).bus_dir):
        code, out, _ = patrol_here("bus", "dead", "list", "-d", data)
    assert (code, "0 dead, 0 lost" in out) == (0, True)
