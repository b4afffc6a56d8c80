"""The labelling page: what it takes and refuses, and what hands and keys do in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from console.console_settings import ConsoleSettings
from console.door import served
from evidence.sealed import SealedFiles
from lab.footage.labelled import read_folder
from lab.labelling.label_set import LabelSet
from lab.labelling.room import LabelRoom, label_app
from patrol.listening import listen
from tests.builders import NOON
from tests.console.browser import DESKTOP, PATIENCE_MS, PHONE, Watch, chromium
from tests.lab.labelling.conftest import NAMES, THING, TOWN, UMBRELLA, Town
from tests.waiting import wait_until

LOOPBACK = "127.0.0.1"
AXE = Path(__file__).parents[2] / "console" / "vendor" / "axe.min.js"


@contextmanager
def served_page(town: Town, folder: Path) -> Iterator[str]:
    """The page's address while it is served, over the set in `folder`."""
    label_set = LabelSet(folder, NAMES, TOWN)
    sealed = SealedFiles(town.configuration.evidence_dir)
    room = LabelRoom(label_set, town.candidates(), sealed, town.clock, "li")
    settings = ConsoleSettings(port=0)
    [line] = sockets = listen(LOOPBACK, 0)
    server = uvicorn.Server(served(label_app(room, settings), settings))
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the page to be served")
    try:
        yield f"http://{LOOPBACK}:{line.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


REFUSED: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"status": "done", "boxes": []}, 422, "expected a box"),
    ({"status": "done", "boxes": [{"label": "stall", "xyxy": [0.5, 0, 0.2, 1]}]}, 422, "left"),
    ({"status": "done", "boxes": [{"label": "stall", "xyxy": [0, 0, 2, 1]}]}, 422, "frame"),
    ({"status": "asleep"}, 422, "not a mark"),
    ({"status": "nothing", "revision": 7}, 409, "another window"),
)


def test_what_no_detector_could_learn_from_is_refused_in_both_languages(
    town: Town, tmp_path: Path
) -> None:
    town.judge()
    [one] = town.candidates()
    with served_page(town, tmp_path / "set") as url:
        for body, status, said in REFUSED:
            answer = httpx.put(f"{url}/marks/{one.stem}", json=body)
            assert (answer.status_code, said in answer.json()["detail_en"]) == (status, True)
            assert answer.json()["detail_zh"]
    assert list((tmp_path / "set" / "images").iterdir()) == []


def test_no_other_site_and_no_other_name_gets_in(town: Town, tmp_path: Path) -> None:
    town.judge()
    [one] = town.candidates()
    with served_page(town, tmp_path / "set") as url:
        mark = f"{url}/marks/{one.stem}"
        from_afar = {"Origin": "http://elsewhere.example"}
        assert httpx.put(mark, json={"status": "nothing"}, headers=from_afar).status_code == 403
        assert httpx.get(url, headers={"Host": "rebound.example"}).status_code == 400
        page = httpx.get(url)
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert str(tmp_path / "set") in page.text
        picture = httpx.get(f"{url}/pictures/{one.stem}")
        assert picture.content == town.store.path(one.snapshot).read_bytes()
        for nowhere in ("pictures/none", "pictures/..%2F..%2Fpatrol.db"):
            assert httpx.get(f"{url}/{nowhere}").status_code == 404


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def opened_page(browser: Browser, url: str, **how: Any) -> Iterator[Page]:
    """A page in which nothing may go wrong."""
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "zh-CN", **how})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch = Watch(page)
    page.goto(url)
    expect(page.locator("#stage image")).to_be_attached()
    yield page
    context.close()
    assert watch.errors == []


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of the picture to another, in frame units."""
    frame = page.locator("#stage image").bounding_box()
    assert frame is not None
    (x1, y1), (x2, y2) = (
        (frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in (start, end)
    )
    page.mouse.move(x1, y1)
    page.mouse.down()
    page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
    page.mouse.move(x2, y2)
    page.mouse.up()


def boxes(page: Page) -> int:
    return page.locator("#stage .box").count()


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text("已保存")


@pytest.mark.browser
def test_keys_and_mouse_make_a_set_and_one_goes_on_where_one_stopped(
    town: Town, tmp_path: Path, browser: Browser
) -> None:
    town.judge(at=NOON, boxes=(UMBRELLA, THING))
    town.judge(real=False, at=NOON + timedelta(minutes=1))
    town.judge(at=NOON + timedelta(minutes=2))
    first, second, third = (one.stem for one in town.candidates())
    with served_page(town, tmp_path / "set") as url:
        with opened_page(browser, url) as page:
            press = page.keyboard.press
            assert boxes(page) == 2
            page.evaluate(AXE.read_text(encoding="utf-8"))
            broken = page.evaluate("axe.run()")["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in broken] == []
            press("Enter")  # a thing without a class: the page says so, and chooses it
            expect(page.locator("#banner")).to_contain_text("还没有类别")
            press("2")
            drag(page, (0.7, 0.1), (0.5, 0.3))  # drawn from right to left, as the same class
            assert boxes(page) == 3
            drag(page, (0.6, 0.2), (0.65, 0.25))  # moved
            press("ArrowRight")
            press("u")
            press("u")
            press("x")
            assert boxes(page) == 2
            press("u")
            assert boxes(page) == 3
            press("Enter")
            saved(page)
            expect(page.locator("#facts")).to_contain_text("误报")
            assert boxes(page) == 0
            press("Enter")  # a rejected case starts as a negative
            expect(page.locator("#facts")).to_contain_text("3 / 3")
            press("s")
            press("k")
            press("k")
            expect(page.locator("#counts")).to_contain_text("有框")
            expect(page.locator("#facts")).to_contain_text("1 / 3")
            saved(page)
        marked = {p.path.stem: p.truth for p in read_folder(tmp_path / "set", NAMES)}
        assert set(marked) == {first, second}
        assert marked[first].xyxy[2].tolist() == pytest.approx([0.5, 0.1, 0.7, 0.3], abs=0.01)
        assert [NAMES[i] for i in marked[first].class_ids] == ["umbrella", "stall", "stall"]
        assert len(marked[second]) == 0
    with served_page(town, tmp_path / "set") as url, opened_page(browser, url) as page:
        expect(page.locator("#counts")).to_contain_text("未标 open 0")
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.locator("#facts")).to_contain_text("跳过")
        assert third not in marked


@pytest.mark.browser
def test_a_finger_draws_resizes_and_says_nothing_here(
    town: Town, tmp_path: Path, browser: Browser
) -> None:
    town.judge(real=False, at=NOON)
    [one] = town.candidates()
    with (
        served_page(town, tmp_path / "set") as url,
        opened_page(browser, url, viewport=PHONE, has_touch=True) as page,
    ):
        drag(page, (0.1, 0.1), (0.4, 0.4))
        drag(page, (0.4, 0.4), (0.6, 0.8))  # by the handle of its corner
        page.locator('[data-class="stall"]').tap()
        page.locator('[data-do="done"]').tap()
        saved(page)
        [picture] = read_folder(tmp_path / "set", NAMES)
        assert picture.path.stem == one.stem
        assert picture.truth.xyxy[0].tolist() == pytest.approx([0.1, 0.1, 0.6, 0.8], abs=0.02)
        assert NAMES[int(picture.truth.class_ids[0])] == "stall"
        page.locator('[data-do="nothing"]').tap()
        expect(page.locator("#facts")).to_contain_text("什么也没有")
        saved(page)
    assert len(read_folder(tmp_path / "set", NAMES)[0].truth) == 0
