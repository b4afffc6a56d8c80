from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.geometry import Box
from models.heads import nms
from models.heads.nms import AT_ONCE, iou_with, suppress


def plain_reference(
    xyxy: NDArray[Any], scores: NDArray[Any], class_ids: NDArray[Any], iou: float, limit: int
) -> list[int]:
    """Box by box, as one would say it."""
    kept: list[int] = []
    for row in sorted(range(len(xyxy)), key=lambda i: -scores[i]):
        box = Box.clipped(*map(float, xyxy[row]))
        doubled = any(
            class_ids[row] == class_ids[other]
            and box.iou(Box.clipped(*map(float, xyxy[other]))) > iou
            for other in kept
        )
        if not doubled:
            kept.append(row)
    return kept[:limit]


def test_many_rows_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    corners = random.integers(0, 9, (200, 2, 2)).astype(np.float32) / np.float32(8)
    xyxy = np.sort(corners, axis=1).reshape(200, 4)
    scores = random.integers(1, 20, 200).astype(np.float32) / np.float32(20)
    class_ids = random.integers(0, 3, 200)
    for limit in (1, AT_ONCE // 4, 300):
        expected = plain_reference(xyxy, scores, class_ids, 0.5, limit)
        for at_once in (1, 7, AT_ONCE, 1000):
            monkeypatch.setattr(nms, "AT_ONCE", at_once)
            kept = suppress(xyxy, scores, class_ids, iou=0.5, limit=limit)
            assert kept.tolist() == expected
            assert kept.dtype == np.int64


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.integers(0, 60),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]),
    st.integers(1, 40),
)
def test_agrees_with_the_plain_reference(n: int, seed: int, iou: float, limit: int) -> None:
    random = np.random.default_rng(seed)
    # Multiples of 1/8 give exact areas, many overlaps, equal boxes and empty ones.
    corners = random.integers(0, 9, (n, 2, 2)).astype(np.float32) / np.float32(8)
    xyxy = np.sort(corners, axis=1).reshape(n, 4)
    scores = random.integers(1, 20, n).astype(np.float32) / np.float32(20)
    class_ids = random.integers(0, 3, n)
    kept = suppress(xyxy, scores, class_ids, iou=iou, limit=limit)
    assert kept.tolist() == plain_reference(xyxy, scores, class_ids, iou, limit)


@pytest.mark.parametrize(
    ("class_ids", "expected"),
    [
        pytest.param([0, 0, 0], [1, 2], id="the surer of two doubles stays"),
        pytest.param([0, 1, 0], [1, 0, 2], id="another class is no double"),
    ],
)
def test_doubles_are_of_one_class(class_ids: list[int], expected: list[int]) -> None:
    xyxy = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.8, 0.9, 0.3], np.float32)
    kept = suppress(xyxy, scores, np.array(class_ids), iou=0.5, limit=300)
    assert kept.tolist() == expected


def test_empty_boxes_overlap_nothing() -> None:
    box = np.zeros(4, np.float32)
    assert iou_with(box, np.zeros((2, 4), np.float32)).tolist() == [0, 0]
