"""From the news of incidents to the book: what was judged is written down, then takes effect."""

from collections.abc import Sequence
from datetime import datetime

from domain.clock import Moment
from domain.holding import CameraGrant
from domain.incident import Incident, IncidentState
from domain.messages import IncidentClosed
from edge.book import Book
from edge.book.debts import OF_EACH_OPENING
from edge.recorder import Recorder
from streams.frame import Frame
from streams.ring import PacketRing
from vision.incidents import IncidentMessage, closed_for_change
from vision.patrol import CameraPatrol


class Witness:
    """Writes down what happens on one camera. Called by whoever judges it, one at a time."""

    def __init__(
        self, camera_id: str, patrol: CameraPatrol, book: Book, recorder: Recorder
    ) -> None:
        self.camera_id = camera_id
        self._patrol = patrol
        self._book = book
        self._recorder = recorder

    def note(
        self,
        news: Sequence[IncidentMessage],
        frame: Frame | None = None,
        ring: PacketRing | None = None,
        *,
        of_other_stream: bool = False,
    ) -> None:
        """Write the news and what is owed of it down in one commit, then let it be recorded. An
        incident is recorded when it opens, and again each time it comes back."""
        to_record = self._to_record(news) if frame is not None and ring is not None else []
        with self._book.page() as page:
            self._book.keep(page, self.camera_id, self._patrol.remembered)
            for incident in to_record:
                for kind in OF_EACH_OPENING:
                    page.owe(incident, kind)
            for message in news:
                page.tell(message)
        for incident in to_record:
            assert frame is not None
            assert ring is not None
            self._recorder.record(incident, frame, ring, of_other_stream=of_other_stream)

    def recall(self, incidents: Sequence[Incident], now: Moment) -> None:
        """Carry on with what the book remembers of the camera."""
        mine = [incident for incident in incidents if incident.camera_id == self.camera_id]
        self.note(self._patrol.restore(mine, now.at, now.s))

    def take_over(self, grant: CameraGrant, now: Moment) -> None:
        """Carry on with what the center hands over. It has, or was told that there is not, the
        evidence of what was opened until now."""
        news = self._patrol.take_over(grant.incidents, now.at, now.s)
        with self._book.page() as page:
            self._book.keep(page, self.camera_id, self._patrol.remembered)
            for incident in grant.incidents:
                if not self._book.debts.knows(incident):
                    for kind in OF_EACH_OPENING:
                        page.owe(incident, kind, done=True)
            for message in news:
                page.tell(message)

    def let_go(self) -> None:
        """Leave what is open to another worker."""
        self._patrol.let_go()
        self.note([])

    def _to_record(self, news: Sequence[IncidentMessage]) -> list[Incident]:
        found: dict[tuple[str, int], Incident] = {}
        for message in news:
            incident = message.incident
            if not isinstance(message, IncidentClosed) and not self._book.debts.knows(incident):
                found.setdefault((incident.id, incident.reopened), incident)
        return list(found.values())


def close_left_behind(book: Book, here: frozenset[str], now: datetime) -> None:
    """Close what was open on cameras that this worker watches no more: perhaps nobody else would.
    It is said under the epoch of then; if another worker was granted the camera since, the center
    leaves the incident to that one."""
    left = [incident for incident in book.incidents if incident.camera_id not in here]
    for camera_id in sorted({incident.camera_id for incident in left}):
        with book.page() as page:
            for incident in left:
                is_told = incident.state is IncidentState.OPEN and not incident.shadow
                if incident.camera_id == camera_id and is_told:
                    page.tell(closed_for_change(incident, now))
            page.remember(camera_id, ())
