"""The life of incidents of every kind of rule: irregular and dropped looks, clock steps, changes of
summer time, restarts and late second looks never double, lose or strand one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from domain.geometry import Point
from domain.incident import IncidentState
from domain.messages import IncidentClosed, IncidentOpened
from tests.vision.looks import CAR, SIZE_WH, Row, detections, moved, people
from tests.vision.paintings import street, with_thing
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.patrol import CameraPatrol, SecondLookWish
from vision.rule_register import RuleSettings, ZoneSettings, parse_rules
from vision.schedule import is_on
from vision.second_look.flame import NO_FLAME, FlameFeatures
from vision.second_look.smoke import NO_SMOKE, SmokeFeatures
from vision.second_look.verdict import SecondLook

UNSEEN_AFTER_S = 60.0
COOL_DOWN_S = 300.0
TIMES = {"close_after_s": 10, "cool_down_s": COOL_DOWN_S, "unseen_after_s": UNSEEN_AFTER_S}
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
FLOOR: tuple[Point, ...] = ((0.0, 0.9), (1.0, 0.9), (1.0, 0.5), (0.0, 0.5))
GROUND = {"picture": FLOOR, "metres": ((0, 0), (10, 0), (10, 10), (0, 10))}
CROWD = {"kind": "crowding", "for_s": 4, "smooth_s": 4, "clear_s": 4, **TIMES}
WATCH = {"kind": "generic", "classes": ["person"], **TIMES}
STANDING = {"for_s": 20, "queue_s": 30, **TIMES}
RULES: dict[str, dict[str, Any]] = {
    "fire": TIMES,
    "road_occupation": STANDING,
    "parking": STANDING,
    "fire_lane": STANDING,
    "stalls": STANDING,
    "goods": {**STANDING, "count": 1},
    "count": {**CROWD, "count": 3},
    "by_hour": {**CROWD, "count": 2, "limits": [{"from": "02:00", "to": "03:00", "count": 4}]},
    "density": {**CROWD, "density": 0.03, "ground": GROUND, "zone": FLOOR},
    "intrusion": {**WATCH, "for_s": 4},
    "loitering": {**WATCH, "stay": "same", "for_s": 20},
    "left": {**WATCH, "classes": ["umbrella"], "unattended": True, "stay": "same", "for_s": 10},
}
LINE = {"line": {**WATCH, "line": [[0.5, 0.0], [0.5, 1.0]]}}
SETTLED_S = 120
"""Longer than any of these rules needs to find, or to lose, what is or is not there."""
FLAME: Row = ("fire", 0.6, 0.6, 0.5, 0.65, 0.6)
UMBRELLA: Row = ("umbrella", 0.7, 0.8, 0.5, 0.86, 0.6)
ALL: tuple[Row, ...] = (CAR, FLAME, UMBRELLA, *people(5))
NOTHING: tuple[Row, ...] = ()

SPRING = datetime(2026, 3, 29, 0, 50, tzinfo=UTC)
"""Ten minutes before Berlin's clocks go from 02:00 to 03:00."""
AUTUMN = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
"""Ten minutes before they go from 03:00 back to 02:00."""

FEW = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])


Shows = Literal["street", "stall"]
PICTURES = {"street": street(), "stall": with_thing(street(), (0.4, 0.6, 0.6, 0.85), seed=1)}
A_FLAME = FlameFeatures(0.5, 0.5, 20, 0.5, 4, 0.5, 0.5, 0.5, 0.5, 0)
SOME_SMOKE = SmokeFeatures(0.5, 0.5, 0.2, 5, 0.1, 0.1, 0.1)


@dataclass(frozen=True)
class Step:
    """The clock moves by `step_s`; then a look comes, a tick, or the program begins again."""

    step_s: float
    rows: tuple[Row, ...] | None = None
    restart: bool = False
    second_look: float | None = None
    """What a second look at a doubt finds, 0-1, if anybody takes one."""
    shows: Shows | None = None
    """What the picture shows of things that no class names."""


def _walked(row: Row) -> Row:
    return moved(row, 0.5)


pictures = st.sampled_from(
    [None, NOTHING, ALL, ALL, (CAR,), (FLAME,), tuple(people(5)), tuple(map(_walked, people(5)))]
)
irregular = st.floats(0.1, 20)
clock_steps = st.one_of(
    irregular, irregular, irregular, st.sampled_from([-7200, -3600, -90, -59, -1, 90, 3600, 90_000])
)


def walks(
    times: st.SearchStrategy[float], longest: int = 40, found: Sequence[float] = (0.0, 0.4, 1.0)
) -> st.SearchStrategy[list[Step]]:
    restarts = st.integers(0, 12).map(lambda n: n == 0)
    answers = st.sampled_from([None, *found])
    steps = st.builds(Step, times, pictures, restarts, answers)
    return st.lists(steps, min_size=5, max_size=longest)


class Life:
    """Walks a camera and checks every message against those before."""

    def __init__(
        self,
        rules: dict[str, dict[str, Any]],
        *,
        zones: Sequence[dict[str, Any]] = (),
        start: datetime = SPRING,
        timezone: ZoneInfo = BERLIN,
    ) -> None:
        self.rules: dict[str, RuleSettings] = parse_rules(rules)
        self.zones = [ZoneSettings.model_validate(zone) for zone in zones]
        self.timezone = timezone
        self.now = start
        self.camera = self._begin()
        self.open: dict[tuple[str, str, str], str] = {}
        self.revisions: dict[str, int] = {}
        self.opened: list[tuple[str, str]] = []
        self.late: list[tuple[SecondLookWish, float]] = []

    def _begin(self) -> CameraPatrol:
        return CameraPatrol(
            "gate-1", self.rules, self.zones, timezone=self.timezone, model=None, notice=None
        )

    def walk(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.now += timedelta(seconds=step.step_s)
            if step.restart:
                self._restart()
            if step.rows is None:
                self.hear(self.camera.tick(self.now))
            else:
                picture = None if step.shows is None else PICTURES[step.shows]
                seen = Look("gate-1", self.now, detections(step.rows), SIZE_WH, picture)
                self.hear(self.camera.look(seen))
                self._answer(step.second_look)

    def end(self) -> None:
        """No look comes any more."""
        self.walk([Step(UNSEEN_AFTER_S)] * 3)

    def _restart(self) -> None:
        left, self.camera = self.camera.remembered, self._begin()
        self.hear(self.camera.restore(left, self.now))

    def _answer(self, evidence: float | None) -> None:
        """Answers come one look late, perhaps after a restart or for what is gone."""
        for wish, found in self.late:
            self.hear(self.camera.hear(wish, _second_look(found)))
        self.late.clear()
        if evidence is not None and (wished := self.camera.wants_second_look) is not None:
            self.late.append((wished, evidence))

    def hear(self, messages: Sequence[IncidentMessage]) -> None:
        for message in messages:
            self._check(message)
        told = {incident.key: incident.id for incident in self.camera.open_incidents}
        assert told == self.open, "what was told is not what is open"

    def _check(self, message: IncidentMessage) -> None:
        incident = message.incident
        assert incident.revision == self.revisions.get(incident.id, 0) + 1
        self.revisions[incident.id] = incident.revision
        closed = isinstance(message, IncidentClosed)
        assert (incident.state is IncidentState.CLOSED) is closed
        if isinstance(message, IncidentOpened):
            assert incident.key not in self.open, "a second one opened"
            assert self._in_hours(incident.rule_id, incident.zone_id), "opened out of its hours"
            self.open[incident.key] = incident.id
            self.opened.append((incident.rule_id, incident.id))
        assert self.open[incident.key] == incident.id
        assert incident.first_seen_at <= incident.opened_at <= incident.last_seen_at
        if closed:
            del self.open[incident.key]
            assert incident.closed_at is not None
            assert incident.closed_at >= incident.last_seen_at

    def _in_hours(self, rule_id: str, zone_id: str) -> bool:
        hours = [zone.schedule for zone in self.zones if zone.id == zone_id]
        hours.append(self.rules[rule_id].schedule)
        return all(is_on(schedule, self.now, self.timezone) for schedule in hours)

    def ids_of(self, rule_id: str) -> set[str]:
        return {incident_id for rule, incident_id in self.opened if rule == rule_id}


def _second_look(evidence: float) -> SecondLook:
    """0 and 1: it denies or confirms; else it could not judge."""
    if evidence == 0:
        return SecondLook(frames=20, span_s=3.0, flame=NO_FLAME, smoke=NO_SMOKE)
    if evidence == 1:
        return SecondLook(frames=20, span_s=3.0, flame=A_FLAME, smoke=SOME_SMOKE)
    return SecondLook(frames=2, span_s=0.5)


def regular(rows: tuple[Row, ...], seconds: float, every_s: float = 4) -> list[Step]:
    return [Step(every_s, rows)] * int(seconds / every_s)


starts = st.sampled_from([SPRING, AUTUMN, SPRING - timedelta(hours=5)])


@FEW
@given(starts, walks(clock_steps))
def test_one_at_a_time_and_none_for_ever_when_looks_end(start: datetime, steps: list[Step]) -> None:
    life = Life(RULES | LINE, start=start)
    life.walk(steps)
    life.end()
    assert life.open == {}


@FEW
@given(starts, walks(clock_steps))
def test_none_for_ever_when_nothing_is_there(start: datetime, steps: list[Step]) -> None:
    life = Life(RULES | LINE, start=start)
    life.walk(steps)
    life.walk(regular(NOTHING, SETTLED_S))
    assert life.open == {}


@FEW
@given(starts, walks(clock_steps, 25, (0.4, 1.0)))
def test_what_stays_is_found_whatever_was_before(start: datetime, steps: list[Step]) -> None:
    """(No second look says that the fire is none.)"""
    life = Life(RULES, start=start)
    life.walk(steps)
    life.walk(regular(ALL, SETTLED_S))
    assert {rule_id for _, rule_id, _ in life.open} == set(RULES)


@FEW
@given(st.lists(st.tuples(st.floats(0.2, 6), st.booleans(), st.booleans()), max_size=30))
def test_what_stays_is_one_incident_whatever_looks_are_dropped(
    looks: list[tuple[float, bool, bool]],
) -> None:
    """Everything is there all the time; some looks miss all of it, the program begins again."""
    life = Life(RULES)
    life.walk(regular(ALL, SETTLED_S))
    first = set(life.open.values())
    life.walk([Step(step_s, ALL if kept else None) for step_s, kept, _ in looks])
    life.walk([Step(2, ALL, restart=again) for _, _, again in looks[:10]])
    life.walk(regular(ALL, SETTLED_S))
    assert set(life.open.values()) == first
    assert len(life.opened) == len(RULES)


@FEW
@given(
    st.lists(st.tuples(st.floats(20, 100), st.booleans(), st.booleans()), min_size=1, max_size=2)
)
def test_what_comes_back_within_the_cool_down_is_the_same(
    pauses: list[tuple[float, bool, bool]],
) -> None:
    """It goes, or the camera is dark, and perhaps the program begins again meanwhile."""
    life = Life(RULES)
    life.walk(regular(ALL, SETTLED_S))
    for pause_s, dark, restart in pauses:
        life.walk(regular(NOTHING, pause_s) if not dark else [Step(pause_s)])
        life.walk([Step(1, restart=restart)])
        life.walk(regular(ALL, SETTLED_S))
    assert {rule_id: len(life.ids_of(rule_id)) for rule_id in RULES} == dict.fromkeys(RULES, 1)


HOURS = [{"from": "02:10", "to": "02:40"}, {"from": "03:20", "to": "03:30"}]
ZONES: list[dict[str, Any]] = [
    {"id": "all_day", "polygon": FLOOR},
    {"id": "night", "polygon": FLOOR, "schedule": [{"from": "01:55", "to": "03:25"}]},
]


def _in_zones(rules: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        rule_id: {**rule, "kind": rule.get("kind", rule_id), "schedule": HOURS}
        | ({} if "zone" in rule else {"zones": ["all_day", "night"]})
        for rule_id, rule in rules.items()
    }


@FEW
@given(starts, walks(clock_steps), st.floats(30, 400))
@example(AUTUMN, [], 120.0)
@example(SPRING, [], 120.0)
def test_hours_hold_across_changes_of_summer_time(
    start: datetime, steps: list[Step], tick_s: float
) -> None:
    """What opens opens in its hours (Life checks it), and nothing is open when they are over."""
    life = Life(_in_zones(RULES), zones=ZONES, start=start)
    life.walk(steps)
    life.walk(regular(ALL, SETTLED_S))
    while any(is_on(rule.schedule, life.now, BERLIN) for rule in life.rules.values()):
        life.walk([Step(tick_s)])
    assert life.open == {}


@pytest.mark.parametrize(("start", "times"), [(SPRING, 0), (AUTUMN, 2)])
def test_the_hour_that_comes_twice_is_watched_twice_and_the_skipped_one_never(
    start: datetime, times: int
) -> None:
    night = {"count": {**CROWD, "count": 3, "schedule": [{"from": "02:20", "to": "02:40"}]}}
    life = Life(night, start=start - timedelta(hours=1))
    life.walk(regular(ALL, 2.5 * 3600, every_s=10))
    assert len(life.opened) == times
    assert life.open == {}
    first, *others = {incident_id for _, incident_id in life.opened} or {""}
    assert len(others) == max(0, times - 1), f"{first}: an hour apart is no cool-down"


@FEW
@given(walks(irregular, 30))
def test_a_clock_that_was_wrong_and_is_put_right_doubles_nothing(steps: list[Step]) -> None:
    """The clock is set back by hours, as when it is first told the time."""
    life = Life(RULES)
    life.walk(regular(ALL, SETTLED_S))
    life.walk([Step(-7200, ALL)])
    life.walk(regular(ALL, SETTLED_S))
    assert len(life.opened) == len(RULES)
    life.walk(steps)
    life.end()
    assert life.open == {}


def shown(what: Shows, seconds: float) -> list[Step]:
    return [Step(4, NOTHING, shows=what)] * int(seconds / 4)


UNNAMED: dict[str, dict[str, Any]] = {
    "stalls": {**TIMES, "for_s": 40},
    "lane": {**TIMES, "kind": "fire_lane", "for_s": 40},
}
disorder = st.lists(st.tuples(clock_steps, st.booleans()), max_size=15)


@settings(FEW, max_examples=5)
@given(disorder, disorder)
def test_a_thing_without_a_class_is_one_incident_however_looks_come(
    before: list[tuple[float, bool]], during: list[tuple[float, bool]]
) -> None:
    life = Life(UNNAMED)
    life.walk(shown("street", 60))
    life.walk([Step(step_s, NOTHING if kept else None, shows="street") for step_s, kept in before])
    life.walk(shown("street", 60))
    assert not life.opened
    life.walk(shown("stall", 90))
    assert {rule_id for _, rule_id, _ in life.open} == set(UNNAMED)
    life.walk([Step(step_s, NOTHING if kept else None, shows="stall") for step_s, kept in during])
    life.walk(shown("stall", 90))
    assert {rule_id for _, rule_id, _ in life.open} == set(UNNAMED)
    life.walk(shown("street", 160))
    assert life.open == {}


def test_rules_of_every_kind_are_walked() -> None:
    """A new kind of rule must be walked too."""
    kinds = {rule.kind for rule in parse_rules(RULES).values()}
    assert kinds == {
        choice.model_fields["kind"].default for choice in get_args(get_args(RuleSettings)[0])
    }
