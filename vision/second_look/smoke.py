"""What smoke does and a wall, a fog bank or a passer-by does not, measured over some seconds."""

from dataclasses import dataclass

import cv2
import numpy as np

from vision.second_look.footage import Footage, Planes

APART_S = 0.75
"""Smoke is slow: pictures this far apart are compared."""
STIRRED = 5.0
"""Least change of the blurred luma, in grey levels, that counts."""
_BLUR_PX = 1.5
_LEAST_PX = 20


@dataclass(frozen=True, slots=True)
class SmokeFeatures:
    """Measured inside the box."""

    stir: float
    """Share of the box that changes within `APART_S`, in the calmest quarter of the time, 0-1: a
    passer-by leaves calm behind, smoke does not."""
    spread: float
    """Share of the box whose pixels change in more than 2/5 of the time, 0-1."""
    sharpness: float
    """Mean gradient of the change against the change itself, per pixel: smoke has soft edges."""
    colour: float
    """Mean distance of the changing pixels from grey in the Cr, Cb plane: smoke has little."""
    veil: float
    """Natural logarithm of the edge energy of the first quarter of the time against the last:
    above 0 when details vanish (Töreyin, Dedeoğlu & Çetin, EUSIPCO 2005, do it by wavelets)."""
    rise_hz: float
    """Mean upward optical flow where it changes, in heights of the box a second."""
    growth_hz: float
    """How fast the share of the box that differs from the first picture grows, per second."""


NO_SMOKE = SmokeFeatures(0, 0, 9, 99, 0, 0, 0)


def smoke_features(footage: Footage) -> SmokeFeatures:
    """Measure stir, softness, colour, veil, drift and growth."""
    step_s = float(np.median(np.diff(footage.at_s)))
    lag = min(max(1, round(APART_S / step_s)), len(footage.at_s) - 1)
    inside = footage.inside
    change = _blurred(footage.luma[lag:] - footage.luma[:-lag])
    stirred = (np.abs(change) >= STIRRED) & inside
    if stirred.sum() < _LEAST_PX:
        return NO_SMOKE
    share = stirred[:, inside].mean(axis=1)
    slope = np.stack([_slope(one) for one in change])
    colour = np.hypot(footage.red - 128, footage.blue - 128)[lag:]
    return SmokeFeatures(
        stir=float(np.quantile(share, 0.25)),
        spread=float((stirred[:, inside].mean(axis=0) > 0.4).mean()),
        sharpness=float(slope[stirred].mean() / np.abs(change)[stirred].mean()),
        colour=float(colour[stirred].mean()),
        veil=_veil(footage),
        rise_hz=_rise_hz(footage, lag),
        growth_hz=_growth_hz(footage),
    )


def _blurred(planes: Planes) -> Planes:
    return np.stack([np.asarray(cv2.GaussianBlur(p, (0, 0), _BLUR_PX), np.float32) for p in planes])


def _slope(plane: Planes) -> Planes:
    x = cv2.Sobel(plane, cv2.CV_32F, 1, 0) / 8
    y = cv2.Sobel(plane, cv2.CV_32F, 0, 1) / 8
    return np.asarray(np.hypot(x, y), np.float32)


def _veil(footage: Footage) -> float:
    edges = [np.abs(cv2.Laplacian(one, cv2.CV_32F, ksize=3)) for one in footage.luma]
    energy = np.array([one[footage.inside].mean() for one in edges]) + 0.5
    quarter = max(1, len(energy) // 4)
    return float(np.log(energy[:quarter].mean() / energy[-quarter:].mean()))


def _rise_hz(footage: Footage, lag: int) -> float:
    """Farnebäck's optical flow between pictures half of `APART_S` apart, a few of them."""
    step = max(1, lag // 2)
    rises: list[float] = []
    rows = np.nonzero(footage.inside.any(axis=1))[0]
    for i in range(0, len(footage.luma) - step, max(1, len(footage.luma) // 4)):
        pair = [np.clip(footage.luma[k], 0, 255).astype(np.uint8) for k in (i, i + step)]
        flow = cv2.calcOpticalFlowFarneback(*pair, None, 0.5, 2, 9, 2, 5, 1.1, 0)  # type: ignore[call-overload]
        stirred = (np.abs(footage.luma[i + step] - footage.luma[i]) >= STIRRED) & footage.inside
        if stirred.sum() >= _LEAST_PX:
            seconds = footage.at_s[i + step] - footage.at_s[i]
            rises.append(-float(flow[stirred][:, 1].mean()) / len(rows) / seconds)
    return float(np.mean(rises)) if rises else 0.0


def _growth_hz(footage: Footage) -> float:
    away = np.abs(_blurred(footage.luma - footage.luma[0])) >= STIRRED
    share = away[:, footage.inside].mean(axis=1)
    return float(np.polyfit(footage.at_s - footage.at_s[0], share, 1)[0])
