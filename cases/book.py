"""The case book: all that the console and the center's program may do with cases."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from cases import (
    burning,
    cameras,
    coverage,
    figures,
    held_back,
    history,
    holders,
    joining,
    maintenance,
    near,
    search,
)
from cases.cameras import CameraRow
from cases.changes import CaseChange, ChangeFeed, ChangeKind, Subscription
from cases.coverage import Coverage
from cases.database import Database
from cases.grids import Plans
from cases.intake import Intake, evidence_of_case
from cases.moves import Decision, Moves
from cases.near import Nearness
from cases.queries import CaseCounts, CaseFilter, CasePage
from cases.settings import CaseSettings
from cases.tables import CaseRow, EvidenceRow, IncidentRow, SiteRow
from domain.case import Case, Entry, FalseReason, Move, Permit, Verdict
from domain.checkpoint import reached
from domain.clock import Clock
from domain.errors import MessageInvalid
from domain.evidence import Evidence, MissingEvidence
from domain.health import CoverageGap
from domain.held_back import HeldBack
from domain.holding import CameraGrant
from domain.incident import Incident
from domain.maintenance import MaintenanceCase
from domain.messages import (
    CameraHealthChanged,
    CamerasClaimed,
    CoverageGapEnded,
    EvidenceMissed,
    EvidenceSealed,
    FindingsHeldBack,
    IncidentClosed,
    IncidentOpened,
    IncidentUpdated,
    LooksDone,
    Message,
)
from domain.place import CameraInfo, GridPlan, Site

_ALL = CaseFilter()
_log = structlog.get_logger(__name__)


class CaseBook:
    """Thread-safe. Every method is one transaction; news goes out after its commit.

    Raises, from any method:
        CaseStoreUnavailable: the database does not answer; nothing was changed.
    """

    def __init__(
        self,
        database: Database,
        settings: CaseSettings,
        clock: Clock,
        *,
        tell_grant: Callable[[CameraGrant], None] = lambda _: None,
    ) -> None:
        """`tell_grant` tells workers who holds a camera, after the commit; what it raises goes up,
        and the claim has to come again."""
        self._tell_grant = tell_grant
        self._database = database
        self._settings = settings
        self._clock = clock
        self._plans = Plans()
        self._moves = Moves(settings)
        self._intake = Intake(settings, self._plans, self._moves)
        self._feed = ChangeFeed()

    # ---- what comes in

    def install(
        self, sites: Sequence[Site], cameras_: Sequence[CameraInfo], plan: GridPlan
    ) -> None:
        """Make these the town's sites, cameras and grid plan. Idempotent; what was before stays
        kept, and cases keep the places and grids they were made with.

        Raises:
            ConfigurationError: the plan's version is kept with other grids.
        """
        with self._database.session() as session:
            cameras.install(session, sites, cameras_)
            self._plans.install(session, plan)

    def handle(self, message: Message) -> None:
        """Take one message in. Any message may come twice, and in any order.

        Raises:
            MessageInvalid: nothing here understands it.
        """
        self.handle_together((message,))

    def handle_together(self, messages: Sequence[Message]) -> None:
        """Take several messages in, all or none, in one transaction: a commit waits for the disk,
        and of a storm each incident would.

        Raises:
            MessageInvalid: nothing here understands one of them.
        """
        at = self._clock.now()
        grants: list[CameraGrant] = []
        with self._writing() as (session, news):
            for message in messages:
                if isinstance(message, CamerasClaimed):
                    grants += self._grant(session, message, at, news)
                else:
                    news += self._take_in(session, message, at)
        reached("center.committed")
        for grant in grants:
            self._tell_grant(grant)

    def _grant(
        self, session: Session, message: CamerasClaimed, at: datetime, news: list[CaseChange]
    ) -> list[CameraGrant]:
        """Answers to a worker that claims its cameras; told when they are committed."""
        done = holders.claim(session, message, at)
        for item in done.missing:
            news += self._intake.evidence(session, item, at)
        return done.grants

    def _take_in(self, session: Session, message: Message, at: datetime) -> list[CaseChange]:
        match message:
            case IncidentOpened() | IncidentUpdated() | IncidentClosed():
                return self._intake.incident(session, message.incident, at, message.held)
            case EvidenceSealed() | EvidenceMissed():
                return self._intake.evidence(session, message.evidence, at)
            case CameraHealthChanged(health=health):
                if fresh := cameras.take_health(session, health):
                    maintenance.follow(session, health, self._settings.maintenance)
                return [_camera_change(health.camera_id, at)] if fresh else []
            case CoverageGapEnded(gap=gap):
                fresh = cameras.take_gap(session, gap)
                return [_camera_change(gap.camera_id, at)] if fresh else []
            case FindingsHeldBack(held_back=span):
                held_back.take(session, span)  # for audits; no news that anybody waits for
                return []
            case LooksDone():
                # No news of these: they come all the time and would crowd out the cases'.
                cameras.take_looks(session, message, at)
                return []
        raise MessageInvalid(f"expected a message that cases understand, got {message.type}")

    def check_writable(self) -> None:
        """CaseStoreUnavailable, with the trouble by name, if no case could be taken in now."""
        self._database.check_writable()

    # ---- what people ask

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

    def evidence(self, no: str) -> tuple[Evidence | MissingEvidence, ...]:
        """A case's evidence: pictures before clips, its own camera's before the neighbours'.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            return evidence_of_case(session, search.get(session, no))

    def find_evidence(self, evidence_id: str) -> Evidence | MissingEvidence | None:
        with self._database.reading() as session:
            row = session.get(EvidenceRow, evidence_id)
            return None if row is None else row.document

    def incident(self, no: str) -> Incident:
        """The incident that the case began with, or the one that tells of the same thing in its
        place, at the newest revision that came.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            case = search.get(session, no)
            return session.get_one(IncidentRow, joining.voice(session, case)).document

    def opening(self, no: str) -> Incident:
        """The case's incident at the oldest revision that came: what the snapshot shows.

        Raises:
            CaseNotFound
        """
        with self._database.reading() as session:
            case = search.get(session, no)
            return session.get_one(IncidentRow, case.incident_id).opening

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

    # ---- what people decide

    def move(
        self,
        no: str,
        move: Move,
        *,
        actor: str,
        version: int,
        verdict: Verdict | None = None,
        reason: FalseReason | None = None,
        duplicate_of: str | None = None,
        permit: Permit | None = None,
        assignee: str | None = None,
        note: str = "",
        key: str | None = None,
        forced: bool = False,
    ) -> Case:
        """Move a case on. The same `key` again changes nothing and answers the case as it is.
        `forced` names an original that is not near, with a note that says why.

        Raises:
            CaseNotFound
            MoveRefused: the state table does not allow it, or something is missing.
            MoveConflict: somebody moved it after `version`.
        """
        decision = Decision(
            move,
            actor,
            version,
            verdict,
            reason,
            duplicate_of,
            permit,
            assignee,
            note,
            key,
            forced,
        )
        at = self._clock.now()
        with self._writing() as (session, news):
            moved = self._moves.make(session, no, decision, at)
            case = search.get(session, no)
            if moved:
                news.append(_moved(case, at))
            return search.to_case(case)

    def undo(self, no: str, *, actor: str, version: int) -> Case:
        """Take this actor's last move back, while that is allowed.

        Raises:
            CaseNotFound, MoveRefused, MoveConflict
        """
        at = self._clock.now()
        with self._writing() as (session, news):
            self._moves.undo(session, no, actor, version, at)
            case = search.get(session, no)
            news.append(_moved(case, at))
            return search.to_case(case)

    def allowed(self, case: Case) -> tuple[Move, ...]:
        """What a person may do to the case as it stands (undo apart)."""
        return self._moves.allowed(case)

    def undo_until(self, no: str, *, actor: str) -> datetime | None:
        """Until when this actor can undo the case's last move; None: they cannot."""
        with self._database.reading() as session:
            return self._moves.undo_until(session, no, actor, self._clock.now())

    # ---- news

    def subscribe(self, wake: Callable[[], None] | None = None) -> Subscription:
        """Changes from now on; close it, or use it in a `with`."""
        return self._feed.subscribe(wake)

    @contextmanager
    def _writing(self) -> Iterator[tuple[Session, list[CaseChange]]]:
        news: list[CaseChange] = []
        with self._database.session() as session:
            yield session, news
        for change in news:
            _log.debug("changed", case=change.no, camera=change.camera_id, what=change.what.value)
        self._feed.publish(news)


def _moved(case: CaseRow, at: datetime) -> CaseChange:
    return CaseChange(
        what=ChangeKind.MOVED,
        no=case.no,
        version=case.version,
        camera_id=case.camera_id,
        at=at,
    )


def _camera_change(camera_id: str, at: datetime) -> CaseChange:
    return CaseChange(what=ChangeKind.CAMERA, no=None, version=0, camera_id=camera_id, at=at)
