"""Counting: how many cases lie where now, and what the town's day brought."""

from collections import Counter
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from cases import tally
from cases.case_settings import CaseSettings
from cases.needs import count_needing
from cases.queries import LIVE, STANDINGS, CaseCounts, DayFigures, StateGroup, overdue, state_of
from cases.tables import CaseRow
from domain.case import CaseState, Priority, Verdict
from domain.incident import IncidentKind

_URGENT_IN = (StateGroup.REVIEW, StateGroup.WORK)


def counts(session: Session, settings: CaseSettings, at: datetime) -> CaseCounts:
    """The figures of now, and of the town's day that `at` lies in."""
    by_state: Counter[CaseState] = Counter()
    by_group: Counter[StateGroup] = Counter()
    by_kind: Counter[IncidentKind] = Counter()
    urgent = 0
    for standing, kind, priority, cases in tally.heaps(session):
        group = STANDINGS[standing]
        by_state[state_of(standing)] += cases
        by_group[group] += cases
        if kind is not None and group in LIVE:
            by_kind[kind] += cases
        urgent += cases if group in _URGENT_IN and priority is Priority.URGENT else 0
    local = at.astimezone(settings.zone)
    return CaseCounts(
        at=at,
        day=local.date(),
        by_state={state: by_state[state] for state in CaseState},
        by_group={group: by_group[group] for group in StateGroup},
        by_kind={kind: by_kind[kind] for kind in IncidentKind},
        overdue=session.scalar(select(func.count()).where(overdue(CaseRow.due_at, at))) or 0,
        needs=count_needing(session, at),
        urgent=urgent,
        today=_day(session, local),
    )


def _day(session: Session, local: datetime) -> DayFigures:
    from_at = datetime.combine(local.date(), time(), local.tzinfo)
    to_at = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)

    def within(column: InstrumentedAttribute[datetime | None]) -> int:
        query = select(func.count()).where(column >= from_at, column < to_at)
        return session.scalar(query) or 0

    decided = (
        select(CaseRow.verdict, func.count())
        .where(CaseRow.decided_at >= from_at, CaseRow.decided_at < to_at)
        .group_by(CaseRow.verdict)
    )
    verdicts = {verdict: cases for verdict, cases in session.execute(decided)}
    return DayFigures(
        opened=within(CaseRow.opened_at),
        confirmed=verdicts.get(Verdict.REAL, 0),
        false=verdicts.get(Verdict.FALSE, 0),
        duplicate=verdicts.get(Verdict.DUPLICATE, 0),
        permitted=verdicts.get(Verdict.PERMITTED, 0),
        gone=verdicts.get(Verdict.GONE, 0),
        closed=within(CaseRow.closed_at),
    )
