import numpy as np
import pytest

from lab.scores.average_precision import MAX_BOXES, ScoredPicture, average_precisions
from models.detections import Detections

LABELS = ("fire", "smoke")
WHOLE = (0.0, 0.0, 1.0, 1.0)
LEFT = (0.0, 0.0, 0.5, 1.0)
RIGHT = (0.5, 0.0, 1.0, 1.0)


def boxes(
    *rows: tuple[tuple[float, ...], float, int],
) -> Detections:
    """Rows of (corners, score, class id)."""
    if not rows:
        return Detections.empty(LABELS)
    corners, scores, class_ids = zip(*rows, strict=True)
    return Detections(
        np.array(corners, np.float32),
        np.array(scores, np.float32),
        np.array(class_ids, np.int64),
        LABELS,
    )


def picture(
    truth: list[tuple[float, ...]],
    found: list[tuple[tuple[float, ...], float, int]],
) -> ScoredPicture:
    return ScoredPicture("p.jpg", (100, 100), boxes(*((c, 1, 0) for c in truth)), boxes(*found))


@pytest.mark.parametrize(
    ("pictures", "ap50"),
    [
        pytest.param([picture([WHOLE], [(WHOLE, 0.9, 0)])], 1, id="found"),
        pytest.param([picture([WHOLE], [])], 0, id="missed"),
        pytest.param([picture([LEFT], [(RIGHT, 0.9, 0)])], 0, id="beside"),
        pytest.param([picture([WHOLE], [(WHOLE, 0.9, 1)])], 0, id="another class"),
        pytest.param([picture([LEFT], [(WHOLE, 0.9, 0)])], 1, id="an IoU of ½ is enough"),
        pytest.param(
            [picture([WHOLE], [(WHOLE, 0.9, 0), (WHOLE, 0.8, 0)])], 1, id="a later double is free"
        ),
        pytest.param(
            [picture([WHOLE], [(LEFT, 0.9, 0), (WHOLE, 0.8, 0)])],
            1,
            id="an IoU of ½ takes the box",
        ),
        pytest.param(
            [picture([LEFT], [(RIGHT, 0.9, 0), (LEFT, 0.8, 0)])], 0.5, id="a false one before"
        ),
        pytest.param(
            [picture([LEFT, RIGHT], [(LEFT, 0.9, 0)])], 51 / 101, id="half, at 51 of 101 points"
        ),
        pytest.param(
            [picture([LEFT], [(LEFT, 0.5, 0)]), picture([], [(WHOLE, 0.9, 0)])],
            0.5,
            id="a false box in an empty picture",
        ),
    ],
)
def test_ap_at_one_half(pictures: list[ScoredPicture], ap50: float) -> None:
    precisions = average_precisions(pictures, 0)
    assert precisions is not None
    assert precisions[0] == pytest.approx(ap50)


def test_stricter_thresholds_need_better_boxes() -> None:
    loose = (0.0, 0.0, 0.72, 1.0)
    precisions = average_precisions([picture([WHOLE], [(loose, 0.9, 0)])], 0)
    assert precisions is not None
    assert precisions.tolist() == pytest.approx([1] * 5 + [0] * 5)


def test_a_class_without_truth_has_no_ap() -> None:
    assert average_precisions([picture([WHOLE], [])], 1) is None


def test_only_the_surest_boxes_of_a_picture_count() -> None:
    false = [(RIGHT, 0.9, 0)] * MAX_BOXES
    precisions = average_precisions([picture([LEFT], [*false, (LEFT, 0.1, 0)])], 0)
    assert precisions is not None
    assert precisions[0] == 0
