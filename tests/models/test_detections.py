from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.detections import Detections

LABELS = ("person", "car")


@pytest.fixture
def three() -> Detections:
    return Detections(
        np.array([[0, 0, 0.5, 0.5], [0.5, 0, 1.25, 1], [0, 0, 1, 1]], np.float32),
        np.array([0.9, 0.5, 0.3], np.float32),
        np.array([0, 1, 0], np.int64),
        LABELS,
    )


def test_filters_keep_the_columns_together(three: Detections) -> None:
    assert three.of("person").scores.tolist() == pytest.approx([0.9, 0.3])
    assert three.of("tree").counts() == {}
    assert three.at_least(0.5).counts() == {"person": 1, "car": 1}
    assert three[1:].class_ids.tolist() == [1, 0]
    assert len(Detections.empty(LABELS)) == 0


def test_classes_are_found_by_name(three: Detections) -> None:
    renamed = three.as_classes(["tree", "car"])
    assert (renamed.labels, renamed.class_ids.tolist()) == (("tree", "car"), [1])
    assert renamed.scores.tolist() == [0.5]
    assert len(Detections.empty().as_classes(LABELS)) == 0


def test_parts_are_joined_in_their_order(three: Detections) -> None:
    together = Detections.joined([three[1:], three[:1]])
    assert together.scores.tolist() == pytest.approx([0.5, 0.3, 0.9])
    assert together.labels == LABELS


def test_boxes_are_clipped_words(three: Detections) -> None:
    person, car, _ = three.boxes()
    assert (person.label, person.box.xyxy) == ("person", (0, 0, 0.5, 0.5))
    assert (car.label, car.box.xyxy) == ("car", (0.5, 0, 1, 1))


@pytest.mark.parametrize(
    ("xyxy", "scores", "expected"),
    [
        (np.zeros((2, 5)), np.zeros(2), r"xyxy: expected shape \(n, 4\), got \(2, 5\)"),
        (np.zeros((2, 4)), np.zeros(3), r"expected 2 scores and class ids, got \(3,\), \(2,\)"),
    ],
)
def test_columns_of_different_lengths_are_refused(
    xyxy: NDArray[Any], scores: NDArray[Any], expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        Detections(xyxy, scores, np.zeros(2, np.int64), LABELS)
