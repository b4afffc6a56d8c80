"""The example town: what is public about it holds, everything else is plainly made up."""

import runpy
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
import yaml
from pydantic import TypeAdapter

from domain.gb28181 import parse_device_id
from domain.place import Grid, GridLevel
from settings.approvals import Approval
from settings.config import Configuration
from settings.loading import load

ROOT = Path(__file__).parents[2]
FILE = ROOT / "configs" / "huangshui.yaml"
NOON = datetime(2026, 3, 15, 4, tzinfo=UTC)
Approvals: TypeAdapter[dict[str, Approval]] = TypeAdapter(dict[str, Approval])
NAMED = ("空港花田网格", "瞿上网格", "川藏路网格", "双流西站网格", "黄三路网格")


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Configuration:
    monkeypatch.setenv("HS_CAMERA_USER", "operator")
    monkeypatch.setenv("HS_CAMERA_PASSWORD", "not-a-secret")
    monkeypatch.delenv("PATROL_BUS_URL", raising=False)
    monkeypatch.delenv("PATROL_DATABASE_URL", raising=False)
    return load(FILE)


def of_level(town: Configuration, level: GridLevel) -> list[Grid]:
    assert town.grids is not None
    return [grid for grid in town.grids.grids if grid.level is level]


def test_the_file_is_what_its_generator_writes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_huangshui_config.py"))["text"]()
    again = "run scripts/make_huangshui_config.py configs/huangshui.yaml"
    assert made == FILE.read_text(encoding="utf-8"), again


def test_the_public_numbers(town: Configuration) -> None:
    assert [grid.name.zh for grid in of_level(town, GridLevel.FIRST)] == list(NAMED)
    assert len(of_level(town, GridLevel.SECOND)) == 13
    assert len(of_level(town, GridLevel.THIRD)) == 50
    assert len(town.sites) == 114
    assert {camera.site_id for camera in town.cameras} == {site.id for site in town.sites}


def test_all_else_says_that_it_is_made_up(town: Configuration) -> None:
    assert town.grids is not None
    assert town.grids.synthetic
    lower = [*of_level(town, GridLevel.SECOND), *of_level(town, GridLevel.THIRD)]
    assert all(grid.name.zh.startswith("示例") for grid in lower)
    assert all(s.name.zh.startswith("示例") and "示例" in s.address.zh for s in town.sites)
    assert all("@192.0.2." in camera.address.secret_url for camera in town.cameras)


@pytest.mark.parametrize("level", [GridLevel.FIRST, GridLevel.SECOND, GridLevel.THIRD])
def test_each_level_tiles_the_town(town: Configuration, level: GridLevel) -> None:
    [whole] = of_level(town, GridLevel.TOWN)
    shapes = [shapely.Polygon(grid.polygon) for grid in of_level(town, level)]
    area = shapely.Polygon(whole.polygon).area
    assert sum(shape.area for shape in shapes) == pytest.approx(area, rel=1e-4)
    assert shapely.union_all(shapes).area == pytest.approx(area, rel=1e-4)


def test_level_1_crosses_the_borders_of_level_2(town: Configuration) -> None:
    first = [shapely.Polygon(grid.polygon) for grid in of_level(town, GridLevel.FIRST)]
    second = [shapely.Polygon(grid.polygon) for grid in of_level(town, GridLevel.SECOND)]
    crossed = [s for s in second if sum(f.intersection(s).area > 1e-7 for f in first) > 1]
    assert crossed


@pytest.mark.parametrize("level", [GridLevel.FIRST, GridLevel.SECOND, GridLevel.THIRD])
def test_each_site_lies_in_one_grid_of_each_level(town: Configuration, level: GridLevel) -> None:
    found = Counter(
        sum(grid.contains(site.position) for grid in of_level(town, level)) for site in town.sites
    )
    assert found == {1: 114}


def test_ids_are_gb28181_ids_of_the_area(town: Configuration) -> None:
    ids = [camera.gb_id or "" for camera in town.cameras]
    assert len(set(ids)) == len(ids)
    parts = [parse_device_id(gb_id) for gb_id in ids]
    assert {part.area for part in parts} == {"51011600"}
    assert {part.industry for part in parts} == {"00", "01"}
    assert {part.type for part in parts} == {"131", "132"}


def test_what_is_not_public_safety_is_off(town: Configuration) -> None:
    off = {each.rule_id for each in town.withheld_at(NOON)}
    assert off == {"parking", "stalls", "goods", "bikes", "loitering"}
    watched = Counter(rule_id for camera in town.cameras for rule_id in camera.rules)
    assert watched.keys() == {"fire", "fire_lane", "crowding"}
    assert watched["fire"] == len(town.cameras)


def test_each_rule_is_used(town: Configuration) -> None:
    kinds = {r.kind for camera in town.cameras for r in camera.written_rules.values()}
    assert kinds == {"fire", "fire_lane", "parking", "stalls", "goods", "crowding", "generic"}


def test_the_comment_shows_an_approval_that_works(town: Configuration) -> None:
    lines = FILE.read_text(encoding="utf-8").split("# approvals:\n")[1].split("\n\n")[0]
    example = "\n".join(line.removeprefix("# ") for line in lines.splitlines())
    camera = town.camera("s003-1")
    approved = replace(camera, approvals=Approvals.validate_python(yaml.safe_load(example)))
    assert "parking" not in camera.rules
    assert "parking" in approved.rules
    assert approved.permits("parking", NOON)


def test_no_password_shows(town: Configuration) -> None:
    assert "not-a-secret" not in repr(town)
