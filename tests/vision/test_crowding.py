"""Crowding: many people for a time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from tests.vision.looks import (
    LEFT_HALF,
    SHANGHAI,
    Row,
    detections,
    found_at,
    judged,
    look,
    moved,
    patrol,
    people,
    told,
)
from vision.rules.crowding import CrowdingRule, CrowdingRuleSettings
from vision.rules.rule import Judgement, Scene
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


def surging(counts: Counts, **settings: Any) -> float | None:
    """When a crowd is found that may surge: 20 people for 8 s."""
    found = found_at(answers(counts, **{"surge_count": 20, "surge_for_s": 8, **settings}))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("counts", "first"),
    [
        (steady(20, 40), 8),
        (steady(20, 40, 4), 8),
        (steady(20, 40, 0.5), 8),
        (steady(19, 40), 20),  # no surge: the usual time
        (flicker([22, 22, 9], 40), 8),  # the median
        ([*steady(20, 4), *steady(12, 40, from_s=6)], 20),  # over too soon
        ([*steady(12, 2), *steady(20, 40, from_s=4)], 16),  # the median follows 4 s later
        ([*steady(12, 14), *steady(20, 40, from_s=16)], 20),  # the usual time comes first
        ([*steady(20, 4), *steady(3, 16, from_s=6), *steady(20, 60, from_s=18)], 30),  # anew
    ],
)
def test_a_surge_is_found_sooner(counts: Counts, first: float | None) -> None:
    assert surging(counts) == first


def test_a_surge_that_wavers_opens_in_a_look_that_counts_so_many() -> None:
    wavering = [*steady(20, 6), (8.0, 18), (10.0, 20)]
    assert surging(wavering, smooth_s=0, presence=0.7) == 10
    finding = answers(wavering, smooth_s=0, presence=0.7, surge_count=20, surge_for_s=8)[-1][1]
    assert finding.finding is not None
    assert finding.finding.count == 20


@pytest.mark.parametrize(
    "off",
    [
        {"surge_count": None},
        {"count": 20, "surge_count": 30, "limits": [{"count": 30}]},
        {"surge_for_s": 60},
    ],
)
def test_without_a_surge_the_usual_time_holds(off: dict[str, Any]) -> None:
    settings = {**START_VALUES, "surge_count": 20, "surge_for_s": 8, **off}
    assert found_at_hour(12, steady(31, 60), settings) == 20


def test_an_hour_with_a_higher_limit_knows_no_surge_below_it() -> None:
    school = {"limits": [{"from": "07:00", "to": "08:30", "count": 25}]}
    settings = {**START_VALUES, "surge_count": 20, "surge_for_s": 8, **school}
    gathered = steady(22, 40)
    assert found_at_hour(8, gathered, settings) is None
    assert found_at_hour(9, gathered, settings) == 8


def found_at_hour(hour: int, counts: Counts, settings: dict[str, Any]) -> float | None:
    """When a crowd is found in looks that the clock on the wall sees within one hour."""
    local = datetime(2026, 1, 1, hour, tzinfo=SHANGHAI)
    rule = CrowdingRule(CrowdingRuleSettings.model_validate(settings), Zone.whole_frame())
    for now_s, count in counts:
        scene = Scene(now_s=now_s, detections=detections(people(count)), local=local)
        if rule.judge(scene).finding is not None:
            return now_s
    return None


def test_a_surge_and_its_crowd_are_one_incident() -> None:
    camera = patrol({"crowding": {"update_every_s": 1000}})
    said = [
        (seconds, words)
        for seconds, count in [*steady(31, 90), *steady(0, 160, from_s=92)]
        for words in told(camera.look(look(seconds, people(count))))
    ]
    assert said == [(30, "opened 1"), (126, "closed 2 gone")]


def test_after_a_surge_has_dispersed_the_next_one_takes_its_time() -> None:
    counts = [*steady(20, 20), *steady(3, 40, from_s=22), *steady(20, 60, from_s=42)]
    settings: dict[str, Any] = {"surge_count": 20, "surge_for_s": 8}
    first, anew = list(range(8, 26, 2)), list(range(54, 62, 2))
    assert found_at(answers(counts, **settings)) == [*first, *anew]


@pytest.mark.parametrize("surge_count", [14, 15])
def test_a_surge_is_more_than_a_crowd(surge_count: int) -> None:
    with pytest.raises(ValidationError, match=r"more people than count \(15\)"):
        CrowdingRuleSettings(surge_count=surge_count)


def test_the_default_of_a_surge_is_off_where_a_crowd_is_as_large() -> None:
    rule = CrowdingRule(CrowdingRuleSettings(count=30), Zone.whole_frame())
    assert found_at(judged(rule, [(t, people(31)) for t, _ in steady(31, 80)]))[0] == 60


def test_with_density_the_zones_limit_counts() -> None:
    ground = {
        "picture": [[0, 0], [1, 0], [1, 1], [0, 1]],
        "metres": [[0, 0], [5, 0], [5, 4], [0, 4]],
    }
    dense = {"density": 0.5, "ground": ground, "surge_count": 12, "surge_for_s": 8, "for_s": 20}
    rule = CrowdingRule(CrowdingRuleSettings.model_validate(dense), Zone.whole_frame())
    found = found_at(judged(rule, [(t, people(n)) for t, n in steady(12, 40)]))
    assert found[0] == 8


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
