"""The page of one camera in a real browser: asked by a click, answered on the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.answers import Refusal
from domain.clock import SystemClock
from domain.commands import CommandAsked, Pause, TakePicture
from events_bridge.command_road import CommandRoad
from tests.console.browser import DESKTOP, PATIENCE_MS, PHONE, Watch, chromium
from tests.console.conftest import Center, build_center, jpeg, picture
from tests.console.edge import BUS, GATE, Edge, edge_of
from tests.console.server import LiveServer, serving
from tests.console.test_accessible import faults, window
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def center(tmp_path: Path, migrated_file: Path, bus_url: str) -> Iterator[Center]:
    """On the clock that the browser lives by."""
    yield from build_center(tmp_path, migrated_file, bus_url, SystemClock())


@pytest.fixture
def edge(bus_url: str) -> Iterator[Edge]:
    with edge_of(bus_url) as parts:
        yield parts


@pytest.fixture
def console(center: Center, edge: Edge, bus_url: str) -> Iterator[LiveServer]:
    with (
        CommandRoad(bus_url, center.clock, settings=BUS) as road,
        serving(lambda: center.make_app(road=road)) as server,
    ):
        yield server


def heard(edge: Edge) -> CommandAsked:
    """The command that comes next, one at a time."""
    come: list[CommandAsked] = []

    def comes() -> bool:
        come.extend(edge.hear_all())
        return bool(come)

    wait_until(comes, "a command")
    (command,) = come
    return command


def says(page: Page, words: str) -> None:
    expect(page.locator("#command")).to_contain_text(words, timeout=PATIENCE_MS)


def test_a_picture_is_fetched_and_a_camera_paused_by_clicks(
    console: LiveServer, edge: Edge, browser: Browser
) -> None:
    with window(browser, console.url, "dark", DESKTOP) as page:
        page.goto(f"{console.url}/camera/{GATE}")
        watch = Watch(page)
        says(page, "尚未下发指令")
        page.get_by_role("button", name="现场画面").click()
        says(page, "已下发, 等待回执")
        asked = heard(edge)
        assert asked.command == TakePicture(camera_id=GATE)
        edge.answer(asked.id, jpeg(picture()))
        says(page, "已回执")
        shown = page.locator(".live-picture")
        shown.wait_for()
        wait_until(lambda: shown.evaluate("image => image.naturalWidth") == 640, "the picture")
        assert faults(page, "dark") == []

        page.get_by_role("button", name="暂停巡看").click()
        says(page, "暂停需要写明原因")
        page.get_by_label("原因").fill("杆件检修")
        page.get_by_role("button", name="暂停巡看").dblclick()
        asked = heard(edge)  # one, though it was pressed twice
        assert asked.command == Pause(camera_id=GATE, reason="杆件检修")
        edge.refuse(asked.id, Refusal.ALREADY_PAUSED, "")
        says(page, "被拒绝: 已处于暂停")

        edge.listen(listens=False)
        page.get_by_role("button", name="看一眼").click()
        says(page, "未下发")
        says(page, "已离线")
        assert edge.hear_all() == []
        assert watch.errors == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=str)
def test_the_page_of_a_camera_has_no_fault(
    console: LiveServer, browser: Browser, size: dict[str, int]
) -> None:
    with window(browser, console.url, "light", size) as page:
        page.goto(f"{console.url}/camera/{GATE}")
        assert faults(page, "light") == []
