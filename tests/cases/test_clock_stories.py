"""Golden stories of clocks, on the pure rules."""

from collections import Counter
from typing import Any

import pytest

from domain.stage_clock import ClockState
from tests.cases.clock_stories import STORIES, played

ZAMMAD = {904, 3140, 5177, 4432, 3928, 534}
"""Faults that users of another program reported: a merged ticket that still escalates, one that
escalates after the answer, one deadline that hides another, reminders at midnight, one kind of
escalation alone, and deadlines that a change of the calendar does not move."""


def test_there_are_enough_of_them_and_each_has_its_name() -> None:
    names = Counter(story["name"] for story in STORIES)
    assert len(names) == len(STORIES) >= 60
    assert {story["zammad"] for story in STORIES if "zammad" in story} == ZAMMAD


@pytest.mark.parametrize("story", STORIES, ids=[story["name"] for story in STORIES])
def test_a_story_ends_as_it_was_worked_out(story: dict[str, Any]) -> None:
    *_, play = played(story)
    assert play.shown == story["clocks"]
    assert play.due == (None if story["due"] is None else str(story["due"]))
    assert play.told == story.get("told", [])


@pytest.mark.parametrize("story", STORIES, ids=[story["name"] for story in STORIES])
def test_in_every_story_at_most_one_clock_of_a_stage_lives_and_history_tells_all(
    story: dict[str, Any],
) -> None:
    for play in played(story):
        live = Counter(clock.stage for clock in play.clocks.values() if clock.state.is_live)
        assert all(count == 1 for count in live.values())
        told = {clock.seq: clock for changed in play.history for clock in changed}
        assert told == play.clocks
        for clock in play.clocks.values():
            is_running = clock.state is ClockState.RUNNING
            assert (clock.ended_at is None) is clock.state.is_live
            assert is_running or clock.escalate_at is None
