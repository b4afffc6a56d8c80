"""A clip as another camera of the same place would show it: cropped, mirrored, brightened or
darkened, shifted, its zones, lines and ground planes moved along with what they were drawn on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import shapely

from domain.geometry import Point
from streams.frame import Image
from vision.rule_register import (
    CrowdingRuleSettings,
    GenericRuleSettings,
    RuleSettings,
    ZoneSettings,
)
from vision.rules.generic import Line

CROPPED = 0.25
"""The sides of a variant's view are shorter by up to this share."""
LIGHT = (0.7, 1.35)
SHIFTED = 0.06
"""It is moved by up to this share of the picture's width."""
FRAME = shapely.box(0, 0, 1, 1)
LEAST_IN_VIEW = 0.002
"""A zone of which less than this share of the frame is in view is out of it."""


@dataclass(frozen=True)
class ViewVariant:
    """How a clip is changed. The first of a clip is the clip as it is."""

    view: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    mirrored: bool = False
    gain: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def drawn(cls, random: np.random.Generator, number: int) -> "ViewVariant":
        if number == 0:
            return cls()
        side = 1 - float(random.uniform(0, CROPPED))
        x, y = (float(v) for v in random.uniform(0, 1 - side, 2))
        return cls(
            view=(x, y, x + side, y + side),
            mirrored=bool(random.random() < 0.5),
            gain=float(random.uniform(*LIGHT)),
            shift=(float(random.uniform(-SHIFTED, SHIFTED)), float(random.uniform(-0.03, 0.03))),
        )

    def seen(self, image: Image) -> Image:
        """The picture as this variant shows it, of the same size."""
        height, width = image.shape[:2]
        x1, y1, x2, y2 = self.view
        part = image[round(y1 * height) : round(y2 * height), round(x1 * width) : round(x2 * width)]
        size = (width, height)
        shown = part if part.shape == image.shape else cv2.resize(part, size)
        if self.shift != (0.0, 0.0):
            move = np.array([[1, 0, self.shift[0] * width], [0, 1, self.shift[1] * height]])
            shown = cv2.warpAffine(shown, move, size, borderMode=cv2.BORDER_REFLECT)
        if self.mirrored:
            shown = shown[:, ::-1]
        if self.gain != 1.0:
            shown = cv2.convertScaleAbs(np.ascontiguousarray(shown), alpha=self.gain)
        return np.ascontiguousarray(shown, np.uint8)

    def points_seen(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Where points of the clip lie in this variant, in frame units; some may be out of it."""
        x1, y1, x2, y2 = self.view
        seen = (np.array(points) - (x1, y1)) / (x2 - x1, y2 - y1) + self.shift
        if self.mirrored:
            seen[:, 0] = 1 - seen[:, 0]
        return tuple((float(x), float(y)) for x, y in seen)

    def polygon_seen(self, polygon: Sequence[Point]) -> tuple[Point, ...]:
        """Where a polygon of the clip lies in this variant, cut at the frame; frame units.

        Of a polygon that the frame cuts in pieces the largest is kept; () when nothing of it is in
        view.
        """
        inside = shapely.intersection(shapely.Polygon(self.points_seen(polygon)), FRAME)
        parts = [part for part in shapely.get_parts(inside) if part.area > LEAST_IN_VIEW]
        if not parts:
            return ()
        ring = shapely.get_coordinates(max(parts, key=shapely.area).exterior)
        return tuple((float(x), float(y)) for x, y in ring[:-1])

    def line_seen(self, line: Line) -> Line | None:
        """Where a line of the clip lies in this variant, its left still on its left; None when it
        is out of view."""
        first, second = self.points_seen(line)
        if not shapely.intersects(shapely.LineString([first, second]), FRAME):
            return None
        return (second, first) if self.mirrored else (first, second)


def zones_seen_by(
    variant: ViewVariant, rules: Mapping[str, RuleSettings], zones: Sequence[ZoneSettings]
) -> tuple[dict[str, RuleSettings], tuple[ZoneSettings, ...]]:
    """Rules and zones of a clip as they would be drawn on the variant. A zone that is out of view
    is left out, and so is a rule that watches nothing else."""
    seen = [(zone, variant.polygon_seen(zone.polygon)) for zone in zones]
    kept = tuple(zone.model_copy(update={"polygon": ring}) for zone, ring in seen if ring)
    ids = frozenset(zone.id for zone in kept)
    moved = {rule_id: _rule_seen_by(variant, rule, ids) for rule_id, rule in rules.items()}
    return {rule_id: rule for rule_id, rule in moved.items() if rule is not None}, kept


def _rule_seen_by(
    variant: ViewVariant, rule: RuleSettings, zone_ids: frozenset[str]
) -> RuleSettings | None:
    """The rule with its own places moved, and those of its zones that are in view; None when
    nothing of what it watches is."""
    moved: dict[str, Any] = {"zones": tuple(zone for zone in rule.zones if zone in zone_ids)}
    if rule.zones and not moved["zones"]:
        return None
    if rule.zone is not None:
        moved["zone"] = variant.polygon_seen(rule.zone)
        if not moved["zone"]:
            return None
    if isinstance(rule, GenericRuleSettings) and rule.line is not None:
        moved["line"] = variant.line_seen(rule.line)
        if moved["line"] is None:
            return None
    if isinstance(rule, CrowdingRuleSettings) and rule.ground is not None:
        picture = variant.points_seen(rule.ground.picture)
        moved["ground"] = rule.ground.model_copy(update={"picture": picture})
    return rule.model_copy(update=moved)
