"""How far a rule can be trusted, from real verdicts in a real database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from cases.judged import judged_cases
from domain.case import FalseReason, Move, Verdict
from domain.clock import SystemClock
from domain.geometry import Box
from domain.incident import LabelledBox
from patrol.commands.rules import app
from patrol.rule_precision import precisions, wilson
from patrol.rule_suggestions import suggestions
from tests.builders import LI, make_incident, opened
from vision.rule_register import ZoneSettings

LAMP, STREET = (0.7, 0.1, 0.8, 0.2), (0.2, 0.5, 0.4, 0.8)


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Database(f"sqlite:///{tmp_path / 'patrol.db'}")
    database.upgrade()
    yield database
    database.close()


def judge(database: Database, name: str, box: tuple[float, ...], real: bool) -> None:
    book = CaseBook(database, CaseSettings(), SystemClock())
    x1, y1, x2, y2 = box
    boxes = (LabelledBox(label="car", score=0.8, box=Box(x1=x1, y1=y1, x2=x2, y2=y2)),)
    book.handle(opened(make_incident(name, at=datetime.now(UTC), boxes=boxes)))
    [case] = [case for case in book.cases().cases if case.incident_id == name]
    move = Move.CONFIRM if real else Move.REJECT
    said: dict[str, Any] = {"verdict": Verdict.REAL if real else Verdict.FALSE}
    if not real:
        said["reason"] = FalseReason.LIGHT
    book.move(case.no, move, actor=LI, version=case.version, **said)


def fill(database: Database, *, false: int, real: int) -> None:
    for i in range(false):
        judge(database, f"lamp_{i}", LAMP, real=False)
    for i in range(real):
        judge(database, f"street_{i}", STREET, real=True)


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=9)


def test_the_interval_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_a_rule_is_as_precise_as_people_say(database: Database) -> None:
    fill(database, false=4, real=6)
    [one] = precisions(judged_cases(database, long_ago()))
    assert (one.camera_id, one.rule_id) == ("gate-1", "road_occupation")
    assert (one.right, one.judged, one.precision) == (6, 10, 0.6)
    assert one.false_reasons == {"light": 4}


def test_of_few_verdicts_nothing_is_said(database: Database) -> None:
    fill(database, false=1, real=2)
    [one] = precisions(judged_cases(database, long_ago()))
    assert (one.judged, one.precision, one.low) == (3, None, None)


def test_where_false_cases_cluster_a_mask_is_suggested(database: Database) -> None:
    fill(database, false=4, real=2)
    [one] = suggestions(judged_cases(database, long_ago()))
    assert (one.dropped_false, one.false, one.dropped_real, one.real) == (4, 4, 0, 2)


def test_no_mask_hides_what_was_real(database: Database) -> None:
    fill(database, false=4, real=0)
    judge(database, "real_at_the_lamp", LAMP, real=True)
    assert suggestions(judged_cases(database, long_ago())) == ()


def test_the_commands_say_the_same(database: Database, tmp_path: Path) -> None:
    fill(database, false=3, real=1)
    told = CliRunner().invoke(app, ["precision", "--data", str(tmp_path), "--json"])
    assert json.loads(told.stdout)[0]["judged"] == 4
    pasted = CliRunner().invoke(app, ["suggest", "--data", str(tmp_path)])
    assert "3 of 3 false, 0 of 1 real" in pasted.stdout
    [zone] = yaml.safe_load(pasted.stdout)
    assert ZoneSettings.model_validate(zone).kind == "ignore"


def test_without_a_database_none_is_made(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["precision", "--data", str(tmp_path)])
    assert "no such file" in str(told.exception)
    assert not (tmp_path / "patrol.db").exists()
