"""What the pages say: cases, what is missing, cameras, languages, errors."""

import re
from datetime import timedelta

import httpx
import pytest

from domain.base import Text
from domain.case import FalseReason, Move, Verdict
from domain.clock import VirtualClock
from domain.evidence import EvidenceKind
from domain.health import CameraHealth, CameraLooks, CameraStatus, FaultKind
from domain.incident import IncidentKind
from domain.messages import CameraHealthChanged, EvidenceMissed, IncidentUpdated, LooksDone
from tests.builders import (
    NOON,
    WANG,
    make_cameras,
    make_incident,
    make_missing,
    make_plan,
    make_sites,
    next_revision,
    opened,
)
from tests.console.conftest import OPERATOR, Center, jpeg, picture


def words(html: str) -> str:
    """The words of a page, one space between."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def page(client: httpx.Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def test_home_leads_to_the_desk(client: httpx.Client) -> None:
    assert client.get("/").headers["location"] == "/desk"


def test_an_empty_desk_says_so(client: httpx.Client) -> None:
    said = page(client, "/desk")
    assert "没有案件" in said
    assert "未选择案件" in said


def test_the_desk_shows_the_most_urgent_case_first(center: Center, client: httpx.Client) -> None:
    center.open_case("inc_r")
    fire = center.open_case("inc_f", IncidentKind.FIRE)
    html = client.get("/desk").text
    assert re.findall(r'class="row-link[^"]*"[^>]*data-no="([^"]+)"', html)[0] == fire.no
    assert f'<article id="case-body" data-no="{fire.no}"' in html
    for said in (
        "火情 · 消防安全",
        "问题代码 0411 火灾",
        "5 次巡看中 4 次见火焰",
        "急事 · 特急",
        "示例路口",
        "空港花田网格",
    ):
        assert said in words(html)


def test_the_address_holds_the_filters_and_the_case(center: Center, client: httpx.Client) -> None:
    fire = center.open_case("inc_f", IncidentKind.FIRE)
    road = center.open_case("inc_r")
    html = client.get(f"/desk?kind=fire&group=all&case={road.no}").text
    assert re.findall(r'data-no="([^"]+)"', html.split("</ul>")[0]) == [fire.no]
    assert f'<article id="case-body" data-no="{road.no}"' in html
    assert 'data-view="case"' in html


@pytest.mark.parametrize(
    "query",
    [
        "group=nonsense",
        "case=HS-0",
        "kind=",
        "limit=9999",
        "limit=abc",
        "limit=-3",
        f"limit={'9' * 5000}",
        "q=%25",
        f"q={'x' * 500}",
        f"grid={'x' * 500}",
    ],
)
def test_an_odd_address_still_shows_the_desk(client: httpx.Client, query: str) -> None:
    assert client.get(f"/desk?{query}").status_code == 200


def test_the_queue_is_narrowed_by_priority_and_by_a_grid_of_any_level(
    center: Center, client: httpx.Client
) -> None:
    fire = center.open_case("inc_f", IncidentKind.FIRE)
    road = center.open_case("inc_r")
    second = fire.grids.second
    assert second is not None
    for query, shown in (
        ("priority=1", {fire.no}),
        ("priority=3", {road.no}),
        ("priority=9", {fire.no, road.no}),
        (f"grid={second}", {fire.no, road.no}),
    ):
        html = client.get(f"/desk?{query}").text
        assert set(re.findall(r'data-no="([^"]+)"', html.split("</ul>")[0])) == shown, query
    assert '<optgroup label="二级网格">' in html


def test_decided_cases_move_to_their_tabs(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.book.move(
        case.no,
        Move.REJECT,
        actor=WANG,
        version=case.version,
        verdict=Verdict.FALSE,
        reason=FalseReason.LIGHT,
    )
    assert case.no not in page(client, "/desk/queue")
    assert "误报 · 灯光" in page(client, f"/desk/cases/{case.no}")
    assert case.no in client.get("/desk/queue?group=voided").text


def test_evidence_is_on_its_way_then_there(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = center.open_case()
    assert "片段录制中, 约 25 秒后" in page(client, f"/cases/{case.no}")
    clock.advance(24.5)
    assert "片段录制中, 即将完成" in page(client, f"/cases/{case.no}")
    center.seal(case)
    center.seal(case, EvidenceKind.CLIP, b"any bytes")
    html = client.get(f"/cases/{case.no}").text
    assert "播放片段 4 秒" in words(html)
    assert 'preload="none"' in html


def test_missing_evidence_says_why_and_when(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.book.handle(EvidenceMissed(evidence=make_missing()))
    said = page(client, f"/cases/{case.no}")
    assert "片段缺失 (磁盘已满 12:00:00)" in said
    assert "Clip missing (Disk full, 12:00:00)" in page(client, f"/cases/{case.no}?lang=en")


def test_evidence_nobody_heard_of_is_called_missing_after_a_while(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = center.open_case()
    clock.advance(91)
    said = page(client, f"/cases/{case.no}")
    assert "片段缺失 (未收到)" in said
    assert "快照缺失 (未收到)" in said


def test_a_lost_file_is_called_missing(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.store.path(center.seal(case)).unlink()
    assert "快照缺失 (证据库中找不到文件)" in page(client, f"/cases/{case.no}")


def test_boxes_are_those_of_the_snapshot(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.seal(case)
    later = next_revision(make_incident(at=NOON), boxes=())
    center.book.handle(IncidentUpdated(incident=later))
    html = client.get(f"/desk/cases/{case.no}").text
    assert 'viewBox="0 0 1000 562"' in html
    assert '<rect class="box" x="200.0" y="281.0" width="200.0" height="168.6"/>' in html
    assert "汽车 0.82" in html


def test_boxes_of_another_moment_are_not_drawn(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    center.seal(case, at=NOON + timedelta(seconds=1))
    boxed = center.seal(case, EvidenceKind.SNAPSHOT_BOXED, jpeg(picture(shade=20)))
    html = client.get(f"/desk/cases/{case.no}").text
    assert "<rect class=" not in html.split("mediabar")[0]
    assert f'id="boxed-{boxed.id}" class="overlay"' in html


def test_a_transcoded_preview_is_played_and_named(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    original = center.seal(case, EvidenceKind.CLIP, b"h265")
    preview = center.seal(case, EvidenceKind.CLIP_PREVIEW, b"h264")
    html = client.get(f"/desk/cases/{case.no}").text
    assert f'src="/api/evidence/{preview.id}/file"' in html
    assert f'href="/api/evidence/{original.id}/file?download=1"' in html
    assert "转码预览" in words(html)


def test_a_neighbours_picture_is_called_one(center: Center, client: httpx.Client) -> None:
    gates = {"gate-1": ("gate-2",), "gate-2": ("gate-1",)}
    cameras = [c.model_copy(update={"overlaps": gates.get(c.id, ())}) for c in make_cameras()]
    center.book.install(make_sites(), cameras, make_plan())
    case = center.open_case("inc_1")
    later = center.clock.now() + timedelta(seconds=20)
    seen = make_incident("inc_2", IncidentKind.ROAD_OCCUPATION, camera_id="gate-2", at=later)
    center.book.handle(opened(seen))
    update = {"incident_id": seen.id, "camera_id": "gate-2"}
    center.seal(case.model_copy(update=update))
    said = client.get(f"/cases/{case.no}").text
    assert "相邻摄像机 路口西" in words(said)
    assert re.search('alt="占道, 路口西', said)
    assert "路口西" in said.split('<table class="evidence">')[1]

    center.seal(case)
    said = client.get(f"/cases/{case.no}").text
    assert "相邻摄像机 路口西" not in words(said.split('class="mediabar')[0])


def test_a_notice_stands_on_every_picture(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    notice = Text.of("合成画面(演示)", "Composed picture (demo)")
    case = center.open_case(notice=notice)
    assert "合成画面(演示)" in page(client, f"/desk/cases/{case.no}")


def test_the_map_says_that_its_shapes_are_made_up(center: Center, client: httpx.Client) -> None:
    case = center.open_case()
    assert "示意, 非真实边界" in page(client, f"/cases/{case.no}")


def test_undo_is_offered_while_time_is_left(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    case = center.open_case()
    center.book.move(case.no, Move.CONFIRM, actor=OPERATOR, version=case.version)
    assert 'data-do="undo"' in client.get(f"/desk/cases/{case.no}").text
    clock.advance(11)
    assert 'data-do="undo"' not in client.get(f"/desk/cases/{case.no}").text


def test_candidates_for_a_duplicate_are_the_nearest(center: Center, client: httpx.Client) -> None:
    case = center.open_case("inc_1")
    center.open_case("inc_2", camera_id="square-1")  # three kilometres off
    center.open_case("inc_3", at=NOON - timedelta(hours=3))
    site = center.open_case("inc_4", camera_id="gate-2", at=NOON + timedelta(minutes=3))
    near = center.open_case("inc_5", at=NOON - timedelta(seconds=200))
    other_kind = center.open_case("inc_6", IncidentKind.FIRE)
    html = client.get(f"/desk/cases/{case.no}/candidates").text
    found = re.findall(r'data-no="([^"]+)"', html)
    assert found == [near.no, site.no, other_kind.no]
    said = words(html)
    assert f"{near.no} · 路口东 · 同一摄像机 · 早 3 分 20 秒" in said
    assert f"{site.no} · 路口西 · 0 米 · 晚 3 分" in said


def health_of(camera_id: str, fault: FaultKind | None, status: CameraStatus) -> CameraHealthChanged:
    health = CameraHealth(
        camera_id=camera_id,
        at=NOON,
        status=status,
        since=NOON - timedelta(minutes=5),
        fault=fault,
        detail="detail for ops",
        codec="hevc",
        size_wh=(1920, 1080),
        fps=25.0,
        keyframe_every_s=2.0,
        last_packet_at=NOON,
        reconnects=7,
    )
    return CameraHealthChanged(health=health)


@pytest.mark.parametrize("path", ["/wall", "/wall/tiles"])
def test_the_wall_veils_what_is_old_and_names_what_is_wrong(
    center: Center, client: httpx.Client, clock: VirtualClock, path: str
) -> None:
    center.board.put("gate-1", jpeg(picture()), NOON - timedelta(minutes=14))
    center.board.put("gate-2", jpeg(picture()), NOON)
    center.book.handle(health_of("square-1", FaultKind.FROZEN, CameraStatus.IMPAIRED))
    center.book.handle(health_of("far-1", FaultKind.UNAUTHORIZED, CameraStatus.OFFLINE))
    html = client.get(path).text
    tiles = {
        name: html.split(f'id="tile-{name}"')[0].rsplit("<article", 1)[1]
        for name in ("gate-1", "gate-2", "square-1", "far-1")
    }
    assert "stale" in tiles["gate-1"]
    assert "stale" not in tiles["gate-2"]
    assert "faulty" in tiles["square-1"]
    said = words(html)
    for expected in (
        "画面已过期 14 分钟",
        "画面冻结",
        "用户名或密码错误",
        "尚无画面",
        "自 11:55:00 起",
    ):
        assert expected in said


@pytest.mark.parametrize("path", ["/cameras", "/cameras/rows"])
def test_the_board_tells_trouble_first(center: Center, client: httpx.Client, path: str) -> None:
    center.book.handle(health_of("gate-1", None, CameraStatus.SEEING))
    center.book.handle(health_of("far-1", FaultKind.STALLED, CameraStatus.OFFLINE))
    looks = (
        CameraLooks(camera_id="gate-1", looks=5, unchanged=4, longest_interval_s=2.0),
        CameraLooks(camera_id="far-1", looks=1, longest_interval_s=9.0),
    )
    center.book.handle(
        LooksDone(worker_id="e", from_at=NOON - timedelta(seconds=10), to_at=NOON, cameras=looks)
    )
    html = client.get(path).text
    assert html.index('id="camera-far-1"') < html.index('id="camera-gate-1"')
    said = words(html)
    for expected in (
        "无数据",
        "detail for ops",
        "H.265 · 1920×1080",
        "25 帧/秒",
        "兑现, 最长间隔 2 秒",
        "未兑现, 最长间隔 9 秒",
        "近 5 次巡看中 4 次画面未变",
    ):
        assert expected in said
    assert "近 1 次巡看中" not in said


def page_of_looks(after_s: float, longest_s: float, missed: dict[str, int]) -> LooksDone:
    at = NOON + timedelta(seconds=after_s)
    one = CameraLooks(camera_id="gate-1", looks=2, longest_interval_s=longest_s, skipped=missed)
    return LooksDone(worker_id="e", from_at=at - timedelta(seconds=5), to_at=at, cameras=(one,))


def test_the_board_remembers_for_a_day_what_was_late_and_why(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    said = page(client, "/cameras")
    assert "24 小时" not in said
    center.book.handle(page_of_looks(0, 25.0, {"no_picture": 3, "overload": 7, "from_tomorrow": 1}))
    center.book.handle(page_of_looks(5, 2.0, {}))
    said = page(client, "/cameras")
    assert "目前兑现, 最长间隔 2 秒" in said
    assert "自 12:00:00 这一小时起未兑现, 最长间隔 25 秒" in said  # no day has been counted yet
    assert "漏看 11 次 (过载 7, 无画面 3, from_tomorrow 1)" in said
    said = page(client, "/cameras/rows?lang=en")
    assert "now kept, longest interval 2 s" in said
    assert "broken since the hour of 12:00:00, longest interval 25 s" in said
    assert "missed 11 (Overload 7, No picture 3, from_tomorrow 1)" in said
    clock.advance(23 * 3600)
    assert "24 小时内未兑现, 最长间隔 25 秒" in page(client, "/cameras?lang=zh")
    clock.advance(2 * 3600)
    center.book.handle(page_of_looks(25 * 3600, 2.0, {}))
    clock.advance(23 * 3600)
    said = page(client, "/cameras")
    assert "24 小时兑现, 最长间隔 2 秒" in said
    assert "漏看" not in said


def test_looks_missed_before_the_first_one_break_the_promise(
    center: Center, client: httpx.Client
) -> None:
    dark = CameraLooks(camera_id="gate-1", looks=0, skipped={"unreachable": 2})
    center.book.handle(LooksDone(worker_id="e", from_at=NOON, to_at=NOON, cameras=(dark,)))
    said = page(client, "/cameras")
    assert "自 12:00:00 这一小时起未兑现, 最长间隔 — 漏看 2 次 (主机不可达 2)" in said


def test_english_is_asked_for_once_and_remembered(center: Center, client: httpx.Client) -> None:
    center.open_case("inc_f", IncidentKind.FIRE)
    assert "Confirm" in page(client, "/desk?lang=en")
    assert "Flames in 4 of 5 looks" in page(client, "/desk")
    assert "Code 0411 Fire" in page(client, "/desk")
    assert "属实并立案" in page(client, "/desk?lang=zh")


@pytest.mark.parametrize(("cookie", "theme"), [("light", "light"), ("dark", "dark"), ("x", "dark")])
def test_the_theme_is_remembered(client: httpx.Client, cookie: str, theme: str) -> None:
    client.cookies.set("theme", cookie)
    assert f'data-bs-theme="{theme}"' in client.get("/desk").text


def test_an_unknown_page_or_case_is_a_page(client: httpx.Client) -> None:
    for path in ("/nowhere", "/cases/HS-20260101-0001"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "没有找到" in answer.text


def test_words_from_outside_are_escaped(center: Center, client: httpx.Client) -> None:
    evil = Text.of("<script>alert(1)</script>", "<b>x</b>")
    case = center.open_case(explanation=evil, notice=evil)
    html = client.get(f"/cases/{case.no}").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
