"""Crowding: many people for a time."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.vision.looks import LEFT_HALF, Row, found_at, judged, moved, people
from vision.crowding import CrowdingRule, CrowdingRuleSettings
from vision.rule import Judgement
from vision.zones import Zone

Counts = Iterable[tuple[float, int]]
START_VALUES = {"count": 10, "for_s": 20, "smooth_s": 6, "clear_s": 10}


def answers(
    counts: Counts, exempt: tuple[Zone, ...] = (), **settings: Any
) -> list[tuple[float, Judgement]]:
    rule_settings = CrowdingRuleSettings.model_validate({**START_VALUES, **settings})
    rule = CrowdingRule(rule_settings, Zone.whole_frame())
    return judged(rule, [(t, people(count)) for t, count in counts], exempt=exempt)


def steady(count: int, to_s: float, step_s: float = 2, from_s: float = 0) -> Counts:
    steps = int((to_s - from_s) / step_s)
    return [(from_s + i * step_s, count) for i in range(steps + 1)]


def flicker(counts: list[int], to_s: float) -> Counts:
    return [(float(t), counts[i % len(counts)]) for i, t in enumerate(range(0, int(to_s) + 1, 2))]


@pytest.mark.parametrize(
    ("counts", "first"),
    [
        (steady(10, 40), 20),
        (steady(10, 40, 5), 20),
        (steady(10, 40, 0.5), 20),
        (steady(10, 18), None),
        (steady(9, 60), None),
        (steady(0, 60), None),
        (flicker([12, 12, 4], 40), 20),  # every third look misses most of them
        (flicker([4, 4, 12], 60), None),
        (flicker([11, 9], 60), 20),  # ten on average
        ([*steady(3, 10), *steady(12, 60, from_s=12)], 36),  # the median follows 4 s later
        ([*steady(12, 12), *steady(3, 20, from_s=14), *steady(12, 80, from_s=22)], 46),
        ([*steady(12, 30), *steady(9, 60, from_s=32)], 20),
    ],
)
def test_when_it_is_found(counts: Counts, first: float | None) -> None:
    found = found_at(answers(counts))
    assert (found[0] if found else None) == first


def test_a_count_that_hovers_at_the_limit_is_found_once_and_stays() -> None:
    hovering = [*steady(12, 20), *((22.0 + 2 * i, n) for i, n in enumerate([9, 10, 8, 11] * 10))]
    assert found_at(answers(hovering)) == [float(t) for t in range(20, 102, 2)]


def test_it_disperses_below_a_share_and_after_a_time() -> None:
    counts = [
        *steady(12, 30), *steady(3, 36, from_s=32), *steady(12, 60, from_s=38),
        *steady(3, 80, from_s=62), *steady(12, 120, from_s=82),
    ]  # fmt: skip
    first = list(range(20, 34, 2))
    back_before_clear_s = list(range(42, 64, 2))
    dispersed_and_anew = list(range(106, 122, 2))
    assert found_at(answers(counts)) == [*first, *back_before_clear_s, *dispersed_and_anew]


def test_what_is_said() -> None:
    said = answers(steady(17, 62), for_s=60)
    finding = said[-1][1].finding
    assert finding is not None
    assert finding.explanation.zh == "区域内 17 人, 已持续 62 s"
    assert finding.explanation.en == "17 people in the zone for 62 s"
    assert (finding.count, finding.lasted_s, len(finding.boxes)) == (17, 62, 17)
    assert (finding.looks, finding.hits) == (32, 32)
    assert finding.score == pytest.approx(0.6)


def test_one_blind_look_in_a_crowd_is_said_without_boxes() -> None:
    finding = answers([*steady(12, 20), (22.0, 0)])[-1][1].finding
    assert finding is not None
    assert (finding.count, finding.boxes, finding.score) == (12, (), 0.3)


def test_suspicion_begins_at_four_fifths() -> None:
    assert not answers(steady(7, 4))[-1][1].suspicious
    assert answers(steady(8, 4))[-1][1].suspicious
    assert not answers(steady(12, 30))[-1][1].suspicious


def test_who_counts() -> None:
    rows: list[Row] = [
        *people(5),
        moved(people(1)[0], 0.3, score=0.2),  # hardly a person
        ("person", 0.9, 0.4, 0.5, 0.405, 0.51),  # too far away
        ("car", 0.9, 0.3, 0.5, 0.4, 0.6),
        *people(5, x=0.6),  # outside
    ]
    rule = CrowdingRule(CrowdingRuleSettings(count=5, for_s=0), Zone.of("z", LEFT_HALF))
    ((_, judgement),) = judged(rule, [(0, rows)])
    assert judgement.finding is not None
    assert judgement.finding.count == 5


def test_who_stands_in_a_permitted_market_does_not_count() -> None:
    market = Zone.of("market", LEFT_HALF)
    assert not found_at(answers(steady(12, 60), exempt=(market,)))
