"""The incident book: at most one open incident per rule and zone of a camera.

                 match                     no match for close_after_s → gone
    (nothing) ──────────► open ───────────────────────────────────────────────────► closed
                           ▲   no look for unseen_after_s → unseen; hours over          │
                           └────────────────────────────────────────────────────────────┘
                              match within cool_down_s: the same incident, re-opened

After the cool-down a closed incident is forgotten, and the next match opens a new one. So a
match is never swallowed: it is in an open incident or it opens one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.base import Text
from domain.geometry import Point
from domain.ids import new_id
from domain.incident import CloseReason, Incident, IncidentKind, IncidentState, ModelRef
from domain.messages import IncidentClosed, IncidentOpened, IncidentUpdated
from vision.rules.rule import Finding

IncidentMessage = IncidentOpened | IncidentUpdated | IncidentClosed
Key = tuple[str, str]
"""Rule id and zone id."""
NameIncident = Callable[[str, str], str]
"""The id of the next incident of a rule, by its id, on a zone, by its id."""

GROWTH = 1.2
"""An incident whose count grew by this factor since the last report is reported at once."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an incident would be about: a rule on a zone, and how long its incidents live."""

    rule_id: str
    rule_kind: str
    rule_version: str
    kind: IncidentKind
    zone_id: str
    zone: tuple[Point, ...]
    close_after_s: float
    cool_down_s: float
    update_every_s: float
    unseen_after_s: float
    warm_up_s: float
    shadow: bool = False

    @property
    def key(self) -> Key:
        return self.rule_id, self.zone_id


@dataclass(frozen=True, slots=True)
class _Line:
    """One incident and the steady times of its life, in seconds."""

    subject: Subject
    incident: Incident
    reported_s: float
    reported_count: int
    miss_since_s: float | None = None
    closed_s: float | None = None

    @property
    def open(self) -> bool:
        return self.closed_s is None


class IncidentBook:
    """The incidents of one camera, open or in their cool-down."""

    def __init__(
        self,
        camera_id: str,
        *,
        model: ModelRef | None,
        notice: Text | None,
        name: NameIncident | None = None,
    ) -> None:
        """`name` names incidents; without it they are named at random."""
        self._camera_id = camera_id
        self._name = name
        self._model = model
        self._notice = notice
        self._lines: dict[Key, _Line] = {}

    def use_model(self, model: ModelRef) -> None:
        """From now on incidents name this model."""
        self._model = model

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        return tuple(line.incident for line in self._lines.values() if line.open)

    @property
    def remembered(self) -> tuple[Incident, ...]:
        """Those that are open, and those in their cool-down: a restart must not forget them."""
        return tuple(line.incident for line in self._lines.values())

    def match(
        self, subject: Subject, finding: Finding, at: datetime, now_s: float
    ) -> list[IncidentMessage]:
        """A look in which the rule matched."""
        line = self._lines.get(subject.key)
        if line is None:
            return [self._open(subject, finding, at, now_s)]
        if not line.open:
            return [self._reopen(line, finding, at, now_s)]
        return self._go_on(line, finding, at, now_s)

    def miss(self, subject: Subject, at: datetime, now_s: float) -> list[IncidentMessage]:
        """A look in which the rule did not match."""
        line = self._lines.get(subject.key)
        if line is None or not line.open:
            return []
        # The time runs from the first look that missed, not from the last that matched: a pause
        # between the two proves nothing.
        since_s = now_s if line.miss_since_s is None else line.miss_since_s
        incident = line.incident.model_copy(update={"looks": line.incident.looks + 1})
        self._lines[subject.key] = replace(line, incident=incident, miss_since_s=since_s)
        if now_s - since_s < subject.close_after_s:
            return []
        return self.close(subject, CloseReason.GONE, at, now_s)

    def close(
        self, subject: Subject, reason: CloseReason, at: datetime, now_s: float
    ) -> list[IncidentMessage]:
        """Close the subject's incident if it is open."""
        line = self._lines.get(subject.key)
        if line is None or not line.open:
            return []
        incident = _closed(line.incident, reason, at)
        self._lines[subject.key] = replace(line, incident=incident, closed_s=now_s)
        return [IncidentClosed(incident=incident)]

    def forget(self, now_s: float) -> None:
        """Drop the closed incidents whose cool-down is over."""
        self._lines = {
            key: line
            for key, line in self._lines.items()
            if line.closed_s is None or now_s - line.closed_s <= line.subject.cool_down_s
        }

    def restore(self, subject: Subject, incident: Incident, at: datetime, now_s: float) -> None:
        """Carry on with an incident of an earlier run of the program.

        An open one is given the rule's warm-up before looks without a match count against it,
        since the rule itself begins anew.
        """
        closed_s = None
        if incident.closed_at is not None:
            closed_s = now_s - max(0.0, (at - incident.closed_at).total_seconds())
        self._lines[subject.key] = _Line(
            subject=subject,
            incident=incident,
            reported_s=now_s,
            reported_count=incident.count or 0,
            miss_since_s=now_s + subject.warm_up_s,
            closed_s=closed_s,
        )

    def take_over(self, subject: Subject, incident: Incident, at: datetime, now_s: float) -> None:
        """Carry on with an incident that another told of up to now. If this book tells of one of
        the subject already, that one stays, in its newest revision."""
        line = self._lines.get(subject.key)
        if line is None:
            self.restore(subject, incident, at, now_s)
        elif line.incident.id == incident.id and line.incident.revision < incident.revision:
            known = line.incident.model_copy(update={"revision": incident.revision})
            if line.open == (incident.state is IncidentState.OPEN):
                self._lines[subject.key] = replace(line, incident=known)
            else:
                self.restore(subject, incident, at, now_s)

    def let_go(self) -> None:
        """Forget everything, and say nothing of it: somebody else carries it on."""
        self._lines.clear()

    def _open(
        self, subject: Subject, finding: Finding, at: datetime, now_s: float
    ) -> IncidentMessage:
        incident = Incident(
            id=self._next_id(subject, at),
            revision=1,
            state=IncidentState.OPEN,
            kind=subject.kind,
            camera_id=self._camera_id,
            rule_id=subject.rule_id,
            rule_kind=subject.rule_kind,
            rule_version=subject.rule_version,
            zone_id=subject.zone_id,
            zone=subject.zone,
            first_seen_at=at - timedelta(seconds=finding.lasted_s),
            opened_at=at,
            last_seen_at=at,
            score=min(max(finding.score, 0.0), 1.0),
            count=finding.count,
            looks=finding.looks,
            hits=finding.hits,
            explanation=finding.explanation,
            boxes=finding.boxes,
            model=self._model,
            notice=self._notice,
            shadow=subject.shadow,
        )
        self._lines[subject.key] = _Line(subject, incident, now_s, finding.count or 0)
        return IncidentOpened(incident=incident)

    def _next_id(self, subject: Subject, at: datetime) -> str:
        return self._name(*subject.key) if self._name is not None else new_id("inc", at)

    def _reopen(self, line: _Line, finding: Finding, at: datetime, now_s: float) -> IncidentMessage:
        incident = _seen_again(line.incident, finding, at).model_copy(
            update={
                "state": IncidentState.OPEN,
                "closed_at": None,
                "close_reason": None,
                "reopened": line.incident.reopened + 1,
                "revision": line.incident.revision + 1,
            }
        )
        self._lines[line.subject.key] = _Line(line.subject, incident, now_s, incident.count or 0)
        return IncidentOpened(incident=incident)

    def _go_on(
        self, line: _Line, finding: Finding, at: datetime, now_s: float
    ) -> list[IncidentMessage]:
        incident = _seen_again(line.incident, finding, at)
        line = replace(line, incident=incident, miss_since_s=None)
        count = incident.count or 0
        grew = count > line.reported_count and count >= line.reported_count * GROWTH
        report = grew or now_s - line.reported_s >= line.subject.update_every_s
        if report:
            incident = incident.model_copy(update={"revision": incident.revision + 1})
            line = replace(line, incident=incident, reported_s=now_s, reported_count=count)
        self._lines[line.subject.key] = line
        return [IncidentUpdated(incident=incident)] if report else []


def closed_for_change(incident: Incident, at: datetime) -> IncidentMessage:
    """The end of an incident whose rule is no longer the one that opened it, or whose camera is
    not watched any more."""
    return IncidentClosed(incident=_closed(incident, CloseReason.RULE_CHANGED, at))


def _closed(incident: Incident, reason: CloseReason, at: datetime) -> Incident:
    return incident.model_copy(
        update={
            "revision": incident.revision + 1,
            "state": IncidentState.CLOSED,
            "closed_at": max(at, incident.last_seen_at),
            "close_reason": reason,
        }
    )


def _seen_again(incident: Incident, finding: Finding, at: datetime) -> Incident:
    """The incident after another match. Its count and score are the highest so far; the time of
    the last sight does not run backwards when the clock does."""
    counts = [n for n in (incident.count, finding.count) if n is not None]
    return incident.model_copy(
        update={
            "last_seen_at": max(at, incident.last_seen_at),
            "score": max(incident.score, min(finding.score, 1.0)),
            "count": max(counts, default=None),
            "looks": incident.looks + 1,
            "hits": incident.hits + 1,
            "explanation": finding.explanation,
            "boxes": finding.boxes,
        }
    )


def by_age(incident: Incident) -> tuple[bool, datetime, str]:
    """What is open comes after what is closed, and what is newer after what is older."""
    return incident.state is IncidentState.OPEN, incident.opened_at, incident.id


def given_up(incident: Incident) -> Incident:
    """The incident as its new owner finds it: one that was closed for want of an owner is open."""
    if incident.close_reason is not CloseReason.RULE_CHANGED:
        return incident
    update = {"state": IncidentState.OPEN, "closed_at": None, "close_reason": None}
    return incident.model_copy(update=update)
