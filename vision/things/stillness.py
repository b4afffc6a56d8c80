"""What stands still: how far a box has moved, in its own size."""

import numpy as np

from models.detections import Floats

MAX_GROWTH = 2.5
"""A box that became this much larger or smaller is no longer the thing that came to rest: it
drives straight towards the camera, or away."""


def shifts(anchors: Floats, xyxy: Floats) -> Floats:
    """How far boxes (m, 4) lie from `anchors` (n, 4), in units of the anchors' own width and
    height, (n, m) float32.

    Of two opposite sides the one that moved less counts: who walks past a parked van hides one
    side of it, while a thing that moves takes both along. Infinite when the size has changed
    beyond `MAX_GROWTH`.
    """
    sizes = (anchors[:, 2:] - anchors[:, :2]).clip(1e-6)
    grown = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)[None, :] / sizes.prod(axis=1)[:, None]
    moved = np.abs(xyxy[None, :, :] - anchors[:, None, :])
    nearer_sides = moved.reshape(len(anchors), len(xyxy), 2, 2).min(axis=2)
    shift = (nearer_sides / sizes[:, None, :]).max(axis=2)
    kept = (grown >= 1 / MAX_GROWTH) & (grown <= MAX_GROWTH)
    return np.asarray(np.where(kept, shift, np.inf), np.float32)
