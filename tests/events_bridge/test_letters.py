"""What was set aside: dead letters and parked messages, their bounds, and the way back."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from structlog.testing import capture_logs

from domain.errors import LetterNotFound
from domain.messages import MESSAGES, IncidentOpened, Message
from events_bridge.bus_settings import BusSettings
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.letters import Box, BoxFigures, LetterBox
from events_bridge.publisher import ENVELOPE_FIELD
from tests.events_bridge.bus_tools import GROUP, Inbox, consuming
from tests.events_bridge.samples import incident_message, looks_message
from tests.waiting import wait_until

SOURCE = worker_source("edge-1")


@pytest.fixture
def client(bus_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(bus_url, protocol=2) as client:
        yield client


def add(client: redis.Redis, stream: str, *envelopes: bytes) -> None:
    for envelope in envelopes:
        client.xadd(stream, {ENVELOPE_FIELD: envelope})


def in_words_of(message: Message, **changes: object) -> bytes:
    """The message as a program of another version might have written it."""
    return json.dumps({**json.loads(to_envelope(message, SOURCE)), **changes}).encode()


def of_the_future(message: Message) -> bytes:
    return in_words_of(message, type=f"{message.type.rpartition('.v')[0]}.v2")


def test_a_message_of_a_newer_program_is_parked_and_read_by_such_a_one(
    bus_url: str, quick: BusSettings, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Inbox(), Inbox()
    flood = json.loads(to_envelope(incident_message(1), SOURCE))
    flood["data"]["incident"]["kind"] = "flood"
    newer = [of_the_future(incident_message(0)), json.dumps(flood).encode()]
    add(client, quick.news_stream, *newer, to_envelope(incident_message(2), SOURCE))

    with capture_logs() as logs, consuming(bus_url, old, quick) as consumer:
        wait_until(lambda: consumer.lag() == 0, "all messages")
        assert consumer.dead_letters() == ()
        kept = consumer.parked()
        assert consumer.figures()[Box.PARKED].letters == 2
    assert old.messages == [incident_message(2)]
    assert [letter.envelope for letter in reversed(kept)] == newer
    assert [(e["event"], e["log_level"]) for e in logs] == 2 * [("message is parked", "warning")]

    with consuming(bus_url, old, quick) as consumer:  # the same program again: nothing changes
        wait_until(lambda: consumer.lag() == 0, "all messages")
        assert len(consumer.parked()) == 2

    monkeypatch.setitem(MESSAGES, f"{IncidentOpened.type.rpartition('.v')[0]}.v2", IncidentOpened)
    with consuming(bus_url, new, quick) as consumer:
        wait_until(lambda: len(new) == 1, "what the newer program reads")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        assert len(consumer.parked()) == 1
    assert new.messages == [incident_message(0)]


def test_what_a_newer_program_finds_broken_becomes_a_dead_letter(
    bus_url: str, quick: BusSettings, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(client, quick.news_stream, in_words_of(incident_message(0), type="patrol.new.v1", data={}))
    with consuming(bus_url, Inbox(), quick) as consumer:
        wait_until(lambda: consumer.parked(), "the parked message")
    monkeypatch.setitem(MESSAGES, "patrol.new.v1", IncidentOpened)
    with consuming(bus_url, Inbox(), quick) as consumer:
        wait_until(lambda: consumer.dead_letters(), "the dead letter")
        assert consumer.parked() == ()


def test_a_full_box_drops_the_oldest_looks_first_and_says_so(
    bus_url: str, quick: BusSettings, client: redis.Redis
) -> None:
    small = quick.model_copy(update={"dead_max_length": 3})
    add(client, small.news_stream, b"news 0", b"news 1")
    with consuming(bus_url, Inbox(), small) as consumer:
        wait_until(lambda: len(consumer.dead_letters()) == 2, "the news")
        add(client, small.looks_stream, b"looks 0", b"looks 1", b"looks 2")
        wait_until(lambda: consumer.figures()[Box.DEAD].dropped == 2, "the looks")
        with capture_logs() as logs:
            add(client, small.news_stream, b"news 2", b"news 3")
            wait_until(lambda: consumer.figures()[Box.DEAD].dropped == 4, "more news")
        kept = [letter.envelope for letter in reversed(consumer.dead_letters())]
    assert kept == [b"news 1", b"news 2", b"news 3"]
    dropped = [e for e in logs if e["event"].startswith("box of messages is full")]
    assert [(e["log_level"], e["box"], e["lost"]) for e in dropped] == 2 * [("error", "dead", 1)]


def test_a_letter_is_put_back_once_and_tried_anew(
    bus_url: str, quick: BusSettings, client: redis.Redis
) -> None:
    inbox = Inbox()
    mended: list[bool] = []

    def choke(message: Message) -> None:
        if not mended:
            raise RuntimeError("a bug")
        inbox(message)

    add(client, quick.news_stream, to_envelope(incident_message(0), SOURCE))
    with consuming(bus_url, choke, quick) as consumer:
        wait_until(lambda: consumer.dead_letters(), "the dead letter")
        (letter,) = consumer.dead_letters()
        box = consumer.box(Box.DEAD)
        mended.append(True)
        box.put_back(letter.id)
        wait_until(lambda: len(inbox) == 1, "the message")
        with pytest.raises(LetterNotFound, match="somebody has replayed"):
            box.put_back(letter.id)
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        assert consumer.figures()[Box.DEAD] == BoxFigures(0, None, 0)


def test_a_letter_can_be_looked_at_and_discarded(
    bus_url: str, quick: BusSettings, client: redis.Redis
) -> None:
    add(client, quick.news_stream, b"rubbish", b"more rubbish")
    with consuming(bus_url, Inbox(), quick) as consumer:
        wait_until(lambda: len(consumer.dead_letters()) == 2, "the dead letters")
        box = consumer.box(Box.DEAD)
        newest, oldest = box.letters()
        assert box.letter(oldest.id) == oldest
        assert box.letters(before=newest.id) == (oldest,)
        assert box.figures().oldest_at == oldest.at
        assert box.discard(oldest.id) == oldest
        with pytest.raises(LetterNotFound, match=oldest.id):
            box.discard(oldest.id)
        assert box.letters() == (newest,)


@pytest.mark.parametrize("odd", ["", "7", "-", "+", "1-2-3", "0-0", "x" * 100, "1" * 40 + "-0"])
def test_an_odd_id_is_no_letter(bus_url: str, quick: BusSettings, odd: str) -> None:
    with closing(LetterBox(bus_url, GROUP, Box.DEAD, quick)) as box:
        for ask in (box.letter, box.put_back, box.discard):
            with pytest.raises(LetterNotFound, match="expected the id of a dead message"):
                ask(odd)


def test_letters_of_an_older_program_are_shown_as_far_as_they_go(
    bus_url: str, quick: BusSettings, client: redis.Redis
) -> None:
    client.xadd(f"{quick.dead_stream}:{GROUP}", {"reason": b"\xff", "deliveries": "many"})
    with closing(LetterBox(bus_url, GROUP, Box.DEAD, quick)) as box:
        (letter,) = box.letters()
        assert (letter.envelope, letter.reason, letter.deliveries) == (b"", r"\xff", 0)
        box.put_back(letter.id)
    assert client.xlen(quick.news_stream) == 1


def test_looks_and_news_go_back_to_their_own_streams(
    bus_url: str, quick: BusSettings, client: redis.Redis
) -> None:
    add(client, quick.looks_stream, of_the_future(looks_message(0)))
    with consuming(bus_url, Inbox(), quick) as consumer:
        wait_until(lambda: consumer.parked(), "the parked message")
    (letter,) = consumer_parked(bus_url, quick)
    with closing(LetterBox(bus_url, GROUP, Box.PARKED, quick)) as box:
        entry = box.put_back(letter)
    assert client.xrange(quick.looks_stream, entry, entry)


def consumer_parked(url: str, settings: BusSettings) -> list[str]:
    with closing(LetterBox(url, GROUP, Box.PARKED, settings)) as box:
        return [letter.id for letter in box.letters()]
