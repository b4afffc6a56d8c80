"""A clip shown by another camera of the same place: its pictures, and its zones with them."""

import numpy as np
import pytest

from domain.geometry import Point
from lab.trials.variant import ViewVariant, zones_seen_by
from streams.frame import Image
from tests.block_detector import blocks_picture
from tests.vision.paintings import grainy
from vision.rule_register import (
    CrowdingRuleSettings,
    GenericRuleSettings,
    ZoneSettings,
    parse_rules,
)
from vision.rules.generic import Line
from vision.rules.ground_plane import GroundPlane

SQUARE: tuple[Point, ...] = ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))


def test_the_first_variant_is_the_clip_itself_and_others_differ() -> None:
    random = np.random.default_rng(0)
    first, *others = [ViewVariant.drawn(random, number) for number in range(5)]
    image = grainy(blocks_picture({(5, 3): "car"}), 1)
    assert (first.seen(image) == image).all()
    assert set(first.polygon_seen(SQUARE)) == set(SQUARE)
    assert len(set(others)) == 4
    for variant in others:
        seen = variant.seen(image)
        assert (seen.shape, seen.dtype) == (image.shape, image.dtype)
        assert (seen != image).any()


def test_a_variant_is_mirrored_brightened_and_shifted() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :20] = 100
    assert (ViewVariant(mirrored=True).seen(image)[:, 80:] == 100).all()
    assert (ViewVariant(gain=1.3).seen(image)[:, :20] == 130).all()
    assert (ViewVariant(shift=(0.05, 0.0)).seen(image)[:, 5:25] == 100).all()
    assert (ViewVariant(view=(0.0, 0.0, 0.5, 0.5)).seen(image)[:, :38] == 100).all()


@pytest.mark.parametrize("number", range(1, 9))
def test_a_zone_stays_around_what_it_was_drawn_around(number: int) -> None:
    variant = [ViewVariant.drawn(np.random.default_rng(3), n) for n in range(1, 9)][number - 1]
    variant = ViewVariant(variant.view, variant.mirrored, 1.0, variant.shift)
    image: Image = np.zeros((400, 400, 3), np.uint8)
    image[80:240, 80:240] = 200
    bright = variant.seen(image)[..., 0] > 100
    rows, columns = np.nonzero(bright)
    x, y = np.array(variant.polygon_seen(SQUARE)).T * 400
    edges = (x.min(), x.max(), y.min(), y.max())
    assert edges == pytest.approx(
        (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1), abs=4
    )


def test_what_leaves_the_view_is_cut_and_a_rule_without_a_place_is_left_out() -> None:
    right = ViewVariant(view=(0.5, 0.0, 1.0, 1.0))
    cut = np.array(sorted(right.polygon_seen(SQUARE)))
    assert cut == pytest.approx(np.array([(0.0, 0.2), (0.0, 0.6), (0.2, 0.2), (0.2, 0.6)]))
    corner: list[list[float]] = [[0, 0], [0.3, 0], [0.3, 0.3]]
    zones = [
        ZoneSettings.model_validate({"id": name, "polygon": polygon})
        for name, polygon in (("gone", corner), ("stays", SQUARE))
    ]
    rules = parse_rules(
        {
            "fire": {},
            "parking": {"zone": corner},
            "crowding": {"zones": ["gone"], "count": 5},
            "goods": {"zones": ["gone", "stays"]},
            "stalls": {"zone": [list(point) for point in SQUARE]},
        }
    )
    seen, kept = zones_seen_by(right, rules, zones)
    assert set(seen) == {"fire", "goods", "stalls"}
    assert (seen["fire"], seen["goods"].zones) == (rules["fire"], ("stays",))
    assert [zone.id for zone in kept] == ["stays"]
    assert seen["stalls"].zone == kept[0].polygon == right.polygon_seen(SQUARE)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_line_keeps_its_sides_and_a_ground_plane_its_metres(mirrored: bool) -> None:
    variant = ViewVariant(view=(0.1, 0.2, 0.9, 1.0), mirrored=mirrored, shift=(0.03, -0.02))
    corners: list[list[float]] = [[0.2, 0.4], [0.8, 0.4], [0.95, 0.95], [0.05, 0.95]]
    rules = parse_rules(
        {
            "gate": {"kind": "generic", "line": [[0.3, 0.7], [0.7, 0.6]], "crossing": "to_left"},
            "away": {"kind": "generic", "line": [[0.0, 0.0], [0.05, 0.05]]},
            "crowding": {
                "zone": corners,
                "density": 1.5,
                "ground": {"picture": corners, "metres": [[0, 0], [20, 0], [20, 30], [0, 30]]},
            },
        }
    )
    seen, _ = zones_seen_by(variant, rules, ())
    assert set(seen) == {"gate", "crowding"}

    gate, before, after = seen["gate"], rules["crowding"], seen["crowding"]
    assert isinstance(gate, GenericRuleSettings)
    assert gate.line is not None
    (left,) = variant.points_seen([(0.5, 0.2)])
    assert to_the_left(gate.line, left)

    assert isinstance(before, CrowdingRuleSettings)
    assert before.ground is not None
    assert isinstance(after, CrowdingRuleSettings)
    assert after.ground is not None
    place: tuple[Point, ...] = ((0.3, 0.5), (0.7, 0.5), (0.7, 0.9), (0.3, 0.9))
    area_m2 = GroundPlane(after.ground).area_m2(variant.points_seen(place))
    assert area_m2 == pytest.approx(GroundPlane(before.ground).area_m2(place))


def to_the_left(line: Line, point: Point) -> bool:
    """Seen along the line from its first point to its second, y running down."""
    (ax, ay), (bx, by) = line
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) < 0
