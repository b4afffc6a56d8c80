"""What the page of cameras and the API say of the promises that a worker's machine can keep."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from domain.clock import SystemClock, VirtualClock
from domain.health import CameraLooks
from domain.messages import LooksDone
from domain.silence import LOOKS_SILENT_AFTER_S
from domain.workload import Workload
from events_bridge.envelope import from_envelope, to_envelope, worker_source
from tests.console.browser import DESKTOP, PATIENCE_MS, PHONE, Watch, chromium
from tests.console.conftest import Center, build_center
from tests.console.server import serving
from tests.console.test_accessible import faults, window
from tests.console.test_pages import page
from tests.edge.test_load import Machine


def measured(*, overloaded: bool) -> Workload:
    """What a worker measures: the real one, of a machine by hand."""
    machine = Machine(promises=114, lookers=3)
    for _ in range(2):
        if overloaded:
            load = machine.page(0.2, busy_s=0.13, core_s=0.0175)
        else:
            load = machine.page(0.4, busy_s=0.02, core_s=0.01, idle=0.7)
    return load


def told(center: Center, workload: Workload | None, worker_id: str = "edge-1") -> None:
    at = center.clock.now()
    one = CameraLooks(camera_id="gate-1", looks=1, last_look_at=at)
    done = LooksDone(
        worker_id=worker_id,
        from_at=at - timedelta(seconds=5),
        to_at=at,
        cameras=(one,),
        workload=workload,
    )
    message = from_envelope(to_envelope(done, worker_source(worker_id)))
    center.book.handle(message)


def test_a_box_that_is_too_small_says_what_it_keeps_and_what_it_would_take(
    center: Center, client: httpx.Client
) -> None:
    told(center, measured(overloaded=True))
    chinese, english = page(client, "/cameras"), page(client, "/cameras?lang=en")
    assert "这台机器能兑现 114 路中 91 路的承诺, 近来兑现 0 路" in chinese
    assert (
        "要全部兑现, 需要再有 0.10 个同样的核, 或者把间隔放长到 1.3 倍 (每 2 秒改为每 2.6 秒)"
        in chinese
    )
    assert "近 10 秒实测: 巡看 228 次" in chinese
    assert "This box can keep 91 of 114 promises; 0 were kept lately" in english
    assert "To keep them all it takes 0.10 more cores like these, or intervals 1.3" in english
    [told_of] = client.get("/api/workers").json()
    assert (told_of["worker_id"], told_of["suffices"]) == ("edge-1", False)
    assert told_of["says"]["zh"] in chinese
    assert told_of["workload"]["can_keep"] == 91
    assert told_of["workload"]["over_s"] == 10


def test_a_box_that_suffices_says_so_and_a_silent_one_nothing(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    assert client.get("/api/workers").json() == []
    told(center, measured(overloaded=False))
    assert "这台机器能兑现全部 114 路的承诺" in page(client, "/cameras")
    told(center, None)  # an older worker measures nothing
    [told_of] = client.get("/api/workers").json()
    assert (told_of["suffices"], told_of["takes"]) == (True, None)
    clock.advance(LOOKS_SILENT_AFTER_S + 1)
    assert client.get("/api/workers").json() == []
    assert "承诺, 近来" not in page(client, "/cameras")


def test_each_of_several_workers_is_told_by_its_name_and_the_newest_counts(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    told(center, measured(overloaded=True))
    late = client.get("/api/workers").json()
    clock.advance(5)
    told(center, measured(overloaded=False))
    told(center, measured(overloaded=True), "edge-2")
    said = page(client, "/cameras?lang=en")
    assert "Worker edge-1: This box can keep all 114" in said
    assert "Worker edge-2: This box can keep 91 of 114" in said
    assert client.get("/api/workers").json()[0]["at"] > late[0]["at"]


def test_what_a_newer_worker_measures_beside_it_is_ignored() -> None:
    newer: dict[str, Any] = {**measured(overloaded=True).model_dump(), "invented_later": {"x": 1}}
    assert Workload.model_validate(newer) == measured(overloaded=True)


def test_where_lookers_are_short_and_not_cores_it_says_so(
    center: Center, client: httpx.Client
) -> None:
    short = Machine(promises=114, lookers=1, cores=8)
    for _ in range(2):
        load = short.page(0.2, busy_s=5.0 / 114, core_s=0.02, idle=6.0)
    told(center, load)
    assert "更多巡看线程 (worker.lookers, 现有 1 个都在忙, 而机器有 6.0 核空闲)" in page(
        client, "/cameras"
    )


@pytest.fixture
def console(tmp_path: Path, migrated_file: Path, bus_url: str) -> Iterator[tuple[Center, str]]:
    """On the clock that the browser lives by."""
    for center in build_center(tmp_path, migrated_file, bus_url, SystemClock()):
        with serving(center.make_app) as server:
            yield center, server.url


@pytest.mark.browser
def test_the_page_shows_it_on_a_desk_and_on_a_phone(console: tuple[Center, str]) -> None:
    center, url = console
    with chromium() as browser:
        _see(browser, center, url, DESKTOP, "dark", "")
        _see(browser, center, url, PHONE, "light", "?lang=en")


def _see(
    browser: Browser, center: Center, url: str, size: dict[str, int], theme: str, query: str
) -> None:
    told(center, measured(overloaded=True))
    with window(browser, url, theme, size) as shown:
        watch = Watch(shown)
        shown.goto(f"{url}/cameras{query}")
        expect(shown.locator(".load-says")).to_contain_text("114", timeout=PATIENCE_MS)
        assert faults(shown, theme) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert watch.errors == []
