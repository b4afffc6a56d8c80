"""How the program fares, and the messages that it could not take in: looked at, put back, thrown
away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from console.api.health import health_of
from console.languages import language_of
from console.rendering import render
from console.services import Here, Services
from console.status import NOT_OF_THE_CENTER, Part, PartStatus
from console.words import say
from domain.errors import BusUnavailable, LetterNotFound
from events_bridge.letter_view import LetterView
from events_bridge.letters import Box, LetterBox

SHOWN = 100
"""Newest messages of a box that the page lists."""

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class Shelf:
    """One box on the page: its newest messages, and how many there are."""

    box: Box
    letters: tuple[LetterView, ...]
    total: int
    dropped: int


@router.get("/maintenance/messages")
def messages(request: Request, services: Here) -> HTMLResponse:
    return render(request, "messages.html", counts=None, **_context(services))


@router.get("/maintenance/messages/rows")
def message_rows(request: Request, services: Here) -> HTMLResponse:
    return _rows(request, services)


@router.post("/maintenance/messages/{box}/{letter_id}/replay")
def replay(request: Request, services: Here, box: Box, letter_id: str) -> HTMLResponse:
    """Put a message back on its stream, to be tried anew."""
    return _done(
        request, services, box, lambda shelf: shelf.put_back(letter_id), "messages.replayed"
    )


@router.post("/maintenance/messages/{box}/{letter_id}/discard")
def discard(request: Request, services: Here, box: Box, letter_id: str) -> HTMLResponse:
    """Throw a message away for good."""
    return _done(
        request, services, box, lambda shelf: shelf.discard(letter_id), "messages.discarded"
    )


@router.get("/parts/troubles")
def troubles(request: Request, services: Here) -> HTMLResponse:
    """What is wrong with the program, for the head of every page."""
    return render(request, "parts/troubles.html", wrong=_own_wrong(services))


def _own_wrong(services: Services) -> tuple[PartStatus, ...]:
    """Silent workers are counted in the head already. What keeps cases away comes first."""
    wrong = [part for part in health_of(services).wrong if part.name != Part.WORKERS]
    return tuple(sorted(wrong, key=lambda part: part.name in NOT_OF_THE_CENTER))


def _done(
    request: Request, services: Services, box: Box, act: Callable[[LetterBox], object], done: str
) -> HTMLResponse:
    note = done
    try:
        if services.boxes is not None:
            act(services.boxes(box))
    except LetterNotFound:
        note = "messages.taken"
    return _rows(request, services, say(note, language_of(request)))


def _rows(request: Request, services: Services, note: str = "") -> HTMLResponse:
    return render(request, "parts/messages.html", **{**_context(services), "note": note})


def _context(services: Services) -> Mapping[str, Any]:
    health = health_of(services)
    return {"parts": health.all_parts, "shelves": _shelves(services), "note": ""}


def _shelves(services: Services) -> tuple[Shelf, ...]:
    """Empty while the bus is away, of which its own part tells."""
    if services.boxes is None:
        return ()
    try:
        return tuple(_shelf(box, services.boxes(box)) for box in Box)
    except BusUnavailable:
        return ()


def _shelf(box: Box, kept: LetterBox) -> Shelf:
    figures = kept.figures()
    letters = tuple(LetterView.of(letter, box) for letter in kept.letters(SHOWN))
    return Shelf(box, letters, figures.letters, figures.dropped)
