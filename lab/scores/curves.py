"""Precision-recall curves as pictures: SVG, one for each class and one for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

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
_STYLE = (
    "svg{background:#fff;font-family:system-ui,'Noto Sans CJK SC',sans-serif}"
    "text{fill:#212529;font-size:13px}.faint{fill:#868e96;font-size:12px}"
    ".title{font-size:16px;font-weight:600}"
)


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
    drawn = [curve for curve in curves if curve is not None]
    files = {folder / "all.svg": drawing(drawn, title)}
    for curve in drawn:
        file = folder / f"{curve.label.replace(' ', '_').replace('/', '_')}.svg"
        files[file] = drawing([curve], f"{curve.label} · {title}")
    for file, text in files.items():
        write_whole(file, text)
    return tuple(files)


def drawing(curves: Sequence[Curve], title: str) -> str:
    """The curves as one SVG. With a single curve, dots show some thresholds."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" '
        f'width="{_SIZE}" height="{_SIZE}" role="img">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="30">{escape(title)}</text>',
        *_axes(),
    ]
    coloured = list(zip(curves, cycle(_COLOURS), strict=False))
    parts += [_line(curve, colour) for curve, colour in coloured]
    if len(curves) == 1:
        parts += _dots(curves[0])
    parts += _legend(coloured)
    return "\n".join([*parts, "</svg>\n"])


def _axes() -> list[str]:
    parts = []
    for tick in range(0, 11, 2):
        x, y = _place(tick / 10, tick / 10)
        right, low, words = _LEFT + _SIDE, _TOP + _SIDE, f"{tick / 10:g}</text>"
        parts += [
            f'<path d="M{x} {_TOP}V{low}M{_LEFT} {y}H{right}" stroke="#dee2e6" fill="none"/>',
            f'<text class="faint" x="{x}" y="{low + 20}" text-anchor="middle">{words}',
            f'<text class="faint" x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{words}',
        ]
    middle = _TOP + _SIDE / 2
    parts += [
        f'<text x="{_LEFT + _SIDE / 2}" y="{_TOP + _SIDE + 46}" text-anchor="middle">'
        "召回率 recall</text>",
        f'<text x="22" y="{middle}" text-anchor="middle" transform="rotate(-90 22 {middle})">'
        "精确率 precision</text>",
    ]
    return parts


def _line(curve: Curve, colour: str) -> str:
    """Only the points where the recall grows or the line bends visibly."""
    recalls = np.concatenate([[0.0], curve.recalls])
    precisions = np.concatenate([curve.precisions[:1], curve.precisions])
    if not len(curve.recalls):
        return ""
    rounded = np.round(np.stack([recalls, precisions]) * _SIDE)
    keep = np.concatenate([[True], (np.diff(rounded, axis=1) != 0).any(axis=0)])
    points = " ".join(
        "{:g},{:g}".format(*_place(float(r), float(p)))
        for r, p in zip(recalls[keep], precisions[keep], strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _dots(curve: Curve) -> list[str]:
    parts = []
    for score in _MARKED_SCORES:
        count = int(np.sum(curve.scores >= score))
        if count:
            x, y = _place(float(curve.recalls[count - 1]), float(curve.precisions[count - 1]))
            parts += [
                f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{_COLOURS[0]}"/>',
                f'<text class="faint" x="{x + 8:g}" y="{y - 6:g}">≥ {score:g}</text>',
            ]
    return parts


def _legend(coloured: Sequence[tuple[Curve, str]]) -> list[str]:
    """A row for each curve; of many only the best and the worst."""
    rows = [(f"{escape(curve.label)} · AP50 {curve.ap50:.3f}", hue) for curve, hue in coloured]
    if len(rows) > _LEGEND_ROWS:
        ends = _LEGEND_ROWS // 2
        order = sorted(range(len(rows)), key=lambda row: -coloured[row][0].ap50)
        left_out = f"… 另 {len(rows) - 2 * ends} 类 more"
        best, worst = ([rows[row] for row in part] for part in (order[:ends], order[-ends:]))
        rows = [*best, (left_out, "none"), *worst]
    parts = []
    x = _LEFT + 14
    for y, (words, colour) in zip(range(_TOP + _SIDE - 14, 0, -18), reversed(rows), strict=False):
        parts += [
            f'<path d="M{x} {y - 4}h20" stroke="{colour}" stroke-width="3"/>',
            f'<text x="{x + 28}" y="{y}">{words}</text>',
        ]
    return parts


def _place(recall: float, precision: float) -> tuple[float, float]:
    return round(_LEFT + _SIDE * recall, 1), round(_TOP + _SIDE * (1 - precision), 1)
