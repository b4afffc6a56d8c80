"""The trust card 信任卡 of a kind of rule: how much may be believed, by how large things stand
in the picture and in which light, and what nobody has tried."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from domain.base import Text, Value
from domain.incident import ModelRef
from lab.trials.events import Case, ClipEvents
from lab.trials.shares import ENOUGH, FalseRate, Share
from lab.trials.truth import Light
from vision.likelihood import Calibrator

HEIGHTS = (0.05, 0.15)
"""Shares of the picture's height at which a band ends."""
TITLES = {
    "fire": Text.of("火情", "Fire"),
    "crowding": Text.of("聚集", "Crowding"),
    "road_occupation": Text.of("占道", "Road occupation"),
    "parking": Text.of("违停", "Parking"),
    "fire_lane": Text.of("消防通道", "Fire lane"),
    "stalls": Text.of("占道摊点", "Stalls"),
    "goods": Text.of("占道堆物", "Goods"),
    "generic": Text.of("布控", "Watch"),
}
UNTOLD = (
    Text.of("雨、雪、雾", "rain, snow, fog"),
    Text.of("红外与热成像画面", "infrared and thermal pictures"),
    Text.of("鱼眼与全景镜头", "fisheye and panoramic lenses"),
    Text.of("您的摄像机位置", "the places of your own cameras"),
)
"""What a truth file does not tell apart, so that nothing is known of it."""


class Band(Value):
    """Things of a height, as a share of the picture's; of any height where both ends are open."""

    least: float | None = None
    below: float | None = None
    unseen: bool = False
    """Those of which nobody knows it: the detector saw nothing of them."""

    @property
    def words(self) -> Text:
        if self.unseen:
            return Text.of("大小不明", "Size unknown")
        if self.least is None:
            return Text.of(f"小于画面高 {self.below:.0%}", f"Below {self.below:.0%} of the height")
        if self.below is None:
            return Text.of(f"画面高 {self.least:.0%} 以上", f"From {self.least:.0%} on")
        return Text.of(
            f"画面高 {self.least:.0%}–{self.below:.0%}", f"{self.least:.0%} to {self.below:.0%}"
        )

    def holds(self, height: float | None) -> bool:
        if height is None or self.unseen:
            return self.unseen and height is None
        return (self.least or 0.0) <= height < (self.below or 2.0)


class Cell(Value):
    """Events of one band in one light."""

    band: Band
    light: Light
    recall: Share


class Quiet(Value):
    """Clips without events, in one light."""

    light: Light
    clips: Share
    """Those in which something opened all the same."""
    false_alarms: FalseRate


class TrustCard(Value):
    """What is known of one kind of rule, and what is not."""

    rule: str
    model: str
    sources: int
    recall: Share
    precision: Share
    cells: tuple[Cell, ...]
    quiet: tuple[Quiet, ...]
    not_tested: tuple[Text, ...]
    likelihood: Text | None = None
    """What is to be held of the likelihoods that the rule tells, if it may tell any."""

    @property
    def title(self) -> Text:
        return TITLES.get(self.rule) or Text.of(self.rule, self.rule)

    @property
    def verdict(self) -> Text:
        if self.recall.established:
            return Text.of(
                f"召回率 {self.recall.low:.0%}–{self.recall.high:.0%} (95 % 区间)",
                f"Recall {self.recall.low:.0%}–{self.recall.high:.0%} (95 % interval)",
            )
        return Text.of(
            f"尚不能断言: 只有 {self.recall.n} 起事件, 至少需要 {ENOUGH} 起",
            f"Not established: {self.recall.n} events, {ENOUGH} are needed at least",
        )


def bands() -> tuple[Band, ...]:
    """All heights, the unknown last."""
    ends = (None, *HEIGHTS, None)
    known = (Band(least=a, below=b) for a, b in pairwise(ends))
    return (*known, Band(unseen=True))


NO_LIKELIHOOD = Text.of(
    "不给出可能性: 没有为该模型校准", "None is told: not calibrated for this model"
)


def trust_cards(
    clips: Sequence[ClipEvents], model: ModelRef, calibrator: Calibrator | None = None
) -> tuple[TrustCard, ...]:
    """One for each kind of rule that some clip has."""
    kinds = sorted({kind for one in clips for kind in one.clip.by_rule})
    return tuple(_card(kind, clips, model, calibrator) for kind in kinds)


def _card(
    kind: str, clips: Sequence[ClipEvents], model: ModelRef, calibrator: Calibrator | None
) -> TrustCard:
    having = [one for one in clips if kind in one.clip.by_rule]
    cases = [case for one in having for case in one.cases if case.rule_kind == kind]
    found = sum(case.found for case in cases)
    false = sum(one.clip.by_rule[kind].false for one in having)
    cells = tuple(_cell(band, light, cases) for band in bands() for light in Light)
    quiet = tuple(_quiet(kind, light, having) for light in Light)
    return TrustCard(
        rule=kind,
        model=model.name,
        likelihood=_likelihood(model, calibrator) if kind == "fire" else None,
        sources=len({one.source for one in having}),
        recall=Share.of(found, len(cases)),
        precision=Share.of(found, found + false),
        cells=tuple(cell for cell in cells if cell.recall.n or not cell.band.unseen),
        quiet=quiet,
        not_tested=(*_untried(cells, quiet), *UNTOLD),
    )


def _likelihood(model: ModelRef, calibrator: Calibrator | None) -> Text:
    if calibrator is None or not calibrator.knows(model):
        return NO_LIKELIHOOD
    return calibrator.reliability.words


def _cell(band: Band, light: Light, cases: Iterable[Case]) -> Cell:
    its = [case for case in cases if case.light is light and band.holds(case.height)]
    return Cell(band=band, light=light, recall=Share.of(sum(c.found for c in its), len(its)))


def _quiet(kind: str, light: Light, clips: Iterable[ClipEvents]) -> Quiet:
    its = [one.clip for one in clips if one.light is light]
    quiet = [clip.by_rule[kind] for clip in its if not clip.by_rule[kind].expected]
    false = sum(clip.by_rule[kind].false for clip in its)
    return Quiet(
        light=light,
        clips=Share.of(sum(tally.false > 0 for tally in quiet), len(quiet)),
        false_alarms=FalseRate.of(false, sum(clip.seconds for clip in its) / 3600),
    )


def _untried(cells: Iterable[Cell], quiet: Iterable[Quiet]) -> Iterable[Text]:
    for cell in cells:
        if not cell.recall.n and not cell.band.unseen:
            light, band = cell.light.words, cell.band.words
            yield Text.of(f"{light.zh}, {band.zh}", f"{light.en}, {band.en.lower()}")
    for one in quiet:
        if not one.clips.n:
            light = one.light.words
            yield Text.of(f"{light.zh}无事件的时段", f"{light.en}, hours without events")
