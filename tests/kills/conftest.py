"""A stage for towns, and the rooms they live in."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cases.database import Database
from events_bridge.embedded import EmbeddedBus
from tests.cases.conftest import migrated_file, postgres
from tests.kills.town import Place
from tests.lacking import lacking
from tests.postgres import PostgresServer

__all__ = ["migrated_file", "postgres"]

MEMORY = Path("/dev/shm")
"""Where nothing waits for a disk: a kill takes no page that was written."""


@dataclass(frozen=True)
class Life:
    killed: bool
    code: int
    passed: tuple[str, ...]
    took_s: float


class Stage:
    """Towns live on it one after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def live(
        self,
        place: Place,
        *,
        kill: tuple[str, int] | None = None,
        kill_after_s: float | None = None,
    ) -> Life:
        """One life of a town: up to its end, or until it is killed."""
        order = {
            "place": place.model_dump(mode="json"),
            "kill": kill,
            "kill_after_s": kill_after_s,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return Life(**{**answer, "passed": tuple(answer["passed"])})


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.stage", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", (folder / "log").read_text()
            yield Stage(process)
            assert process.stdin is not None
            process.stdin.close()


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that is as fast as memory, where there is one."""
    where = str(MEMORY) if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="town-", dir=where) as name:
        yield Path(name)


MakePlace = Callable[..., Place]


@pytest.fixture
def make_place(room: Path, bus_server: EmbeddedBus, migrated_file: Path) -> MakePlace:
    """A town in which nothing has happened yet, its center on SQLite."""

    def make(name: str = "town", **options: Any) -> Place:
        root = room / name
        root.mkdir()
        shutil.copy(migrated_file, root / "cases.sqlite3")
        return Place(
            root=root,
            bus_url=bus_server.url,
            name=f"{room.name}-{name}",
            **{"database_url": f"sqlite:///{root / 'cases.sqlite3'}", **options},
        )

    return make


@pytest.fixture
def make_on_postgres(postgres: PostgresServer | str, make_place: MakePlace) -> MakePlace:
    """The same, its center on PostgreSQL: one town at a time, in the database of the last one."""
    if isinstance(postgres, str):
        lacking(f"no PostgreSQL: {postgres}")

    def make(name: str = "town", **options: Any) -> Place:
        return make_place(name, database_url=postgres.emptied_database(_migrate), **options)

    return make


@pytest.fixture
def on_postgres(make_on_postgres: MakePlace) -> Place:
    return make_on_postgres()


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        database.upgrade()
    finally:
        database.close()
