"""The second look 细看: some seconds of small pictures around a box tell a fire from what only
looks like one in a single picture.

A flame flickers, never returns to an outline it had, and keeps its seat; a lamp is still, a neon
sign repeats itself, headlights pass. Smoke changes softly, without colour and without pause; a
wall does not change, a passer-by has sharp edges and is gone. The limits and how far real scenes
lie from them are in `docs/second-look.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.geometry import Box
from vision.second_look.closer import Closer
from vision.second_look.flame import FlameFeatures, flame_features
from vision.second_look.footage import Crop, Footage, region_around
from vision.second_look.smoke import SmokeFeatures, smoke_features

__all__ = ["Crop", "SecondLook", "region_around", "second_look"]

SPAN_S = 3.0
"""How much of the past a second look wants to see."""
CROPS_HZ = 8.0
"""How many pictures of each second."""

Limits = Mapping[str, tuple[float, float]]
"""For each feature, the value that speaks against it (evidence 0) and that which speaks for it
(evidence 1); the evidence is 0.5 half way."""

FLAME_LIMITS: Limits = {
    "swing": (6.0, 14.0),
    "restless_share": (0.05, 0.20),
    "disorder": (0.08, 0.20),
    "novelty": (0.06, 0.14),
    "rootedness": (0.03, 0.13),
}
SMOKE_LIMITS: Limits = {
    "stir": (0.06, 0.18),
    "spread": (0.10, 0.22),
    "sharpness": (0.48, 0.36),
    "colour": (22.0, 15.0),
}


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a second look found. Without features it could not judge: too few pictures, too far
    apart, or too small."""

    frames: int
    span_s: float
    flame: FlameFeatures | None = None
    smoke: SmokeFeatures | None = None
    closer: Closer | None = None
    """What the detector saw at twice the size, where somebody let it."""

    @property
    def judged(self) -> bool:
        return self.flame is not None

    @property
    def flame_evidence(self) -> float | None:
        """0 (no flame does this) to 1; None if it could not be judged."""
        return None if self.flame is None else _evidence(self.flame, FLAME_LIMITS)

    @property
    def smoke_evidence(self) -> float | None:
        """0 (no smoke does this) to 1; None if it could not be judged."""
        return None if self.smoke is None else _evidence(self.smoke, SMOKE_LIMITS)


def second_look(crops: Sequence[Crop], box: Box) -> SecondLook:
    """Judge a box (frame units) by crops of `region_around(box)`, all of one size."""
    times_s = [crop.at_s for crop in crops]
    span_s = max(times_s) - min(times_s) if times_s else 0.0
    footage = Footage.of(crops, box)
    if footage is None:
        return SecondLook(len(crops), span_s)
    return SecondLook(len(crops), span_s, flame_features(footage), smoke_features(footage))


def _evidence(features: FlameFeatures | SmokeFeatures, limits: Limits) -> float:
    """The weakest of the features' evidences: a fire must do all of it."""
    return min(_ramp(getattr(features, name), *limit) for name, limit in limits.items())


def _ramp(value: float, none: float, full: float) -> float:
    return min(max((value - none) / (full - none), 0.0), 1.0)
