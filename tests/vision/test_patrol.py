"""One camera's patrol, from looks to messages."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.base import Text
from domain.errors import ConfigurationError
from domain.incident import Incident, ModelRef
from tests.vision.looks import CAR, LEFT_HALF, RIGHT_HALF, SHANGHAI, Row, at, look, patrol, people
from tests.vision.looks import told as in_short
from vision.incidents import IncidentMessage
from vision.patrol import CameraPatrol
from vision.rule_register import parse_rules
from vision.watch import rule_version
from vision.zones import Zone

FLAME: Row = ("fire", 0.6, 0.3, 0.5, 0.35, 0.6)
OCCUPATION = {"road_occupation": {"for_s": 10, "close_after_s": 10, "update_every_s": 1000}}
CROWDING = {"crowding": {"count": 3, "for_s": 4, "smooth_s": 0, "clear_s": 0, "close_after_s": 6}}
MARKET = [{"days": "thu", "from": "11:00", "to": "12:01"}]


def walk(
    camera: CameraPatrol, looks: Iterable[tuple[float, Sequence[Row]]]
) -> list[tuple[float, str]]:
    """Everything that a camera says, with the second at which it says it."""
    return [
        (seconds, words)
        for seconds, rows in looks
        for words in in_short(camera.look(look(seconds, rows)))
    ]


def every(step_s: float, from_s: float, to_s: float, *rows: Row) -> list[tuple[float, list[Row]]]:
    steps = int((to_s - from_s) / step_s) + 1
    return [(from_s + i * step_s, list(rows)) for i in range(steps)]


def test_three_rules_on_one_camera_live_their_own_lives() -> None:
    camera = patrol({"fire": None, **OCCUPATION, **CROWDING})
    said = walk(camera, every(2, 0, 20, CAR, FLAME, *people(4)))
    assert said == [(4, "opened 1"), (4, "opened 1"), (10, "opened 1")]
    assert sorted(incident.kind.value for incident in camera.open_incidents) == [
        "crowding", "fire", "road_occupation",
    ]  # fmt: skip
    said = walk(camera, every(2, 22, 40, CAR))
    assert said == [(28, "closed 2 gone")]
    assert len(camera.open_incidents) == 2


def test_what_an_incident_carries() -> None:
    camera = CameraPatrol(
        "gate-1",
        parse_rules({"square": {"kind": "crowding", **CROWDING["crowding"]}}),
        [],
        timezone=SHANGHAI,
        model=ModelRef(name="m", sha256="0" * 64),
        notice=Text.of("合成画面", "Composed picture"),
    )
    walk(camera, every(2, 0, 4, *people(4)))
    (incident,) = camera.open_incidents
    assert incident.key == ("gate-1", "square", "frame")
    assert incident.rule_kind == "crowding"
    assert incident.zone == ((0, 0), (1, 0), (1, 1), (0, 1))
    assert incident.model == ModelRef(name="m", sha256="0" * 64)
    assert incident.notice == Text.of("合成画面", "Composed picture")
    assert (incident.opened_at, incident.first_seen_at) == (at(4), at(0))


def test_a_model_that_is_loaded_later_is_named_from_then_on() -> None:
    camera = patrol(CROWDING)
    camera.use_model(ModelRef(name="later", sha256="0" * 64))
    walk(camera, every(2, 0, 4, *people(4)))
    assert camera.open_incidents[0].model == ModelRef(name="later", sha256="0" * 64)


def test_each_zone_of_a_rule_has_its_own_incident() -> None:
    zones = [{"id": "west", "polygon": LEFT_HALF}, {"id": "east", "polygon": RIGHT_HALF}]
    rules = {"crowding": {**CROWDING["crowding"], "zones": ["west", "east"]}}
    camera = patrol(rules, zones)
    assert walk(camera, every(2, 0, 8, *people(4), *people(4, x=0.6))) == [(4, "opened 1")] * 2
    assert {incident.zone_id for incident in camera.open_incidents} == {"west", "east"}


def test_a_rule_may_carry_its_polygon_and_may_be_disabled() -> None:
    inline = {**CROWDING["crowding"], "zone": RIGHT_HALF}
    camera = patrol({"crowding": inline, "fire": {"enabled": False}})
    assert walk(camera, every(2, 0, 8, FLAME, *people(4))) == []
    assert walk(camera, every(2, 10, 18, FLAME, *people(4, x=0.6))) == [(14, "opened 1")]
    assert camera.open_incidents[0].zone_id == "inline"


def test_masks_and_markets() -> None:
    zones: list[dict[str, Any]] = [
        {"id": "poster", "kind": "ignore", "polygon": RIGHT_HALF},
        {"id": "market", "kind": "exempt", "polygon": LEFT_HALF, "schedule": MARKET},
    ]
    camera = patrol({"fire": None, **CROWDING}, zones)
    poster: Row = ("fire", 0.9, 0.6, 0.5, 0.65, 0.6)
    assert walk(camera, every(2, 0, 8, poster, *people(4))) == []  # noon: the market is on
    assert walk(camera, every(2, 60, 70, *people(4))) == [(64, "opened 1")]  # 12:01: it is over
    assert walk(camera, every(2, 72, 80, FLAME, *people(4))) == [(76, "opened 1")]  # fire always


@pytest.mark.parametrize("where", ["rule", "zone"])
def test_hours_pause_a_rule_and_end_its_incident(where: str) -> None:
    rule: dict[str, Any] = dict(CROWDING["crowding"])
    zone: dict[str, Any] = {"id": "z", "polygon": LEFT_HALF}
    (rule if where == "rule" else zone)["schedule"] = MARKET
    camera = patrol({"crowding": {**rule, "zones": ["z"]}}, [zone])
    assert walk(camera, every(2, 0, 58, *people(4))) == [(4, "opened 1"), (34, "updated 2")]
    assert walk(camera, every(2, 60, 90, *people(4))) == [(60, "closed 3 off_hours")]
    assert not camera.suspicious
    week_s = 7 * 24 * 3600
    assert walk(camera, every(2, week_s, week_s + 4, *people(4)))[-1] == (week_s + 4, "opened 1")


def test_hours_end_by_the_clock_even_without_looks() -> None:
    camera = patrol({"crowding": {**CROWDING["crowding"], "schedule": MARKET}})
    walk(camera, every(2, 0, 20, *people(4)))
    assert in_short(camera.tick(at(59))) == []
    assert in_short(camera.tick(at(60))) == ["closed 2 off_hours"]
    assert in_short(camera.tick(at(61))) == []


def test_without_looks_nobody_knows() -> None:
    camera = patrol({"crowding": {**CROWDING["crowding"], "unseen_after_s": 30}})
    walk(camera, every(2, 0, 10, *people(4)))
    assert in_short(camera.tick(at(39))) == []
    assert in_short(camera.tick(at(40))) == ["closed 2 unseen"]
    assert walk(camera, every(2, 100, 104, *people(4))) == [(104, "opened 3")]
    assert camera.open_incidents[0].reopened == 1


def test_a_look_after_a_long_pause_begins_anew() -> None:
    camera = patrol({"crowding": {**CROWDING["crowding"], "unseen_after_s": 30}})
    assert walk(camera, [(0, people(4)), (1, people(4)), (40, people(4)), (43, people(4))]) == []
    assert walk(camera, every(2, 45, 50, *people(4))) == [(45, "opened 1")]


def test_suspicion_asks_for_more_looks() -> None:
    camera = patrol({"fire": None})
    assert not camera.suspicious
    camera.look(look(0, [FLAME]))
    assert camera.suspicious
    camera.look(look(1, [FLAME]))
    camera.look(look(3, [FLAME]))
    assert not camera.suspicious  # it is settled


def restart(
    incidents: Iterable[Incident], rules: dict[str, Any], seconds: float
) -> tuple[CameraPatrol, list[IncidentMessage]]:
    camera = patrol(rules)
    return camera, camera.restore(incidents, at(seconds))


def test_a_restart_carries_on_with_the_same_incident() -> None:
    before = patrol(OCCUPATION)
    walk(before, every(2, 0, 20, CAR))
    (incident,) = before.open_incidents

    after, messages = restart([incident], OCCUPATION, 60)
    assert messages == []
    assert after.open_incidents == (incident,)
    assert walk(after, every(2, 62, 100, CAR)) == []
    assert after.open_incidents[0].id == incident.id
    assert after.open_incidents[0].last_seen_at == at(100)
    assert walk(after, every(2, 102, 120)) == [(112, "closed 2 gone")]


def test_a_restart_onto_a_dead_camera_ends_as_unseen() -> None:
    before = patrol(OCCUPATION)
    walk(before, every(2, 0, 20, CAR))
    after, _ = restart(before.open_incidents, OCCUPATION, 60)
    assert in_short(after.tick(at(179))) == []
    assert in_short(after.tick(at(180))) == ["closed 2 unseen"]


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"road_occupation": {**OCCUPATION["road_occupation"], "for_s": 11}},
        {"road_occupation": {**OCCUPATION["road_occupation"], "zone": LEFT_HALF}},
        {"road_occupation": {**OCCUPATION["road_occupation"], "enabled": False}},
    ],
)
def test_a_rule_that_changed_meanwhile_ends_the_incident(rules: dict[str, Any]) -> None:
    before = patrol(OCCUPATION)
    walk(before, every(2, 0, 20, CAR))
    after, messages = restart(before.open_incidents, rules, 60)
    assert in_short(messages) == ["closed 2 rule_changed"]
    assert after.open_incidents == ()


def test_a_restart_keeps_what_closed_not_long_ago() -> None:
    before = patrol(OCCUPATION)
    walk(before, every(2, 0, 20, CAR))
    closed = [m.incident for s, r in every(2, 22, 40) for m in before.look(look(s, r))]
    changed = closed[0].model_copy(update={"rule_version": "other"})
    after, messages = restart([*closed, changed], OCCUPATION, 60)
    assert messages == []
    assert after.open_incidents == ()
    assert walk(after, every(2, 62, 72, CAR)) == [(72, "opened 3")]


def test_a_restart_with_two_open_ones_of_a_kind_keeps_the_newest() -> None:
    first, second = patrol(OCCUPATION), patrol(OCCUPATION)
    walk(first, every(2, 0, 20, CAR))
    walk(second, every(2, 10, 30, CAR))
    both = [*second.open_incidents, *first.open_incidents]
    after, messages = restart(both, OCCUPATION, 60)
    assert [message.incident.id for message in messages] == [first.open_incidents[0].id]
    assert in_short(messages) == ["closed 2 unseen"]
    assert after.open_incidents == second.open_incidents


def test_a_clock_that_is_set_back_changes_nothing() -> None:
    camera = patrol(OCCUPATION)
    hour = 3600.0
    assert walk(camera, every(2, 0, 20, CAR)) == [(10, "opened 1")]
    assert walk(camera, every(2, 20 - hour, 60 - hour, CAR)) == []
    assert walk(camera, every(2, 62 - hour, 80 - hour)) == [(72 - hour, "closed 2 gone")]
    assert camera.open_incidents == ()


@pytest.mark.parametrize("set_by_s", [7200.0, -7200.0])
def test_a_clock_that_is_set_under_an_incident_makes_no_second_one(set_by_s: float) -> None:
    camera = patrol(OCCUPATION)
    told = []
    for second in range(0, 60, 2):
        seen = look(second + (set_by_s if second >= 20 else 0), [CAR])
        told += camera.look(replace(seen, now_s=1000.0 + second))
        told += camera.tick(seen.at, 1001.0 + second)
    (incident,) = camera.open_incidents

    assert in_short(told)[0] == "opened 1"
    assert {message.incident.id for message in told} == {incident.id}
    assert all(message.incident.closed_at is None for message in told)


def test_a_rule_that_names_a_foreign_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"camera gate-1: rules\.fire\.zones\.0: expected"):
        patrol({"fire": {"zones": ["kerb"]}})


def test_the_version_changes_with_every_parameter() -> None:
    def version(polygon: tuple[tuple[float, float], ...], **settings: Any) -> str:
        return rule_version(parse_rules({"fire": settings})["fire"], Zone.of("z", polygon))

    same = version(LEFT_HALF)
    assert same == version(LEFT_HALF, confidence=0.5)
    assert len(same) == 12
    others = {
        version(RIGHT_HALF),
        version(LEFT_HALF, confidence=0.51),
        version(LEFT_HALF, cool_down_s=1),
        version(LEFT_HALF, schedule=[{"days": "mon"}]),
    }
    assert len(others | {same}) == 5


def test_a_permission_that_ends_pauses_its_rule_and_ends_its_incident() -> None:
    ends_at = at(20)
    camera = CameraPatrol(
        "gate-1",
        parse_rules(CROWDING),
        [],
        timezone=SHANGHAI,
        model=None,
        notice=None,
        permits=lambda rule_id, now: rule_id == "crowding" and now < ends_at,
    )
    assert walk(camera, every(2, 0, 18, *people(4))) == [(4, "opened 1")]
    assert in_short(camera.tick(at(20))) == ["closed 2 off_hours"]
    assert walk(camera, every(2, 22, 60, *people(4))) == []
