"""Whether a town is as it should be, whatever it lived through."""

from cases.book import CaseBook
from domain.clock import VirtualClock
from domain.evidence import Evidence, EvidenceKind, MissingEvidence, evidence_id
from domain.incident import Incident, IncidentState
from edge.book.debts import OF_EACH_OPENING
from evidence.store import EvidenceStore
from tests.books import make_book
from tests.kills.town import HAPPENINGS, Place, center
from tests.vision.looks import START


def judge(place: Place, *, cases: int = HAPPENINGS) -> list[Evidence | MissingEvidence]:
    """Nothing is lost, nothing is there twice, nothing lies about that nobody knows of. The
    evidence of all cases."""
    found: list[Evidence | MissingEvidence] = []
    with center(place, VirtualClock(START)) as book:
        page = book.cases()
        assert len(page.cases) == cases
        for case in page.cases:
            incident = book.incident(case.no)
            assert incident is not None
            assert incident.state is IncidentState.CLOSED
            assert case.gone_at == incident.closed_at
            evidence = book.evidence(case.no)
            assert len({one.id for one in evidence}) == len(evidence)
            _all_is_told_of(incident, evidence)
            found += evidence
        _no_entry_is_twice(book)
    _files_are_those_of(found, place)
    with make_book(place.worker_dir) as kept:
        assert kept.debts.open == ()
        assert len(kept.outbox) == 0
    return found


def _all_is_told_of(incident: Incident, evidence: tuple[Evidence | MissingEvidence, ...]) -> None:
    """Each opening has its files, or it is said why not."""
    there = {one.id: one for one in evidence}
    for occasion in range(incident.reopened + 1):
        opening = incident.model_copy(update={"reopened": occasion})
        for kind in OF_EACH_OPENING:
            one = there[evidence_id(opening, kind)]
            assert isinstance(one, Evidence) or one.detail
            assert one.kind is kind


def _no_entry_is_twice(book: CaseBook) -> None:
    for case in book.cases().cases:
        notes = [entry.note.zh for entry in book.entries(case.no)]
        of_evidence = [note for note in notes if "证据" in note]
        assert len(of_evidence) == len(book.evidence(case.no)), notes


def _files_are_those_of(evidence: list[Evidence | MissingEvidence], place: Place) -> None:
    with EvidenceStore(place.evidence, min_free_bytes=0) as store:
        recorded = [one for one in evidence if isinstance(one, Evidence)]
        for one in recorded:
            store.verify(one)
        paths = {path for path, _ in store.sealed_paths()}
        assert paths == {one.path for one in recorded}
        assert not list((place.evidence / "tmp").glob("*"))


def sealed(evidence: list[Evidence | MissingEvidence]) -> list[EvidenceKind]:
    return [one.kind for one in evidence if isinstance(one, Evidence)]
