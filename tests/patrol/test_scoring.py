"""What `patrol eval` counts."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.base import Text
from domain.incident import CloseReason, Incident, IncidentKind, IncidentState
from domain.messages import IncidentClosed, IncidentOpened
from patrol.scoring import ReplayedIncident, replayed_incidents, score, score_clip
from patrol.truth import ExpectedIncident

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
    }
    assert report["clips"][0]["incidents"] == [
        {"kind": "fire", "opened_at_s": 2.0, "closed_at_s": None, "score": 0.5, "rule_id": ""}
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
