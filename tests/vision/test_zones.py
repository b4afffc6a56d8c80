"""Who is in a zone."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.vision.looks import CAR, LEFT_HALF, RIGHT_HALF, detections, moved, people
from vision.zones import Zone, ZoneKind, ZoneSettings, standing_in, unmasked

LEFT, RIGHT = Zone.of("left", LEFT_HALF), Zone.of("right", RIGHT_HALF)
LOWER = Zone.of("lower", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))


def boxes(*rows: tuple[float, float, float, float]) -> np.typing.NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("box", "ground", "area"),
    [
        ((0.1, 0.6, 0.3, 0.9), True, True),
        ((0.1, 0.1, 0.3, 0.9), True, True),  # stands in it, reaches far above
        ((0.1, 0.1, 0.3, 0.49), False, False),
        ((0.1, 0.2, 0.3, 0.5), True, False),  # on the border
        ((0.1, 0.8, 0.3, 1.0), True, True),  # cut off by the frame's edge
        ((0.1, 0.8, 0.3, 1.001), True, True),  # a hair outside
        ((0.1, 0.0, 0.3, 0.75), True, True),  # a third of it
        ((0.3, 0.6, 0.3, 0.6), True, True),  # no size at all
    ],
)
def test_membership(box: tuple[float, float, float, float], ground: bool, area: bool) -> None:
    xyxy = boxes(box)
    assert LOWER.holds_ground(xyxy).tolist() == [ground]
    assert LOWER.holds_area(xyxy).tolist() == [area]
    assert Zone.whole_frame().holds_ground(xyxy).tolist() == [True]


def test_many_boxes_at_once_and_none() -> None:
    xyxy = boxes((0, 0, 0.2, 0.2), (0.6, 0, 0.8, 0.2), (0.4, 0, 0.6, 0.2))
    assert LEFT.holds_ground(xyxy).tolist() == [True, False, True]
    assert LEFT.covered(xyxy).tolist() == pytest.approx([1, 0, 0.5])
    assert LEFT.holds_area(boxes()).tolist() == []


def test_ignore_zones_hide_what_lies_mostly_under_them() -> None:
    seen = detections([CAR, moved(CAR, 0.4), moved(CAR, 0.25)])
    assert len(unmasked(seen, ())) == 3
    assert unmasked(seen, (LEFT,)).xyxy[:, 0].tolist() == pytest.approx([0.6, 0.45])
    assert len(unmasked(seen, (LEFT, RIGHT))) == 0
    assert len(unmasked(detections([]), (LEFT,))) == 0


def test_who_stands_in_an_exempt_zone_does_not_count() -> None:
    xyxy = detections(people(3, x=0.44)).xyxy
    whole = Zone.whole_frame()
    assert standing_in(whole, (), xyxy).tolist() == [True, True, True]
    assert standing_in(whole, (RIGHT,), xyxy).tolist() == [True, True, False]
    assert standing_in(whole, (LEFT, RIGHT), xyxy).tolist() == [False, False, False]


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}, ("polygon",), "does not cross itself"),
        ({"polygon": [[0, 0], [2, 1], [1, 0]]}, ("polygon",), "between 0 and 1"),
        ({"kind": "allow"}, ("kind",), "'detect', 'ignore' or 'exempt'"),
        ({"id": "a b"}, ("id",), "match pattern"),
        ({"color": "red"}, ("color",), "Extra inputs"),
        ({"schedule": [{"days": "x"}]}, ("schedule", 0, "days"), "expected days"),
    ],
)
def test_what_is_wrong_with_a_zone_is_said(
    change: dict[str, Any], where: tuple[str | int, ...], words: str
) -> None:
    data = {"id": "kerb", "polygon": LEFT_HALF, "name": "路缘"}
    assert ZoneSettings.model_validate(data).kind is ZoneKind.DETECT
    with pytest.raises(ValidationError) as error:
        ZoneSettings.model_validate({**data, **change})
    (problem,) = error.value.errors()
    assert problem["loc"] == where
    assert words in problem["msg"]
