"""The worst mistakes of a detector as one page of HTML that needs nothing beside it."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from domain.base import Text
from lab.drawing import drawn
from lab.scores.mistakes import KINDS, Mistake, MistakeBook, MistakeKind
from models.detections import Detections

KIND_WORDS: dict[MistakeKind, Text] = {
    "false": Text.of("误报", "False"),
    "missed": Text.of("漏报", "Missed"),
    "misplaced": Text.of("框偏", "Misplaced"),
}
KIND_NOTES: dict[MistakeKind, Text] = {
    "false": Text.of("把握最大的在前", "surest first"),
    "missed": Text.of("目标最大的在前", "largest first"),
    "misplaced": Text.of(
        "碰到目标但不准,把握最大的在前", "touches it but lies badly, surest first"
    ),
}


_NO_ROOM_PERCENT = 6.0


@dataclass(frozen=True)
class Frame:
    """A box over a picture: its place in percent, and what is written on it."""

    kind: str
    style: str
    words: str
    low: bool
    """The words go below: above the box there is no room."""


@dataclass(frozen=True)
class Card:
    """One picture of the page."""

    picture: str
    frames: tuple[Frame, ...]
    file: str
    source: str
    words: str


@dataclass(frozen=True)
class Section:
    """The worst mistakes of one kind of one class."""

    anchor: str
    label: str
    title: Text
    note: Text
    count: int
    cards: tuple[Card, ...]


def gallery_page(book: MistakeBook, *, model: str, sources: Sequence[str]) -> str:
    """The page, Chinese first, English second."""
    return drawn(
        "lab.scores",
        "gallery.html",
        book=book,
        model=model,
        sources=[_name_of(source) for source in sources],
        kinds=[(kind, KIND_WORDS[kind]) for kind in KINDS],
        sections=list(_sections(book)),
    )


def _sections(book: MistakeBook) -> Iterator[Section]:
    for number, label in enumerate(book.labels):
        for kind in KINDS:
            cards = tuple(_card(mistake) for mistake in book.worst(kind, label))
            count = book.counts[kind, label]
            anchor = f"{kind}-{number}"
            yield Section(anchor, label, KIND_WORDS[kind], KIND_NOTES[kind], count, cards)


def _card(mistake: Mistake) -> Card:
    return Card(
        picture="data:image/jpeg;base64," + b64encode(mistake.jpeg).decode("ascii"),
        frames=tuple(_frames(mistake)),
        file=mistake.sight_file,
        source=_name_of(mistake.source),
        words=_words(mistake),
    )


def _name_of(source: str) -> str:
    """A source without the folders above it and without what its labels mean."""
    return Path(source.partition("=")[0]).name


def _words(mistake: Mistake) -> str:
    if mistake.kind == "missed":
        return f"占画面 {mistake.badness:.2%} of the picture"
    if mistake.kind == "misplaced":
        return f"{mistake.badness:.2f} · IoU {mistake.iou:.2f}"
    return f"{mistake.badness:.2f}"


def _frames(mistake: Mistake) -> Iterator[Frame]:
    """What is marked, what was found, and the mistake itself on top."""
    for box in _others(mistake.truth, mistake.xyxy).xyxy:
        yield _frame("truth", box, "")
    others = _others(mistake.found, mistake.xyxy)
    for box, score in zip(others.xyxy, others.scores, strict=True):
        yield _frame("found", box, f"{score:.2f}")
    words = "" if mistake.kind == "missed" else f"{mistake.badness:.2f}"
    yield _frame(mistake.kind, mistake.xyxy, words)


def _others(boxes: Detections, box: np.ndarray) -> Detections:
    return boxes[(boxes.xyxy != box).any(axis=1)]


def _frame(kind: str, box: np.ndarray, words: str) -> Frame:
    x1, y1, x2, y2 = (100 * float(side) for side in box)
    style = f"left:{x1:.2f}%;top:{y1:.2f}%;width:{x2 - x1:.2f}%;height:{y2 - y1:.2f}%"
    return Frame(kind, style, words, low=y1 < _NO_ROOM_PERCENT)
