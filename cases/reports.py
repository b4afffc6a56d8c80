"""From report to case: what people, platforms and callers tell of, without any incident."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import history, placing, words
from cases.case_settings import CaseRules, CaseSettings
from cases.changes import change_of
from cases.database import one_at_a_time
from cases.grids import Plans
from cases.history import Line
from cases.keywords import keywords
from cases.moves import Moves
from cases.numbers import next_number
from cases.placing import Place
from cases.tables import CaseRow
from domain.actor import Actor
from domain.base import Text
from domain.case import CaseState, Move, matter
from domain.change import CaseChange, ChangeKind
from domain.errors import ReportRefused
from domain.report import Report


class Reports:
    """Makes cases of reports, inside the caller's transaction."""

    def __init__(self, settings: CaseSettings, plans: Plans, moves: Moves) -> None:
        self._settings = settings
        self._plans = plans
        self._moves = moves

    def take(
        self, session: Session, report: Report, actor: Actor, key: str | None, at: datetime
    ) -> tuple[str, list[CaseChange]]:
        """The number of the report's case, and the news; none if it came before (the same number
        of the same source, or the same `key`).

        Raises:
            ReportRefused: it was seen later than now, or its place is unknown here.
        """
        request_key = _request_key(report, key)
        if request_key is not None:
            one_at_a_time(session, request_key)
            before = session.scalar(select(CaseRow.no).where(CaseRow.request_key == request_key))
            if before is not None:
                return before, []
        case = self._open(session, report, at)
        case.request_key = request_key
        session.add(case)
        routed = case.grid_first or case.grid_second or case.grid_third
        first = words.reported(report.source.words, case.owner, bool(routed))
        history.append(session, case, Line(first, actor), at)
        self._moves.by_system(session, case, Move.RECEIVE, words.RECEIVED, at)
        return case.no, [change_of(case, ChangeKind.OPENED, at)]

    def _open(self, session: Session, report: Report, at: datetime) -> CaseRow:
        seen_at = report.seen_at or at
        if seen_at > at:
            raise ReportRefused(
                f"seen_at: expected a time up to now {at.isoformat()}, got {seen_at.isoformat()}"
            )
        rules = self._settings.rules_for_report(report)
        case = CaseRow(
            no=next_number(session, self._settings, at),
            external_no=report.external_no,
            source=report.source,
            state=CaseState.ALERT,
            kind=report.kind,
            duty_class=rules.duty_class,
            event_code=rules.event_code,
            event_name=rules.event_name,
            priority=rules.priority,
            triage=rules.triage,
            explanation=Text.of(report.description, report.description),
            first_seen_at=seen_at,
            last_seen_at=seen_at,
            opened_at=at,
            created_at=at,
            updated_at=at,
            version=1,
            moved_version=1,
        )
        self._begin(session, case, report, rules)
        return case

    def _begin(self, session: Session, case: CaseRow, report: Report, rules: CaseRules) -> None:
        """Its place, its words, and until when somebody should have said what it is."""
        placing.locate(case, _place(session, report))
        router = self._plans.router(session, case.opened_at)
        grid = placing.route(case, router, self._settings.coordination_office)
        case.review_due_at = case.created_at + timedelta(seconds=rules.review_alarm_s)
        case.due_at = case.review_due_at
        what = matter(case.kind, rules.event_code, rules.event_name, rules.duty_class)
        case.title = words.title(what, _headline(report), grid, placing.name_of(case))
        case.search = keywords(session, case, self._plans)


def _request_key(report: Report, key: str | None) -> str | None:
    if report.external_no is not None:
        return f"{report.source.value}:{report.external_no}"
    return None if key is None else f"key:{key}"


def _headline(report: Report) -> Text:
    said = report.title or report.description.splitlines()[0]
    return Text.of(said, said)


def _place(session: Session, report: Report) -> Place:
    """What was said of the place, over what is known of it.

    Raises:
        ReportRefused: a camera or a site that nobody registered.
    """
    place = Place()
    if report.camera_id is not None:
        place = placing.of_camera(session, report.camera_id)
        if place.info is None:
            raise ReportRefused(f"camera_id: expected a registered camera, got {report.camera_id}")
    elif report.site_id is not None:
        place = placing.at_site(session, report.site_id)
        if place.site is None:
            raise ReportRefused(f"site_id: expected a registered site, got {report.site_id}")
    said = Text.of(report.address, report.address) if report.address else None
    here = (report.lon, report.lat) if report.lon is not None and report.lat is not None else None
    return Place(
        place.camera_id, place.info, place.site, here or place.position, said or place.address
    )
