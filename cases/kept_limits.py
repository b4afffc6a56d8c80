"""The versions of limits that cases were opened with, kept with them."""

from sqlalchemy import event
from sqlalchemy.orm import Session

from cases.clock_tables import StandardRow
from cases.database import insert_if_absent
from domain.limits import Standard


class Standards:
    """The versions kept in the database. A version is never changed: its id holds its digest."""

    def __init__(self, current: Standard) -> None:
        self.current = current
        self._known = {current.id: current}
        self._is_kept = False

    def keep(self, session: Session) -> str:
        """The id of the current one, kept in this transaction if it was not yet."""
        if not self._is_kept:
            values = {"id": self.current.id, "document": self.current}
            insert_if_absent(session, StandardRow, values)
            event.listen(session, "after_commit", self._kept, once=True)
        return self.current.id

    def get(self, session: Session, standard_id: str | None) -> Standard:
        """A version, as it was kept; the current one for a case from before there were any."""
        if standard_id is None:
            return self.current
        if standard_id not in self._known:
            row = session.get(StandardRow, standard_id)
            if row is None:
                return self.current
            self._known[standard_id] = row.document
        return self._known[standard_id]

    def _kept(self, _session: Session) -> None:
        self._is_kept = True
