"""A page of the worker's book: what is committed in one go."""

import sqlite3
from collections.abc import Callable, Sequence

from domain.answers import CommandAnswered, PauseHeld
from domain.evidence import Evidence, EvidenceKind, evidence_id
from domain.incident import Incident
from domain.messages import Message
from edge.book.outbox import Letter, Rank, insert
from events_bridge.outbox import Lane

COMMANDS_KEPT = 500
"""Answers that a book remembers: no worker is sent so many within the longest deadline."""

Line = tuple[str, tuple[str | int | None, ...]]
"""A statement and its parameters."""


class Page:
    """Collects lines and letters; nothing is written before the page is."""

    def __init__(self, encode: Callable[[Message], bytes]) -> None:
        self._encode = encode
        self._lines: list[Line] = []
        self.letters: list[Letter] = []

    @property
    def is_empty(self) -> bool:
        return not self._lines and not self.letters

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it all, within a transaction."""
        for statement, values in self._lines:
            connection.execute(statement, values)
        insert(connection, self.letters)

    def tell(self, message: Message) -> None:
        """Let a message go out."""
        rank = Rank.of(message)
        lane = Lane.LOOKS if rank is Rank.LOOKS else Lane.NEWS
        self.letters.append(Letter(lane, rank, self._encode(message)))

    def forward(self, letter: Letter) -> None:
        """Let something go out that was said before."""
        self.letters.append(letter)

    def remember(self, camera_id: str, incidents: Sequence[Incident]) -> None:
        """These, and no others, are what is remembered of a camera; evidence that is settled is
        forgotten with its incident."""
        self._add("DELETE FROM incidents WHERE camera_id = ?", camera_id)
        for incident in incidents:
            self._add(
                "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?)",
                incident.id, camera_id, incident.model_dump_json(),
            )  # fmt: skip
        self._add(
            "DELETE FROM owed WHERE done AND camera_id = ?"
            " AND incident_id NOT IN (SELECT id FROM incidents)",
            camera_id,
        )

    def count_episode(self, key: tuple[str, str, str], last: int) -> None:
        self._add("INSERT OR REPLACE INTO episodes VALUES (?, ?, ?, ?)", *key, last)

    def hold(self, camera_id: str, epoch: int) -> None:
        self._add("INSERT OR REPLACE INTO holdings VALUES (?, ?)", camera_id, epoch)

    def fact(self, name: str, value: str) -> None:
        self._add("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def answer(self, answered: CommandAnswered) -> None:
        """A command is done, and this is what came of it. The oldest answers are forgotten."""
        self._add(
            "INSERT OR IGNORE INTO commands (id, answer) VALUES (?, ?)",
            answered.id, answered.model_dump_json(),
        )  # fmt: skip
        self._add(
            "DELETE FROM commands WHERE number <= (SELECT MAX(number) FROM commands) - ?",
            COMMANDS_KEPT,
        )

    def pause(self, pause: PauseHeld) -> None:
        self._add(
            "INSERT OR REPLACE INTO pauses VALUES (?, ?)", pause.camera_id, pause.model_dump_json()
        )

    def resume(self, camera_id: str) -> None:
        self._add("DELETE FROM pauses WHERE camera_id = ?", camera_id)

    def owe(self, incident: Incident, kind: EvidenceKind, *, done: bool = False) -> None:
        """An incident should have a file; `done` if the center knows what became of it."""
        self._add(
            "INSERT OR IGNORE INTO owed (id, incident_id, camera_id, kind, done)"
            " VALUES (?, ?, ?, ?, ?)",
            evidence_id(incident, kind), incident.id, incident.camera_id, kind.value, int(done),
        )  # fmt: skip

    def plan(self, record: Evidence) -> None:
        """A file is about to be sealed under this record."""
        self._add("UPDATE owed SET record = ? WHERE id = ?", record.model_dump_json(), record.id)

    def settle(self, owed_id: str) -> None:
        """What was owed is there, or it was said why not."""
        self._add("UPDATE owed SET done = 1 WHERE id = ?", owed_id)

    def _add(self, statement: str, *values: str | int | None) -> None:
        self._lines.append((statement, values))
