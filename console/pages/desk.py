"""The desk 调度台 and the case page, and the parts of them that are fetched again in place."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console.candidates import Candidate, when_words, where_words
from console.case_view import CaseView, case_view
from console.head import head_of
from console.languages import language_of
from console.pages.queue import Chosen, grids_by_level, queue_of
from console.rendering import render
from console.services import Here, Services
from console.times import Times
from domain.case import FalseReason, Priority
from domain.errors import CaseNotFound
from domain.incident import IncidentKind

CANDIDATES_MAX = 6
"""Cases offered as the original of a duplicate."""

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def times_of(request: Request, services: Services) -> Times:
    return Times(services.zone, language_of(request), services.now())


@router.get("/")
def home() -> RedirectResponse:
    return RedirectResponse("/desk")


@router.get("/desk")
def desk(request: Request, services: Here, choice: Chosen) -> HTMLResponse:
    """The desk with the queue that the address asks for."""
    times = times_of(request, services)
    heap = queue_of(services, times, choice)
    chosen = _chosen(services, times, choice.case)
    first = heap.rows[0].case.no if heap.rows else ""
    shown = chosen or _chosen(services, times, first)
    return render(
        request,
        "desk.html",
        queue=heap,
        choice=choice,
        case_view=shown,
        chosen_by_address=chosen is not None,
        chosen_no=shown.case.no if shown else "",
        whole_page=False,
        kinds=tuple(IncidentKind),
        grids_by_level=grids_by_level(services),
        priorities=tuple(Priority),
        false_reasons=tuple(FalseReason),
        **head_of(services, heap.counts),
    )


def _chosen(services: Services, times: Times, no: str) -> CaseView | None:
    """The case of an address; an unknown one must not hide the desk."""
    try:
        return case_view(services, times, no) if no else None
    except CaseNotFound:
        return None


@router.get("/desk/queue")
def queue(request: Request, services: Here, choice: Chosen) -> HTMLResponse:
    heap = queue_of(services, times_of(request, services), choice)
    return render(
        request,
        "parts/queue_news.html",
        queue=heap,
        choice=choice,
        chosen_no=choice.case,
        **head_of(services, heap.counts),
    )


@router.get("/desk/cases/{no}")
def case_part(request: Request, services: Here, no: str, whole: bool = False) -> HTMLResponse:
    view = case_view(services, times_of(request, services), no)
    return render(request, "parts/case_news.html", case_view=view, whole_page=whole)


@router.get("/desk/cases/{no}/candidates")
def candidates(request: Request, services: Here, no: str) -> HTMLResponse:
    """Cases that this one may be a duplicate of: near in place and time, its own kind first."""
    times = times_of(request, services)
    found = [
        Candidate(case, where_words(how, times), when_words(how, times))
        for case, how in services.book.near(no, CANDIDATES_MAX)
    ]
    return render(request, "parts/candidates.html", candidates=found)


@router.get("/cases/{no}")
def case_page(request: Request, services: Here, no: str) -> HTMLResponse:
    view = case_view(services, times_of(request, services), no)
    return render(
        request,
        "case.html",
        case_view=view,
        whole_page=True,
        false_reasons=tuple(FalseReason),
        **head_of(services),
    )


@router.get("/parts/counts")
def counts(request: Request, services: Here) -> HTMLResponse:
    return render(request, "parts/counts.html", **head_of(services))
