"""One stream for all windows of a browser: a browser opens six connections to a server, no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.types import Receive, Scope, Send

from domain.case import CaseState
from domain.clock import SystemClock
from domain.incident import IncidentKind
from tests.console.browser import DESKTOP, PATIENCE_MS, chromium
from tests.console.conftest import SETTINGS, Center, build_center, jpeg, picture
from tests.console.server import LiveServer, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

QUICK = SETTINGS.model_copy(update={"heartbeat_s": 0.5, "look_poll_s": 0.2})
WINDOWS = 6


class CountedStreams:
    """A console that counts the streams open on it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.state = app.state
        self.streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["type"] == "http" and scope["path"] == "/api/stream"
        self.streams += is_stream
        try:
            await self._app(scope, receive, send)
        finally:
            self.streams -= is_stream


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def center(tmp_path: Path, migrated_file: Path, bus_url: str) -> Iterator[Center]:
    yield from build_center(tmp_path, migrated_file, bus_url, SystemClock(), QUICK)


@pytest.fixture
def server(center: Center) -> Iterator[LiveServer]:
    counted: Any = lambda: CountedStreams(center.make_app())  # noqa: E731
    with serving(counted) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def window(context: BrowserContext, server: LiveServer, path: str = "/desk") -> Page:
    page = context.new_page()
    page.goto(f"{server.url}{path}")
    expect(page.locator("#live-word")).to_have_text("实时")
    return page


def streams(server: LiveServer) -> int:
    app: Any = server.app
    return int(app.streams)


def test_keys_work_while_six_windows_share_one_stream(
    center: Center, server: LiveServer, context: BrowserContext
) -> None:
    case = center.open_case()
    pages = [window(context, server) for _ in range(WINDOWS)]
    wait_until(lambda: streams(server) == 1, "one stream for all windows")
    fire = center.open_case("inc_f", IncidentKind.FIRE)
    for page in pages:
        expect(page.locator(f"#row-{fire.no}")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("#live-word")).to_have_text("实时")
    last = pages[-1]
    last.locator(f"#row-{case.no} a").click()
    expect(last.locator("#case-body")).to_have_attribute("data-no", case.no)
    last.keyboard.press("y")
    wait_until(lambda: center.book.case(case.no).state is CaseState.FILED, "the key to be heard")
    assert streams(server) == 1


def test_news_go_on_when_the_first_window_closes(
    center: Center, server: LiveServer, context: BrowserContext
) -> None:
    first, second = window(context, server), window(context, server)
    first.close()
    case = center.open_case()
    expect(second.locator(f"#row-{case.no}")).to_be_visible(timeout=PATIENCE_MS)
    second.goto(f"{server.url}/cameras")
    expect(second.locator("#live-word")).to_have_text("实时")
    assert streams(server) == 1
    second.goto("about:blank")
    wait_until(lambda: streams(server) == 0, "the stream to end with its last window")


def test_a_wall_among_them_gets_its_pictures(
    center: Center, server: LiveServer, context: BrowserContext
) -> None:
    desk = window(context, server)
    wall = window(context, server, "/wall")
    center.board.put("gate-1", jpeg(picture()), center.clock.now())
    expect(wall.locator("#tile-gate-1 img")).to_be_visible(timeout=PATIENCE_MS)
    wait_until(lambda: streams(server) == 1, "one stream for both")
    case = center.open_case()
    expect(desk.locator(f"#row-{case.no}")).to_be_visible(timeout=PATIENCE_MS)


def test_after_an_outage_one_stream_is_open(
    center: Center, server: LiveServer, context: BrowserContext
) -> None:
    pages = [window(context, server) for _ in range(2)]
    server.stop()
    for page in pages:
        expect(page.locator("#live-word")).to_have_text("已断开")
    missed = center.open_case()
    server.start()
    for page in pages:
        expect(page.locator("#banner")).to_be_hidden(timeout=PATIENCE_MS)
        expect(page.locator(f"#row-{missed.no}")).to_be_visible(timeout=PATIENCE_MS)
    pages[0].wait_for_timeout(2_000)  # what else waited would have tried by now
    assert streams(server) == 1


@pytest.mark.parametrize(
    "without", ["delete window.SharedWorker", "window.SharedWorker = function () { throw 1 }"]
)
def test_a_window_that_cannot_share_has_its_own_stream(
    center: Center, server: LiveServer, context: BrowserContext, without: str
) -> None:
    context.add_init_script(without)
    pages = [window(context, server) for _ in range(2)]
    case = center.open_case()
    for page in pages:
        expect(page.locator(f"#row-{case.no}")).to_be_visible(timeout=PATIENCE_MS)
    assert streams(server) == 2
    for page in pages:
        page.goto("about:blank")
    wait_until(lambda: streams(server) == 0, "the streams to end with their windows")


def test_the_light_tells_of_requests_that_are_not_answered(
    server: LiveServer, context: BrowserContext
) -> None:
    page = window(context, server)
    page.route("**/desk/queue**", lambda route: route.abort())
    page.locator("[name=overdue]").check()
    expect(page.locator("#live-word")).to_have_text("未应答")
    page.unroute("**/desk/queue**")
    page.locator("[name=overdue]").uncheck()
    expect(page.locator("#live-word")).to_have_text("实时")
