"""From incident to case. Messages come at least once and in any order.

A case is made by whichever revision of its incident comes first, even a closing one. What the
case says of *now* follows the newest revision seen, what it says of its *beginning* the oldest,
and its urgency the most urgent: so the same messages make the same case in every order.

A case begins with one incident. Others may join it (`cases.joining`); they move its urgency and
its times, and leave what it says of its beginning alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cases import cameras, history, holders, joining, placing, words
from cases.case_evidence import of_incident
from cases.case_settings import CaseRules, CaseSettings, PreDispatch
from cases.changes import change_of
from cases.database import insert_if_absent, one_at_a_time
from cases.grids import Plans
from cases.history import Line
from cases.keywords import keywords
from cases.moves import Moves
from cases.numbers import next_number
from cases.queries import StateGroup, group_of
from cases.tables import CaseRow, EvidenceRow, IncidentRow
from domain.base import Text
from domain.case import CaseSource, CaseState, Move, Triage
from domain.change import CaseChange, ChangeKind
from domain.errors import MessageInvalid
from domain.evidence import Evidence, MissingEvidence
from domain.holding import Holding
from domain.incident import CloseReason, Incident, IncidentState

_log = structlog.get_logger(__name__)


class CaseIntake:
    """Makes cases of incidents and keeps them up to date, inside the caller's transaction."""

    def __init__(self, settings: CaseSettings, plans: Plans, moves: Moves) -> None:
        self._settings = settings
        self._plans = plans
        self._moves = moves

    def incident(
        self, session: Session, incident: Incident, at: datetime, held: Holding | None = None
    ) -> list[CaseChange]:
        """Take one revision of an incident in; empty when it was no news. `held` is what its
        sender holds the camera under."""
        one_at_a_time(session, incident.id)
        values = {
            "id": incident.id,
            "revision": incident.revision,
            "document": incident,
            "opening": incident,
            "camera_id": incident.camera_id,
            "rule_id": incident.rule_id,
            "zone_id": incident.zone_id,
            "ended_at": incident.closed_at,
            "epoch": (held.epoch if held else None) or 0,
            "book": held.book if held else None,
        }
        if insert_if_absent(session, IncidentRow, values):
            return self._take_new(session, incident, held, at)
        kept = session.get_one(IncidentRow, incident.id, with_for_update=True)
        if holders.is_refused(kept, held):
            _log.warning("refused: its camera is held by another worker", incident=incident.id)
            return []
        case = session.scalars(_case_of(incident.id)).one()
        news = self._follow(session, case, kept.document, incident, at)
        if incident.revision > kept.revision:
            kept.revision, kept.document = incident.revision, incident
            holders.follow(kept, incident, held)
        if incident.revision < kept.opening.revision:
            kept.opening = incident
        joining.settle(session, case)
        return [change_of(case, ChangeKind.UPDATED, at)] if news else []

    def _take_new(
        self, session: Session, incident: Incident, held: Holding | None, at: datetime
    ) -> list[CaseChange]:
        """Find the case of an incident that is heard of for the first time, or open one."""
        if (before := holders.unknown_to(session, incident, held)) is not None:
            return self._go_on(session, before, incident, held, at)
        case = joining.case_to_join(session, incident, self._settings)
        if case is not None:
            return self._join(session, case, incident, at)
        return self._open(session, incident, at)

    def evidence(
        self, session: Session, item: Evidence | MissingEvidence, at: datetime
    ) -> list[CaseChange]:
        """Take evidence in. Without its incident it waits, and the case finds it when it comes."""
        taken_at = item.captured_from if isinstance(item, Evidence) else item.at
        if item.incident_id is None:
            raise MessageInvalid(f"expected evidence of an incident, got {item.id} of a case")
        values = {"id": item.id, "incident_id": item.incident_id, "kind": item.kind}
        # A case that is being made right now must either see this evidence or be seen by it.
        one_at_a_time(session, item.incident_id)
        note = words.evidence(item)
        if not insert_if_absent(session, EvidenceRow, {**values, "at": taken_at, "document": item}):
            kept = session.get_one(EvidenceRow, item.id, with_for_update=True)
            if isinstance(item, MissingEvidence) or isinstance(kept.document, Evidence):
                return []
            # It was given up for lost while whoever has it could not be heard.
            kept.document, kept.at = item, taken_at
            note = words.found_after_all(item)
        case = session.scalars(_case_of(item.incident_id)).one_or_none()
        if case is None:
            return []
        case.version += 1
        case.updated_at = at
        history.append(session, case, Line(note), at)
        return [change_of(case, ChangeKind.EVIDENCE, at)]

    def _open(self, session: Session, incident: Incident, at: datetime) -> list[CaseChange]:
        case = self._new_case(session, incident, at)
        session.add(case)
        session.get_one(IncidentRow, incident.id).case_no = case.no
        routed = case.grid_first or case.grid_second or case.grid_third
        first = words.found(incident, case.owner, bool(routed))
        history.append(session, case, Line(first), at)
        if case.site_id is None:
            history.append(session, case, Line(words.CAMERA_UNKNOWN), at)
        self._moves.by_system(session, case, Move.RECEIVE, words.RECEIVED, at)
        if self._settings.kinds[incident.kind].pre_dispatch is PreDispatch.AUTOMATIC:
            self._moves.by_system(session, case, Move.PRE_DISPATCH, words.PRE_DISPATCHED, at)
        if incident.state is IncidentState.CLOSED:
            history.append(session, case, Line(words.gone(incident)), at)
        for item in of_incident(session, incident.id):
            history.append(session, case, Line(words.evidence(item)), at)
        return [change_of(case, ChangeKind.OPENED, at)]

    def _join(
        self, session: Session, case: CaseRow, incident: Incident, at: datetime
    ) -> list[CaseChange]:
        """Take a neighbour's incident into a case that is open."""
        session.get_one(IncidentRow, incident.id).case_no = case.no
        name = cameras.name_of(session, incident.camera_id)
        lines = [
            Line(words.joined(incident, name)),
            *self._raised(session, case, self._settings.rules_for(incident), at),
        ]
        if incident.state is IncidentState.CLOSED:
            lines.append(Line(words.at_neighbour(name, words.gone(incident))))
        lines += [Line(words.evidence(item)) for item in of_incident(session, incident.id)]
        case.search = keywords(session, case, self._plans)
        _tell(session, case, lines, at)
        joining.settle(session, case)
        return [change_of(case, ChangeKind.UPDATED, at)]

    def _go_on(
        self,
        session: Session,
        before: IncidentRow,
        incident: Incident,
        held: Holding | None,
        at: datetime,
    ) -> list[CaseChange]:
        """Take an incident into the case of the one that it goes on with, of which its sender
        cannot have known: a worker that lost its book, or one that was not answered in time."""
        case = session.scalars(_case_of(before.id)).one()
        row = session.get_one(IncidentRow, incident.id)
        row.case_no = case.no
        rules = self._settings.rules_for(incident)
        lines = [Line(words.goes_on(incident)), *self._raised(session, case, rules, at)]
        is_back = before.ended_at is not None and incident.state is IncidentState.OPEN
        if holders.is_former(session, incident.camera_id, held):
            row.superseded_by = before.id
        else:
            spoke = joining.voice(session, case) == before.id
            before.superseded_by = incident.id
            if spoke:
                _now(case, incident)
        if incident.state is IncidentState.CLOSED:
            lines.append(Line(words.gone(incident)))
        lines += [Line(words.evidence(item)) for item in of_incident(session, incident.id)]
        _tell(session, case, lines, at)
        joining.settle(session, case)
        if is_back and self._moves.may_reopen(case):
            self._reopen(session, case, rules, at)
        return [change_of(case, ChangeKind.UPDATED, at)]

    def _new_case(self, session: Session, incident: Incident, at: datetime) -> CaseRow:
        rules = self._settings.rules_for(incident)
        place = placing.of_camera(session, incident.camera_id)
        case = CaseRow(
            no=next_number(session, self._settings, at),
            source=CaseSource.VIDEO_AI,
            state=CaseState.ALERT,
            kind=incident.kind,
            priority=rules.priority,
            triage=rules.triage,
            incident_id=incident.id,
            first_seen_at=incident.first_seen_at,
            opened_at=incident.opened_at,
            created_at=at,
            updated_at=at,
            version=1,
            moved_version=1,
        )
        placing.locate(case, place)
        router = self._plans.router(session, incident.opened_at)
        grid = placing.route(case, router, self._settings.coordination_office)
        self._begin(case, incident, rules, grid)
        _now(case, incident)
        case.search = keywords(session, case, self._plans)
        return case

    def _begin(
        self, case: CaseRow, incident: Incident, rules: CaseRules, grid: Text | None
    ) -> None:
        """What the case says of its beginning."""
        case.opening_revision = incident.revision
        case.duty_class = rules.duty_class
        case.event_code = rules.event_code
        case.event_name = rules.event_name
        case.review_due_at = case.created_at + timedelta(seconds=rules.review_alarm_s)
        if group_of(case.state, case.verdict) is StateGroup.REVIEW:
            case.due_at = case.review_due_at
        place = placing.name_of(case)
        case.title = words.title(incident.kind.words, incident.explanation, grid, place)

    def _follow(
        self, session: Session, case: CaseRow, kept: Incident, incident: Incident, at: datetime
    ) -> bool:
        """Bring a case up to date with one more revision of an incident that it began with, or
        that joined it. False: it was no news."""
        rules = self._settings.rules_for(incident)
        begins = case.incident_id == incident.id
        newer = incident.revision > kept.revision
        lines = self._raised(session, case, rules, at)
        if begins and incident.revision < (case.opening_revision or 0):
            lines.append(Line(words.BACKDATED))
            self._begin(case, incident, rules, self._grid_name(session, case))
            case.search = keywords(session, case, self._plans)
            if case.triage is not Triage.URGENT:
                case.triage = rules.triage
            lines += self._moves.clocks.retime(session, case, at)
        speaker = joining.voice(session, case)
        if newer and incident.id == speaker:
            _now(case, incident)
            lines += _lines_of_life(kept, incident)
        elif newer and begins:
            life = _lines_of_life(kept, incident)
            lines += [Line(words.from_former_holder(line.note)) for line in life]
        elif newer:
            name = cameras.name_of(session, incident.camera_id)
            life = _lines_of_life(kept, incident)
            lines += [Line(words.at_neighbour(name, line.note)) for line in life]
        elif not lines:
            return False
        _tell(session, case, lines, at)
        if newer and incident.reopened > kept.reopened and self._moves.may_reopen(case):
            self._reopen(session, case, rules, at)
        return True

    def _raised(
        self, session: Session, case: CaseRow, rules: CaseRules, at: datetime
    ) -> list[Line]:
        """Let the case be as urgent as this, and its clocks with it."""
        lines = _raise(case, rules)
        return lines + self._moves.clocks.retime(session, case, at) if lines else lines

    def _reopen(self, session: Session, case: CaseRow, rules: CaseRules, at: datetime) -> None:
        """Its matter is back: it was closed, or void because the matter had left by itself."""
        note = words.REOPENED
        if case.state is CaseState.VOIDED:
            note = words.BACK_AGAIN
            case.review_due_at = at + timedelta(seconds=rules.review_alarm_s)
        self._moves.by_system(session, case, Move.REOPEN, note, at)

    def _grid_name(self, session: Session, case: CaseRow) -> Text | None:
        plan = self._plans.plan(session, case.grid_plan)
        grid = plan.grid(case.grid_first) if plan else None
        return grid.name if grid else None


def _tell(session: Session, case: CaseRow, lines: Sequence[Line], at: datetime) -> None:
    """Write what is new into the history."""
    case.version += 1
    case.updated_at = at
    for line in lines:
        history.append(session, case, line, at)


def _case_of(incident_id: str) -> Select[CaseRow]:
    """The case of an incident, whether it began with it or was joined by it."""
    no = select(IncidentRow.case_no).where(IncidentRow.id == incident_id).scalar_subquery()
    return select(CaseRow).where(CaseRow.no == no).with_for_update()


def _now(case: CaseRow, incident: Incident) -> None:
    """What the case says of now."""
    case.explanation = incident.explanation
    case.last_seen_at = incident.last_seen_at
    case.score = incident.score
    case.count = incident.count
    case.notice = incident.notice
    left = incident.state is IncidentState.CLOSED and incident.close_reason is CloseReason.GONE
    case.gone_at = incident.closed_at if left else None


def _raise(case: CaseRow, rules: CaseRules) -> list[Line]:
    """Urgency only ever grows: people are on their way by then."""
    lines = []
    if rules.priority < case.priority:
        lines.append(Line(words.raised(case.priority.words, rules.priority.words)))
        case.priority = rules.priority
    if rules.triage is Triage.URGENT and case.triage is not Triage.URGENT:
        lines.append(Line(words.raised(case.triage.words, rules.triage.words)))
        case.triage = rules.triage
    return lines


def _lines_of_life(kept: Incident, incident: Incident) -> list[Line]:
    """Coming back and leaving are told; that it is still there is not."""
    lines = []
    if incident.reopened > kept.reopened:
        lines.append(Line(words.SEEN_AGAIN))
    if incident.state is IncidentState.CLOSED and incident.closed_at != kept.closed_at:
        lines.append(Line(words.gone(incident)))
    return lines
