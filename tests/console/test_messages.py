"""The page of what the program could not take in, the head line, and the health page."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from console.status import Part
from domain.trouble import Trouble
from events_bridge.consumer import Consumer
from events_bridge.letters import Box
from tests.console.conftest import Center
from tests.console.server import serving
from tests.console.set_aside import SOURCE, set_aside, status_of


@pytest.fixture
def consumer(bus_url: str) -> Iterator[Consumer]:
    with set_aside(bus_url) as consumer:
        yield consumer


@pytest.fixture
def web(center: Center, consumer: Consumer) -> Iterator[httpx.Client]:
    with (
        serving(lambda: center.make_app(status_of(consumer), consumer.box)) as server,
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
