"""What must hold of the order of looks whatever the cameras, their risks and what is suspected."""

from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.incident import IncidentKind
from edge.roster import LONGEST_WAIT_S
from edge.worth import Suspicion, Worth, bound_s, last_call_s, weight_of
from tests.edge.test_roster import Post, later, roster_of
from tests.steps import steps as steps_of

USUAL = settings(max_examples=steps_of(40, 400), deadline=None)
SLOW = settings(max_examples=steps_of(20, 200), deadline=None)
CALL_S = last_call_s(LONGEST_WAIT_S, 4.0, 0.0)

risks = st.floats(0.01, 100)
suspicions = st.sampled_from(Suspicion)
waits = st.floats(0, 120)


def worth(waited_s: float, risk: float, suspicion: Suspicion, *, asked: bool = False) -> Worth:
    return Worth.of(
        waited_s=waited_s,
        value=waited_s / 4.0 * risk,
        call_s=CALL_S,
        suspicion=suspicion,
        asked=asked,
    )


@USUAL
@given(waits, waits, risks, risks, suspicions, suspicions)
def test_more_of_anything_is_never_worth_less(
    wait: float, more_s: float, risk: float, riskier: float, one: Suspicion, other: Suspicion
) -> None:
    less = worth(wait, min(risk, riskier), min(one, other))
    assert worth(wait + more_s, min(risk, riskier), min(one, other)) >= less
    assert worth(wait, max(risk, riskier), min(one, other)) >= less
    assert worth(wait, min(risk, riskier), max(one, other)) >= less
    assert worth(wait, min(risk, riskier), min(one, other), asked=True) >= less


@USUAL
@given(waits.filter(lambda s: s <= CALL_S), waits.filter(lambda s: s <= CALL_S), risks, risks)
def test_what_is_suspected_comes_first_and_a_fire_before_all_else(
    wait: float, longer_s: float, risk: float, riskier: float
) -> None:
    fire = worth(min(wait, longer_s), min(risk, riskier), Suspicion.FIRE)
    something = worth(max(wait, longer_s), max(risk, riskier), Suspicion.SOMETHING)
    nothing = worth(max(wait, longer_s), max(risk, riskier), Suspicion.NONE)
    assert fire > something > nothing


def test_nothing_comes_before_who_was_called_but_what_people_ask_for() -> None:
    called = worth(CALL_S + 1, 0.01, Suspicion.NONE)
    assert called > worth(CALL_S, 100, Suspicion.FIRE)
    assert worth(CALL_S + 2, 0.01, Suspicion.NONE) > called
    assert worth(0, 1, Suspicion.NONE, asked=True) > called


@pytest.mark.parametrize(
    ("watched", "weight"),
    [
        ({IncidentKind.FIRE, IncidentKind.CROWDING}, 6.0),
        ({IncidentKind.ROAD_OCCUPATION}, 3.0),
        (set(), 1.5),
    ],
)
def test_a_promise_weighs_by_what_may_be_found(watched: set[IncidentKind], weight: float) -> None:
    assert weight_of(3.0, watched) == weight


def a_post(number: int, risk: float, suspicion: Suspicion, promise_s: float) -> Any:
    post = Post(f"{number}", suspicion=suspicion, risk=risk)
    post.book.promise(promise_s)
    return post


@USUAL
@given(st.lists(st.tuples(risks, waits), min_size=2, max_size=20))
def test_whoever_is_first_has_waited_as_long_as_all_of_more_risk(
    cameras: list[tuple[float, float]],
) -> None:
    posts = [a_post(n, risk, Suspicion.NONE, 4.0) for n, (risk, _) in enumerate(cameras)]
    for post, (_, waited_s) in zip(posts, cameras, strict=True):
        post.book.done(later(200 - waited_s), {})
    now = later(200)
    owed: list[Any] = list(roster_of(*posts).owed(now))
    for index, first in enumerate(owed):
        for other in owed[index + 1 :]:
            if other.book.weight >= first.book.weight:
                assert first.book.waited_s(now) >= other.book.waited_s(now)


@SLOW
@given(
    st.lists(
        st.tuples(risks, suspicions, st.sampled_from([1.0, 4.0, 15.0])), min_size=3, max_size=24
    ),
    st.floats(0.05, 2.5),
)
def test_nobody_waits_longer_than_the_bound(
    cameras: list[tuple[float, Suspicion, float]], cost_s: float
) -> None:
    """One looker that takes `cost_s` for a look, and cameras some of which are always suspected
    of something: with too little to do, and with up to sixty times too much."""
    posts = [a_post(number, *camera) for number, camera in enumerate(cameras)]
    roster, now_s = roster_of(*posts), 0.0
    round_s = len(posts) * cost_s
    looked: deque[Any] = deque()
    while len(looked) < 20 * len(posts):
        now = later(now_s)
        if owed := roster.owed(now):
            first: Any = owed[0]
            at_most_s = max(bound_s(LONGEST_WAIT_S, first.book.promised_s), 3 * round_s)
            waited_s = first.book.waited_s(now)
            assert waited_s <= at_most_s + cost_s
            first.book.done(now, {})
            roster.looked_in_time(1)
            looked.append(first)
        now_s += cost_s if owed else 0.05
    assert len(set(map(id, looked))) == len(posts)
