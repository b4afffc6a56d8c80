"""Scenarios are drawn as their truth says, the same on every machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from domain.errors import ConfigurationError
from lab.trials.boxes import WrittenBoxes
from lab.trials.evaluate import load_truth
from lab.trials.scenarios.drawing import (
    PAINTS,
    SIZE_WH,
    Draw,
    bus,
    car,
    heap,
    person,
    street,
    table,
    umbrella,
    van,
)
from lab.trials.scenarios.folder import SCENARIOS, chosen, write_scenarios
from lab.trials.scenarios.scenario import Scenario
from lab.trials.scenarios.stage import Actor, Stage, Turn
from patrol.cli import app

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
DRAWN = [scenario for scenario in SCENARIOS if scenario.drawn_boxes]
STANDS = Actor(car, (0.2, 0.2), ((2, 0.5, 0.6), (6, 0.5, 0.6)), PAINTS[2], "car", missed=0)
names = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@names
def test_a_seed_makes_the_same_scene_and_another_seed_another(scenario: Scenario) -> None:
    one, again, other = (scenario.staged(seed) for seed in (1, 1, 2))
    assert one.truth == again.truth
    pictures = [next(staged.stage.pictures()) for staged in (one, again, other)]
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()
    if scenario.drawn_boxes:
        assert one.stage.moments() == again.stage.moments()
        assert one.stage.moments() != other.stage.moments()


@names
def test_what_is_expected_lies_within_the_clip(scenario: Scenario) -> None:
    for seed in range(5):
        staged = scenario.staged(seed)
        for one in (*staged.truth["incidents"], *staged.truth.get("faults", ())):
            assert 0 <= one["from_s"] < one["to_s"] < staged.stage.seconds


@pytest.mark.parametrize("scenario", DRAWN, ids=lambda scenario: scenario.name)
def test_boxes_lie_in_the_picture(scenario: Scenario) -> None:
    for moment in scenario.staged(3).stage.moments():
        for label, score, x1, y1, x2, y2 in moment.seen:
            assert label
            assert 0 < score < 1
            assert 0 <= x1 < x2 <= 1
            assert 0 <= y1 < y2 <= 1


@pytest.mark.parametrize("draw", [car, van, bus, person, table, umbrella, heap])
def test_a_thing_fills_its_place_and_nothing_else(draw: Draw) -> None:
    before = street(0)
    after = before.copy()
    draw(after, (0.4, 0.4, 0.6, 0.7), (30, 30, 220))
    changed = (before != after).any(axis=2)
    width, height = SIZE_WH
    slack = 0.05
    inside = np.zeros_like(changed)
    rows = slice(round((0.4 - slack) * height), round((0.7 + slack) * height))
    inside[rows, round((0.4 - slack) * width) : round((0.6 + slack) * width)] = True
    assert not (changed & ~inside).any()
    assert changed[inside].mean() > 0.1


def seen_at(stage: Stage, at_s: float) -> Sequence[Any]:
    return next(moment.seen for moment in stage.moments() if moment.at_s == at_s)


def test_a_thing_is_seen_from_when_it_comes_to_when_it_goes() -> None:
    stage = Stage(street(0), (STANDS,), 9)
    assert [len(moment.seen) for moment in stage.moments()] == [0, 0, 1, 1, 1, 1, 1, 0, 0]
    assert seen_at(stage, 3)[0][2:] == pytest.approx((0.4, 0.4, 0.6, 0.6), abs=0.02)


def test_what_another_covers_is_not_seen() -> None:
    before = Actor(bus, (0.5, 0.5), ((4, 0.5, 0.8), (9, 0.5, 0.8)), PAINTS[0], "bus", missed=0)
    stage = Stage(street(0), (before, STANDS), 9)
    assert [box[0] for box in seen_at(stage, 3)] == ["car"]
    assert [box[0] for box in seen_at(stage, 5)] == ["bus"]


def test_what_no_class_names_is_drawn_and_not_seen() -> None:
    unnamed = Actor(heap, (0.2, 0.2), ((0, 0.5, 0.6), (9, 0.5, 0.6)), PAINTS[2])
    stage = Stage(street(0), (unnamed,), 2, grain=0)
    assert seen_at(stage, 1) == ()
    assert (next(stage.pictures()) != street(0)).any()


def test_a_turned_camera_shows_all_beside_and_boxes_follow() -> None:
    turn = Turn(4, right=0.1, down=0.1)
    stage = Stage(street(0), (STANDS,), 9, turn=turn, grain=0)
    before, after = list(stage.pictures())[3:5]
    right, down = round(0.1 * SIZE_WH[0]), round(0.1 * SIZE_WH[1])
    assert (after[down:, right:] == before[:-down, :-right]).all()
    shift = np.subtract(seen_at(stage, 5)[0][2:], seen_at(stage, 3)[0][2:])
    assert shift == pytest.approx(0.1, abs=0.03)


def test_a_folder_is_what_eval_reads(tmp_path: Path) -> None:
    path = write_scenarios(tmp_path / "made", chosen(["market-leaves", "flag"]), seeds=(0, 1))
    truth = load_truth(path)
    assert [clip.file for clip in truth.clips] == [
        "market-leaves-0.mp4", "market-leaves-1.mp4", "flag-0.mp4", "flag-1.mp4",
    ]  # fmt: skip
    market, flag = truth.clips[0], truth.clips[2]
    assert market.starts_at == 9 * 60 + 56
    assert market.zones[1].schedule[0].to_min == 600
    assert flag.boxes is None
    assert all((path.parent / clip.file).is_file() for clip in truth.clips)
    assert market.boxes is not None
    assert len(WrittenBoxes.read(path.parent / market.boxes).at(100)) > 0


def test_an_unknown_scenario_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"expected scenarios out of .*flag.*, got flood"):
        chosen(["flag", "flood"])


def test_the_command_lists_and_draws(tmp_path: Path) -> None:
    listed = CliRunner().invoke(app, ["scenarios"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in BY_NAME)
    made = CliRunner().invoke(
        app, ["scenarios", str(tmp_path), "--only", "sweeper", "--seeds", "2"]
    )
    assert made.exit_code == 0, made.output
    assert (tmp_path / "sweeper-1.boxes.json").is_file()
