"""Other promises at certain hours, and who suffers less under overload."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.clock import Moment, VirtualClock
from edge.post import CameraPost
from settings.camera import Camera
from settings.config import Configuration

NIGHT = {"days": "fri-sat", "from": "22:00", "to": "05:00", "look_every_s": 1}
RUSH = {"from": "07:00", "to": "09:00", "look_every_s": 3}
NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
"""Saturday, 12:00 in the town."""
LATE = NOON + timedelta(hours=12)
"""Midnight between Saturday and Sunday."""


def configured(camera: dict[str, Any], **defaults: Any) -> Camera:
    words = {"id": "gate", "name": "门", "site_id": "s", "url": "rtsp://h/1", **camera}
    file = {"defaults": {"look_every_s": 4, **defaults}, "cameras": [words]}
    return Configuration.of(file).cameras[0]


@pytest.mark.parametrize(
    ("camera", "noon_s", "late_s"),
    [
        ({}, 4, 1),  # the defaults, with their hours
        ({"look_every_s": 6}, 6, 6),  # a promise of its own holds at all hours
        ({"look_every_s": 6, "look_hours": [RUSH]}, 6, 6),
        ({"look_hours": [{**NIGHT, "look_every_s": 8}]}, 4, 8),
        ({"look_hours": [{"look_every_s": 2}, NIGHT]}, 2, 2),  # the first that holds
    ],
)
def test_promises_by_the_hour(camera: dict[str, Any], noon_s: float, late_s: float) -> None:
    promise = configured(camera, look_hours=[NIGHT]).promise
    assert promise.at(NOON) == noon_s
    assert promise.at(LATE) == late_s


def test_the_console_is_told_the_longest_promise() -> None:
    slow = [{**NIGHT, "look_every_s": 60}]
    assert configured({"look_hours": slow}).info.look_every_s == 60
    assert configured({}, look_hours=[NIGHT]).info.look_every_s == 4


def test_a_post_promises_what_holds_at_the_hour(tmp_path: Path) -> None:
    night_fire = {"fire": {"schedule": [{"from": "22:00", "to": "05:00"}]}}
    camera = configured({"risk": 3, "rules": {"crowding": {}, **night_fire}}, look_hours=[NIGHT])
    share = Configuration.of({"data_dir": tmp_path}).share()
    clock = VirtualClock(NOON)
    post = CameraPost(camera, share, clock=clock, on_gap=lambda _gap: None)
    post.book.done(clock.moment(), {})
    assert post.book.due_s == clock.moment().s + 4
    assert post.book.urgency(Moment.of(NOON + timedelta(seconds=4))) == 3
    post.keep_hours(Moment.of(LATE))
    post.book.done(Moment.of(LATE), {})
    assert post.book.due_s == LATE.timestamp() + 1
    assert post.reader.main.look_every_s == 1
    assert post.book.urgency(Moment.of(LATE + timedelta(seconds=1))) == 6  # fire is watched for now


@pytest.mark.parametrize("wrong", [{"risk": 0}, {"look_hours": [{**NIGHT, "look_every_s": 0}]}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(wrong)
