"""Whatever is filtered out leaves a line with its reason."""

from typing import Any

import pytest
import structlog.testing

from domain.held_back import HeldBack, HeldBackReason
from tests.vision.looks import (
    CAR,
    LEFT_HALF,
    SHANGHAI,
    SIZE_WH,
    Row,
    at,
    detections,
    look,
    moved,
    people,
)
from tests.vision.paintings import grainy, street, with_thing
from vision.held_back import LONGEST_S, PAUSE_S, HeldBackBook
from vision.look import Look
from vision.patrol import CameraPatrol
from vision.rule_register import ZoneSettings, parse_rules
from vision.second_look.flame import NO_FLAME
from vision.second_look.smoke import NO_SMOKE
from vision.second_look.verdict import SecondLook

MASKED, EXEMPT, QUEUE, DENIED, MOVED, SHADOW, _ = HeldBackReason
KEY = ("parking", "kerb", QUEUE)
PARKING = {"parking": {"zones": ["left"], "for_s": 20}}
LEFT = {"id": "left", "polygon": LEFT_HALF}
EXEMPT_LEFT = {"id": "free", "kind": "exempt", "polygon": LEFT_HALF}
SMALL: Row = ("car", 0.7, 0.02, 0.5, 0.12, 0.6)
FLAME: Row = ("fire", 0.6, 0.3, 0.5, 0.35, 0.6)
DENIES = SecondLook(frames=20, span_s=3.0, flame=NO_FLAME, smoke=NO_SMOKE)


class Camera:
    """A patrol that keeps what it held back."""

    def __init__(self, rules: dict[str, Any], *zones: dict[str, Any]) -> None:
        self.told: list[HeldBack] = []
        self.opened = 0
        self.patrol = CameraPatrol(
            "gate-1",
            parse_rules(rules),
            [ZoneSettings.model_validate(zone) for zone in zones],
            timezone=SHANGHAI,
            model=None,
            notice=None,
            tell_held_back=self.told.append,
        )

    def watch(self, rows: list[Row], seconds: float, begins_s: float = 0) -> "Camera":
        for n in range(int(seconds / 2)):
            self.opened += len(self.patrol.look(look(begins_s + 2 * n, rows)))
        return self

    @property
    def reasons(self) -> set[HeldBackReason]:
        self.patrol.end_held_back()
        return {one.reason for one in self.told}


def test_who_waits_in_a_queue() -> None:
    queue = [moved(SMALL, 0.12 * n) for n in range(3)]
    camera = Camera(PARKING, LEFT)
    for n in range(40):
        shown = [row for i, row in enumerate(queue) if n >= 4 + 2 * i]
        camera.opened += len(camera.patrol.look(look(2 * n, shown)))
    assert camera.opened == 0
    assert camera.reasons == {QUEUE}
    (one,) = camera.told
    assert (one.camera_id, one.rule_id, one.zone_id) == ("gate-1", "parking", "left")
    assert one.from_at == at(28)
    assert one.to_at == at(78)
    assert one.looks == 26


def test_who_may_stand_in_an_exempt_zone() -> None:
    camera = Camera(PARKING, LEFT, EXEMPT_LEFT).watch([CAR], 60)
    assert (camera.opened, camera.reasons) == (0, {EXEMPT})
    assert camera.told[0].from_at == at(20)


def test_a_vehicle_that_is_exempt_by_its_class() -> None:
    rules = {"parking": {**PARKING["parking"], "exempt_classes": ["truck"], "classes": ["car"]}}
    truck: Row = ("truck", *CAR[1:])
    camera = Camera(rules, LEFT).watch([truck], 60)
    assert (camera.opened, camera.reasons) == (0, {EXEMPT})


def test_a_thing_without_a_class_in_an_exempt_zone() -> None:
    camera = Camera({"stalls": {"zones": ["left"], "for_s": 40}}, LEFT, EXEMPT_LEFT)
    stall = with_thing(street(), (0.1, 0.6, 0.3, 0.85), seed=1)
    for n in range(70):
        picture = grainy(street() if n < 15 else stall, n)
        seen = Look("gate-1", at(2 * n), detections([]), SIZE_WH, picture)
        camera.opened += len(camera.patrol.look(seen))
    assert (camera.opened, camera.reasons) == (0, {EXEMPT})


def test_a_crowd_that_may_gather() -> None:
    rules = {"crowding": {"zones": ["left"], "count": 5, "for_s": 4}}
    camera = Camera(rules, LEFT, EXEMPT_LEFT).watch(people(8), 20)
    assert (camera.opened, camera.reasons) == (0, {EXEMPT})
    assert not Camera(rules, LEFT, EXEMPT_LEFT).watch(people(3), 20).reasons


@pytest.mark.parametrize("stay", ["any", "same"])
def test_who_may_be_where_a_generic_rule_watches(stay: str) -> None:
    rules = {"yard": {"kind": "generic", "zones": ["left"], "stay": stay, "for_s": 4}}
    assert Camera(rules, LEFT, EXEMPT_LEFT).watch(people(1), 20).reasons == {EXEMPT}
    assert not Camera(rules, LEFT, EXEMPT_LEFT).watch([CAR], 20).reasons


def test_who_may_cross_a_line() -> None:
    rules = {"gate": {"kind": "generic", "classes": ["car"], "line": [[0.25, 0.0], [0.25, 1.0]]}}
    way = [moved(CAR, 0.04 * n - 0.2) for n in range(8)]
    free, held = Camera(rules), Camera(rules, EXEMPT_LEFT)
    for camera in (free, held):
        for n, row in enumerate(way):
            camera.opened += len(camera.patrol.look(look(n, [row])))
    assert (free.opened > 0, free.reasons) == (True, set())
    assert (held.opened, held.reasons) == (0, {EXEMPT})


def test_a_flame_that_a_second_look_denied() -> None:
    camera = Camera({"fire": {}})
    for n in range(12):
        camera.opened += len(camera.patrol.look(look(n, [FLAME])))
        if (wish := camera.patrol.wants_second_look) is not None:
            camera.opened += len(camera.patrol.hear(wish, DENIES))
    assert (camera.opened, camera.reasons) == (0, {DENIED})


def test_what_lies_under_a_mask() -> None:
    mask = {"id": "stove", "kind": "ignore", "polygon": LEFT_HALF}
    assert Camera({"fire": {}}, mask).watch([FLAME], 10).reasons == {MASKED}
    assert not Camera({"fire": {}}, mask).watch([CAR], 10).reasons, "no rule watches for cars"


def test_a_rule_that_pauses_because_the_camera_moved() -> None:
    camera = Camera({**PARKING, "fire": {}}, LEFT)
    camera.patrol.note_view(doubted=True, moved=True)
    assert camera.watch([CAR], 20).reasons == {MOVED}
    assert {one.rule_id for one in camera.told} == {"parking"}


def test_out_of_its_hours_a_rule_holds_nothing_back() -> None:
    night = {"parking": {**PARKING["parking"], "schedule": [{"from": "22:00", "to": "23:00"}]}}
    camera = Camera(night, LEFT, EXEMPT_LEFT)
    camera.patrol.note_view(doubted=True, moved=True)
    assert not camera.watch([CAR], 60).reasons


def test_what_a_rule_in_shadow_finds() -> None:
    shadow = {"parking": {**PARKING["parking"], "shadow": True}}
    assert Camera(shadow, LEFT).watch([CAR], 60).reasons == {SHADOW}


def test_what_is_found_is_not_held_back() -> None:
    camera = Camera(PARKING, LEFT).watch([CAR], 60)
    assert camera.opened >= 1
    assert not camera.reasons


def test_a_span_ends_after_a_pause_and_is_told_when_it_is_long() -> None:
    told: list[HeldBack] = []
    book = HeldBackBook("gate-1", told.append)
    for second in range(0, int(LONGEST_S) + 10, 10):
        book.note(KEY, at(second), second)
        book.settle(second)
    assert [one.to_at for one in told] == [at(LONGEST_S)], "a long one is told on the way"
    assert told[0].looks == LONGEST_S / 10 + 1
    book.note(KEY, at(2000), 2000)
    book.settle(2000 + PAUSE_S - 1)
    assert len(told) == 1
    book.settle(2000 + PAUSE_S)
    assert [one.from_at for one in told[1:]] == [at(2000)]
    book.end()
    assert len(told) == 2


def test_its_beginning_and_its_end_are_logged_even_if_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = structlog.testing.CapturingLogger()
    monkeypatch.setattr("vision.held_back._log", log)
    book = HeldBackBook("gate-1", None)
    book.note(KEY, at(0), 0)
    book.note(KEY, at(-5), 2)
    book.end()
    assert [call.args for call in log.calls] == [("held back",), ("held back until now",)]
    assert {call.kwargs["reason"] for call in log.calls} == {"queue"}
    assert log.calls[1].kwargs["looks"] == 2


@pytest.mark.parametrize("reason", HeldBackReason)
def test_every_reason_has_words(reason: HeldBackReason) -> None:
    assert reason.words.zh
    assert reason.words.en
