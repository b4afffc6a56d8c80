"""Changed rules are tried on what was seen before: kept looks, and clips."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import ConfigurationError
from edge.state.kept_looks import AT_ONCE, Kept, KeptLook, KeptLooks, kept_looks
from lab.trials.rule_replay import RuleSet, compare_looks, read_change
from patrol.commands.rules import app
from tests.vision.looks import CAR, SHANGHAI, at, look
from vision.look import Look
from vision.look_step import Diagnosis
from vision.rule_register import parse_rules

DAY = timedelta(days=1)
TOWN = """
sites: [{id: gate, name: 门, address: 门, lon: 104.0, lat: 30.6}]
cameras:
  - id: gate-1
    name: 东门
    site_id: gate
    url: /nowhere.mp4
    rules: {road_occupation: {for_s: 60, close_after_s: 10}}
"""


def parked() -> list[Look]:
    """A car that stays for 30 s, and an empty road for 20 s."""
    stays = [look(s, [CAR]) for s in range(0, 30, 2)]
    return stays + [look(s, []) for s in range(30, 50, 2)]


def keep(worker_dir: Path, looks: list[Look], *, max_bytes: int = 10**6) -> None:
    kept = KeptLooks(worker_dir, "gate-1", max_bytes=max_bytes, kept_for=DAY)
    for one in looks:
        kept.keep(one)
    kept.flush(looks[-1].at)


def test_looks_come_back_as_they_were(tmp_path: Path) -> None:
    keep(tmp_path / "edge-1", parked())
    kept = kept_looks(tmp_path, "gate-1", at(0), at(100)).looks
    back = [one.look for one in kept if one.look is not None]
    assert [one.at for one in kept] == [one.at for one in parked()]
    assert back[0].detections.boxes()[0].label == "car"
    assert back[0].detections.xyxy == pytest.approx(parked()[0].detections.xyxy, abs=1e-4)
    assert not len(back[-1].detections)
    assert len(kept_looks(tmp_path, "gate-1", at(10), at(20)).looks) == 6


def test_what_is_kept_is_bounded_by_bytes_and_by_age(tmp_path: Path) -> None:
    keep(tmp_path / "small", [look(s, [CAR]) for s in range(10 * AT_ONCE)], max_bytes=1)
    assert len(kept_looks(tmp_path, "gate-1", at(0), at(1000)).looks) == 2 * AT_ONCE
    old = KeptLooks(tmp_path / "old", "gate-2", max_bytes=10**6, kept_for=DAY)
    for days in range(4):
        old.keep(look(days * DAY.total_seconds(), [CAR]))
        old.flush(at(days * DAY.total_seconds()))
    assert len(kept_looks(tmp_path, "gate-2", at(0), at(10**6)).looks) == 2
    keep(tmp_path / "none", parked(), max_bytes=0)
    assert not (tmp_path / "none").exists()


def test_a_torn_line_costs_one_look(tmp_path: Path) -> None:
    keep(tmp_path / "edge-1", parked())
    with (tmp_path / "edge-1" / "looks" / "gate-1.jsonl").open("a") as file:
        file.write('{"at":"2026-01-01T')
    assert len(kept_looks(tmp_path, "gate-1", at(0), at(100)).looks) == len(parked())


def test_the_difference_names_what_only_one_opens() -> None:
    slow = parse_rules({"road_occupation": {"for_s": 60, "close_after_s": 10}})
    fast = parse_rules({"road_occupation": {"for_s": 10, "close_after_s": 10}})
    sets = [RuleSet(rules=rules, zones=()) for rules in (slow, fast)]
    kept = Kept([KeptLook(one.at, Diagnosis(), one) for one in parked()], second_looks=())

    def compared(before: RuleSet, after: RuleSet) -> tuple[int, int, int]:
        found = compare_looks(kept, before, after, camera_id="gate-1", timezone=SHANGHAI)
        return len(found.only_before), len(found.only_after), len(found.both)

    assert compared(sets[0], sets[1]) == (0, 1, 0)
    assert compared(sets[1], sets[0]) == (1, 0, 0)
    assert compared(sets[1], sets[1]) == (0, 0, 1)


def told(tmp_path: Path, *words: str, change: str) -> tuple[int, str, BaseException | None]:
    (tmp_path / "town.yaml").write_text(TOWN, encoding="utf-8")
    (tmp_path / "change.yaml").write_text(change, encoding="utf-8")
    files = ["--config", str(tmp_path / "town.yaml"), "--rules", str(tmp_path / "change.yaml")]
    ran = CliRunner().invoke(app, ["replay", *files, "--data", str(tmp_path), *words])
    # Without the program's own set-up the log of incidents comes first, on standard output.
    answer = ran.stdout[ran.stdout.find("[\n") :] if "--json" in words else ran.stdout
    return ran.exit_code, answer, ran.exception


def test_the_command_tries_a_change_on_kept_looks(tmp_path: Path) -> None:
    keep(tmp_path / "worker" / "edge-1", parked())
    words = ["--camera", "gate-1", "--from", "2026-01-01T12:00", "--to", "2026-01-01T12:05"]
    change = "rules: {road_occupation: {for_s: 10, close_after_s: 10}}"
    code, said, _ = told(tmp_path, *words, "--json", change=change)
    assert code == 0
    [found] = json.loads(said)
    assert (found["before"], found["after"]) == (0, 1)
    assert found["only_after"][0]["rule_id"] == "road_occupation"
    assert "新增 new" in told(tmp_path, *words, change=change)[1]
    masked = "zones: [{id: hide, kind: ignore, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}]\n"
    [hidden] = json.loads(told(tmp_path, *words, "--json", change=masked + change)[1])
    assert hidden["after"] == 0


@pytest.mark.parametrize(
    ("words", "change", "expected"),
    [
        (["--camera", "gate-2"], "rules: {}", "expected a camera id (gate-1)"),
        (["--camera", "gate-1"], "rules: {}", "there are none"),
        (["--camera", "gate-1", "--from", "soon"], "rules: {}", "expected a time such as"),
        (["--camera", "gate-1"], "rules: {fire: {zones: [lawn]}}", "lawn"),
        (["--camera", "gate-1"], "rule: {}", "unknown key"),
    ],
)
def test_it_says_what_is_wrong(
    tmp_path: Path, words: list[str], change: str, expected: str
) -> None:
    _, _, error = told(tmp_path, *words, change=change)
    assert isinstance(error, ConfigurationError)
    assert expected in str(error)


def test_an_empty_change_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "change.yaml"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_change(file)
