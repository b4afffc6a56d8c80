"""What must hold whatever the looks, the gaps and the clock do."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.incident import IncidentState
from domain.messages import IncidentClosed, IncidentOpened
from tests.steps import steps as steps_of
from tests.vision.looks import CAR, Row, at, look, patrol, people
from vision.incidents import IncidentMessage
from vision.patrol import CameraPatrol

UNSEEN_AFTER_S = 60.0
TIMES = {"close_after_s": 10, "cool_down_s": 40, "unseen_after_s": UNSEEN_AFTER_S}
RULES = {
    "crowding": {"count": 3, "for_s": 4, "smooth_s": 4, "clear_s": 4, **TIMES},
    "road_occupation": {"for_s": 20, **TIMES},
    "fire": TIMES,
    "intrusion": {"kind": "generic", "classes": ["person"], "for_s": 4, **TIMES},
    "loitering": {"kind": "generic", "stay": "same", "for_s": 20, **TIMES},
}
SETTLED_S = 90
"""Longer than any rule of these needs to find, or to lose, what is or is not there."""
FLAME: Row = ("fire", 0.6, 0.6, 0.5, 0.65, 0.6)
USUAL = settings(max_examples=steps_of(40, 400), deadline=None)
SLOW = settings(max_examples=steps_of(20, 200), deadline=None)
ALL: list[Row] = [CAR, FLAME, *people(4)]


@dataclass(frozen=True)
class Step:
    """The clock moves by `step_s`, then a look comes, or only a tick."""

    step_s: float
    rows: tuple[Row, ...] | None


irregular = st.floats(0.1, 20)
clock_steps = st.one_of(irregular, irregular, st.sampled_from([-7200, -100, -30, -1, 300, 7200]))
pictures = st.sampled_from([None, (), tuple(ALL), (CAR,), (FLAME,), tuple(people(4))])


def steps(times: st.SearchStrategy[float]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.builds(Step, times, pictures), max_size=60)


class Witness:
    """Walks a patrol and checks every message against those before."""

    def __init__(self, camera: CameraPatrol | None = None) -> None:
        self.camera = camera or patrol(RULES)
        self.now_s = 0.0
        self.revisions: dict[str, int] = {}
        self.open: dict[tuple[str, str, str], str] = {}

    def walk(self, taken: Sequence[Step]) -> None:
        for step in taken:
            self.now_s += step.step_s
            if step.rows is None:
                self.hear(self.camera.tick(at(self.now_s)))
            else:
                self.hear(self.camera.look(look(self.now_s, step.rows)))

    def hear(self, messages: Sequence[IncidentMessage]) -> None:
        for message in messages:
            self._check(message)
        told = {incident.key: incident.id for incident in self.camera.open_incidents}
        assert told == self.open, "what was told is not what is open"

    def _check(self, message: IncidentMessage) -> None:
        incident = message.incident
        last = self.revisions.get(incident.id, 0)
        assert incident.revision == last + 1, "a revision was skipped or told twice"
        self.revisions[incident.id] = incident.revision
        if isinstance(message, IncidentOpened):
            assert incident.key not in self.open, "a second one opened"
            self.open[incident.key] = incident.id
        assert self.open[incident.key] == incident.id
        assert incident.first_seen_at <= incident.opened_at <= incident.last_seen_at
        closed = isinstance(message, IncidentClosed)
        assert (incident.state is IncidentState.CLOSED) is closed
        if closed:
            del self.open[incident.key]
            assert incident.closed_at is not None
            assert incident.closed_at >= incident.last_seen_at


@USUAL
@given(steps(clock_steps))
def test_at_most_one_is_open_and_its_revisions_follow_each_other(taken: list[Step]) -> None:
    Witness().walk(taken)


@USUAL
@given(steps(clock_steps))
def test_none_stays_open_for_ever_when_looks_end(taken: list[Step]) -> None:
    witness = Witness()
    witness.walk(taken)
    witness.walk([Step(UNSEEN_AFTER_S, None)] * 2)
    assert witness.open == {}


@USUAL
@given(steps(clock_steps))
def test_none_stays_open_for_ever_when_nothing_is_there(taken: list[Step]) -> None:
    witness = Witness()
    witness.walk(taken)
    witness.walk([Step(2, ())] * (SETTLED_S // 2))
    assert witness.open == {}


@SLOW
@given(steps(clock_steps), st.lists(st.floats(0.2, 4), min_size=60, max_size=60))
def test_what_stays_is_found_whatever_was_before(taken: list[Step], times: list[float]) -> None:
    witness = Witness()
    witness.walk(taken)
    regular = [Step(2, tuple(ALL))] * (SETTLED_S // 2)
    witness.walk([*regular, *(Step(time, tuple(ALL)) for time in times)])
    assert {rule_id for _, rule_id, _ in witness.open} == set(RULES)


@SLOW
@given(st.lists(st.tuples(irregular, st.booleans()), min_size=10, max_size=80))
def test_dropped_looks_never_make_two_of_one(looks: list[tuple[float, bool]]) -> None:
    """All of it is there all the time; looks come irregularly and some are dropped."""
    witness = Witness(patrol({**RULES, "fire": {**TIMES, "window_s": 30}}))
    witness.walk([Step(step_s, tuple(ALL) if kept else None) for step_s, kept in looks])
    assert len(witness.revisions) <= len(RULES) * (1 + _blind_spans(looks))


def _blind_spans(looks: Sequence[tuple[float, bool]]) -> int:
    """How often no look came for so long that nobody could know."""
    seen_s = list(accumulate(step_s for step_s, _ in looks))
    kept_s = [now_s for now_s, (_, kept) in zip(seen_s, looks, strict=True) if kept]
    return sum(later - earlier >= UNSEEN_AFTER_S for earlier, later in pairwise(kept_s))


@USUAL
@given(steps(clock_steps), steps(irregular))
def test_a_restart_loses_and_doubles_nothing(before: list[Step], after: list[Step]) -> None:
    witness = Witness()
    witness.walk(before)
    restarted = patrol(RULES)
    assert restarted.restore(witness.camera.open_incidents, at(witness.now_s + 5)) == []
    witness.camera = restarted
    witness.now_s += 5
    witness.walk(after)
    witness.walk([Step(UNSEEN_AFTER_S, None)] * 2)
    assert witness.open == {}
