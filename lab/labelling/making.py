"""From a center's cases and evidence, which are only read, to a set; for the page or without."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from cases.database import Database, file_of
from cases.pictured import JudgedPicture, judged_pictures
from domain.base import Value
from domain.errors import ConfigurationError, EvidenceError
from evidence.sealed import SealedFiles
from lab.labelling.candidates import USED, Candidate, candidates_of, classes_in
from lab.labelling.label_set import LabelSet
from lab.labelling.marks import Mark
from lab.labelling.set_files import Manifest
from vision.rules.occupants import UNNAMED_LABEL


class Filled(Value):
    """What became of the pictures when a set was filled without the page."""

    kept: int
    """As people labelled them."""
    shown: int
    """Confirmed, with the detector's boxes, unchecked."""
    nothing: int
    """Rejected, as negatives, unchecked."""
    unclear: int
    """Confirmed, but no boxes were kept or one has no class: somebody has to draw."""
    lost: int
    """The sealed picture is gone, or is not what was sealed."""


@contextmanager
def reading(url: str) -> Iterator[Database]:
    """The center's database. Raises ConfigurationError where there is none: one would be made."""
    kept = file_of(url)
    if kept is not None and not kept.exists():
        raise ConfigurationError(f"expected cases in {kept}, there is no such file")
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def pictures_of(
    database: Database, since: datetime, only: Sequence[str] = ()
) -> tuple[JudgedPicture, ...]:
    """The judged pictures of these kinds, rules or kinds of rules; all of them without any.
    Raises ConfigurationError for a word that none of them answers to."""
    found = judged_pictures(database, since, USED)
    known = frozenset().union(*(_sorts(one) for one in found)) if found else frozenset[str]()
    unknown = [word for word in only if word not in known]
    if unknown:
        has = ", ".join(sorted(known)) or "none: no case has a verdict and a snapshot"
        raise ConfigurationError(f"--only: expected some of {has}, got {', '.join(unknown)}")
    return tuple(one for one in found if not only or _sorts(one) & set(only))


def class_names(
    pictures: Sequence[JudgedPicture], wanted: Sequence[str], known: Manifest | None
) -> tuple[str, ...]:
    """Those asked for, else those the set has, else what the detector called things."""
    return tuple(wanted or (known.names if known else ()) or classes_in(pictures, UNNAMED_LABEL))


def present(
    pictures: Sequence[JudgedPicture], names: Sequence[str], sealed: SealedFiles, zone: ZoneInfo
) -> tuple[Candidate, ...]:
    """What may be labelled: pictures whose sealed files are there."""
    return tuple(one for one in candidates_of(pictures, zone, names) if _there(sealed, one))


def fill(
    label_set: LabelSet,
    candidates: Sequence[Candidate],
    labelled: Manifest | None,
    sealed: SealedFiles,
    *,
    by: str,
    at: datetime,
    only_labelled: bool,
) -> Filled:
    """Fill a set without the page: what people labelled as they did, here or in the set that
    `labelled` tells of, and the rest by verdicts and the detector's boxes, unchecked."""
    theirs = {mark.stem: mark for mark in labelled.pictures} if labelled else {}
    counts = Counter(
        _fill_one(label_set, one, theirs.get(one.stem), sealed, by, at, only_labelled)
        for one in candidates
    )
    label_set.close()
    return Filled(**{name: counts[name] for name in Filled.model_fields})


def _fill_one(
    label_set: LabelSet,
    candidate: Candidate,
    theirs: Mark | None,
    sealed: SealedFiles,
    by: str,
    at: datetime,
    only_labelled: bool,
) -> str:
    mine = label_set.mark(candidate.stem)
    if mine is not None and mine.checked and not (theirs and theirs.labelled_at > mine.labelled_at):
        return "kept"
    try:
        picture = sealed.path(candidate.snapshot)
        if theirs is not None and theirs.checked:
            label_set.adopt(theirs, picture)
            return "kept"
        if only_labelled:
            return "left"
        mark = label_set.fill(candidate, picture, by=by, at=at)
    except EvidenceError:
        return "lost"
    return "unclear" if mark is None else "shown" if candidate.is_shown else "nothing"


def _sorts(one: JudgedPicture) -> frozenset[str]:
    found = one.incident
    return frozenset({found.kind.value, found.rule_id, found.rule_kind or found.rule_id})


def _there(sealed: SealedFiles, candidate: Candidate) -> bool:
    try:
        sealed.path(candidate.snapshot)
    except EvidenceError:
        return False
    return True
