"""Fits the calibrator of fire tracks, and measures it on sources that it was not fitted on.

Every look of a replay that sees a hearth, from its second on, is a row; all rows of one hearth
together count as one. What burns is known by the truth: hearths of a clip with a fire, from its
beginning on, are fires.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.base import Value
from lab.trials.recording import Answers, Recording
from lab.trials.spread import DRAWS
from vision.likelihood import FireTrack, Reliability, sigmoid
from vision.patrol import SecondLookWish
from vision.rules.fire import FireRule, FireRuleSettings
from vision.rules.rule import Scene
from vision.zones import Zone, unmasked

Rows = NDArray[np.float64]
PENALTY = 1.0
"""Tracks of few sources are alike: without a penalty coefficients would explode."""
LEAST_HITS = 2
BINS = 10


@dataclass(frozen=True)
class Sample:
    """One hearth at one look."""

    source: str
    hearth: str
    """Whose rows these are: the clip, its variant, and the hearth's number."""
    at_s: float
    track: FireTrack
    fire: bool


class Fit(Value):
    """Coefficients over standardised features."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def probabilities(self, rows: Rows) -> Rows:
        """(n,) of rows (n, k)."""
        told = ((rows - self.means) / self.scales) @ np.array(self.coefficients) + self.intercept
        return sigmoid(told)


def fitted(rows: Rows, fires: Rows, weights: Rows, *, penalty: float) -> Fit:
    """Logistic regression by Newton's method (iteratively reweighted least squares).

    Args:
        rows: (n, k) features. fires: (n,) 0 or 1. weights: (n,), how much each row counts.
        penalty: L2 on the coefficients of standardised features, not on the intercept.
    """
    means = np.average(rows, axis=0, weights=weights)
    scales = np.sqrt(np.average((rows - means) ** 2, axis=0, weights=weights))
    scales = np.where(scales < 1e-9, 1.0, scales)
    design = np.hstack([(rows - means) / scales, np.ones((len(rows), 1))])
    ridge = np.diag([penalty] * rows.shape[1] + [1e-6])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        told = sigmoid(design @ beta)
        slope = design.T @ (weights * (fires - told)) - ridge @ beta
        bend = (design * (weights * told * (1 - told))[:, None]).T @ design + ridge
        step = np.linalg.solve(bend, slope)
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    return Fit(
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        coefficients=tuple(beta[:-1].tolist()),
        intercept=float(beta[-1]),
    )


def tracks_in(
    recording: Recording, settings: FireRuleSettings, ignored: tuple[Zone, ...] = ()
) -> list[tuple[float, FireTrack]]:
    """What each hearth showed at each look that saw it, in seconds of the clock. The rule judges
    as in a patrol, with the second looks of then."""
    rule, answers = FireRule(settings, Zone.whole_frame()), Answers(recording.second_looks)
    told: list[tuple[float, FireTrack]] = []
    for one in recording.looks:
        look = one.kept.look
        if look is None:
            continue
        now_s = look.at.timestamp()
        scene = Scene(now_s=now_s, detections=unmasked(look.detections, ignored))
        doubt = rule.judge(scene).doubt
        if doubt is not None:
            seen = answers.answer(SecondLookWish("fire", "frame", doubt, look.at))
            if seen is not None:
                rule.learn(doubt.place, seen)
        told += [(now_s, track) for track in rule.seen_now]
    return told


def fit_of(samples: Sequence[Sample], *, penalty: float = PENALTY) -> Fit:
    """The calibrator of samples: at least one."""
    rows, fires, weights = columns(samples)
    return fitted(rows, fires, weights, penalty=penalty)


def columns(samples: Sequence[Sample]) -> tuple[Rows, Rows, Rows]:
    """Features (n, k), 0 or 1 (n,), and weights (n,) by which each hearth counts once."""
    counts: dict[str, int] = {}
    for one in samples:
        counts[one.hearth] = counts.get(one.hearth, 0) + 1
    return (
        np.array([one.track.features() for one in samples], np.float64),
        np.array([one.fire for one in samples], np.float64),
        np.array([1 / counts[one.hearth] for one in samples], np.float64),
    )


def left_out(samples: Sequence[Sample], *, penalty: float = PENALTY) -> Rows:
    """What is said of each sample (n,) by a fit that never saw its source."""
    told = np.zeros(len(samples))
    for source in sorted({one.source for one in samples}):
        its = np.array([one.source == source for one in samples])
        others = [one for one in samples if one.source != source]
        fit = fit_of(others, penalty=penalty)
        told[its] = fit.probabilities(columns([s for s in samples if s.source == source])[0])
    return told


def calibration_error(told: Rows, fires: Rows, weights: Rows) -> float:
    """The expected calibration error (Naeini et al., AAAI 2015): in bins of equal width, the mean
    distance between what is said and how often it is so."""
    bins = np.minimum((told * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in range(BINS):
        its = bins == number
        if weights[its].sum() > 0:
            error += abs(float((weights[its] * (told[its] - fires[its])).sum()))
    return error / float(weights.sum())


def reliability_of(samples: Sequence[Sample], told: Rows, *, seed: int = 0) -> Reliability:
    """How far what is said means what it says, with its spread over sources."""
    _, fires, weights = columns(samples)
    sources = sorted({one.source for one in samples})
    rows = [np.flatnonzero([one.source == source for one in samples]) for source in sources]
    random = np.random.default_rng(seed)
    errors = []
    for _ in range(DRAWS):
        drawn = np.concatenate([rows[n] for n in random.integers(0, len(rows), len(rows))])
        errors.append(calibration_error(told[drawn], fires[drawn], weights[drawn]))
    low, high = np.percentile(errors, (2.5, 97.5))
    return Reliability(
        tracks=len({one.hearth for one in samples}),
        sources=len(sources),
        fire_sources=len({one.source for one in samples if one.fire}),
        base_rate=float(np.average(fires, weights=weights)),
        ece=calibration_error(told, fires, weights),
        ece_interval=(float(low), float(high)),
        brier=float(np.average((told - fires) ** 2, weights=weights)),
    )
