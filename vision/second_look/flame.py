"""What a flame does and a lamp does not, measured over some seconds of small pictures."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.second_look.footage import Footage, Mask

WARMTH = 25.0
"""Least Cr − Cb of a pixel of flame colour."""
LIT = 110.0
"""Least luma of a pixel of flame colour."""
GLARING = 200.0
"""Luma of a core that the sensor shows white; it counts beside flame colour."""
WHITE = 220.0
LEAST_PX = 8.0
"""Fewer lit pixels have no outline."""
APART_S = 0.24
"""Outlines are compared at least this far apart: a quarter of a second changes a flame."""
_HYSTERESIS = 8.0  # grey levels; noise and compression stay below
_CORE_PRESENCE = 0.7


@dataclass(frozen=True, slots=True)
class FlameFeatures:
    """Measured on the lit pixels of the box; 0 where there is nothing to measure."""

    warm_share: float
    """Share of the box that is lit, on average, 0-1."""
    core_white: float
    """Share of the lit pixels that are nearly white, 0-1."""
    swing: float
    """Standard deviation over time of a pixel's luma, mean over all that were ever lit."""
    restless_share: float
    """Share of those pixels that crossed their own mean at least twice, with hysteresis, 0-1."""
    crossings_hz: float
    """How often a pixel does so in a second, on average: the flicker that is seen."""
    disorder: float
    """Share of the pixels' variance that no single rhythm explains, 0 (all blink together) to 1."""
    novelty: float
    """How unlike an outline is to the one most like it among all the others, 0-1 (1 − IoU)."""
    churn: float
    """How unlike two outlines are usually, 0-1 (1 − IoU)."""
    rootedness: float
    """Pixels that are lit nearly always against those lit at a time: a flame keeps its seat, a
    light that passes has none."""
    wander: float
    """Mean distance of the centre of light from its mean, in roots of its area."""


NO_FLAME = FlameFeatures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def flame_features(footage: Footage) -> FlameFeatures:
    """Measure flicker, outline and colour.

    The colour rule is that of Çelik & Demirel (Fire Safety Journal 44, 2009): Cr above Cb by a
    margin, brighter than the surroundings; a sensor that is blinded shows the core white, and one
    without colour shows brightness alone. Mean crossings stand for the high-pass zero crossings
    of Töreyin, Dedeoğlu, Güdükbay & Çetin (Pattern Recognition Letters 27, 2006); they bear
    irregular times. Disorder is one minus the share of the first singular value's square.
    """
    lit = _lit(footage)
    areas = lit.sum(axis=(1, 2)).astype(np.float64)
    usual = float(areas.mean())
    if usual < LEAST_PX:
        return NO_FLAME
    ever = lit.any(axis=0)
    swing = footage.luma[:, ever] - footage.luma[:, ever].mean(axis=0)
    crossings = _crossings(swing)
    outlines = lit[areas >= max(LEAST_PX, 0.25 * usual)]
    at_s = footage.at_s[areas >= max(LEAST_PX, 0.25 * usual)]
    novelty, churn = _unlikeness(outlines, at_s)
    centres = np.array([_centre(outline) for outline in outlines])
    return FlameFeatures(
        warm_share=usual / float(footage.inside.sum()),
        core_white=float((lit & (footage.luma >= WHITE)).sum() / lit.sum()),
        swing=float(swing.std(axis=0).mean()),
        restless_share=float((crossings >= 2).mean()),
        crossings_hz=float(crossings.mean() / (footage.at_s[-1] - footage.at_s[0])),
        disorder=_disorder(swing),
        novelty=novelty,
        churn=churn,
        rootedness=min(float((lit.mean(axis=0) >= _CORE_PRESENCE).sum()) / usual, 1.0),
        wander=float(np.linalg.norm(centres - centres.mean(axis=0), axis=1).mean() / usual**0.5),
    )


def _lit(footage: Footage) -> NDArray[np.bool_]:
    """The pixels that look like flame, (n, height, width) bool."""
    if footage.grey:
        return np.asarray((footage.luma >= GLARING) & footage.inside, np.bool_)
    surroundings = np.median(footage.luma)
    warm = (footage.red - footage.blue >= WARMTH) & (footage.red > 133)
    warm &= footage.luma > surroundings
    around = np.ones((5, 5), np.uint8)
    near = np.stack([cv2.dilate(one.astype(np.uint8), around) > 0 for one in warm])
    lit = (warm & (footage.luma >= LIT)) | (near & (footage.luma >= GLARING))
    return np.asarray(lit & footage.inside, np.bool_)


def _crossings(swing: NDArray[np.float32]) -> NDArray[np.int64]:
    """How often each pixel crosses its mean, beyond the hysteresis: (n, pixels) → (pixels,)."""
    side = np.zeros(swing.shape[1], np.int8)
    count = np.zeros(swing.shape[1], np.int64)
    for values in swing:
        now = np.where(values > _HYSTERESIS, 1, np.where(values < -_HYSTERESIS, -1, side))
        count += (now != side) & (side != 0)
        side = now.astype(np.int8)
    return count


def _disorder(swing: NDArray[np.float32]) -> float:
    squares = np.linalg.svd(swing, compute_uv=False) ** 2
    total = float(squares.sum())
    return 1 - float(squares[0]) / total if total > 0 else 0.0


def _unlikeness(outlines: NDArray[np.bool_], at_s: NDArray[np.float64]) -> tuple[float, float]:
    """Novelty and churn of outlines (n, height, width); 0 for too few."""
    if len(outlines) < 4:
        return 0.0, 0.0
    iou = np.full((len(outlines), len(outlines)), np.nan)
    centres = [_centre(outline) for outline in outlines]
    for i, j in zip(*np.triu_indices(len(outlines), 1), strict=True):
        if abs(at_s[i] - at_s[j]) >= APART_S:
            dx, dy = np.round(np.subtract(centres[j], centres[i])).astype(int)
            back = np.roll(outlines[j], (-dy, -dx), (0, 1))
            iou[i, j] = iou[j, i] = max(_iou(outlines[i], outlines[j]), _iou(outlines[i], back))
    compared = ~np.isnan(iou).all(axis=1)
    if not compared.any():
        return 0.0, 0.0
    best = np.nanmax(iou[compared], axis=1)
    return 1 - float(np.median(best)), 1 - float(np.nanmedian(iou))


def _iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum()) / max(float((one | other).sum()), 1.0)


def _centre(outline: Mask) -> tuple[float, float]:
    """The mean x and y of an outline's pixels."""
    y, x = np.nonzero(outline)
    return float(x.mean()), float(y.mean())
