"""Commands over HTTP and on the page of a camera; a worker's end of the bus answers in the test."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from domain.answers import Refusal
from domain.commands import AskedBy, AskerKind, TellConfiguration
from domain.held_back import HeldBack, HeldBackReason
from domain.messages import FindingsHeldBack
from events_bridge.command_road import MOST, CommandRoad
from tests.console.conftest import SETTINGS, Center, jpeg, picture
from tests.console.edge import BUS, GATE, Edge, edge_of
from tests.console.server import serving

ASK = f"/api/cameras/{GATE}/commands"


@pytest.fixture
def edge(bus_url: str) -> Iterator[Edge]:
    with edge_of(bus_url) as parts:
        yield parts


@pytest.fixture
def web(center: Center, edge: Edge, bus_url: str) -> Iterator[httpx.Client]:
    with (
        CommandRoad(bus_url, center.clock, zone=ZoneInfo(SETTINGS.timezone), settings=BUS) as road,
        serving(lambda: center.make_app(road=road)) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        yield client


def test_a_command_is_sent_once_and_its_answer_is_told(web: httpx.Client, edge: Edge) -> None:
    key = {"Idempotency-Key": "k1"}
    sent = web.post(ASK, json={"kind": "picture"}, headers=key)
    assert sent.status_code == 202, sent.text
    said = sent.json()
    assert (said["state"], said["worker_id"], said["camera_id"]) == ("sent", "edge-1", GATE)
    assert web.post(ASK, json={"kind": "picture"}, headers=key).json()["id"] == said["id"]

    heard = edge.hear()  # one, not two
    assert heard.id == said["id"]
    operator = SETTINGS.operator.zh
    assert heard.asked_by == AskedBy(
        kind=AskerKind.PERSON, id="operator", name=operator, role="dispatcher"
    )
    data = jpeg(picture())
    edge.answer(heard.id, data)
    answered = web.get(sent.headers["location"]).json()
    assert (answered["state"], answered["answer"]["size_wh"]) == ("answered", [640, 360])
    shown = web.get(answered["picture"])
    assert (shown.headers["content-type"], shown.content) == ("image/jpeg", data)
    assert "no-store" in shown.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (ASK, {"kind": "pause"}, 422, "expected a reason"),
        (ASK, {"kind": "pause", "reason": "  "}, 422, "expected a reason"),
        ("/api/cameras/square-1/commands", {"kind": "configuration"}, 503, "no worker has claimed"),
        (ASK, {"kind": "juggle"}, 422, "expected one of look_now"),
        (ASK, {"kind": "configure"}, 422, "expected one of look_now"),
        (ASK, {"kind": "look_now", "within_s": 1e9}, 422, "within_s"),
        (ASK, {"kind": "pause", "reason": "x" * 201}, 422, "reason"),
        ("/api/cameras/nowhere/commands", {"kind": "probe"}, 404, "nowhere"),
        ("/api/cameras/square-1/commands", {"kind": "probe"}, 503, "no worker has claimed it"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_both_languages(
    web: httpx.Client, edge: Edge, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = web.post(path, json=body)
    assert answer.status_code == status
    problem = answer.json()
    assert said in problem["detail_en"]
    assert re.search(r"[\u4e00-\u9fff]", problem["detail_zh"])
    assert edge.inbox.read() == []


def test_the_worker_of_a_camera_is_asked_for_its_configuration(
    web: httpx.Client, edge: Edge
) -> None:
    said = web.post(ASK, json={"kind": "configuration"}).json()
    assert (said["camera_id"], said["worker_id"]) == (None, "edge-1")
    assert edge.hear().command == TellConfiguration()


def test_another_site_asks_nothing(web: httpx.Client, edge: Edge) -> None:
    foreign = {"Origin": "http://elsewhere.example"}
    for path, what in ((ASK, {"json": {"kind": "probe"}}), (PAGE_ASK, {"data": FORM})):
        assert web.post(path, headers=foreign, **what).status_code == 403  # type: ignore[arg-type]
    assert edge.inbox.read() == []


def test_offline_conflict_flood_and_forgotten_have_answers_of_their_own(
    web: httpx.Client, edge: Edge
) -> None:
    key = {"Idempotency-Key": "k1"}
    assert web.post(ASK, json={"kind": "probe"}, headers=key).status_code == 202
    assert web.post(ASK, json={"kind": "look_now"}, headers=key).status_code == 409
    statuses = [web.post(ASK, json={"kind": "probe"}).status_code for _ in range(MOST)]
    assert statuses == [202] * (MOST - 1) + [429]
    edge.listen(listens=False)
    gone = web.post(ASK, json={"kind": "probe"})
    assert gone.status_code == 503
    assert re.search(r"已离线 \d+ 秒 \(自 .*\+08:00\)", gone.json()["detail_zh"])
    assert "offline since" in gone.json()["detail_en"]
    assert web.get("/api/commands/cmd_nobody").status_code == 404
    assert web.get("/api/commands/cmd_nobody/picture.jpg").status_code == 404


PAGE_ASK = f"/camera/{GATE}/commands"
FORM = {"kind": "picture", "key": "k"}


def test_the_page_of_a_camera_asks_and_follows(web: httpx.Client, edge: Edge) -> None:
    page = web.get(f"/camera/{GATE}").text
    for word in ("看一眼", "现场画面", "暂停巡看", "恢复巡看", "接受现画面", "尚未下发指令"):
        assert word in page
    assert "在线, 接收指令" in page
    assert f'href="/camera/{GATE}"' in web.get("/cameras").text
    key = re.findall(r'name="key" value="([^"]+)"', page)[0]

    asked = web.post(PAGE_ASK, data={"kind": "picture", "key": key}).text
    assert "已下发, 等待回执" in asked
    (followed,) = re.findall(rf'hx-get="({PAGE_ASK}/[^"]+)"', asked)
    web.post(PAGE_ASK, data={"kind": "picture", "key": key})
    heard = edge.hear()
    edge.answer(heard.id, jpeg(picture()))
    told = web.get(followed).text
    assert "已回执" in told
    assert "hx-get" not in told  # nothing to wait for any more
    assert f'src="/api/commands/{heard.id}/picture.jpg"' in told
    assert "Answered" in web.get(followed, params={"lang": "en"}).text


def test_the_page_says_what_was_held_back_of_late(web: httpx.Client, center: Center) -> None:
    now = center.clock.now()
    for ago_h, reason in ((1, "rejected"), (3, "rejected"), (2, "denied"), (30, "queue")):
        ended_at = now - timedelta(hours=ago_h)
        span = HeldBack(
            camera_id=GATE,
            rule_id="fire",
            zone_id="frame",
            reason=HeldBackReason(reason),
            from_at=ended_at - timedelta(minutes=1),
            to_at=ended_at,
            looks=10 * ago_h,
        )
        center.book.handle(FindingsHeldBack(held_back=span))
    for lang in ("zh", "en"):
        facts = web.get(f"/camera/{GATE}/facts", params={"lang": lang}).text
        told = facts[facts.index('id="held-back"') :]
        rejected, denied, queue = (
            getattr(HeldBackReason(name).words, lang) for name in ("rejected", "denied", "queue")
        )
        assert told.index(rejected) < told.index("40") < told.index(denied) < told.index("20")
        assert queue not in told, "that was more than a day ago"


def test_the_page_says_why_not(web: httpx.Client, edge: Edge) -> None:
    assert "暂停需要写明原因" in web.post(PAGE_ASK, data={"kind": "pause", "key": "1"}).text
    web.post(PAGE_ASK, data={"kind": "look_now", "key": "2"})
    heard = edge.hear()
    edge.refuse(heard.id, Refusal.NO_PICTURE, "<b>no packet for 12 s</b>")
    told = web.get(f"{PAGE_ASK}/{heard.id}").text
    assert "被拒绝: 没有现在的画面" in told
    assert "<b>no packet" not in told
    edge.listen(listens=False)
    gone = web.post(PAGE_ASK, data={"kind": "look_now", "key": "3"}).text
    assert "未下发" in gone
    assert "已离线" in gone
    facts = web.get(f"/camera/{GATE}/facts").text
    assert "离线" in facts
    assert web.get("/camera/nowhere").status_code == 404


def test_a_center_without_a_bus_says_so(center: Center) -> None:
    with (
        serving(center.make_app) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        assert client.post(ASK, json={"kind": "probe"}).status_code == 503
        assert "未下发" in client.post(PAGE_ASK, data=FORM).text
