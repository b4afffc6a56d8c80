"""What a camera that was turned does to its rules: those on zones pause, the others go on."""

from typing import Any

from tests.vision.looks import LEFT_HALF, Row, at, look, patrol, people
from tests.vision.looks import told as in_short
from vision.patrol import CameraPatrol

CROWD: dict[str, Any] = {"count": 3, "for_s": 4, "smooth_s": 0, "clear_s": 0, "zones": ["z"]}
ZONES = [{"id": "z", "polygon": LEFT_HALF}]


def walk(camera: CameraPatrol, from_s: int, to_s: int, *rows: Row) -> list[tuple[int, str]]:
    return [
        (second, words)
        for second in range(from_s, to_s + 1, 2)
        for words in in_short(camera.look(look(second, [*people(4), *rows])))
    ]


def test_rules_on_zones_pause_and_carry_on_when_the_view_is_back() -> None:
    camera = patrol({"crowding": CROWD}, ZONES)
    assert walk(camera, 0, 8) == [(4, "opened 1")]

    camera.note_view(doubted=True, moved=False)
    assert walk(camera, 10, 60) == []
    [incident] = camera.open_incidents
    assert incident.looks == 5

    camera.note_view(doubted=True, moved=True)
    assert in_short(camera.tick(at(61))) == ["closed 2 moved"]
    assert walk(camera, 62, 300) == []

    camera.note_view(doubted=False, moved=False)
    assert walk(camera, 302, 308) == [(306, "opened 3")]
    [incident] = camera.open_incidents
    assert incident.reopened == 1


def test_a_fire_is_one_wherever_the_camera_looks() -> None:
    flame: Row = ("fire", 0.9, 0.6, 0.5, 0.65, 0.6)
    camera = patrol({"fire": None, "crowding": CROWD}, ZONES)
    camera.note_view(doubted=True, moved=True)
    assert walk(camera, 0, 10, flame) == [(4, "opened 1")]
