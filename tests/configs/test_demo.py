"""The demo's configuration fits the demo's cameras."""

from pathlib import Path

import pytest

from domain.incident import IncidentKind
from lab.footage.demo.recipes import RECIPES
from settings.config import Configuration
from settings.loading import load

FILE = Path(__file__).parents[2] / "configs" / "demo.yaml"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Configuration:
    monkeypatch.setenv("DEMO_RTSP_PORT", "8554")
    return load(FILE)


def test_there_is_a_camera_for_each_clip(demo: Configuration) -> None:
    assert [camera.id for camera in demo.cameras] == [recipe.camera for recipe in RECIPES]
    for camera in demo.cameras:
        assert camera.address.secret_url == f"rtsp://127.0.0.1:8554/{camera.id}"


def test_nothing_leaves_the_machine(demo: Configuration) -> None:
    assert demo.console.host == "127.0.0.1"
    assert demo.bus.is_embedded


def test_the_first_cases_come_within_a_minute(demo: Configuration) -> None:
    waits = {
        rule.incident_kind: rule.for_s
        for camera in demo.cameras
        if camera.id in ("square", "kerb")
        for rule in camera.rules.values()
    }
    assert waits.keys() == {IncidentKind.CROWDING, IncidentKind.ROAD_OCCUPATION}
    assert all(wait <= 20 for wait in waits.values())


def test_composed_pictures_say_so(demo: Configuration) -> None:
    notices = {camera.id: camera.notice for camera in demo.cameras if camera.notice}
    assert notices.keys() == {"fire", "dark"}
    assert all("合成" in notice.zh for notice in notices.values())


def test_each_site_lies_in_a_grid_of_each_level(demo: Configuration) -> None:
    assert demo.grids is not None
    for site in demo.sites:
        levels = sorted(g.level for g in demo.grids.grids if g.contains(site.position))
        assert levels == [0, 1, 2, 3], site.id
