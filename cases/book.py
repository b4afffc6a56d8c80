"""The case book: all that the console and the center's program may do with cases."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Unpack

import structlog
from sqlalchemy.orm import Session

from cases import (
    cameras,
    case_evidence,
    held_back,
    holders,
    maintenance,
    outbox,
    search,
    tending,
)
from cases.case_settings import CaseSettings
from cases.changes import Subscription, change_of
from cases.database import Database
from cases.decision import Decision, Details
from cases.extending import Extension, extend
from cases.intake import CaseIntake
from cases.news import News
from cases.outbox import Outbox
from cases.reader import CaseReader
from cases.reports import Reports
from domain.actor import Actor
from domain.case import Case, Move
from domain.change import CaseChange, ChangeKind
from domain.checkpoint import reached
from domain.clock import Clock
from domain.closing import Closing
from domain.errors import MessageInvalid
from domain.evidence import Evidence
from domain.holding import CameraGrant
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
from domain.report import Report

_log = structlog.get_logger(__name__)


class CaseBook(CaseReader, Closing):
    """Thread-safe. Every method is one transaction, and what it changes is in the outbox with it.

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
        super().__init__(database, settings, clock)
        self.outbox = Outbox(database, clock)
        self._tell_grant = tell_grant
        self._intake = CaseIntake(settings, self._plans, self._moves)
        self._reports = Reports(settings, self._plans, self._moves)
        self._news = News(self.outbox)

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

    # ---- what people tell and decide

    def report(self, report: Report, *, actor: Actor, key: str | None = None) -> Case:
        """Make a case of what somebody reports. The same number of the same source again, or the
        same `key`, changes nothing and answers the case as it is.

        Raises:
            ReportRefused: it was seen later than now, or its place is unknown here.
        """
        at = self._clock.now()
        with self._writing() as (session, news):
            no, fresh = self._reports.take(session, report, actor, key, at)
            news += fresh
            return search.to_case(search.get(session, no))

    def hand_in(self, no: str, evidence: Evidence, *, actor: Actor) -> Case:
        """Add a sealed file to its case. The same evidence again changes nothing.

        Raises:
            CaseNotFound
        """
        at = self._clock.now()
        with self._writing() as (session, news):
            news += case_evidence.hand_in(session, no, evidence, actor, at)
            return search.to_case(search.get(session, no))

    def move(
        self,
        no: str,
        move: Move,
        *,
        actor: Actor,
        version: int,
        **details: Unpack[Details],
    ) -> Case:
        """Move a case on. The same `key` again changes nothing and answers the case as it is.
        `forced` names an original that is not near, with a note that says why.

        Raises:
            CaseNotFound
            MoveRefused: the state table does not allow it, or something is missing.
            MoveConflict: somebody moved it after `version`.
        """
        decision = Decision(move, actor, version, **details)
        at = self._clock.now()
        with self._writing() as (session, news):
            moved = self._moves.make(session, no, decision, at)
            case = search.get(session, no)
            if moved:
                news.append(change_of(case, ChangeKind.MOVED, at))
            return search.to_case(case)

    def undo(self, no: str, *, actor: Actor, version: int) -> Case:
        """Take this actor's last move back, while that is allowed.

        Raises:
            CaseNotFound, MoveRefused, MoveConflict
        """
        at = self._clock.now()
        with self._writing() as (session, news):
            self._moves.undo(session, no, actor, version, at)
            case = search.get(session, no)
            news.append(change_of(case, ChangeKind.MOVED, at))
            return search.to_case(case)

    def extend(self, no: str, asked: Extension) -> Case:
        """延期: give a stage of the case more time.

        Raises:
            CaseNotFound, MoveConflict
            MoveRefused: the stage does not run or is late already, or nobody fit approved.
        """
        at = self._clock.now()
        with self._writing() as (session, news):
            extend(session, self._moves, self._settings, no, asked, at)
            case = search.get(session, no)
            news.append(change_of(case, ChangeKind.UPDATED, at))
            return search.to_case(case)

    def tend(self) -> int:
        """Do what time alone does: tell who should know that a stage is late, bring back what was
        set aside, follow a calendar that changed. How many cases it changed; call it again soon
        while it is any."""
        at = self._clock.now()
        with self._writing() as (session, news):
            news += tending.tend(session, self._moves, at)
            return len(news)

    # ---- news

    def subscribe(self, wake: Callable[[], None] | None = None) -> Subscription:
        """Changes from now on, whichever process made them; close it, or use it in a `with`."""
        return self._news.subscribe(wake)

    def close(self) -> None:
        """End the news. The database stays open; whoever opened it closes it after this."""
        self._news.close()

    @contextmanager
    def _writing(self) -> Iterator[tuple[Session, list[CaseChange]]]:
        news: list[CaseChange] = []
        with self._database.session() as session:
            yield session, news
            outbox.put(session, news)
        for change in news:
            _log.debug("changed", case=change.no, camera=change.camera_id, what=change.what.value)
        if news:
            self._news.stir()


def _camera_change(camera_id: str, at: datetime) -> CaseChange:
    return CaseChange(what=ChangeKind.CAMERA, no=None, version=0, camera_id=camera_id, at=at)
