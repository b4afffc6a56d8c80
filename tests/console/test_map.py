"""The drawn grid plan."""

import re
from xml.etree import ElementTree

import pytest

from console.map import HEIGHT, WIDTH, PlanMap, draw_plan
from domain.base import Text
from domain.geometry import Point
from domain.place import Grid, GridLevel, GridPlan
from tests.builders import make_plan, rectangle

SCALE = {"metres": "{n} m", "kilometres": "{n} km"}
HERE = frozenset({"hs-1", "c-01", "m-011"})


def draw(
    plan: GridPlan | None = None,
    position: Point | None = (103.89, 30.50),
    here: frozenset[str] = HERE,
) -> PlanMap:
    drawn = draw_plan(plan or make_plan(), position, here, "zh", "label", SCALE)
    assert drawn is not None
    return drawn


def test_it_is_well_formed_and_says_when_it_is_made_up() -> None:
    drawn = draw()
    root = ElementTree.fromstring(str(drawn.svg))
    assert root.attrib["aria-label"] == "label"
    assert drawn.synthetic


def test_the_innermost_grid_is_lit_and_the_site_lies_in_it() -> None:
    svg = str(draw().svg)
    lit = re.search(r'class="grid-here" points="([^"]+)"', svg)
    mark = re.search(r'class="site" cx="([\d.]+)" cy="([\d.]+)"', svg)
    assert lit
    assert mark
    corners = [tuple(map(float, pair.split(","))) for pair in lit.group(1).split()]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    assert min(xs) < float(mark.group(1)) < max(xs)
    assert min(ys) < float(mark.group(2)) < max(ys)


def test_north_is_up_and_everything_fits() -> None:
    svg = str(draw(position=(104.5, 31.0)).svg)
    numbers = re.findall(r'points="([^"]+)"', svg)
    points = [tuple(map(float, pair.split(","))) for group in numbers for pair in group.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    mark = re.search(r'class="site" cx="([\d.]+)" cy="([\d.]+)"', svg)
    assert mark
    assert float(mark.group(2)) < min(y for _, y in points)


def test_names_are_escaped() -> None:
    square = rectangle(103.0, 30.0, 103.1, 30.1)
    evil = Grid(id="x", level=GridLevel.FIRST, name=Text.of("<b>&", "<b>"), polygon=square)
    plan = make_plan().model_copy(update={"grids": (evil,)})
    assert "&lt;b&gt;&amp;" in str(draw(plan, None, frozenset()).svg)


def test_a_plan_without_grids_is_not_drawn() -> None:
    plan = make_plan().model_copy(update={"grids": ()})
    assert draw_plan(plan, None, HERE, "zh", "label", SCALE) is None


@pytest.mark.parametrize(("degrees", "words"), [(0.001, "20 m"), (0.1, "2 km")])
def test_the_scale_bar_is_a_round_length(degrees: float, words: str) -> None:
    square = rectangle(103.0, 30.0, 103.0 + degrees, 30.0 + degrees)
    grid = Grid(id="x", level=GridLevel.FIRST, name=Text.of("x", "x"), polygon=square)
    plan = make_plan().model_copy(update={"grids": (grid,)})
    assert words in str(draw(plan, None, frozenset()).svg)
