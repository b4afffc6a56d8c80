"""Precision-recall curves as pictures: SVG, one for each class and one for all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.drawing import drawn
from lab.scores.average_precision import ScoredPicture, average_precisions, ranked
from models.catalogue.files import write_whole

_SIZE = 560
_LEFT, _TOP, _SIDE = 70, 56, 400
_COLOURS = ("#d9480f", "#495057", "#1971c2", "#2f9e44", "#9c36b5", "#e67700", "#0c8599", "#c2255c",
            "#5c940d", "#364fc7", "#862e9c", "#087f5b")  # fmt: skip
_MARKED_SCORES = (0.1, 0.25, 0.5)
"""Where a dot on the curve of a single class shows what a threshold costs."""
_LEGEND_ROWS = 15
"""More would run out of the picture."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision over recall of one class at IoU 0.5, one point for each box, surest first.

    Attributes:
        scores, recalls, precisions: (n,) each.
    """

    label: str
    ap50: float
    scores: NDArray[np.float32]
    recalls: NDArray[np.float64]
    precisions: NDArray[np.float64]


@dataclass(frozen=True)
class Spot:
    """A place in the picture, and what is written beside it."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class Line:
    """A curve as it is drawn: its points in the picture, and its colour."""

    points: tuple[tuple[float, float], ...]
    colour: str


@dataclass(frozen=True)
class Row:
    """A row of the legend."""

    words: str
    colour: str
    y: int


def curve_of(pictures: Sequence[ScoredPicture], class_id: int, label: str) -> Curve | None:
    """The curve of one class; None if nothing of it is marked."""
    areas = average_precisions(pictures, class_id)
    if areas is None:
        return None
    scores, hits, truths = ranked(pictures, class_id)
    right = np.cumsum(hits[0])
    precisions = right / np.arange(1, len(right) + 1)
    return Curve(label, float(areas[0]), scores, right / truths, precisions)


def write_curves(
    pictures: Sequence[ScoredPicture], names: Sequence[str], folder: Path, title: str
) -> tuple[Path, ...]:
    """Write all.svg and one file for each class that is marked; returns their paths."""
    curves = [curve_of(pictures, class_id, name) for class_id, name in enumerate(names)]
    marked = [curve for curve in curves if curve is not None]
    files = {folder / "all.svg": drawing(marked, title)}
    for curve in marked:
        file = folder / f"{curve.label.replace(' ', '_').replace('/', '_')}.svg"
        files[file] = drawing([curve], f"{curve.label} · {title}")
    for file, text in files.items():
        write_whole(file, text)
    return tuple(files)


def drawing(curves: Sequence[Curve], title: str) -> str:
    """The curves as one SVG. With a single curve, dots show some thresholds."""
    coloured = list(zip(curves, cycle(_COLOURS), strict=False))
    return drawn(
        "lab.scores",
        "curves.svg",
        size=_SIZE,
        left=_LEFT,
        top=_TOP,
        side=_SIDE,
        title=title,
        ticks=[Spot(*_place(tick / 10, tick / 10), f"{tick / 10:g}") for tick in range(0, 11, 2)],
        lines=[Line(_points(curve), colour) for curve, colour in coloured],
        dots=list(_dots(curves[0])) if len(curves) == 1 else [],
        legend=_legend(coloured),
    )


def _points(curve: Curve) -> tuple[tuple[float, float], ...]:
    """Only those where the recall grows or the line bends visibly."""
    recalls = np.concatenate([[0.0], curve.recalls])
    precisions = np.concatenate([curve.precisions[:1], curve.precisions])
    if not len(curve.recalls):
        return ()
    rounded = np.round(np.stack([recalls, precisions]) * _SIDE)
    keep = np.concatenate([[True], (np.diff(rounded, axis=1) != 0).any(axis=0)])
    return tuple(
        _place(float(r), float(p)) for r, p in zip(recalls[keep], precisions[keep], strict=True)
    )


def _dots(curve: Curve) -> Iterator[Spot]:
    for score in _MARKED_SCORES:
        count = int(np.sum(curve.scores >= score))
        if count:
            place = _place(float(curve.recalls[count - 1]), float(curve.precisions[count - 1]))
            yield Spot(*place, f"≥ {score:g}")


def _legend(coloured: Sequence[tuple[Curve, str]]) -> list[Row]:
    """A row for each curve, from the lowest up; of many only the best and the worst."""
    rows = [(f"{curve.label} · AP50 {curve.ap50:.3f}", hue) for curve, hue in coloured]
    if len(rows) > _LEGEND_ROWS:
        ends = _LEGEND_ROWS // 2
        order = sorted(range(len(rows)), key=lambda row: -coloured[row][0].ap50)
        left_out = f"… 另 {len(rows) - 2 * ends} 类 more"
        best, worst = ([rows[row] for row in part] for part in (order[:ends], order[-ends:]))
        rows = [*best, (left_out, "none"), *worst]
    heights = range(_TOP + _SIDE - 14, 0, -18)
    return [Row(*row, y) for y, row in zip(heights, reversed(rows), strict=False)]


def _place(recall: float, precision: float) -> tuple[float, float]:
    return round(_LEFT + _SIDE * recall, 1), round(_TOP + _SIDE * (1 - precision), 1)
