"""Writes the figures of events and the trust cards: a page with pictures, JSON, and Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.drawing import drawn
from lab.trials.events import CurvePoint, RuleEvents
from lab.trials.events_curve import events_curve, shift_words
from lab.trials.figure_words import (
    NOT_ESTABLISHED,
    rate_words,
    share_words,
    spread_words,
    standing,
)
from lab.trials.shares import Share
from lab.trials.trust_card import TrustCard
from lab.trials.truth import Light
from models.catalogue.files import write_whole
from patrol.commands.output import write_json

PAGE, CARDS_JSON, CARDS_MARKDOWN = "index.html", "trust-cards.json", "trust-cards.md"


@dataclass(frozen=True)
class Shown:
    """One kind of rule on the page."""

    card: TrustCard
    figures: Sequence[tuple[str, str, str, str]]
    """Name, value with its interval, spread over sources, whether it is established."""
    wanted: Sequence[tuple[str, ...]]
    curve: str | None
    """The file of its picture."""
    cells: Sequence[tuple[str, ...]]


def write_events(
    folder: Path, events: Mapping[str, RuleEvents], cards: Sequence[TrustCard]
) -> Path:
    """Write everything into a folder; answers the page."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = [_shown(folder, events[card.rule], card) for card in cards]
    page = drawn(
        "lab.trials",
        "events_page.html",
        shown=shown,
        lights=[light.words for light in Light],
        not_established=NOT_ESTABLISHED,
    )
    write_whole(folder / PAGE, page)
    dumped = [
        {**card.model_dump(mode="json"), "verdict": card.verdict.model_dump()} for card in cards
    ]
    write_json(folder / CARDS_JSON, {"cards": dumped})
    write_whole(folder / CARDS_MARKDOWN, cards_markdown(cards))
    return folder / PAGE


def _dumped(card: TrustCard) -> dict[str, object]:
    return {**card.model_dump(mode="json"), "verdict": card.verdict.model_dump(mode="json")}


def cards_markdown(cards: Sequence[TrustCard]) -> str:
    """The cards for a page of documents."""
    return "\n".join(line for card in cards for line in _markdown(card))


def wanted_rows(events: RuleEvents) -> Iterator[tuple[str, ...]]:
    """For each wanted recall: the threshold, what it costs, and how long it takes."""
    for wanted in events.by_score.at_recall:
        yield (f"{wanted.recall:.2f}", *_price(wanted.point))


def _price(point: CurvePoint | None) -> tuple[str, str, str, str]:
    if point is None:
        return "—", "达不到 not reached", "—", "—"
    figures = point.figures
    seconds = figures.seconds_to_detect.median
    return (
        shift_words(point.threshold),
        share_words(figures.recall),
        rate_words(figures.false_alarms),
        "—" if seconds is None else f"{seconds:.1f}",
    )


def _shown(folder: Path, events: RuleEvents, card: TrustCard) -> Shown:
    curve = None
    if len(events.by_score.points) > 1:
        curve = f"{card.rule}.svg"
        title = f"{card.title.zh} {card.title.en} · {events.sources} 个来源 sources"
        write_whole(folder / curve, events_curve(title, events.by_score.points))
    return Shown(card, tuple(_figures(events)), tuple(wanted_rows(events)), curve, _grid(card))


def _figures(events: RuleEvents) -> Iterator[tuple[str, str, str, str]]:
    set_, spread, seconds = events.as_set, events.spread, events.as_set.seconds_to_detect
    for words, share, over in (
        ("召回率 recall", set_.recall, spread.recall),
        ("精确率 precision", set_.precision, spread.precision),
        ("误报片段 false clips", set_.false_clips, spread.false_clips),
    ):
        yield words, share_words(share), spread_words(over), standing(share)
    false = set_.false_alarms
    days = f"{false.hours / 24:.3g} 路·天 camera-days"
    rates = spread_words(spread.false_per_camera_day)
    yield "误报 false alarms", rate_words(false), rates, days
    middle = "—" if seconds.median is None else f"{seconds.median:.1f} s (p95 {seconds.p95:.1f} s)"
    enough = Share.of(0, seconds.n)
    yield (
        "发现用时 seconds to detect",
        middle,
        spread_words(spread.median_seconds),
        standing(enough),
    )


def _grid(card: TrustCard) -> tuple[tuple[str, ...], ...]:
    """A row for each band, a column for each light."""
    rows: dict[str, list[str]] = {}
    for cell in card.cells:
        words = cell.band.words
        untried = "未测试 not tested"
        told = share_words(cell.recall) if cell.recall.n else untried
        rows.setdefault(f"{words.zh} {words.en}", []).append(told)
    return tuple((name, *told) for name, told in rows.items())


def _markdown(card: TrustCard) -> Iterator[str]:
    yield f"## {card.title.zh} {card.title.en}\n"
    yield f"{card.verdict.zh} · {card.verdict.en}. {card.model}, {card.sources} sources.\n"
    yield "| | " + " | ".join(f"{light.words.zh} {light.words.en}" for light in Light) + " |"
    yield "|---|" + "---|" * len(Light)
    for row in _grid(card):
        yield "| " + " | ".join(row) + " |"
    for quiet in card.quiet:
        light = quiet.light.words
        words = share_words(quiet.clips), rate_words(quiet.false_alarms)
        yield f"\n{light.zh}误报 False by {light.en.lower()}: {words[0]} clips; {words[1]}"
    yield (
        "\n未测试 Not tested: " + "; ".join(f"{one.zh} {one.en}" for one in card.not_tested) + "\n"
    )
