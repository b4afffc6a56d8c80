"""What was filtered out is kept at the center, and can be asked for."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from domain.clock import SystemClock
from domain.held_back import HeldBack, HeldBackReason
from domain.messages import FindingsHeldBack
from patrol.commands.rules import app
from tests.builders import NOON
from tests.cases.conftest import Desk


def span(camera_id: str = "gate-1", ago_min: float = 0, at: datetime = NOON) -> HeldBack:
    ended_at = at - timedelta(minutes=ago_min)
    return HeldBack(
        camera_id=camera_id,
        rule_id="parking",
        zone_id="kerb",
        reason=HeldBackReason.QUEUE,
        from_at=ended_at - timedelta(minutes=2),
        to_at=ended_at,
        looks=58,
    )


def test_a_span_is_kept_once_and_makes_no_case(desk: Desk) -> None:
    for _ in range(2):
        desk.book.handle(FindingsHeldBack(held_back=span()))
    assert desk.book.held_back(NOON - timedelta(hours=1)) == (span(),)
    assert desk.book.cases().total == 0


def test_spans_are_asked_for_by_time_and_camera(desk: Desk) -> None:
    spans = [span(ago_min=30), span("gate-2", ago_min=10), span(ago_min=500)]
    for one in spans:
        desk.book.handle(FindingsHeldBack(held_back=one))
    since = NOON - timedelta(hours=1)
    assert desk.book.held_back(since) == (spans[0], spans[1])
    assert desk.book.held_back(since, "gate-2") == (spans[1],)


def test_the_command_lists_them(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    assert CliRunner().invoke(app, ["held-back", *data]).exit_code == 1
    database = Database(f"sqlite:///{tmp_path / 'patrol.db'}")
    database.upgrade()
    book = CaseBook(database, CaseSettings(), SystemClock())
    now = datetime.now(UTC)
    for ago_min in (5, 60):
        book.handle(FindingsHeldBack(held_back=span(ago_min=ago_min, at=now)))
    database.close()
    listed = CliRunner().invoke(app, ["held-back", *data])
    assert listed.exit_code == 0, listed.output
    assert "116" in listed.output, "looks of both spans together"
    told = json.loads(CliRunner().invoke(app, ["held-back", *data, "--json"]).output)
    assert [one["reason"] for one in told] == ["queue", "queue"]
