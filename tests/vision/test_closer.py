"""The closer look: the same place at twice the size, and what the fire rule makes of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from domain.geometry import Box
from lab.trials.quiet_pictures import Shown
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from tests.block_detector import BLOCK, INPUT_WH, NAME, blocks_picture, import_block_detector
from tests.vision.looks import START, Row, detections, moved, zone
from tests.vision.test_fire import DRIFTS, FLAME
from vision.rules.fire import FireRuleSettings
from vision.rules.rule import Scene
from vision.second_look.closer import APART_S, Closer, Sighting, closer_region, look_closer
from vision.second_look.flame import NO_FLAME, FlameFeatures
from vision.second_look.taking import CloserSight
from vision.second_look.verdict import SecondLook
from vision.zones import WHOLE_FRAME

COLUMNS, ROWS = INPUT_WH[0] // BLOCK, INPUT_WH[1] // BLOCK


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    folder = tmp_path_factory.mktemp("models")
    import_block_detector(folder)
    return Detector.open(Catalog(folder), DetectorSettings(model=NAME, confidence=0.3))


def cell(column: float, row: float, side: float = 1.0) -> Box:
    """A place of the detector's grid, in frame units."""
    return Box.clipped(column / COLUMNS, row / ROWS, (column + side) / COLUMNS, (row + side) / ROWS)


def half_sized(*, scale: int, at_s: float = 0.0, dark: bool = False) -> Shown:
    """A yellow thing half as large as the detector can see, at (0.5, 0.5) of its grid, where
    it falls on the grid of a crop too: that begins at the corner."""
    image = blocks_picture({}, scale=scale).copy()
    px = BLOCK * scale
    if not dark:
        y, x, side = px // 2, px // 2, px // 2
        image[y : y + side, x : x + side] = (0, 255, 255)
    return Shown(image, START + timedelta(seconds=at_s))


@pytest.mark.parametrize("scale", [1, 2, 6], ids=["low resolution", "of the input", "full size"])
def test_what_is_too_small_for_a_look_is_seen_closer(detector: Detector, scale: int) -> None:
    picture = half_sized(scale=scale)
    look = picture.scaled(detector.fit_wh(picture.size_wh))
    (seen,) = detector.detect([look])
    assert not len(seen), "a look at it sees nothing"
    closer = look_closer(detector, [picture], cell(0.5, 0.5, 0.5), pictures=3)
    assert closer is not None
    assert closer.flame.share(0.5) == 1
    assert closer.flame.box is not None
    assert closer.flame.box.iou(cell(0.5, 0.5, 0.5)) > 0.5, "told in units of the whole picture"
    assert closer.smoke == Sighting((0.0,))


def test_the_newest_pictures_are_looked_at_and_not_all(detector: Detector) -> None:
    shown = [half_sized(scale=2, at_s=t, dark=t > 1) for t in np.arange(0, 1.6, 0.125).tolist()]
    closer = look_closer(detector, shown, cell(0.5, 0.5, 0.5), pictures=3)
    assert closer is not None
    assert [score > 0 for score in closer.flame.scores] == [True, True, False]
    assert closer.flame.share(0.3) == pytest.approx(2 / 3)
    assert 2 * APART_S < 1, "the first two lie before the dark"


def test_what_lies_elsewhere_in_the_crop_is_not_told(detector: Detector) -> None:
    closer = look_closer(detector, [half_sized(scale=2)], cell(1.6, 0.5, 0.5), pictures=1)
    assert closer is not None
    assert closer.flame.box is None
    assert closer.best == 0


def test_large_boxes_gain_nothing_and_nothing_is_asked_when_it_is_off(detector: Detector) -> None:
    assert closer_region(Box(x1=0.1, y1=0.1, x2=0.8, y2=0.6)) is None
    assert look_closer(detector, [], cell(4, 2), pictures=3) is None
    rule = FireRuleSettings().rule(zone(WHOLE_FRAME))
    assert rule.judge(Scene(0, detections([FLAME]))).doubt is None
    assert CloserSight(detector, 0).pictures == 0


@pytest.mark.parametrize("corner", [(0.0, 0.0), (0.96, 0.9), (0.5, 0.0)])
def test_the_region_lies_in_the_picture_and_holds_the_box(corner: tuple[float, float]) -> None:
    box = Box.clipped(*corner, corner[0] + 0.04, corner[1] + 0.1)
    region = closer_region(box)
    assert region is not None
    assert region.x2 - region.x1 == pytest.approx(0.5)
    assert region.y2 - region.y1 == pytest.approx(0.5)
    assert region.x1 <= box.x1 <= box.x2 <= region.x2 + 1e-9


# ---- what the rule makes of it

WEAK: Row = moved(FLAME, score=0.2)
CLEAR = FlameFeatures(0.5, 0.1, 13.0, 0.3, 2.0, 0.3, 0.2, 0.3, 0.3, 0.1)
FLICKERS = SecondLook(frames=20, span_s=3.0, flame=CLEAR, smoke=DRIFTS.smoke)
"""Clear flicker, which weak flames must show twice in a row."""
HARDLY = replace(FLICKERS, flame=replace(CLEAR, swing=10.5))
"""Flicker that confirms others, but not weak flames: neon does as much."""


def closer(*scores: float) -> Closer:
    return Closer(Sighting(scores), Sighting(tuple(0.0 for _ in scores)))


def found(seen: SecondLook, marks: Sequence[bool], row: Row = WEAK) -> float | None:
    """When a fire is found that every second look answers so; two looks a second."""
    rule = FireRuleSettings().rule(zone(WHOLE_FRAME))
    for number, mark in enumerate(marks):
        judgement = rule.judge(Scene(number / 2, detections([row] if mark else [])))
        told = judgement.finding
        if told is None and judgement.doubt is not None:
            told = rule.learn(judgement.doubt.place, seen)  # type: ignore[attr-defined]
        if told is not None:
            return number / 2
    return None


EVERY_LOOK = [True] * 24
EVERY_OTHER = [True, False] * 12


@pytest.mark.parametrize(
    ("scores", "marks", "first"),
    [
        (None, EVERY_LOOK, 4.0),  # after two second looks
        (None, EVERY_OTHER, None),
        ((0.6, 0.5, 0.4), EVERY_LOOK, 1.0),
        ((0.6, 0.5, 0.4), EVERY_OTHER, 1.0),  # a flare that half of the looks miss
        ((0.6, 0.0, 0.5), EVERY_OTHER, 1.0),
        ((0.51, 0.0, 0.0), EVERY_OTHER, None),  # a neon sign, in one of its states
        ((0.2, 0.2, 0.2), EVERY_OTHER, None),  # as weak as before
        ((0.0, 0.0, 0.0), EVERY_LOOK, 4.0),  # at worst it is as without
    ],
)
def test_weak_flames_that_are_plain_at_twice_the_size_are_believed(
    scores: tuple[float, ...] | None, marks: list[bool], first: float | None
) -> None:
    seen = replace(FLICKERS, closer=None if scores is None else closer(*scores))
    assert found(seen, marks) == first


@pytest.mark.parametrize("scores", [(0.6, 0.5, 0.4), (0.9, 0.9, 0.9)])
def test_neon_that_hardly_flickers_is_not_believed_however_plain(scores: tuple[float, ...]) -> None:
    assert found(replace(HARDLY, closer=closer(*scores)), EVERY_LOOK) is None


@pytest.mark.parametrize("still", [SecondLook(20, 3.0, NO_FLAME, DRIFTS.smoke), SecondLook(2, 0.2)])
def test_without_flicker_nothing_is_believed_for_its_size(still: SecondLook) -> None:
    seen = replace(still, closer=closer(0.9, 0.9, 0.9))
    assert found(seen, EVERY_LOOK) is None


def test_what_was_seen_closer_is_said() -> None:
    rule = FireRuleSettings().rule(zone(WHOLE_FRAME))
    seen, finding = replace(FLICKERS, closer=closer(0.6, 0.0, 0.5)), None
    for number in range(4):
        judgement = rule.judge(Scene(number / 2, detections([WEAK])))
        if judgement.doubt is not None:
            finding = rule.learn(judgement.doubt.place, seen)  # type: ignore[attr-defined]
            break
    assert finding is not None
    assert "放大看 3 张中 2 张可见 (最高 0.60)" in finding.explanation.zh
    assert "at twice the size seen in 2 of 3 pictures (up to 0.60)" in finding.explanation.en
