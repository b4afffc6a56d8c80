"""What an older program wrote, after the migrations: on both databases, up from the revision that
it knew."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import MetaData, insert, text, update
from sqlalchemy.exc import DBAPIError

from cases import tally
from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from domain.actor import SYSTEM, Actor
from domain.case import CaseState, Move, Verdict
from domain.clock import VirtualClock
from domain.limits import Stage
from domain.stage_clock import ClockState
from tests.builders import (
    LI,
    NOON,
    make_cameras,
    make_evidence,
    make_incident,
    make_plan,
    make_sites,
    opened,
)

OLD_NO, OLD = "HS-20261122-0001", make_incident("inc_old", at=NOON - timedelta(days=1))
DECIDED: dict[str, Any] = {
    "state": "pending_review",
    "verdict": None,
    "verdict_reason": None,
    "duplicate_of": None,
    "assignee": None,
    "decided_at": None,
    "closed_at": None,
    "suspended_from": None,
}


@pytest.fixture
def older(empty_url: str) -> Iterator[Database]:
    """A database as 0007 left it, with a case that 王 confirmed and that the system received."""
    database = Database(empty_url)
    database.upgrade("0007")
    with database.session() as session:
        tables = MetaData()
        tables.reflect(session.connection(), only=["cases", "incidents", "entries", "evidence"])
        for name, row in _rows():
            session.execute(insert(tables.tables[name]), row)
    yield database
    database.close()


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """As the program of 0007 wrote them."""
    document = OLD.model_dump(mode="json")
    yield "incidents", {"id": OLD.id, "revision": 1, "document": document, "opening": document,
                        "case_no": OLD_NO, "camera_id": "gate-1"}  # fmt: skip
    yield "cases", _case()
    times = {"case_no": OLD_NO, "at": OLD.opened_at}
    received = {"actor": "system", "move": "receive", "from_state": "alert"}
    yield "entries", _entry(1, "system")
    yield "entries", {**_entry(2, "system"), **received, **times}
    before = {**DECIDED, "reviewer": None}
    yield "entries", {**_entry(3, "王"), "move": "confirm", "key": "k1", "before": before}
    again = {**DECIDED, "state": "filed", "verdict": "real", "reviewer": "王"}
    yield "entries", {**_entry(4, "system"), "move": "dispatch", "key": "k2", "before": again}
    kept = make_evidence(incident_id=OLD.id)
    row = {"id": kept.id, "incident_id": OLD.id, "kind": kept.kind.value, "at": kept.captured_from}
    yield "evidence", {**row, "document": _before_cases(kept.model_dump(mode="json"))}


def _before_cases(document: dict[str, Any]) -> dict[str, Any]:
    del document["case_no"]
    return document


def _entry(seq: int, actor: str) -> dict[str, Any]:
    note = {"zh": "记录", "en": "Noted"}
    return {"case_no": OLD_NO, "seq": seq, "at": OLD.opened_at, "actor": actor, "move": None,
            "from_state": None, "to_state": "filed", "note": note, "version": seq}  # fmt: skip


def _case() -> dict[str, Any]:
    words = {"zh": "占道", "en": "Road occupation"}
    times = ("first_seen_at", "opened_at", "last_seen_at", "created_at", "updated_at")
    texts = ("event_name", "title", "explanation", "camera_name", "owner")
    return {
        "no": OLD_NO, "source": "video_ai", "state": "dispatched", "kind": "road_occupation",
        "duty_class": "traffic", "event_code": "0505", "priority": 3, "triage": "local",
        "incident_id": OLD.id, "opening_revision": 1, "camera_id": "gate-1", "grid_plan": "none",
        "score": 0.8, "verdict": "real", "reviewer": "王", "assignee": "甲: 队", "version": 4,
        "moved_version": 4, "search": "占道 gate-1",
        **dict.fromkeys(times, OLD.opened_at), **dict.fromkeys(texts, words),
    }  # fmt: skip


def test_who_acted_is_a_value_and_nothing_is_lost(older: Database) -> None:
    older.upgrade()
    book = CaseBook(older, CaseSettings(), VirtualClock(NOON))
    case = book.case(OLD_NO)
    person = Actor.person("王")
    assert (case.state, case.verdict, case.reviewer) == (
        CaseState.DISPATCHED, Verdict.REAL, person
    )  # fmt: skip
    assert (case.incident_id, case.camera_id, case.score) == (OLD.id, "gate-1", 0.8)
    assert [entry.actor for entry in book.entries(OLD_NO)] == [
        SYSTEM, SYSTEM, person, Actor.person("system"),
    ]  # fmt: skip
    assert [piece.incident_id for piece in book.evidence(OLD_NO)] == [OLD.id]
    assert book.opening(OLD_NO) == OLD
    assert [case.no for case in book.cases().cases] == [OLD_NO]


def test_the_history_is_as_closed_as_before_and_the_counters_go_on(older: Database) -> None:
    older.upgrade()
    book = CaseBook(older, CaseSettings(), VirtualClock(NOON))
    book.install(make_sites(), make_cameras(), make_plan())
    with pytest.raises(DBAPIError, match="entries is append-only"), older.session() as session:
        session.execute(text("DELETE FROM entries"))
    book.handle(opened(make_incident()))
    old = book.case(OLD_NO)
    book.move(OLD_NO, Move.ACCEPT, actor=LI, version=old.version)
    with older.reading() as session:
        assert tally.told(session) == tally.recount(session)
        assert sum(tally.told(session).values()) == 2


def test_a_move_of_before_is_undone_to_who_had_decided(older: Database) -> None:
    older.upgrade()
    settings = CaseSettings(undo_s=10 * 86_400)
    book = CaseBook(older, settings, VirtualClock(NOON))
    version = book.case(OLD_NO).version
    back = book.undo(OLD_NO, actor=Actor.person("system"), version=version)
    assert (back.state, back.reviewer) == (CaseState.FILED, Actor.person("王"))


def test_an_open_case_keeps_its_deadline_as_a_clock_and_undo_gives_it_back(older: Database) -> None:
    older.upgrade("0011")
    due_at = NOON + timedelta(hours=1)
    with older.session() as session:
        cases = MetaData()
        cases.reflect(session.connection(), only=["cases"])
        table = cases.tables["cases"]
        kept = due_at.replace(tzinfo=None) if older.dialect == "sqlite" else due_at
        session.execute(update(table).values(due_at=kept))
    older.upgrade()
    book = CaseBook(older, CaseSettings(), VirtualClock(NOON))
    book.install(make_sites(), make_cameras(), make_plan())
    [clock] = book.clocks(OLD_NO)
    assert (clock.stage, clock.state, clock.due_at) == (
        Stage.ACCEPT, ClockState.RUNNING, due_at,
    )  # fmt: skip
    assert book.tend() == 0
    moved = book.move(OLD_NO, Move.ACCEPT, actor=LI, version=4)
    assert book.clocks(OLD_NO)[0].state is ClockState.MET
    back = book.undo(OLD_NO, actor=LI, version=moved.version)
    assert (book.clocks(OLD_NO)[0], back.due_at) == (clock, due_at)
