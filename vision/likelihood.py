"""How likely a fire is one 可能性: a small calibrator over what a hearth showed.

A logistic regression turns a hearth's score, length, growth, number, flicker and size into a
probability. It is fitted by `patrol models calibrate`, and carried as a data file with the facts
of its making. It is in shadow until it was shown to mean what it says, on sources that it was not
fitted on: in shadow it says nothing to anybody. It never opens a fire and never closes one.
"""

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from domain.base import Text, Value
from domain.incident import ModelRef

Rows = NDArray[np.float64]
CARRIED = "fire_likelihood.json"
FEATURES = ("score", "length", "growth", "number", "flicker", "looked_twice", "size", "smoke")
ENOUGH_SOURCES = 30
"""Of fewer sources nothing is established, however well it fits them …"""
MOST_ERROR = 0.05
"""… and what errs by more in the mean does not mean what it says."""
_HELD = 1e-3
_AREA = 1e-6


class FireTrack(Value):
    """What one hearth showed up to a look."""

    number: int
    """The rule's own number of it."""
    smoke: bool
    confirmed: bool
    """Whether the rule holds it for a fire."""
    score: float
    """The median of its hits."""
    lasted_s: float
    growth: float
    """Its size in the newest hit, by that in the oldest that is remembered."""
    hits: int
    size: float
    """The largest box of its hits, as a share of the frame."""
    flicker: float | None
    """What second looks found, 0-1; none if none could judge."""

    def features(self) -> tuple[float, ...]:
        """The values of `FEATURES`; what is measured by ratios as logarithms."""
        held = min(max(self.score, _HELD), 1 - _HELD)
        return (
            math.log(held / (1 - held)),
            math.log1p(self.lasted_s),
            min(max(math.log(max(self.growth, _AREA)), -2.0), 2.0),
            math.log(max(self.hits, 1)),
            0.0 if self.flicker is None else self.flicker,
            float(self.flicker is not None),
            math.log(max(self.size, _AREA)),
            float(self.smoke),
        )


class Reliability(Value):
    """How far a probability means what it says, on sources that were not fitted on."""

    tracks: int
    sources: int
    fire_sources: int
    base_rate: float
    """Share of the tracks that are fires: where fires are rarer, each probability is too high."""
    ece: float
    """Expected calibration error in 10 bins: the mean distance between what is said and what is."""
    ece_interval: tuple[float, float]
    """95 %, by bootstrap over sources."""
    brier: float

    @property
    def established(self) -> bool:
        """Whether it was shown, on sources enough, that it means what it says."""
        fewest = min(self.fire_sources, self.sources - self.fire_sources)
        return fewest >= ENOUGH_SOURCES and self.ece <= MOST_ERROR

    @property
    def words(self) -> Text:
        zh = f"{self.sources} 个来源 (其中起火 {self.fire_sources}), {self.tracks} 条轨迹"
        en = f"{self.sources} sources ({self.fire_sources} of fires), {self.tracks} tracks"
        low, high = self.ece_interval
        error = f"ECE {self.ece:.3f} ({low:.3f}–{high:.3f})"
        if self.established:
            return Text.of(f"已校准: {error}, {zh}", f"Calibrated: {error}, {en}")
        return Text.of(
            f"仅试运行, 不对外给出可能性: {error}, {zh}; "
            f"起火与未起火各至少需要 {ENOUGH_SOURCES} 个来源, 且 ECE ≤ {MOST_ERROR}",
            f"In shadow, no likelihood is told: {error}, {en}; {ENOUGH_SOURCES} sources with and "
            f"without fire each and ECE ≤ {MOST_ERROR} are needed",
        )


class FittedClip(Value):
    """A clip that a calibrator was fitted on, so that nobody measures it there."""

    file: str
    sha256: str
    source: str
    fire: bool
    tracks: int


class Calibrator(Value):
    """Coefficients over standardised features, and the facts of their making."""

    model: ModelRef
    """Whose scores it reads; of no other it says anything."""
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    penalty: float
    """What large coefficients cost (L2)."""
    made_by: str
    """The command."""
    clips: tuple[FittedClip, ...]
    reliability: Reliability
    features: tuple[str, ...] = FEATURES

    @model_validator(mode="after")
    def _fits(self) -> Self:
        lengths = {len(self.means), len(self.scales), len(self.coefficients)}
        if lengths != {len(FEATURES)} or self.features != FEATURES:
            raise ValueError(f"expected a value for each of {FEATURES}, got {self.features}")
        return self

    @property
    def speaks(self) -> bool:
        """Whether it may tell anybody; else it is in shadow."""
        return self.reliability.established

    def knows(self, model: ModelRef | None) -> bool:
        """Whether these are the weights whose scores it was fitted on."""
        return model is not None and model.sha256 == self.model.sha256

    def probability(self, track: FireTrack) -> float:
        """How likely the track is a fire, 0-1."""
        row = (np.array(track.features()) - self.means) / self.scales
        return float(sigmoid(row @ np.array(self.coefficients) + self.intercept))


def sigmoid(odds: Rows | float) -> Rows:
    """The probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30.0, 30.0))), np.float64)


@cache
def carried() -> Calibrator | None:
    """The calibrator that comes with the program, if one does."""
    file = files("vision") / CARRIED
    if not file.is_file():
        return None
    return Calibrator.model_validate_json(file.read_text(encoding="utf-8"))


def likelihood_words(
    tracks: Sequence[FireTrack], model: ModelRef | None, calibrator: Calibrator | None
) -> Text | None:
    """What may be said of how likely it is that one of the tracks is a fire; None while nobody
    has shown that it would mean what it says."""
    if calibrator is None or not calibrator.speaks or not calibrator.knows(model) or not tracks:
        return None
    told = max(calibrator.probability(track) for track in tracks)
    tenths = round(10 * told)
    if tenths == 10:
        return Text.of("很可能是火情 (9 成以上)", "very likely a fire (more than 9 in 10)")
    if tenths == 0:
        return Text.of("不太可能是火情 (不到 1 成)", "hardly a fire (less than 1 in 10)")
    zh, en = _degree(tenths)
    return Text.of(f"{zh}是火情 (约 {tenths} 成)", f"{en} a fire (some {tenths} in 10)")


def _degree(tenths: int) -> tuple[str, str]:
    if tenths >= 8:
        return "很可能", "very likely"
    return ("较可能", "likely") if tenths >= 6 else ("未必", "perhaps")
