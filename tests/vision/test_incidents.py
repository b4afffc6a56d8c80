"""The incident book."""

from datetime import timedelta
from typing import Any

import pytest

from domain.base import Text
from domain.incident import CloseReason, IncidentKind, IncidentState, ModelRef
from tests.vision.looks import LEFT_HALF, at, told
from vision.incidents import IncidentBook, IncidentMessage, Subject, closed_for_change
from vision.rules.rule import Finding

MODEL = ModelRef(name="m", sha256="0" * 64)


def subject(**changes: Any) -> Subject:
    values: dict[str, Any] = {
        "rule_id": "square_crowd",
        "rule_kind": "crowding",
        "rule_version": "v1",
        "kind": IncidentKind.CROWDING,
        "zone_id": "square",
        "zone": LEFT_HALF,
        "close_after_s": 10.0,
        "cool_down_s": 100.0,
        "update_every_s": 30.0,
        "unseen_after_s": 60.0,
        "warm_up_s": 20.0,
    }
    return Subject(**{**values, **changes})


def finding(count: int | None = 10, *, score: float = 0.5, lasted_s: float = 5.0) -> Finding:
    words = Text.of(f"{count} 人", f"{count} people")
    return Finding(score, lasted_s, looks=4, hits=3, explanation=words, boxes=(), count=count)


class Diary:
    """A book, the seconds at which it is written in, and what it said."""

    def __init__(self, about: Subject | None = None) -> None:
        self.book = IncidentBook("gate-1", model=MODEL, notice=None)
        self.subject = about or subject()
        self.messages: list[IncidentMessage] = []

    def match(self, now_s: float, count: int | None = 10, **values: float) -> list[str]:
        return self._say(
            self.book.match(self.subject, finding(count, **values), at(now_s), now_s), now_s
        )

    def miss(self, now_s: float) -> list[str]:
        return self._say(self.book.miss(self.subject, at(now_s), now_s), now_s)

    def _say(self, messages: list[IncidentMessage], now_s: float) -> list[str]:
        self.messages += messages
        self.book.forget(now_s)
        return told(messages)


def test_an_incident_opens_with_all_that_is_known() -> None:
    diary = Diary()
    assert diary.match(7, lasted_s=5.0) == ["opened 1"]
    incident = diary.messages[0].incident
    assert incident.id.startswith("inc_")
    assert incident.key == ("gate-1", "square_crowd", "square")
    assert (incident.first_seen_at, incident.opened_at, incident.last_seen_at) == (
        at(2), at(7), at(7),
    )  # fmt: skip
    assert (incident.rule_id, incident.rule_kind) == ("square_crowd", "crowding")
    assert (incident.rule_version, incident.zone, incident.model) == ("v1", LEFT_HALF, MODEL)
    assert (incident.looks, incident.hits, incident.count) == (4, 3, 10)
    assert incident.state is IncidentState.OPEN
    assert diary.book.open_incidents == (incident,)


def test_updates_come_seldom_and_with_the_peak() -> None:
    diary = Diary()
    said = {t: diary.match(t, count, score=0.5 + count / 100) for t, count in [
        (0, 10), (2, 11), (10, 12), (12, 13), (14, 14), (16, 15), (45, 9), (46, 9), (75, 8),
    ]}  # fmt: skip
    assert {t: words for t, words in said.items() if words} == {
        0: ["opened 1"],
        10: ["updated 2"],  # grew by a fifth
        16: ["updated 3"],  # and by more than another
        46: ["updated 4"],  # 30 s later
    }
    latest = diary.book.open_incidents[0]
    assert (latest.count, latest.looks, latest.hits) == (15, 12, 11)
    assert latest.score == pytest.approx(0.65)
    assert str(latest.explanation) == "8 人"


def test_a_flickering_count_makes_one_incident_and_few_messages() -> None:
    """Twenty-one alerts in 15 s is what one such count made at a peer."""
    diary = Diary()
    for step in range(300):
        if step % 3 == 2:
            diary.miss(step / 10)
        else:
            diary.match(step / 10, 10 + step % 7)
    assert told(diary.messages) == ["opened 1", "updated 2", "updated 3"]


def test_it_closes_when_the_looks_stop_to_match() -> None:
    diary = Diary()
    diary.match(0)
    assert [diary.miss(t) for t in (2, 6, 10)] == [[], [], []]
    assert diary.miss(12) == ["closed 2 gone"]
    incident = diary.messages[-1].incident
    assert (incident.closed_at, incident.last_seen_at) == (at(12), at(0))
    assert (incident.looks, incident.hits) == (8, 3)
    assert diary.book.open_incidents == ()
    assert diary.miss(14) == []


def test_a_pause_between_looks_proves_nothing() -> None:
    diary = Diary()
    diary.match(0)
    assert diary.miss(50) == []
    assert diary.match(52) == ["updated 2"]
    assert diary.miss(54) == []
    assert diary.match(56) == []
    assert diary.miss(63) == []


def test_a_match_in_the_cool_down_reopens_and_later_opens_anew() -> None:
    diary = Diary()
    diary.match(0)
    diary.miss(2)
    diary.miss(12)
    assert diary.match(112) == ["opened 3"]
    again = diary.messages[-1].incident
    assert (again.reopened, again.closed_at, again.close_reason) == (1, None, None)
    assert (again.opened_at, again.last_seen_at) == (at(0), at(112))
    assert again.state is IncidentState.OPEN
    diary.miss(114)
    assert diary.miss(124) == ["closed 4 gone"]
    assert diary.miss(225) == []
    assert diary.match(226) == ["opened 1"]
    assert len({message.incident.id for message in diary.messages}) == 2


def test_incidents_of_two_zones_do_not_meet() -> None:
    diary = Diary()
    diary.match(0)
    diary.subject = subject(zone_id="gate")
    assert diary.match(0) == ["opened 1"]
    assert len(diary.book.open_incidents) == 2


def test_a_finding_without_a_count_has_none_later_either() -> None:
    diary = Diary()
    diary.match(0, None)
    assert diary.match(30, None) == ["updated 2"]
    assert diary.book.open_incidents[0].count is None


def test_times_never_run_backwards_on_an_incident() -> None:
    book, about = IncidentBook("gate-1", model=None, notice=None), subject()
    book.match(about, finding(), at(0), 0)
    book.match(about, finding(), at(-3600), 2)
    (closed,) = book.close(about, CloseReason.OFF_HOURS, at(-3590), 12)
    assert (closed.incident.last_seen_at, closed.incident.closed_at) == (at(0), at(0))
    assert book.close(about, CloseReason.OFF_HOURS, at(-3588), 14) == []


def test_restored_it_gets_time_to_be_found_again() -> None:
    diary = Diary()
    diary.match(0)
    (incident,) = diary.book.open_incidents

    again = Diary()
    again.book.restore(again.subject, incident, at(40), 40)
    assert again.book.open_incidents == (incident,)
    assert [again.miss(t) for t in (42, 58, 60, 68)] == [[], [], [], []]
    assert again.match(69) == []
    assert again.match(70) == ["updated 2"]

    lost = Diary()
    lost.book.restore(lost.subject, incident, at(40), 40)
    assert [lost.miss(t) for t in (42, 69)] == [[], []]
    assert lost.miss(70) == ["closed 2 gone"]


@pytest.mark.parametrize(("restarted_s", "said"), [(100, "opened 3"), (113, "opened 1")])
def test_a_restart_keeps_the_cool_down(restarted_s: float, said: str) -> None:
    diary = Diary()
    diary.match(0)
    diary.miss(2)
    diary.miss(12)
    again = Diary()
    again.book.restore(again.subject, diary.messages[-1].incident, at(restarted_s), restarted_s)
    again.book.forget(restarted_s)
    assert again.match(restarted_s) == [said]


def test_a_rule_that_changed_ends_its_incident() -> None:
    diary = Diary()
    diary.match(0)
    message = closed_for_change(diary.book.open_incidents[0], at(50))
    assert told([message]) == ["closed 2 rule_changed"]
    assert message.at == at(0) + timedelta(seconds=50)
