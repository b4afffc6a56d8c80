import numpy as np
import pytest

from lab.scores.average_precision import ScoredPicture
from lab.scores.picture_recall import PictureScores, recall_at
from models.detections import Detections

NAMES = ("fire", "smoke")


def boxes(*rows: tuple[str, float]) -> Detections:
    corners = np.tile(np.array([0.1, 0.1, 0.5, 0.5], np.float32), (len(rows), 1))
    scores = np.array([score for _, score in rows], np.float32)
    return Detections(corners, scores, np.array([NAMES.index(n) for n, _ in rows], np.int64), NAMES)


def picture(truth: Detections, found: Detections) -> ScoredPicture:
    return ScoredPicture("a.png", (100, 100), truth, found)


@pytest.mark.parametrize(
    ("false_share", "negative", "recall", "false_pictures"),
    [
        (0.05, np.linspace(0, 0.95, 20), 0.5, 1),  # one of twenty may have a box: 0.95
        (0.01, np.linspace(0, 0.95, 20), 0.25, 0),  # none may
        (0.05, np.zeros(20), 1.0, 0),
        (0.5, np.full(4, 0.9), 0.5, 0),  # all are equally sure: all or none
        (1.0, np.full(4, 0.9), 1.0, 4),
    ],
)
def test_recall_where_few_negative_pictures_have_a_box(
    false_share: float, negative: np.ndarray, recall: float, false_pictures: int
) -> None:
    positive = np.array([0.1, 0.89, 0.92, 0.96], np.float32)
    found = recall_at(false_share, positive, negative)
    assert (found.recall, found.false_pictures) == (recall, false_pictures)
    assert np.mean(negative.astype(np.float32) >= found.threshold) <= false_share
    assert 0 < found.threshold <= 1


def test_classes_are_scored_alone_and_together() -> None:
    scores = PictureScores(NAMES)
    for _ in range(100):
        scores.add_negative(boxes(("fire", 0.2), ("smoke", 0.4)), boxes())
    rows = scores.recalls(
        [
            picture(boxes(("fire", 1)), boxes(("fire", 0.3))),
            picture(boxes(("fire", 1), ("smoke", 1)), boxes(("smoke", 0.5))),
            picture(boxes(), boxes(("fire", 0.9))),  # nothing marked: counts nowhere
        ]
    )
    assert [(row.label, row.positives, row.negatives) for row in rows] == [
        ("fire", 2, 100),
        ("smoke", 1, 100),
        ("fire|smoke", 2, 100),
    ]
    assert [row.at[0].recall for row in rows] == [0.5, 1.0, 0.5]


def test_a_picture_is_negative_only_for_what_is_not_marked_in_it() -> None:
    scores = PictureScores(NAMES)
    scores.add_negative(boxes(("fire", 0.8), ("smoke", 0.1)), boxes(("fire", 1)))
    scores.add_negative(boxes(), boxes())
    rows = scores.recalls([picture(boxes(("fire", 1), ("smoke", 1)), boxes(("fire", 0.3)))])
    assert [(row.label, row.negatives) for row in rows] == [
        ("fire", 1), ("smoke", 2), ("fire|smoke", 1)
    ]  # fmt: skip
    assert rows[0].at[0].recall == 1


def test_without_negatives_there_is_nothing_to_say() -> None:
    scores = PictureScores(NAMES)
    assert scores.recalls([picture(boxes(("fire", 1)), boxes())]) == ()
    assert scores.negatives == 0
