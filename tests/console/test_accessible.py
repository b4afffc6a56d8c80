"""Every page passes axe: with cases and without, in both themes, on a desk and on a phone."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from domain.clock import SystemClock
from domain.evidence import EvidenceKind
from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.incident import IncidentKind
from domain.messages import CameraHealthChanged
from events_bridge.embedded import EmbeddedBus
from tests.console.browser import DESKTOP, PHONE, chromium
from tests.console.conftest import Center, build_center, jpeg, picture
from tests.console.server import LiveServer, serving
from tests.console.set_aside import set_aside, status_of

pytestmark = pytest.mark.browser

VENDOR = Path(__file__).parent / "vendor"
AXE = VENDOR / "axe.min.js"
PAGES = (
    "/desk",
    "/desk?group=all&overdue=1",
    "/wall",
    "/cameras",
    "/maintenance",
    "/maintenance/messages",
    "/nowhere",
)
LOOKS = [(theme, size) for theme in ("dark", "light") for size in (DESKTOP, PHONE)]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""Those of axe's usual rules whose answer depends on a colour."""
STRIPS = ("false", "duplicate", "permit", "dispatch")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def empty(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, bus_server: EmbeddedBus
) -> Iterator[LiveServer]:
    """A console that has just begun."""
    folder = tmp_path_factory.mktemp("empty")
    for center in build_center(folder, migrated_file, bus_server.url, SystemClock()):
        with serving(center.make_app) as server:
            yield server


@pytest.fixture(scope="module")
def busy(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, bus_server: EmbeddedBus
) -> Iterator[tuple[LiveServer, str]]:
    """A console with cases of every look, trouble, and dead letters; and the number of a case."""
    folder = tmp_path_factory.mktemp("busy")
    for center in build_center(folder, migrated_file, bus_server.url, SystemClock()):
        no = _fill(center)
        with (
            set_aside(bus_server.url) as consumer,
            serving(partial(center.make_app, status_of(consumer), consumer.box)) as server,
        ):
            yield server, no


def _fill(center: Center) -> str:
    now = center.clock.now()
    for number in range(6):
        center.open_case(f"inc_{number}", at=now - timedelta(minutes=number))
    fire = center.open_case("inc_f", IncidentKind.FIRE)
    center.seal(fire)
    center.seal(fire, EvidenceKind.CLIP, b"any bytes")
    center.board.put("gate-1", jpeg(picture()), now)
    center.board.put("gate-2", jpeg(picture()), now - timedelta(minutes=14))
    for camera_id, status, fault in (
        ("gate-1", CameraStatus.SEEING, None),
        ("gate-2", CameraStatus.SEEING, None),
        ("far-1", CameraStatus.OFFLINE, FaultKind.UNAUTHORIZED),
    ):
        health = CameraHealth(
            camera_id=camera_id,
            at=now,
            status=status,
            fault=fault,
            since=now - timedelta(minutes=5),
            codec="hevc",
            size_wh=(1920, 1080),
            last_packet_at=now,
        )
        center.book.handle(CameraHealthChanged(health=health))
    return fire.no


@contextmanager
def window(browser: Browser, url: str, theme: str, size: Any) -> Iterator[Page]:
    """A page of its own, which keeps what it loaded for the next address that it goes to."""
    context = browser.new_context(viewport=size, locale="zh-CN")
    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
    yield context.new_page()
    context.close()


def faults(page: Page, theme: str) -> list[str]:
    """What axe finds: its rule, how often, and where first. The dark theme is asked for what a
    theme can change, which is colours: everything else was asked of the light one."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if theme == "dark":
        options["runOnly"] = {"type": "rule", "values": COLOUR_RULES}
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{rule['id']} ×{len(rule['nodes'])}: {rule['nodes'][0]['html'][:160]}"
        for rule in found["violations"]
    ]


def faults_of(browser: Browser, url: str, paths: Sequence[str], theme: str, size: Any) -> list[str]:
    """What axe finds on several pages, with the page that it is on."""
    found = []
    with window(browser, url, theme, size) as page:
        for path in paths:
            page.goto(f"{url}{path}")
            found += [f"{path}: {fault}" for fault in faults(page, theme)]
    return found


def test_axe_is_the_one_released() -> None:
    [entry] = json.loads((VENDOR / "manifest.json").read_text())
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == entry["sha256"]
    assert f"axe v{entry['version']}" in AXE.read_text()[:40]


@pytest.mark.parametrize(("theme", "size"), LOOKS, ids=lambda v: str(v))
def test_a_page_without_cases_has_no_fault(
    empty: LiveServer, browser: Browser, theme: str, size: Any
) -> None:
    assert faults_of(browser, empty.url, PAGES, theme, size) == []


@pytest.mark.parametrize(("theme", "size"), LOOKS, ids=lambda v: str(v))
def test_a_page_with_cases_has_no_fault(
    busy: tuple[LiveServer, str], browser: Browser, theme: str, size: Any
) -> None:
    server, no = busy
    paths = (*PAGES, f"/cases/{no}", f"/desk?case={no}", f"/desk?case={no}&lang=en")
    assert faults_of(browser, server.url, paths, theme, size) == []


@pytest.mark.parametrize(("theme", "size"), LOOKS, ids=lambda v: str(v))
def test_the_strips_and_the_help_have_no_fault(
    busy: tuple[LiveServer, str], browser: Browser, theme: str, size: Any
) -> None:
    server, no = busy
    with window(browser, server.url, theme, size) as page:
        page.goto(f"{server.url}/cases/{no}")
        page.locator(".trouble").wait_for()
        for strip in STRIPS:
            page.evaluate(f"document.getElementById('strip-{strip}').hidden = false")
            assert faults(page, theme) == [], strip
            page.evaluate(f"document.getElementById('strip-{strip}').hidden = true")
        page.evaluate("document.getElementById('help').showModal()")
        assert faults(page, theme) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=lambda v: str(v))
def test_the_documentation_of_the_api_has_no_fault(
    empty: LiveServer, browser: Browser, size: Any
) -> None:
    with window(browser, empty.url, "light", size) as page:
        page.goto(f"{empty.url}/api/docs")
        page.locator("#swagger-ui .opblock").first.wait_for()
        assert faults(page, "light") == []
