"""A rule in shadow runs in full, and nobody hears of it but those who try it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from domain.incident import CloseReason
from edge.state.shadow import ShadowLog, shadow_incidents
from patrol.commands.rules import app
from tests.builders import closed, closed_revision, make_incident, opened, reopened_revision
from tests.vision.looks import CAR, SHANGHAI, at, look
from vision.incidents import IncidentMessage
from vision.patrol import CameraPatrol
from vision.rule_register import parse_rules


def camera(kept: list[IncidentMessage] | None, *, shadow: bool) -> CameraPatrol:
    rules = parse_rules({"road_occupation": {"for_s": 10, "close_after_s": 10, "shadow": shadow}})
    keep_back = None if kept is None else kept.append
    return CameraPatrol(
        "gate-1", rules, [], timezone=SHANGHAI, model=None, notice=None, keep_back=keep_back
    )


def walk(patrol: CameraPatrol) -> list[IncidentMessage]:
    said = [message for s in range(0, 22, 2) for message in patrol.look(look(s, [CAR]))]
    return said + [message for s in range(22, 40, 2) for message in patrol.look(look(s, []))]


def test_what_a_rule_in_shadow_says_is_kept_back() -> None:
    kept: list[IncidentMessage] = []
    assert walk(camera(kept, shadow=True)) == []
    told = walk(camera([], shadow=False))
    assert [m.type for m in kept] == [m.type for m in told] != []
    assert all(message.incident.shadow for message in kept)


def test_a_replay_hears_it() -> None:
    assert len(walk(camera(None, shadow=True))) == len(walk(camera(None, shadow=False)))


def test_an_open_shadow_does_not_become_a_case_when_the_rule_goes_live() -> None:
    trying = camera([], shadow=True)
    for s in range(0, 22, 2):
        trying.look(look(s, [CAR]))
    [tried] = trying.open_incidents
    kept: list[IncidentMessage] = []
    live = camera(kept, shadow=False)
    assert live.restore([tried], at(30)) == []
    assert [message.incident.close_reason for message in kept] == [CloseReason.RULE_CHANGED]


def test_openings_are_counted_once(tmp_path: Path) -> None:
    shadows = ShadowLog(tmp_path / "worker" / "edge-1")
    now = datetime.now(UTC)
    first = make_incident("inc_1", at=now, shadow=True)
    end = closed_revision(first)
    for message in (opened(first), closed(end), opened(reopened_revision(end))):
        shadows.keep(message)
    shadows.keep(opened(make_incident("inc_0", at=now - timedelta(days=9), shadow=True)))
    kept = shadow_incidents(tmp_path / "worker", now - timedelta(days=7))
    assert kept == [first]
    told = CliRunner().invoke(app, ["shadow", "--data", str(tmp_path), "--json"])
    assert [one["id"] for one in json.loads(told.stdout)] == ["inc_1"]


def test_the_log_is_bounded_and_outlives_a_torn_line(tmp_path: Path) -> None:
    shadows = ShadowLog(tmp_path / "edge-1", max_bytes=1)
    now = datetime.now(UTC)
    for number in range(3):
        shadows.keep(opened(make_incident(f"inc_{number}", at=now, shadow=True)))
    with (tmp_path / "edge-1" / "shadow.jsonl").open("a") as file:
        file.write('{"id": "inc_')
    assert [i.id for i in shadow_incidents(tmp_path, now)] == ["inc_1", "inc_2"]
