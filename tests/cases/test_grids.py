"""Routing: each level by its own polygons, on the plan that holds, frozen on the case."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.grids import Router
from domain.errors import ConfigurationError
from domain.geometry import Point
from domain.place import GridPath
from tests.builders import (
    CENTRE,
    EAST,
    MIDDLE,
    NOON,
    NORTH,
    SOUTH,
    WEST,
    make_cameras,
    make_plan,
    make_sites,
)
from tests.cases.conftest import Desk

ROUTER = Router(make_plan())


@pytest.mark.parametrize(
    ("position", "path"),
    [
        ((103.89, 30.50), ("hs-1", "c-01", "m-011")),
        ((103.89, 30.52), ("hs-1", "c-02", None)),  # the same level 1, across a level-2 border
        ((103.91, 30.50), ("hs-3", "c-01", None)),  # the same level 2, across a level-1 border
        ((103.91, 30.52), ("hs-3", "c-02", None)),
        ((104.50, 31.00), (None, None, None)),
    ],
)
def test_each_level_is_found_by_its_own_polygon(
    position: Point, path: tuple[str | None, str | None, str | None]
) -> None:
    found = ROUTER.route(position)
    assert (found.first, found.second, found.third) == path
    assert found.plan_version == "test-1"


@pytest.mark.parametrize("position", [(MIDDLE, CENTRE), (MIDDLE, 30.50), (103.89, CENTRE)])
def test_on_a_border_the_smallest_id_is_taken(position: Point) -> None:
    found = ROUTER.route(position)
    assert (found.first, found.second, found.third) == ("hs-1", "c-01", "m-011")


def test_the_order_of_the_plan_does_not_matter_on_a_border() -> None:
    plan = make_plan()
    turned = Router(plan.model_copy(update={"grids": plan.grids[::-1]}))
    assert turned.route((MIDDLE, CENTRE)) == ROUTER.route((MIDDLE, CENTRE))


@given(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))
def test_no_place_of_the_town_falls_between_two_grids(lon: float, lat: float) -> None:
    found = ROUTER.route((lon, lat))
    assert None not in (found.first, found.second)


def test_a_place_on_no_grid_goes_to_the_coordination_office(desk: Desk) -> None:
    case = desk.take(camera_id="far-1")
    assert case.grids == GridPath(plan_version="test-1")
    assert case.owner.zh == "协同指挥办公室"
    assert case.title.zh == "镇外示例点: 占道 — 车辆静止停留 31 s"
    assert "未匹配到网格, 转协同指挥办公室" in desk.notes(case)[0]


def test_a_plan_is_installed_once_and_its_version_never_changes(desk: Desk) -> None:
    desk.book.install(make_sites(), make_cameras(), make_plan())
    plan = make_plan()
    changed = plan.model_copy(update={"grids": plan.grids[1:]})
    with pytest.raises(ConfigurationError, match="expected a new version for the changed plan"):
        desk.book.install(make_sites(), make_cameras(), changed)
    assert desk.book.plan("test-1") == plan


def test_a_new_plan_routes_new_cases_and_leaves_the_old_ones(desk: Desk) -> None:
    old = desk.take()
    plan = make_plan("test-2")
    desk.book.install(
        make_sites(), make_cameras(), plan.model_copy(update={"grids": plan.grids[:-1]})
    )
    new = desk.take(incident_id="inc_2")
    assert new.grids == GridPath(plan_version="test-2", first="hs-1", second="c-01")
    assert new.owner.zh == "示例社区01·网格员队伍"
    assert desk.book.case(old.no) == old
    assert old.grids.plan_version == "test-1"
    kept = desk.book.plan("test-1")
    assert kept == make_plan()
    assert desk.book.plan("test-3") is None


def test_a_plan_for_later_waits_for_its_day(desk: Desk) -> None:
    later = make_plan("next-year", valid_from=datetime(2027, 1, 1, tzinfo=UTC))
    desk.book.install(make_sites(), make_cameras(), later)
    assert desk.take().grids.plan_version == "test-1"
    in_january = desk.take(incident_id="inc_2", at=datetime(2027, 1, 2, tzinfo=UTC))
    assert in_january.grids.plan_version == "next-year"


def test_going_back_to_an_earlier_plan_is_possible(desk: Desk) -> None:
    desk.book.install(make_sites(), make_cameras(), make_plan("test-2"))
    desk.book.install(make_sites(), make_cameras(), make_plan("test-1"))
    current = desk.book.current_plan()
    assert current is not None
    assert current.version == "test-1"


def test_without_a_plan_for_that_day_the_office_gets_the_case(desk: Desk) -> None:
    case = desk.take(at=datetime(2025, 6, 1, tzinfo=UTC))
    assert case.grids == GridPath(plan_version="none")
    assert case.owner.zh == "协同指挥办公室"
    assert case.opened_at < NOON


def test_a_town_without_grids_gives_everything_to_the_office(desk: Desk) -> None:
    empty = make_plan("none-yet").model_copy(update={"grids": ()})
    desk.book.install(make_sites(), make_cameras(), empty)
    case = desk.take()
    assert case.grids == GridPath(plan_version="none-yet")
    assert case.owner.zh == "协同指挥办公室"
