"""Every test of the case book runs on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from cases.queries import StateGroup, group_of, overdue
from domain.actor import Actor
from domain.case import Case, CaseState, FalseReason, Move, Verdict
from domain.clock import VirtualClock
from domain.incident import Incident
from tests.builders import LI, NOON, make_cameras, make_incident, make_plan, make_sites, opened
from tests.lacking import lacking
from tests.postgres import PostgresMissing, PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer | str]:
    """The server, or why there is none."""
    try:
        with postgres_server() as server:
            yield server
    except PostgresMissing as missing:
        yield str(missing)


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> PostgresServer | None:
    """The PostgreSQL server, or None for SQLite."""
    if request.param == "sqlite":
        return None
    server: PostgresServer | str = request.getfixturevalue("postgres")
    if isinstance(server, str):
        lacking(f"no PostgreSQL: {server}")
    return server


@pytest.fixture
def empty_url(server: PostgresServer | None, tmp_path: Path) -> str:
    """A database without any table."""
    return server.create_database() if server else f"sqlite:///{tmp_path / 'cases.sqlite3'}"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "cases.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(server: PostgresServer | None, migrated_file: Path, tmp_path: Path) -> str:
    """A database with the newest schema and no rows."""
    if server is not None:
        return server.emptied_database(_migrate)
    path = shutil.copy(migrated_file, tmp_path / "cases.sqlite3")
    return f"sqlite:///{path}"


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        database.upgrade()
    finally:
        database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@dataclass(frozen=True)
class Desk:
    """A case book with the sample town installed, and shorthands for a day's work."""

    book: CaseBook
    clock: VirtualClock

    def take(self, incident: Incident | None = None, **changes: Any) -> Case:
        """Hand an opened incident in; its case."""
        incident = incident or make_incident(**changes)
        self.book.handle(opened(incident))
        return self.case_of(incident.id)

    def incident_of(self, case: Case) -> Incident:
        """The incident of a case that a camera found."""
        incident = self.book.incident(case.no)
        assert incident is not None
        return incident

    def case_of(self, incident_id: str) -> Case:
        [case] = [c for c in self.book.cases().cases if c.incident_id == incident_id]
        return case

    def move(self, case: Case, move: Move, actor: Actor = LI, **details: Any) -> Case:
        """Make a move on the case as it is now, with the note or verdict that it needs."""
        needed: dict[str, Any] = {}
        if move in (Move.RETURN, Move.REWORK, Move.SUSPEND, Move.REOPEN, Move.REPORT):
            needed = {"note": "测试"}
        if move is Move.REJECT:
            needed = {"verdict": Verdict.FALSE, "reason": FalseReason.LIGHT}
        version = self.book.case(case.no).version
        return self.book.move(case.no, move, actor=actor, version=version, **needed | details)

    def walk(self, case: Case, *moves: Move) -> Case:
        for move in moves:
            case = self.move(case, move)
        return case

    def notes(self, case: Case) -> list[str]:
        return [entry.note.zh for entry in self.book.entries(case.no)]


def needs_somebody(case: Case, at: datetime) -> bool:
    """What `cases.needs` asks of the database, of one case and in plain words."""
    unsent = case.state in (CaseState.FILED, CaseState.RETURNED, CaseState.REOPENED)
    review = group_of(case.state, case.verdict) is StateGroup.REVIEW
    return unsent or review or overdue(case.due_at, at)


TO_CLOSED = (
    Move.CONFIRM,
    Move.DISPATCH,
    Move.ACCEPT,
    Move.HANDLE,
    Move.REPORT,
    Move.VERIFY,
    Move.CLOSE,
)
"""The plain way of a real case, from the review queue on."""

WAYS: dict[CaseState, tuple[Move, ...]] = {
    CaseState.PENDING_REVIEW: (),
    CaseState.FILED: TO_CLOSED[:1],
    CaseState.DISPATCHED: TO_CLOSED[:2],
    CaseState.ACCEPTED: TO_CLOSED[:3],
    CaseState.HANDLING: TO_CLOSED[:4],
    CaseState.FEEDBACK: TO_CLOSED[:5],
    CaseState.VERIFYING: TO_CLOSED[:6],
    CaseState.CLOSED: TO_CLOSED,
    CaseState.ARCHIVED: (*TO_CLOSED, Move.ARCHIVE),
    CaseState.VOIDED: (Move.REJECT,),
    CaseState.RETURNED: (*TO_CLOSED[:2], Move.RETURN),
    CaseState.REWORK: (*TO_CLOSED[:5], Move.REWORK),
    CaseState.SUSPENDED: (Move.CONFIRM, Move.SUSPEND),
    CaseState.REOPENED: (*TO_CLOSED, Move.REOPEN),
}
"""How people bring a case into each state (ALERT ends before anybody can see it)."""

MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(database: Database, clock: VirtualClock) -> Iterator[MakeDesk]:
    """A desk with these settings."""
    with ExitStack() as books:

        def make(**settings: Any) -> Desk:
            book = CaseBook(database, CaseSettings.model_validate(settings), clock)
            books.enter_context(book)
            book.install(make_sites(), make_cameras(), make_plan())
            return Desk(book, clock)

        yield make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()
