"""What may be asked of the case book. Every method reads from one moment of the database."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cases import (
    burning,
    cameras,
    case_evidence,
    clocks,
    coverage,
    figures,
    held_back,
    history,
    joining,
    maintenance,
    near,
    search,
    workloads,
)
from cases.cameras import CameraRow
from cases.case_settings import CaseSettings
from cases.coverage import Coverage
from cases.database import Database
from cases.grids import Plans
from cases.moves import Moves
from cases.near import Nearness
from cases.place_tables import SiteRow
from cases.queries import CaseCounts, CaseFilter, CasePage
from cases.tables import EvidenceRow, IncidentRow
from cases.workloads import WorkerLoad
from domain.actor import Actor
from domain.case import Case, Entry, Move
from domain.clock import Clock
from domain.evidence import Evidence, MissingEvidence
from domain.health import CoverageGap
from domain.held_back import HeldBack
from domain.incident import Incident
from domain.maintenance import MaintenanceCase
from domain.place import GridPlan, Site
from domain.stage_clock import Escalation, StageClock

_ALL = CaseFilter()


class CaseReader:
    """Thread-safe.

    Raises, from any method:
        CaseStoreUnavailable: the database does not answer.
    """

    def __init__(self, database: Database, settings: CaseSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._plans = Plans()
        self._moves = Moves(settings)

    def check_writable(self) -> None:
        """CaseStoreUnavailable, with the trouble by name, if no case could be taken in now."""
        self._database.check_writable()

    def cases(self, wanted: CaseFilter = _ALL) -> CasePage:
        """One page of cases.

        Raises:
            ValueError: the cursor is none of a page in this order.
        """
        with self._database.reading() as session:
            return search.find(session, wanted, self._clock.now())

    def case(self, no: str) -> Case:
        """One case.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            return search.to_case(search.get(session, no))

    def entries(self, no: str) -> tuple[Entry, ...]:
        """A case's history, from the first entry on.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            search.get(session, no)
            return history.entries(session, no)

    def clocks(self, no: str) -> tuple[StageClock, ...]:
        """A case's clocks, in the order in which they started.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            search.get(session, no)
            return clocks.of_case(session, no)

    def escalations(self, no: str) -> tuple[Escalation, ...]:
        """Who should know of the case since when that a stage is late.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            search.get(session, no)
            return clocks.escalations(session, no)

    def unannounced_year(self) -> int | None:
        """The first year that begins within 60 days, or has, and whose working days nobody has
        announced: deadlines in it are 暂定. None: all is known."""
        return self._moves.clocks.calendar.unannounced(self._clock.now())

    def evidence(self, no: str) -> tuple[Evidence | MissingEvidence, ...]:
        """A case's evidence: pictures before clips, its own camera's before the neighbours'.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            return case_evidence.of_case(session, search.get(session, no))

    def find_evidence(self, evidence_id: str) -> Evidence | MissingEvidence | None:
        with self._database.reading() as session:
            row = session.get(EvidenceRow, evidence_id)
            return None if row is None else row.document

    def incident(self, no: str) -> Incident | None:
        """The incident that the case began with, or the one that tells of the same thing in its
        place, at the newest revision that came; None: no camera found it.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            case = search.get(session, no)
            speaker = joining.voice(session, case)
            return None if speaker is None else session.get_one(IncidentRow, speaker).document

    def opening(self, no: str) -> Incident | None:
        """The case's incident at the oldest revision that came: what the snapshot shows; None: no
        camera found it.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            case = search.get(session, no)
            begun = case.incident_id
            return None if begun is None else session.get_one(IncidentRow, begun).opening

    def near(self, no: str, limit: int) -> tuple[tuple[Case, Nearness], ...]:
        """What the case may be a duplicate of, at most `limit`: its own kind first, then the
        nearest.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            case = search.get(session, no)
            found = near.near_cases(session, case, self._settings, limit)
            return tuple((search.to_case(other.row), other.nearness) for other in found)

    def burning(self) -> Mapping[str, Case]:
        """The cameras that see what an urgent open case is about, each with such a case."""
        with self._database.reading() as session:
            found = burning.by_camera(session)
            return {camera_id: search.to_case(row) for camera_id, row in found.items()}

    def counts(self) -> CaseCounts:
        with self._database.reading() as session:
            return figures.counts(session, self._settings, self._clock.now())

    def cameras(self) -> tuple[CameraRow, ...]:
        """The installed cameras, by site and id."""
        with self._database.reading() as session:
            return cameras.camera_rows(session, self._plans, self._clock.now())

    def camera(self, camera_id: str) -> CameraRow | None:
        with self._database.reading() as session:
            rows = cameras.camera_rows(session, self._plans, self._clock.now(), camera_id)
            return rows[0] if rows else None

    def gaps(self, camera_id: str, since: datetime) -> tuple[CoverageGap, ...]:
        """The camera's gaps that reached beyond `since`, in order of time."""
        with self._database.reading() as session:
            return cameras.gaps(session, camera_id, since)

    def coverage(self, since: datetime) -> Mapping[str, Coverage]:
        """What became of the looks promised of each camera, in the hours that reached beyond
        `since`."""
        with self._database.reading() as session:
            return coverage.since(session, since)

    def coverage_by_hour(self, camera_id: str, since: datetime) -> tuple[Coverage, ...]:
        """The same of one camera, hour by hour. Of an hour that is not there nothing was told."""
        with self._database.reading() as session:
            return coverage.by_hour(session, since, camera_id)

    def workloads(self, since: datetime) -> tuple[WorkerLoad, ...]:
        """What each worker measured last of its looks, if that came after `since`."""
        with self._database.reading() as session:
            return workloads.since(session, since)

    def held_back(self, since: datetime, camera_id: str | None = None) -> tuple[HeldBack, ...]:
        """What rules held back after a time and why, on one camera or on all."""
        with self._database.reading() as session:
            return held_back.since(session, since, camera_id)

    def maintenance(self) -> tuple[MaintenanceCase, ...]:
        """The faults of cameras that are open, or were lately: open ones first, then the newest."""
        since = self._clock.now() - timedelta(days=self._settings.maintenance.listed_days)
        with self._database.reading() as session:
            return maintenance.listed(session, since)

    def sites(self) -> tuple[Site, ...]:
        with self._database.reading() as session:
            return cameras.sites(session)

    def site(self, site_id: str) -> Site | None:
        with self._database.reading() as session:
            row = session.get(SiteRow, site_id)
            return None if row is None else row.document

    def plan(self, version: str) -> GridPlan | None:
        with self._database.reading() as session:
            return self._plans.plan(session, version)

    def current_plan(self) -> GridPlan | None:
        """The plan that routes the cases of now."""
        with self._database.reading() as session:
            router = self._plans.router(session, self._clock.now())
            return None if router is None else router.plan

    def allowed(self, case: Case) -> tuple[Move, ...]:
        """What a person may do to the case as it stands (undo apart)."""
        return self._moves.allowed(case)

    def undo_until(self, no: str, *, actor: Actor) -> datetime | None:
        """Until when this actor can undo the case's last move; None: they cannot."""
        with self._database.reading() as session:
            return self._moves.undo_until(session, no, actor, self._clock.now())
