"""Cases over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from cases.decision import Details
from cases.extending import Extension
from cases.queries import PAGE_MAX, CaseFilter, CaseOrder, CasePage, StateGroup
from console.languages import language_of
from console.problems import Answers, Problem
from console.services import Here, Services
from console.signs import Tone, state_sign
from domain.case import (
    Case,
    CaseSource,
    CaseState,
    Entry,
    FalseReason,
    Move,
    Permit,
    Priority,
    Verdict,
)
from domain.evidence import Evidence, MissingEvidence
from domain.incident import IncidentKind
from domain.limits import Approver, Limit, Stage
from domain.report import Report
from domain.stage_clock import Escalation, StageClock

router = APIRouter(prefix="/cases", tags=["cases"])

_MISSING: Answers = {404: {"model": Problem, "description": "No such case"}}
_DECIDING: Answers = {
    **_MISSING,
    409: {"model": Problem, "description": "Somebody moved the case first"},
    422: {"model": Problem, "description": "Not allowed in this state, or something is missing"},
}


class CaseQuery(BaseModel):
    """Which cases; lists may be given by naming the parameter again."""

    group: StateGroup | None = None
    state: tuple[CaseState, ...] = ()
    kind: tuple[IncidentKind, ...] = ()
    priority: tuple[Priority, ...] = ()
    source: tuple[CaseSource, ...] = ()
    grid: str | None = Field(default=None, max_length=64, description="A grid of any level")
    camera: str | None = Field(default=None, max_length=64)
    unrouted: bool = False
    overdue: bool = Field(default=False, description="Only those whose stage is overdue")
    needs: bool = Field(default=False, description="Only those that need a dispatcher")
    search: str = Field(default="", max_length=100, description="Words that must all occur")
    opened_from: AwareDatetime | None = None
    opened_to: AwareDatetime | None = None
    order: CaseOrder = CaseOrder.QUEUE
    limit: int = Field(default=50, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(default=None, description="next_cursor of the page before")

    def to_filter(self) -> CaseFilter:
        same = self.model_dump(exclude={"state", "kind", "priority", "source", "camera"})
        return CaseFilter(
            states=self.state,
            kinds=self.kind,
            priorities=self.priority,
            sources=self.source,
            camera_id=self.camera,
            **same,
        )


class MoveRequest(BaseModel):
    """A decision on a case, as it stood at `version`."""

    move: Move
    version: int = Field(description="The case's version that the decision was made on")
    verdict: Verdict | None = Field(default=None, description="With reject: why it is void")
    reason: FalseReason | None = Field(default=None, description="With verdict false")
    duplicate_of: str | None = Field(
        default=None, max_length=64, pattern=r"^[^\x00]*$", description="With duplicate"
    )
    permit: Permit | None = Field(default=None, description="With permitted: reference and end")
    forced: bool = Field(
        default=False, description="With duplicate: the other case is not near, and `note` says why"
    )
    assignee: str | None = Field(default=None, max_length=60)
    note: str = Field(default="", max_length=500)
    until: AwareDatetime | None = Field(
        default=None, description="With suspend: when it comes back, in 30 days at the latest"
    )
    approval: Approver | None = Field(
        default=None, description="With suspend: on whose level; without it the desk's own"
    )
    approved_by: str | None = Field(
        default=None, max_length=60, pattern=r"^[^\x00]*$", description="With approval: who it was"
    )


class ExtensionRequest(BaseModel):
    """More time for a stage that runs, on the case as it stood at `version`."""

    version: int = Field(description="The case's version that this was decided on")
    more: Limit
    reason: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")
    stage: Stage = Stage.HANDLE
    engineering: bool = Field(default=False, description="Work that takes builders")
    approval: Approver | None = Field(
        default=None, description="On whose level; without it the desk's own"
    )
    approved_by: str | None = Field(default=None, max_length=60, pattern=r"^[^\x00]*$")


class CaseClocks(BaseModel):
    """By when each stage should be over, and who should know since when that one is late."""

    clocks: Sequence[StageClock]
    escalations: Sequence[Escalation]


_EXTENSION = tuple(ExtensionRequest.model_fields)


class UndoRequest(BaseModel):
    version: int = Field(description="The case's version that is to be undone")


class Decided(BaseModel):
    """The case after a decision, and until when it can be undone."""

    case: Case
    undo_until: datetime | None
    state_words: str
    tone: Tone


@router.get("", summary="Cases, by urgency and age, page by page")
def list_cases(services: Here, wanted: Annotated[CaseQuery, Query()]) -> CasePage:
    try:
        return services.book.cases(wanted.to_filter())
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


@router.post(
    "",
    status_code=201,
    responses={422: {"model": Problem, "description": "Not a report, or its place is unknown"}},
    summary="Report a matter that no camera found",
)
def report_case(
    services: Here,
    report: Report,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Case:
    """The case that it became. The same `external_no` of the same source, or the same
    `Idempotency-Key`, again changes nothing and answers the case as it is now."""
    return services.book.report(report, actor=services.actor, key=idempotency_key)


@router.get("/{no}", responses=_MISSING, summary="One case")
def read_case(services: Here, no: str) -> Case:
    return services.book.case(no)


@router.get("/{no}/entries", responses=_MISSING, summary="A case's history, oldest first")
def read_entries(services: Here, no: str) -> Sequence[Entry]:
    return services.book.entries(no)


@router.get("/{no}/clocks", responses=_MISSING, summary="A case's deadlines, and who should know")
def read_clocks(services: Here, no: str) -> CaseClocks:
    book = services.book
    return CaseClocks(clocks=book.clocks(no), escalations=book.escalations(no))


@router.post("/{no}/extensions", responses=_DECIDING, summary="Give a stage more time")
def extend_case(services: Here, no: str, wanted: ExtensionRequest) -> Case:
    asked = Extension(actor=services.actor, **{n: getattr(wanted, n) for n in _EXTENSION})
    return services.book.extend(no, asked)


@router.get("/{no}/evidence", responses=_MISSING, summary="A case's evidence, also what is missing")
def read_evidence(services: Here, no: str) -> Sequence[Evidence | MissingEvidence]:
    return services.book.evidence(no)


@router.post("/{no}/moves", responses=_DECIDING, summary="Decide: confirm, reject, dispatch …")
def move_case(
    request: Request,
    services: Here,
    no: str,
    wanted: MoveRequest,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Decided:
    """The same `Idempotency-Key` again changes nothing and answers the case as it is now."""
    details: Details = {
        "verdict": wanted.verdict,
        "reason": wanted.reason,
        "duplicate_of": wanted.duplicate_of,
        "permit": wanted.permit,
        "forced": wanted.forced,
        "assignee": wanted.assignee,
        "note": wanted.note,
        "key": idempotency_key,
        "until": wanted.until,
        "approval": wanted.approval,
        "approved_by": wanted.approved_by,
    }
    case = services.book.move(
        no, wanted.move, actor=services.actor, version=wanted.version, **details
    )
    return _decided(request, services, case)


@router.post("/{no}/undo", responses=_DECIDING, summary="Take the last decision back")
def undo_move(request: Request, services: Here, no: str, wanted: UndoRequest) -> Decided:
    case = services.book.undo(no, actor=services.actor, version=wanted.version)
    return _decided(request, services, case)


def _decided(request: Request, services: Services, case: Case) -> Decided:
    sign = state_sign(case.state)
    return Decided(
        case=case,
        undo_until=services.book.undo_until(case.no, actor=services.actor),
        state_words=sign.words.to(language_of(request)),
        tone=sign.tone,
    )
