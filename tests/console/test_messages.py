"""The page of what the program could not take in, the head line, and the health page."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest
import redis
from sqlalchemy import text

from console.status import Part, SystemStatus
from domain.messages import Message
from domain.trouble import Trouble
from events_bridge.consumer import Consumer
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.letters import Box
from events_bridge.publisher import ENVELOPE_FIELD
from events_bridge.settings import BusSettings
from patrol.bus import GROUP
from patrol.center_status import bus_parts
from tests.console.conftest import Center
from tests.console.server import serving
from tests.events_bridge.samples import incident_message
from tests.waiting import wait_until

QUICK = BusSettings(block_s=0.05, retry_first_s=0.0, max_deliveries=1)
SOURCE = worker_source("edge-1")


def refuse(message: Message) -> None:
    raise RuntimeError("<b>no place</b> at rtsp://admin:hunter2@10.0.0.7/1")


@pytest.fixture
def consumer(bus_url: str) -> Iterator[Consumer]:
    """A center's consumer that has just set one message aside for each reason; it stands still."""
    sound = to_envelope(incident_message(0), SOURCE)
    newer = to_envelope(incident_message(1), SOURCE)
    newer = newer.replace(b"patrol.incident.opened.v1", b"patrol.incident.opened.v9")
    with redis.Redis.from_url(bus_url) as client:
        for envelope in (sound, newer):
            client.xadd(QUICK.news_stream, {ENVELOPE_FIELD: envelope})
    stop = threading.Event()
    with closing(
        Consumer(bus_url, group=GROUP, name="center", handler=refuse, settings=QUICK)
    ) as consumer:
        thread = threading.Thread(target=consumer.run, args=(stop,))
        thread.start()
        wait_until(lambda: all(one.letters for one in consumer.figures().values()), "the letters")
        wait_until(lambda: consumer.lag() == 0, "an empty bus")
        stop.set()
        thread.join()
        yield consumer


@pytest.fixture
def web(center: Center, consumer: Consumer) -> Iterator[httpx.Client]:
    def status() -> SystemStatus:
        parts = tuple(bus_parts(consumer, QUICK.late_after_s))
        now = datetime.now(UTC)
        return SystemStatus(at=now, version="0", started_at=now, parts=parts)

    with (
        serving(lambda: center.make_app(status, consumer.box)) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        yield client


def test_the_page_shows_what_was_set_aside_and_why(web: httpx.Client, consumer: Consumer) -> None:
    (dead,) = consumer.dead_letters()
    page = web.get("/maintenance/messages").text
    for expected in (
        "死信",
        "暂存消息",
        dead.id,
        SOURCE,
        "&lt;b&gt;no place",
        "重放",
        "请升级中脑",
    ):
        assert expected in page
    assert "hunter2" not in page
    english = web.get("/maintenance/messages?lang=en").text
    assert "Dead letters" in english
    assert "upgrade the center" in english
    assert 'href="/maintenance/messages"' in web.get("/maintenance").text


def test_dead_letters_are_never_silent(web: httpx.Client) -> None:
    answer = web.get("/api/health")
    parts = {part["name"]: part for part in answer.json()["program"]["parts"]}
    assert answer.status_code == 503
    assert (parts[Part.DEAD_LETTERS]["count"], parts[Part.PARKED]["count"]) == (1, 1)
    assert parts[Part.DEAD_LETTERS]["oldest_s"] >= 0
    head = web.get("/parts/troubles").text
    assert "死信 1" in head
    assert 'hx-get="/parts/troubles"' in web.get("/desk").text


def test_a_letter_is_replayed_and_discarded_once(
    web: httpx.Client, consumer: Consumer, bus_url: str
) -> None:
    (dead,), (parked,) = consumer.dead_letters(), consumer.parked()
    replay = f"/maintenance/messages/{Box.DEAD}/{dead.id}/replay"
    foreign = web.post(replay, headers={"Origin": "http://elsewhere.example"})
    assert (foreign.status_code, len(consumer.dead_letters())) == (403, 1)
    assert web.get(replay).status_code == 405
    assert "已重放" in web.post(replay).text
    assert consumer.dead_letters() == ()
    assert consumer.lag() == 1
    assert "已被他人" in web.post(replay).text
    assert "已弃置" in web.post(f"/maintenance/messages/{Box.PARKED}/{parked.id}/discard").text
    assert consumer.parked() == ()
    assert web.post("/maintenance/messages/other/1-1/replay").status_code == 422


def test_a_locked_case_store_is_told_on_every_page(center: Center, web: httpx.Client) -> None:
    with center.book._database.session() as writer:
        writer.execute(text("SELECT 1"))  # holds it from here on
        answer = web.get("/api/health")
        assert answer.status_code == 503
        (cases,) = answer.json()["parts"]
        assert (cases["name"], cases["trouble"]) == (Part.CASES, Trouble.DATABASE_LOCKED)
        assert "锁定" in cases["says"]["zh"]
        assert "end the program that holds it" in cases["says"]["en"]
        assert "锁定" in web.get("/parts/troubles").text
        assert "锁定" in web.get("/maintenance/messages").text


def test_a_console_without_a_bus_has_nothing_to_show(client: httpx.Client) -> None:
    assert "读不到死信" in client.get("/maintenance/messages").text
    assert client.get("/parts/troubles").text.strip() == ""
