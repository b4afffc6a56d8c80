"""What may be said of a picture, and what is refused, in both languages."""

import math

import pytest

from lab.labelling.marks import LEAST_SIDE, MOST_BOXES, MarkedBox, MarkRefused, Status, check_mark

NAMES = ("stall", "cart")
GOOD = (0.1, 0.2, 0.3, 0.4)


def marked(*xyxy: float, label: str | None = "stall") -> MarkedBox:
    return MarkedBox(label=label, xyxy=xyxy)


@pytest.mark.parametrize(
    ("status", "boxes"),
    [
        (Status.DONE, [marked(*GOOD), marked(0, 0, 1, 1, label="cart")]),
        (Status.NOTHING, []),
        (Status.DRAFT, [marked(*GOOD, label=None)]),
        (Status.SKIPPED, []),
    ],
)
def test_what_a_detector_could_learn_from_is_kept(status: Status, boxes: list[MarkedBox]) -> None:
    check_mark(status, boxes, NAMES)


@pytest.mark.parametrize(
    ("status", "boxes", "said"),
    [
        (Status.DRAFT, [marked(0.3, 0.2, 0.1, 0.4)], "left before right"),
        (Status.DRAFT, [marked(0.1, 0.4, 0.3, 0.2)], "top before bottom"),
        (Status.DRAFT, [marked(0.1, 0.2, 0.1, 0.4)], "sides of at least"),
        (Status.DRAFT, [marked(0.1, 0.2, 0.1 + LEAST_SIDE / 2, 0.4)], "sides of at least"),
        (Status.DRAFT, [marked(-0.01, 0.2, 0.3, 0.4)], "within the frame"),
        (Status.DRAFT, [marked(0.1, 0.2, 1.01, 0.4)], "within the frame"),
        (Status.DRAFT, [marked(math.nan, 0.2, 0.3, 0.4)], "within the frame"),
        (Status.DRAFT, [marked(*GOOD, label="boat")], "a class of the set (stall, cart)"),
        (Status.DRAFT, [marked(*GOOD)] * (MOST_BOXES + 1), f"at most {MOST_BOXES}"),
        (Status.DONE, [marked(*GOOD), marked(*GOOD, label=None)], "box 2: expected a class"),
        (Status.DONE, [], "expected a box"),
        (Status.NOTHING, [marked(*GOOD)], "expected no box"),
    ],
)
def test_what_it_could_not_is_refused(status: Status, boxes: list[MarkedBox], said: str) -> None:
    with pytest.raises(MarkRefused) as refused:
        check_mark(status, boxes, NAMES)
    assert said in str(refused.value)
    assert refused.value.words.zh != refused.value.words.en
