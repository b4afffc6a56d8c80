"""What `patrol eval` counts."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.base import Text
from domain.health import FaultKind
from domain.incident import CloseReason, Incident, IncidentKind, IncidentState
from domain.messages import IncidentClosed, IncidentOpened
from lab.trials.scoring import (
    ReplayedFault,
    ReplayedIncident,
    replayed_incidents,
    score,
    score_clip,
)
from lab.trials.truth import ExpectedFault, ExpectedIncident
from vision.rule_register import parse_rules

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRE, CROWDING = IncidentKind.FIRE, IncidentKind.CROWDING


def expect(from_s: float, to_s: float, kind: IncidentKind = FIRE) -> ExpectedIncident:
    return ExpectedIncident(kind=kind, from_s=from_s, to_s=to_s)


def opened(at_s: float, kind: IncidentKind = FIRE) -> ReplayedIncident:
    return ReplayedIncident(kind=kind, opened_at_s=at_s, closed_at_s=None, score=0.5)


@pytest.mark.parametrize(
    ("expected", "incidents", "found", "missed", "false", "latencies_s"),
    [
        ([], [], 0, 0, 0, ()),
        ([], [opened(3)], 0, 0, 1, ()),
        ([expect(0, 5)], [], 0, 1, 0, ()),
        ([expect(2, 5)], [opened(5)], 1, 0, 0, (3,)),
        ([expect(2, 5)], [opened(2)], 1, 0, 0, (0,)),
        ([expect(2, 5)], [opened(1)], 0, 1, 1, ()),
        ([expect(2, 5)], [opened(6)], 0, 1, 1, ()),
        ([expect(0, 5)], [opened(3, CROWDING)], 0, 1, 1, ()),
        ([expect(0, 5)], [opened(3), opened(4)], 1, 0, 1, (3,)),
        ([expect(0, 9), expect(0, 3)], [opened(8), opened(2)], 2, 0, 0, (2, 8)),
        ([expect(0, 9), expect(0, 3, CROWDING)], [opened(1, CROWDING)], 1, 1, 0, (1,)),
    ],
)
def test_found_missed_and_false(
    expected: list[ExpectedIncident],
    incidents: list[ReplayedIncident],
    found: int,
    missed: int,
    false: int,
    latencies_s: tuple[float, ...],
) -> None:
    clip = score_clip("a.mp4", expected, incidents, seconds=10)
    assert (clip.found, clip.missed, clip.false) == (found, missed, false)
    assert clip.latencies_s == latencies_s


def test_the_summary_is_over_all_clips() -> None:
    clips = [
        score_clip("a.mp4", [expect(0, 9)], [opened(2)], seconds=1800),
        score_clip("b.mp4", [expect(0, 9), expect(20, 30)], [opened(6), opened(50)], seconds=1800),
        score_clip("c.mp4", [], [], seconds=3600),
    ]
    report = score(clips).model_dump(mode="json")
    assert report["summary"] == {
        "recall": pytest.approx(2 / 3),
        "false_per_camera_hour": 0.5,
        "median_latency_s": 4.0,
        "hours": 2.0,
        "false_per_camera_day": 12.0,
        "p95_latency_s": 6.0,
        "by_rule": {
            "fire": {
                "expected": 3,
                "found": 2,
                "missed": 1,
                "false": 1,
                "latency_median_s": 4.0,
                "latency_p95_s": 6.0,
            }
        },
        "faults": {"expected": 0, "found": 0, "missed": 0, "false": 0},
    }
    assert report["clips"][0]["incidents"] == [
        {
            "kind": "fire",
            "opened_at_s": 2.0,
            "closed_at_s": None,
            "score": 0.5,
            "rule_id": "",
            "height": None,
        }
    ]
    assert [clip["found"] for clip in report["clips"]] == [1, 1, 0]


def test_a_figure_without_ground_is_none() -> None:
    summary = score([]).summary
    assert (summary.recall, summary.false_per_camera_hour) == (None, None)
    assert (summary.median_latency_s, summary.hours) == (None, 0)


def incident(incident_id: str, opened_s: float) -> Incident:
    at = START + timedelta(seconds=opened_s)
    return Incident(
        id=incident_id,
        revision=1,
        state=IncidentState.OPEN,
        kind=FIRE,
        camera_id="c",
        rule_id="fire",
        rule_version="1",
        zone_id="frame",
        first_seen_at=at,
        opened_at=at,
        last_seen_at=at,
        score=0.5,
        looks=3,
        hits=3,
        explanation=Text.of("火", "fire"),
    )


def test_messages_of_one_incident_become_one() -> None:
    first, second = incident("inc_1", 4), incident("inc_2", 2)
    end = {"closed_at": START + timedelta(seconds=9), "close_reason": CloseReason.GONE}
    closed = first.model_copy(update={"revision": 2, "state": IncidentState.CLOSED, **end})
    again = closed.model_copy(update={"revision": 3, "closed_at": None, "score": 0.9})
    messages = [IncidentOpened(incident=first), IncidentOpened(incident=second)]
    told = replayed_incidents([*messages, IncidentClosed(incident=closed)], START)
    assert [(one.opened_at_s, one.closed_at_s) for one in told] == [(2, None), (4, 9)]

    told = replayed_incidents(
        [*messages, IncidentClosed(incident=closed), IncidentOpened(incident=again)], START
    )
    assert [(one.closed_at_s, one.score) for one in told] == [(None, 0.5), (None, 0.9)]


TWO = parse_rules({"kerb": {"kind": "parking"}, "stalls": {}, "crowding": {}})
STANDS = IncidentKind.ROAD_OCCUPATION


def test_each_kind_of_rule_has_its_own_figures() -> None:
    """What one rule found is its own; what was missed belongs to the only rule that could have
    found it, or else to the kind of the incident."""
    came = [
        ReplayedIncident(
            kind=STANDS, opened_at_s=at_s, closed_at_s=None, score=0.5, rule_id=rule_id
        )
        for at_s, rule_id in [(5, "kerb"), (50, "stalls")]
    ]
    expected = [expect(0, 9, STANDS), expect(20, 30, STANDS), expect(0, 9, CROWDING)]
    clip = score_clip("a.mp4", expected, came, 60, rules=TWO)
    told = {kind: (t.expected, t.found, t.missed, t.false) for kind, t in clip.by_rule.items()}
    assert told == {
        "parking": (1, 1, 0, 0),
        "stalls": (0, 0, 0, 1),
        "crowding": (1, 0, 1, 0),
        "road_occupation": (1, 0, 1, 0),
    }
    figures = score([clip]).summary.by_rule["parking"]
    assert (figures.latency_median_s, figures.latency_p95_s) == (5, 5)


MOVED, BLACK = FaultKind.MOVED, FaultKind.BLACK


@pytest.mark.parametrize(
    ("expected", "found", "missed", "false"),
    [
        (None, 0, 0, 0),
        ([], 0, 0, 2),
        ([(MOVED, 5, 20)], 1, 0, 1),
        ([(MOVED, 12, 20)], 0, 1, 2),
        ([(MOVED, 0, 20), (BLACK, 0, 90)], 2, 0, 0),
    ],
)
def test_faults_are_scored_apart(
    expected: list[tuple[FaultKind, float, float]] | None, found: int, missed: int, false: int
) -> None:
    wanted = None
    if expected is not None:
        wanted = [ExpectedFault(fault=f, from_s=a, to_s=b) for f, a, b in expected]
    came = [
        ReplayedFault(fault=MOVED, from_s=10, to_s=30),
        ReplayedFault(fault=BLACK, from_s=30, to_s=None),
    ]
    clip = score_clip("a.mp4", [], [], 60, faults=came, expected_faults=wanted)
    assert (clip.faults_found, clip.faults_missed, clip.faults_false) == (found, missed, false)
    assert (clip.found, clip.missed, clip.false) == (0, 0, 0)
    assert score([clip]).summary.faults.model_dump() == {
        "expected": len(expected or ()),
        "found": found,
        "missed": missed,
        "false": false,
    }
