"""The pages in a real browser: what appears by itself, what keys do, what is never pretended."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from domain.actor import Actor
from domain.base import Text
from domain.case import CaseState, FalseReason, Move, Verdict
from domain.clock import SystemClock
from domain.evidence import EvidenceKind
from domain.incident import IncidentKind
from evidence.photo import seal_photo
from tests.builders import WANG, make_report
from tests.console.browser import DESKTOP, PATIENCE_MS, PHONE, Watch, chromium
from tests.console.conftest import OPERATOR, SETTINGS, Center, build_center, jpeg, picture
from tests.console.server import LiveServer
from tests.media import make_clip
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

QUICK = SETTINGS.model_copy(update={"heartbeat_s": 1.0, "look_poll_s": 0.2})
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def center(tmp_path: Path, migrated_file: Path, bus_url: str) -> Iterator[Center]:
    """On the clock that the browser lives by."""
    yield from build_center(tmp_path, migrated_file, bus_url, SystemClock(), QUICK)


@pytest.fixture
def visit(browser: Browser, server: LiveServer) -> Iterator[OpenPage]:
    """Opens pages; afterwards, none may have had an error."""
    watches: list[Watch] = []
    contexts = []

    def open_page(path: str, *, size: dict[str, int] = DESKTOP, watched: bool = True) -> Page:
        context = browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watch = Watch(page)
        if watched:
            watches.append(watch)
        page.goto(f"{server.url}{path}")
        expect(page.locator("#live-word")).to_have_text("实时" if "lang=en" not in path else "Live")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for watch in watches for error in watch.errors] == []


def see(page: Page, selector: str, words: Any) -> None:
    expect(page.locator(selector)).to_contain_text(words, timeout=PATIENCE_MS)


def shown(page: Page, no: str) -> None:
    expect(page.locator("#case-body")).to_have_attribute("data-no", no, timeout=PATIENCE_MS)


def state_of(center: Center, no: str) -> CaseState:
    return center.book.case(no).state


def test_a_case_appears_by_itself(center: Center, visit: OpenPage) -> None:
    page = visit("/desk")
    see(page, "#queue", "没有案件")
    page.evaluate("window.sameDocument = true")
    case = center.open_case(
        "inc_f", IncidentKind.FIRE, notice=Text.of("合成画面(演示)", "Composed")
    )
    shown(page, case.no)
    see(page, "#rows", "火情")
    see(page, "#counts", re.compile(r"待受理\s*1"))
    see(page, "#clip-words", "片段录制中")
    center.seal(case)
    expect(page.locator("svg.overlay rect.box")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#stage img").first).to_have_js_property("naturalWidth", 640)
    see(page, ".stage-notes", "合成画面(演示)")
    assert page.evaluate("window.sameDocument")


def test_y_confirms_and_u_takes_it_back(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    page = visit("/desk")
    page.keyboard.press("y")
    see(page, ".case-head", "已立案")
    assert state_of(center, case.no) is CaseState.FILED
    see(page, "#actions [data-do=undo]", re.compile(r"撤销\s+\d+ 秒"))
    page.keyboard.press("u")
    see(page, ".case-head", "待受理")
    assert state_of(center, case.no) is CaseState.PENDING_REVIEW


def test_n_and_a_digit_void_with_the_reason_and_go_on(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    first = center.open_case("inc_1", at=now)
    second = center.open_case("inc_2", at=now - timedelta(minutes=1))
    page = visit("/desk")
    shown(page, first.no)
    page.keyboard.press("n")
    see(page, "#strip-false", "反光")
    page.keyboard.press("2")
    shown(page, second.no)
    voided = center.book.case(first.no)
    assert (voided.verdict, voided.verdict_reason) == (Verdict.FALSE, FalseReason.REFLECTION)
    expect(page.locator(f"#row-{first.no}")).to_have_count(0)
    see(page, "#toasts", "作废")
    page.keyboard.press("u")
    shown(page, first.no)
    assert state_of(center, first.no) is CaseState.PENDING_REVIEW


def test_r_chooses_the_original(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    copy = center.open_case("inc_2", at=now)
    original = center.open_case("inc_1", at=now - timedelta(minutes=1))
    page = visit("/desk")
    shown(page, copy.no)
    page.keyboard.press("r")
    see(page, "#candidates", original.no)
    see(page, "#candidates", "同一摄像机 · 早 1 分")
    page.keyboard.press("1")
    shown(page, original.no)
    assert center.book.case(copy.no).duplicate_of == original.no


def test_p_permits_and_escape_changes_nothing(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    page = visit("/desk")
    page.keyboard.press("n")
    expect(page.locator("#strip-false")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#strip-false")).to_be_hidden()
    assert state_of(center, case.no) is CaseState.PENDING_REVIEW
    permit(page, "城管许〔2026〕12 号", "2036-12-31T18:00")
    see(page, ".case-head", "城管许〔2026〕12 号")
    voided = center.book.case(case.no)
    assert (voided.verdict, voided.permit_no) == (Verdict.PERMITTED, "城管许〔2026〕12 号")
    # As the town's clocks show it, whatever the zone of this browser's machine.
    assert voided.permit_until == datetime(2036, 12, 31, 10, 0, tzinfo=UTC)


def permit(page: Page, no: str, until: str) -> None:
    page.keyboard.press("p")
    page.locator("#strip-permit [name=permit_no]").fill(no)
    page.locator("#strip-permit [name=permit_until]").fill(until)
    page.keyboard.press("Enter")


def test_without_its_permit_nothing_is_permitted(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    page = visit("/desk", watched=False)  # a refused request is an error on the console
    page.keyboard.press("p")
    see(page, "#strip-permit", "批准文号")
    page.keyboard.press("Enter")
    expect(page.locator("#strip-permit :invalid").first).to_be_visible()
    page.keyboard.press("Escape")
    permit(page, "12", "2020-01-01T00:00")
    see(page, "#toasts", "许可在案件发现之前已到期")
    expect(page.locator("#strip-permit [name=permit_no]")).to_have_value("12")
    assert state_of(center, case.no) is CaseState.PENDING_REVIEW


def test_d_dispatches_to_whom_is_typed(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    center.book.move(case.no, Move.CONFIRM, actor=WANG, version=case.version)
    page = visit(f"/desk?group=work&case={case.no}")
    page.keyboard.press("d")
    page.keyboard.type("赵(示例)")
    page.keyboard.press("Enter")
    see(page, "#facts", "赵(示例)")
    assert state_of(center, case.no) is CaseState.DISPATCHED


def test_j_and_k_move_and_the_address_follows(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    cases = [
        center.open_case(f"inc_{n}", at=now - timedelta(minutes=n), camera_id="gate-1")
        for n in range(4)
    ]
    page = visit("/desk")
    for key, index in (("j", 1), ("j", 2), ("ArrowDown", 3), ("j", 3), ("k", 2)):
        page.keyboard.press(key)
        shown(page, cases[index].no)
    assert f"case={cases[2].no}" in page.url
    page.go_back()
    shown(page, cases[3].no)


def test_the_slower_one_is_told(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    page = visit("/desk", watched=False)  # a refused request is an error on the console
    page.route("**/api/cases/*/moves", lambda route: _after_another(center, case.no, route))
    page.keyboard.press("y")
    see(page, "#toasts", "王 已于")
    see(page, "#toasts", "作废: 自行消失")
    see(page, ".case-head", "自行消失")


def test_a_case_that_no_camera_found_is_looked_at_and_decided(
    center: Center, visit: OpenPage
) -> None:
    case = center.book.report(make_report(), actor=WANG)
    page = visit("/desk")
    see(page, "#facts", "随手拍")
    see(page, "#media-" + case.no, "没有照片")
    expect(page.locator(".mediabar")).to_have_count(0)
    photo = seal_photo(center.store, case.no, jpeg(picture()), taken_at=case.opened_at)
    center.book.hand_in(case.no, photo, actor=WANG)  # the open page hears of it
    expect(page.locator(f"#picture-{photo.id}")).to_be_visible(timeout=PATIENCE_MS)
    page.keyboard.press("y")
    see(page, ".case-head", "已立案")
    assert state_of(center, case.no) is CaseState.FILED


def test_nobody_is_offered_to_undo_the_other_ones_decision(center: Center, visit: OpenPage) -> None:
    """In another window the same name sits: without a login nothing else tells them apart."""
    case = center.open_case()
    page = visit("/desk?lang=en", watched=False)  # a refused request is an error on the console
    page.route(
        "**/api/cases/*/moves", lambda route: _after_another(center, case.no, route, OPERATOR)
    )
    page.keyboard.press("y")
    see(
        page,
        "#toasts",
        re.compile(r"Li decided on \S+ at [\d:]+ \(Void: Gone by itself\); it is Voided"),
    )
    see(page, ".case-head", "Gone by itself")
    expect(page.locator("[data-do=undo]")).to_have_count(0)
    page.keyboard.press("u")
    see(page, "#toasts", "Nothing to undo")
    assert state_of(center, case.no) is CaseState.VOIDED


def _after_another(center: Center, no: str, route: Any, actor: Actor = WANG) -> None:
    case = center.book.case(no)
    center.book.move(no, Move.REJECT, actor=actor, version=case.version, verdict=Verdict.GONE)
    route.continue_()


def test_a_strip_decides_on_what_its_maker_saw(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    page = visit("/desk", watched=False)  # a refused request is an error on the console
    shown(page, case.no)
    page.keyboard.press("n")
    see(page, "#strip-false", "反光")
    center.book.move(case.no, Move.CONFIRM, actor=WANG, version=case.version)
    see(page, ".case-head", "已立案")
    page.keyboard.press("1")
    see(page, "#toasts", "王 已于")
    expect(page.locator("#strip-false")).to_be_hidden()
    assert state_of(center, case.no) is CaseState.FILED


def test_what_cannot_be_read_is_said_and_read_again(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    first, second = (center.open_case(f"inc_{n}", at=now - timedelta(minutes=n)) for n in range(2))
    page = visit("/desk", watched=False)  # failed requests are errors on the console
    shown(page, first.no)
    page.route("**/desk/cases/**", lambda route: route.fulfill(status=503))
    page.keyboard.press("j")
    see(page, "#banner", "暂时读不到数据")
    shown(page, first.no)
    expect(page.locator("#live-word")).to_have_text("未应答")  # though news do come
    page.keyboard.press("g")
    page.unroute("**/desk/cases/**")
    center.seal(first)  # the next news of anything
    shown(page, second.no)
    expect(page.locator("#banner")).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.locator("#live-word")).to_have_text("实时")
    states = [state_of(center, case.no) for case in (first, second)]
    assert states == [CaseState.PENDING_REVIEW] * 2


def test_a_toast_undoes_the_case_that_it_speaks_of(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    cases = [center.open_case(f"inc_{n}", at=now - timedelta(minutes=n)) for n in range(2)]
    for case in cases:
        center.book.move(case.no, Move.CONFIRM, actor=WANG, version=case.version)
    page = visit("/desk?group=work")
    for case, next_one in zip(cases, reversed(cases), strict=True):
        shown(page, case.no)
        page.keyboard.press("d")
        page.keyboard.press("Enter")
        see(page, "#toasts", case.no)
        shown(page, next_one.no)
    page.locator("#toasts [data-do=undo]").click()
    shown(page, cases[1].no)
    assert [state_of(center, case.no) for case in cases] == [CaseState.DISPATCHED, CaseState.FILED]


def test_a_key_held_down_decides_once(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    cases = [center.open_case(f"inc_{n}", at=now - timedelta(minutes=n)) for n in range(3)]
    page = visit("/desk")
    shown(page, cases[0].no)
    page.keyboard.down("g")
    shown(page, cases[1].no)
    for _ in range(5):
        page.keyboard.down("g")  # again without letting go: as a keyboard repeats it
    page.keyboard.up("g")
    page.keyboard.press("j")
    shown(page, cases[2].no)
    states = [state_of(center, case.no) for case in cases]
    assert states == [CaseState.VOIDED, CaseState.PENDING_REVIEW, CaseState.PENDING_REVIEW]


def test_space_plays_the_clip(center: Center, visit: OpenPage, tmp_path: Path) -> None:
    case = center.open_case()
    center.seal(case)
    clip = make_clip(tmp_path / "clip.mp4", seconds=4)
    center.seal(case, EvidenceKind.CLIP, clip.read_bytes())
    page = visit("/desk")
    video = page.locator("video.clip")
    expect(video).to_have_attribute("preload", "none")
    assert video.evaluate("video => video.readyState") == 0
    page.keyboard.press(" ")
    wait_until(lambda: video.evaluate("video => video.currentTime > 0.3"), "the clip to play")
    expect(video).to_be_visible()
    expect(page.locator("svg.overlay")).to_be_hidden()
    # B has nothing to show or hide here, and does not pretend to.
    boxes = page.locator('.mediabar [data-do="boxes"]')
    expect(boxes).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("b")
    see(page, "#toasts", "片段上不画标注框")
    # What comes in meanwhile must not disturb who is watching.
    center.book.move(case.no, Move.CONFIRM, actor=WANG, version=case.version)
    see(page, ".case-head", "已立案")
    assert video.evaluate("video => !video.paused || video.ended")
    page.keyboard.press("Escape")
    expect(page.locator("svg.overlay")).to_be_visible()
    expect(boxes).to_have_attribute("aria-pressed", "true")


def test_the_label_of_a_clip_tells_when_its_frame_was_taken(
    center: Center, visit: OpenPage, tmp_path: Path
) -> None:
    case = center.open_case(at=datetime(2026, 11, 23, 15, 59, 59, 500_000, tzinfo=UTC))
    center.seal(case)
    clip = make_clip(tmp_path / "clip.mp4", seconds=4)
    sealed = center.seal(case, EvidenceKind.CLIP, clip.read_bytes())
    assert sealed.captured_from == datetime(2026, 11, 23, 15, 59, 57, 500_000, tzinfo=UTC)
    page = visit(f"/desk?group=all&case={case.no}")
    see(page, ".stage-notes .of-picture", "2026-11-23 23:59:59")
    label = page.locator(".stage-notes .of-clip")
    expect(label).to_be_hidden()
    page.keyboard.press(" ")
    expect(label).to_be_visible()
    page.locator("video.clip").evaluate(
        "async video => { video.pause(); video.currentTime = 3.1;"
        " await new Promise(done => video.addEventListener('seeked', done, { once: true })); }"
    )
    # Past midnight in the town, and of the frame at 3.1 s, not of the snapshot.
    expect(label).to_have_text(re.compile(r"片段画面\s+2026-11-24 00:00:00\.[56]"))
    expect(page.locator(".stage-notes .of-picture")).to_be_hidden()
    page.keyboard.press("Escape")
    see(page, ".stage-notes .of-picture", "2026-11-23 23:59:59")
    expect(label).to_be_hidden()


def test_b_hides_and_shows_the_boxes(center: Center, visit: OpenPage) -> None:
    center.seal(center.open_case())
    page = visit("/desk")
    overlay, button = page.locator("svg.overlay"), page.locator('[data-do="boxes"]')
    expect(overlay).to_be_visible()
    page.keyboard.press("b")
    expect(overlay).to_be_hidden()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("b")
    expect(overlay).to_be_visible()


def test_search_and_filters_narrow_the_queue(center: Center, visit: OpenPage) -> None:
    center.open_case("inc_r")
    fire = center.open_case("inc_f", IncidentKind.FIRE, camera_id="square-1")
    page = visit("/desk")
    page.keyboard.press("/")
    page.keyboard.type("示例广场")
    expect(page.locator(".row-link")).to_have_count(1)
    assert f'data-no="{fire.no}"' in page.locator("#rows").inner_html()
    page.locator("#search").fill("")
    expect(page.locator(".row-link")).to_have_count(2)
    page.locator("select[name=kind]").select_option("road_occupation")
    expect(page.locator(".row-link")).to_have_count(1)
    assert "kind=road_occupation" in page.url


def test_a_stale_picture_is_veiled_and_a_new_one_lifts_the_veil(
    center: Center, visit: OpenPage
) -> None:
    center.board.put("gate-1", jpeg(picture()), center.clock.now() - timedelta(minutes=14))
    page = visit("/wall")
    tile = page.locator("#tile-gate-1")
    expect(tile.locator(".veil")).to_be_visible()
    see(page, "#tile-gate-1 .veil", "画面已过期 14 分钟")
    see(page, "#tile-gate-2 .veil", "尚无画面")
    center.board.put("gate-1", jpeg(picture(shade=200)), center.clock.now())
    expect(tile.locator(".veil")).to_be_hidden(timeout=PATIENCE_MS)
    # And nobody looks any more: it grows old on the open page.
    expect(tile.locator(".veil")).to_be_visible(timeout=PATIENCE_MS)
    see(page, "#tile-gate-1 .age", re.compile(r"\d+ 秒前"))


def test_a_camera_without_a_picture_gets_its_first_by_itself(
    center: Center, visit: OpenPage
) -> None:
    page = visit("/wall")
    see(page, "#tile-gate-2 .veil", "尚无画面")
    center.board.put("gate-2", jpeg(picture()), center.clock.now())
    expect(page.locator("#tile-gate-2 img")).to_be_visible(timeout=PATIENCE_MS)


def test_when_the_server_is_gone_nothing_looks_live(
    center: Center, server: LiveServer, visit: OpenPage
) -> None:
    case = center.open_case()
    page = visit("/desk", watched=False)  # failed requests are errors on the console
    see(page, "#live-word", "实时")  # it has heard something, and can tell when that was
    server.stop()
    see(page, "#banner", re.compile(r"与服务器断开, 最后消息 \d\d:\d\d:\d\d"))
    expect(page.locator("#live-word")).to_have_text("已断开")
    assert "grayscale" in page.locator("main").evaluate("main => getComputedStyle(main).filter")
    page.keyboard.press("y")
    assert state_of(center, case.no) is CaseState.PENDING_REVIEW
    missed = center.open_case("inc_2", IncidentKind.FIRE)
    server.start()
    expect(page.locator("#banner")).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.locator(f"#row-{missed.no}")).to_be_visible(timeout=PATIENCE_MS)


def test_english_and_light_are_switched_on_the_page(center: Center, visit: OpenPage) -> None:
    center.open_case("inc_f", IncidentKind.FIRE)
    page = visit("/desk")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.get_by_label("切换为英文").click()
    see(page, "#actions", "Confirm")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("path", ["/desk", "/wall", "/cameras"])
def test_a_phone_scrolls_only_downwards(center: Center, visit: OpenPage, path: str) -> None:
    center.seal(center.open_case())
    page = visit(path, size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_phone_goes_from_the_list_to_the_case_and_back(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    center.seal(case)
    page = visit("/desk", size=PHONE)
    expect(page.locator("#case")).to_be_hidden()
    page.locator(f"#row-{case.no} a").click()
    expect(page.locator("#case")).to_be_visible()
    expect(page.locator("#queue")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#actions [data-move=confirm]").click()
    see(page, ".case-head", "已立案")
    page.locator("[data-back]").click()
    expect(page.locator("#queue")).to_be_visible()


def test_a_phone_gives_reasons_by_thumb(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    cases = [center.open_case(f"inc_{n}", at=now - timedelta(minutes=n)) for n in range(40)]
    page = visit("/desk", size=PHONE)
    page.locator(f"#row-{cases[35].no} a").click()
    shown(page, cases[35].no)
    wait_until(lambda: page.evaluate("scrollY") == 0, "the case to be seen from its top")
    page.locator("#actions [data-do=false]").click()
    page.locator("#strip-false [data-reason=animal]").click()
    see(page, "#toasts", "作废")
    assert center.book.case(cases[35].no).verdict_reason is FalseReason.ANIMAL


def test_the_number_of_the_original_is_two_steps_away(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    cases = [center.open_case(f"inc_{n}", at=now - timedelta(minutes=n)) for n in range(2)]
    page = visit("/desk")
    shown(page, cases[0].no)
    page.keyboard.press("r")
    see(page, "#candidates", cases[1].no)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#strip-duplicate [name=duplicate_of]")).to_be_focused()


def test_a_far_original_needs_a_reason(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    copy = center.open_case("inc_1", at=now)
    far = center.open_case("inc_2", camera_id="square-1", at=now)
    page = visit("/desk", watched=False)  # a refused request is an error on the console
    shown(page, copy.no)
    page.keyboard.press("r")
    see(page, "#candidates", "近处近时没有案件")
    page.locator("#strip-duplicate [name=duplicate_of]").fill(far.no)
    page.keyboard.press("Enter")
    see(page, "#toasts", "确为同一事件时请说明理由")
    page.locator("#strip-duplicate [name=note]").fill("烟飘到了广场")
    page.keyboard.press("Enter")
    shown(page, far.no)
    assert center.book.case(copy.no).duplicate_of == far.no


def test_the_search_box_lets_go(center: Center, visit: OpenPage) -> None:
    center.open_case("inc_1")
    found = center.open_case("inc_2", camera_id="square-1")
    page = visit("/desk")
    for key in ("Enter", "ArrowDown"):
        page.keyboard.press("/")
        page.locator("#search").fill("示例广场")
        page.keyboard.press(key)
        shown(page, found.no)
        expect(page.locator("#search")).not_to_be_focused()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_have_value("示例广场")
    page.keyboard.press("y")
    wait_until(lambda: state_of(center, found.no) is CaseState.FILED, "the key to be heard")


def test_a_search_is_answered_by_its_own_list(center: Center, visit: OpenPage) -> None:
    center.open_case("inc_1")
    found = center.open_case("inc_2", camera_id="square-1")
    page = visit("/desk")
    held: list[Route] = []
    page.route(re.compile("/desk/queue(?!.*q=)"), lambda route: held.append(route))
    with page.expect_request("**/desk/queue**"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('news', { detail: [] }))")
    page.keyboard.press("/")
    page.locator("#search").fill("示例广场")
    page.keyboard.press("Enter")
    for route in held:
        route.continue_()
    shown(page, found.no)


def test_decisions_come_before_the_evidence_by_tab(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    center.seal(case)
    page = visit(f"/cases/{case.no}")
    order = page.evaluate(
        "[...document.querySelectorAll('#actions button, .evidence a')].map(e => e.tagName)"
    )
    assert order == sorted(order, key=lambda tag: tag == "A")
    assert order[-1] == "A"


def test_a_case_that_comes_is_announced_and_a_fire_at_once(center: Center, visit: OpenPage) -> None:
    center.open_case("inc_1")
    page = visit("/desk")
    expect(page.locator(".row-link")).to_have_count(1)
    center.open_case("inc_2")
    see(page, "#announce", re.compile("新案件: 占道.*示例路口"))
    center.open_case("inc_3", IncidentKind.FIRE)
    see(page, "#alarm", re.compile("新案件: 火情.*示例路口"))


def test_overdue_is_a_filter_that_the_address_holds(center: Center, visit: OpenPage) -> None:
    late = center.open_case("inc_1")
    filed = center.book.move(late.no, Move.CONFIRM, actor=WANG, version=late.version)
    page = visit("/desk?group=all")
    expect(page.locator(".row-link")).to_have_count(1)
    page.locator("[name=overdue]").check()
    see(page, "#queue", "没有符合筛选的案件")
    assert "overdue=1" in page.url
    assert filed.due_at is not None
    page.reload()
    expect(page.locator("[name=overdue]")).to_be_checked()
    see(page, "#queue", "没有符合筛选的案件")


def test_keys_go_on_beyond_what_is_listed(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    for number in range(52):
        center.open_case(f"inc_{number}", at=now - timedelta(minutes=number))
    page = visit("/desk")
    page.locator(".row-link").nth(49).click()
    page.keyboard.press("j")
    expect(page.locator(".row-link")).to_have_count(52)
    page.keyboard.press("j")
    expect(page.locator(".row-link").nth(50)).to_have_attribute("aria-current", "true")


def test_a_long_queue_grows_on_request(center: Center, visit: OpenPage) -> None:
    now = center.clock.now()
    for number in range(55):
        center.open_case(f"inc_{number}", at=now - timedelta(minutes=number))
    page = visit("/desk")
    expect(page.locator(".row-link")).to_have_count(50)
    page.locator("#more").click()
    expect(page.locator(".row-link")).to_have_count(55)


def test_the_case_page_decides_too(center: Center, visit: OpenPage) -> None:
    case = center.open_case()
    page = visit(f"/cases/{case.no}")
    page.keyboard.press("y")
    see(page, ".case-head", "已立案")
    wait_until(lambda: state_of(center, case.no) is CaseState.FILED, "the case to be filed")


def test_the_documentation_of_the_api_is_drawn(server: LiveServer, browser: Browser) -> None:
    page = browser.new_page()
    watch = Watch(page)
    page.goto(f"{server.url}/api/docs")
    see(page, "#swagger-ui", "/api/cases/{no}/moves")
    page.close()
    assert watch.errors == []
