"""What the desk and the wall claim: what needs somebody is first, and nothing is green unseen."""

import re
from datetime import timedelta

import httpx
import pytest

from domain.case import Move
from domain.clock import VirtualClock
from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.incident import IncidentKind
from domain.messages import CameraHealthChanged
from tests.builders import (
    WANG,
    closed,
    closed_revision,
    make_incident,
    opened,
    reopened_revision,
    updated,
)
from tests.cases.conftest import TO_CLOSED
from tests.console.conftest import Center, jpeg, picture
from tests.console.test_pages import page, words

CAMERAS = ("gate-1", "gate-2", "square-1", "far-1")


def move(center: Center, no: str, *moves: Move) -> None:
    for one in moves:
        version = center.book.case(no).version
        center.book.move(no, one, actor=WANG, version=version, note="测试")


def see(center: Center, *camera_ids: str, at: timedelta = timedelta()) -> None:
    """Let these cameras see, with a picture taken so long before now."""
    now = center.clock.now()
    for camera_id in camera_ids:
        center.board.put(camera_id, jpeg(picture()), now - at)
        tell(center, camera_id, CameraStatus.SEEING)


def tell(
    center: Center, camera_id: str, status: CameraStatus, fault: FaultKind | None = None
) -> None:
    now = center.clock.now()
    health = CameraHealth(camera_id=camera_id, at=now, status=status, since=now, fault=fault)
    center.book.handle(CameraHealthChanged(health=health))


def listed(html: str) -> list[str]:
    return re.findall(r'data-no="([^"]+)"', html.split("</ul>")[0])


def tile(html: str, camera_id: str) -> str:
    """The classes and words of one tile."""
    [head, body] = html.split(f'id="tile-{camera_id}"')
    return words(f"<i>{head.rsplit('<article', 1)[1]} " + body.split("</article>")[0])


def classes(html: str, camera_id: str) -> set[str]:
    found = re.search(rf'<article class="([^"]*)" id="tile-{camera_id}"', html)
    assert found
    return set(found.group(1).split())


def test_a_fire_that_came_back_and_a_filed_case_are_in_the_first_tab(
    center: Center, client: httpx.Client
) -> None:
    fire = make_incident("inc_f", IncidentKind.FIRE)
    center.book.handle(opened(fire))
    back = center.case_of(fire)
    move(center, back.no, *TO_CLOSED)
    filed, sent = center.open_case("inc_1"), center.open_case("inc_2")
    move(center, filed.no, Move.CONFIRM)
    move(center, sent.no, Move.CONFIRM, Move.DISPATCH)
    gone = closed_revision(fire)
    center.book.handle(closed(gone))
    center.book.handle(updated(reopened_revision(gone)))
    html = client.get("/desk").text
    assert listed(html) == [back.no, filed.no]
    said = words(html)
    assert "再次出现" in said
    assert "需要我 2 待受理 0 处置中 3" in said
    for number, tab in ((2, "needs"), (3, "work"), (0, "review")):
        assert f'<i id="tab-{tab}" hx-swap-oob="outerHTML">{number}</i>' in (
            client.get("/desk/queue").text
        )


def test_what_is_overdue_at_any_stage_needs_somebody_and_says_by_how_much(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = center.open_case()
    move(center, case.no, Move.CONFIRM, Move.DISPATCH)
    assert listed(client.get("/desk").text) == []
    clock.advance(1800 + 12 * 60)
    html = client.get("/desk").text
    assert listed(html) == [case.no]
    assert "超期 12 分钟" in words(html)
    other = center.open_case("inc_2")
    html = client.get("/desk?group=all&overdue=1").text
    assert listed(html) == [case.no]
    assert 'name="overdue" value="1" checked' in html
    assert set(listed(client.get("/desk?group=all").text)) == {case.no, other.no}


def test_an_empty_queue_counts_the_eyes(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    def empty(path: str = "/desk") -> str:
        html = client.get(path).text
        assert "circle-check" not in html.split('id="queue"')[1].split("</section>")[0]
        return words(html)

    assert "4 路中 0 路在巡" in empty()
    see(center, "gate-1", "gate-2", "square-1")
    clock.advance(1.5)  # the board is asked once a second
    tell(center, "far-1", CameraStatus.OFFLINE, FaultKind.UNAUTHORIZED)
    said = empty()
    assert "4 路中 3 路在巡" in said
    assert "其余 1 路现在看不到" in said
    see(center, "gate-1", at=timedelta(minutes=14))
    clock.advance(1.5)
    said = empty()
    assert "4 路中 2 路在巡" in said
    assert "1 画面过期" in said
    clock.advance(3600)  # and the worker is gone
    assert "现在没有任何画面在巡看" in empty()
    assert "4 路中 0 路在巡" in words(client.get("/desk/queue").text)
    assert "没有符合筛选的案件" in empty("/desk?kind=fire")


@pytest.mark.parametrize("path", ["/wall", "/wall/tiles"])
def test_a_burning_camera_is_red_with_its_case_and_first(
    center: Center, client: httpx.Client, path: str
) -> None:
    see(center, *CAMERAS)
    fire = center.open_case("inc_f", IncidentKind.FIRE, camera_id="square-1")
    html = client.get(path).text
    assert {"tone-red", "burning"} <= classes(html, "square-1")
    assert f"火情 {fire.no}" in tile(html, "square-1")
    assert f'href="/desk?group=all&amp;case={fire.no}"' in html
    assert re.findall(r'id="tile-([^"]+)"', html)[0] == "square-1"
    assert "tone-green" in classes(html, "gate-1")
    move(center, fire.no, *TO_CLOSED)
    assert "tone-green" in classes(client.get(path).text, "square-1")


def test_what_is_veiled_is_not_in_order(center: Center, client: httpx.Client) -> None:
    see(center, "gate-1")
    see(center, "gate-2", at=timedelta(minutes=14))
    tell(center, "square-1", CameraStatus.SEEING)
    html = client.get("/wall").text
    assert "正常" in tile(html, "gate-1")
    for camera_id, said in (("gate-2", "无新画面"), ("square-1", "尚无画面")):
        assert "tone-green" not in classes(html, camera_id)
        assert said in tile(html, camera_id)
        assert "正常" not in tile(html, camera_id)
    assert "无新画面" in page(client, "/cameras")


def test_who_is_on_duty_is_said_once(center: Center, client: httpx.Client) -> None:
    assert "值班 李(示例)" in page(client, "/desk")


def test_a_permit_is_shown_with_its_end(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    permit = {"no": "城管许〔2026〕12 号", "until": "2026-12-31T10:00:00Z"}
    body = {"move": "reject", "version": case.version, "verdict": "permitted"}
    path = f"/api/cases/{case.no}/moves"
    refused = client.post(path, json=body)
    assert refused.status_code == 422
    assert "许可须填批准文号与有效期" in refused.json()["detail_zh"]
    assert client.post(path, json={**body, "permit": permit}).status_code == 200
    assert "城管许〔2026〕12 号 · 有效至 12-31 18:00" in page(client, f"/cases/{case.no}")


def test_the_slower_one_reads_it_in_the_language_of_the_page(
    center: Center, client: httpx.Client
) -> None:
    case = center.open_case()
    move(center, case.no, Move.CONFIRM)
    body = {"move": "confirm", "version": case.version}
    said = client.post(f"/api/cases/{case.no}/moves?lang=en", json=body).json()["detail"]
    assert said == f"Wang decided on {case.no} at 12:00:00 (Confirm; 测试); it is Filed now"
    body = {"move": "close", "version": center.book.case(case.no).version}
    said = client.post(f"/api/cases/{case.no}/moves?lang=en", json=body).json()["detail"]
    assert not re.findall(r"[\u4e00-\u9fff]", said)
