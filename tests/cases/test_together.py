"""Messages that are taken in together make what they make one by one."""

from typing import Any

import pytest
from sqlalchemy import select

from cases.database import Database
from cases.tables import EvidenceRow, IncidentRow
from domain.errors import MessageInvalid
from domain.incident import IncidentKind
from domain.messages import EvidenceSealed, Message
from tests.builders import (
    closed,
    closed_revision,
    make_evidence,
    make_incident,
    next_revision,
    opened,
    updated,
)
from tests.cases.conftest import Desk


def storm() -> list[Message]:
    """Evidence before its incident, revisions that overtake each other, everything twice."""
    fire = make_incident("inc_f", IncidentKind.FIRE)
    van = make_incident("inc_v", camera_id="square-1")
    seen = next_revision(fire)
    messages: list[Message] = [
        EvidenceSealed(evidence=make_evidence("evi_1", incident_id="inc_f")),
        updated(seen),
        opened(fire),
        opened(van),
        closed(closed_revision(seen)),
        *(opened(make_incident(f"inc_{n}", IncidentKind.CROWDING)) for n in range(5)),
        EvidenceSealed(evidence=make_evidence("evi_2", incident_id="inc_v")),
    ]
    return messages + messages[::-1]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_batch_is_what_its_messages_are_one_by_one(desk: Desk, size: int) -> None:
    messages = storm()
    for first in range(0, len(messages), size):
        desk.book.handle_together(messages[first : first + size])
    assert summary(desk) == EXPECTED


EXPECTED: dict[str, Any] = {
    "inc_f": ("pending_review", 1, True),
    "inc_v": ("pending_review", 1, False),
    **{f"inc_{n}": ("pending_review", 0, False) for n in range(5)},
}


def summary(desk: Desk) -> dict[str, Any]:
    return {
        str(case.incident_id): (
            case.state.value,
            len(desk.book.evidence(case.no)),
            case.gone_at is not None,
        )
        for case in desk.book.cases().cases
    }


def test_a_batch_with_what_nobody_understands_leaves_nothing(
    desk: Desk, database: Database
) -> None:
    heard = desk.book.subscribe()
    good = opened(make_incident())
    with pytest.raises(MessageInvalid):
        desk.book.handle_together([good, _Unknown()])  # type: ignore[list-item]
    with database.reading() as session:
        assert session.scalars(select(IncidentRow.id)).all() == []
        assert session.scalars(select(EvidenceRow.id)).all() == []
    assert desk.book.cases().total == 0
    assert heard.take() == []
    desk.book.handle_together([good])
    assert desk.book.cases().total == 1
    assert len(heard.wait(timeout_s=30)) == 1
    heard.close()


class _Unknown:
    type = "unknown"
