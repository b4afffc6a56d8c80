"""Looks as data: boxes by name, times in seconds after noon of a Thursday in the town."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from domain.geometry import Point
from models.detections import Detections
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.patrol import CameraPatrol
from vision.rule_register import ZoneSettings, parse_rules
from vision.rules.rule import Judgement, Rule, Scene
from vision.things.tracks import Tracker
from vision.zones import Zone

LABELS = (
    "person", "car", "truck", "bus", "motorcycle", "chair", "umbrella", "fire", "smoke", "bench",
)  # fmt: skip
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
SIZE_WH = (1280, 720)

Row = tuple[str, float, float, float, float, float]
"""Label, score, and x1 y1 x2 y2 in frame units."""
CAR: Row = ("car", 0.7, 0.2, 0.5, 0.4, 0.7)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT_HALF = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


def detections(rows: Sequence[Row]) -> Detections:
    return Detections(
        np.array([row[2:] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([LABELS.index(row[0]) for row in rows], np.int64),
        LABELS,
    )


def moved(row: Row, x: float = 0.0, y: float = 0.0, *, score: float | None = None) -> Row:
    label, usual, x1, y1, x2, y2 = row
    return (label, usual if score is None else score, x1 + x, y1 + y, x2 + x, y2 + y)


def people(count: int, *, x: float = 0.05, score: float = 0.6) -> list[Row]:
    """A row of people from `x` on, each 0.02 wide and 0.1 high, apart from one another."""
    return [("person", score, x + 0.03 * i, 0.6, x + 0.03 * i + 0.02, 0.7) for i in range(count)]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def look(seconds: float, rows: Sequence[Row]) -> Look:
    return Look("gate-1", at(seconds), detections(rows), SIZE_WH)


def zone(polygon: tuple[Point, ...] = LEFT_HALF) -> Zone:
    return Zone.of("z", polygon)


def patrol(rules: dict[str, Any], zones: Iterable[dict[str, Any]] = ()) -> CameraPatrol:
    return CameraPatrol(
        "gate-1",
        parse_rules(rules),
        [ZoneSettings.model_validate(one) for one in zones],
        timezone=SHANGHAI,
        model=None,
        notice=None,
    )


def judged(
    rule: Rule,
    looks: Iterable[tuple[float, Sequence[Row]]],
    *,
    tracked: Iterable[str] = (),
    exempt: Sequence[Zone] = (),
) -> list[tuple[float, Judgement]]:
    """What a rule says to each look."""
    tracker = Tracker(frozenset(tracked))
    answers = []
    for seconds, rows in looks:
        seen = detections(rows)
        tracks = tracker.see(seen, seconds)
        scene = Scene(now_s=seconds, detections=seen, tracks=tracks, exempt=tuple(exempt))
        answers.append((seconds, rule.judge(scene)))
    return answers


def found_at(answers: Sequence[tuple[float, Judgement]]) -> list[float]:
    return [seconds for seconds, judgement in answers if judgement.finding is not None]


def told(messages: Sequence[IncidentMessage]) -> list[str]:
    """Messages in short: ``opened 1``, ``closed 2 gone``."""
    words = []
    for message in messages:
        reason = message.incident.close_reason
        end = f" {reason.value}" if reason else ""
        words.append(f"{message.type.split('.')[2]} {message.incident.revision}{end}")
    return words
