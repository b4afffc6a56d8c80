"""The evidence that a worker owes: every file that an incident should have, until it is there or
the center was told why not."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import structlog

from domain.base import Value
from domain.checkpoint import reached
from domain.evidence import (
    Evidence,
    EvidenceKind,
    MissingEvidence,
    evidence_id,
)
from domain.incident import Incident
from domain.messages import EvidenceMissed, EvidenceSealed
from edge.book.file import BookFile
from edge.book.page import Page

OF_EACH_OPENING = (EvidenceKind.SNAPSHOT, EvidenceKind.SNAPSHOT_BOXED, EvidenceKind.CLIP)
"""What is owed when an incident opens, and again each time it comes back."""

log = structlog.get_logger(__name__)


class Owed(Value):
    """A file that an incident should have."""

    id: str
    """The evidence's id, be it sealed or missing."""
    incident_id: str
    camera_id: str
    kind: EvidenceKind
    record: Evidence | None = None
    """Written before the file is sealed: if there is a file of that content, it is this one."""


class Debts:
    """Thread-safe."""

    def __init__(self, file: BookFile, page: Callable[[], AbstractContextManager[Page]]) -> None:
        self._file = file
        self._page = page

    @property
    def open(self) -> tuple[Owed, ...]:
        """What is owed still."""
        return self._file.read(_open)

    def knows(self, incident: Incident) -> bool:
        """Whether the evidence of this opening of the incident was ever asked for."""
        return self._file.read(
            partial(_is_known, owed_id=evidence_id(incident, OF_EACH_OPENING[0]))
        )

    def plan(self, record: Evidence) -> None:
        """A file is whole and about to get its final name."""
        with self._page() as page:
            page.plan(record)
        reached("evidence.planned")

    def sealed(
        self,
        record: Evidence,
        incident: Incident | None = None,
        then: tuple[EvidenceKind, ...] = (),
    ) -> None:
        """The file lies under its final name: tell the center. `then` is what is owed of the
        `incident` from now on."""
        with self._page() as page:
            page.settle(record.id)
            if incident is not None:
                for kind in then:
                    page.owe(incident, kind)
            page.tell(EvidenceSealed(evidence=record))
        reached("evidence.recorded")

    def missed(self, missing: MissingEvidence) -> None:
        """There is no such file and never will be: tell the center why."""
        log.warning(
            "evidence missing",
            incident=missing.incident_id,
            kind=missing.kind.value,
            reason=missing.reason.value,
            detail=missing.detail,
        )
        with self._page() as page:
            page.settle(missing.id)
            page.tell(EvidenceMissed(evidence=missing))
        reached("evidence.missed")


def _open(connection: sqlite3.Connection) -> tuple[Owed, ...]:
    rows = connection.execute(
        "SELECT id, incident_id, camera_id, kind, record FROM owed WHERE NOT done ORDER BY number"
    ).fetchall()
    return tuple(
        Owed(
            id=id_,
            incident_id=incident_id,
            camera_id=camera_id,
            kind=EvidenceKind(kind),
            record=None if record is None else Evidence.model_validate_json(record),
        )
        for id_, incident_id, camera_id, kind, record in rows
    )


def _is_known(connection: sqlite3.Connection, owed_id: str) -> bool:
    return connection.execute("SELECT 1 FROM owed WHERE id = ?", (owed_id,)).fetchone() is not None
