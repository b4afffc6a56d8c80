"""Errors to answers: problem+json (RFC 9457) for the API, a page for people. The one door."""

from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from console.languages import language_of
from console.rendering import render
from console.services import Services, services_of
from console.times import Times
from console.words import say
from domain.base import Text
from domain.case import Case, Entry
from domain.errors import (
    BusUnavailable,
    CaseNotFound,
    CaseStoreUnavailable,
    CommandConflict,
    CommandNotFound,
    CommandUnclear,
    EvidenceError,
    EvidenceNotFound,
    EvidenceRefused,
    EvidenceTampered,
    LetterNotFound,
    MoveConflict,
    MoveRefused,
    PatrolError,
    ReportRefused,
    TooManyCommands,
    WorkerOffline,
)
from domain.trouble import Trouble
from events_bridge.command_road import MOST_IN_S

_log = structlog.get_logger(__name__)


Answers = dict[int | str, dict[str, Any]]
"""What a route may answer beside its success, for OpenAPI."""


class Problem(BaseModel):
    """What every failed request of the API answers (application/problem+json)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    """In the language of the request."""
    detail_zh: str
    detail_en: str


def problem(request: Request, status: int, title: str, detail: Text) -> Response:
    body = Problem(
        title=title,
        status=status,
        detail=detail.to(language_of(request)),
        detail_zh=detail.zh,
        detail_en=detail.en,
    )
    return JSONResponse(body.model_dump(), status, media_type="application/problem+json")


def _not_found(request: Request, error: Exception) -> Response:
    said = Text.of("没有这个案件", str(error))
    return _answer(request, 404, "Not found", said, "error.not_found")


def _no_evidence(request: Request, error: Exception) -> Response:
    said = Text.of("没有这份证据文件", str(error))
    return _answer(request, 404, "Not found", said, "error.not_found")


def _photo_refused(request: Request, error: Exception) -> Response:
    zh = error.zh if isinstance(error, EvidenceRefused) else ""
    return problem(request, 422, "Photo refused", Text.of(zh, str(error)))


def _no_room(request: Request, error: Exception) -> Response:
    said = Text.of("证据库暂时写不进去, 请稍后再试", str(error))
    return problem(request, 503, "Not available", said)


def _report_refused(request: Request, error: Exception) -> Response:
    return problem(request, 422, "Report refused", Text.of(f"上报有误: {error}", str(error)))


def _tampered(request: Request, error: Exception) -> Response:
    said = Text.of("证据文件与封存时不一致", str(error))
    return problem(request, 409, "Evidence does not match its seal", said)


def _refused(request: Request, error: Exception) -> Response:
    """Say what is missing, or what the state table allows instead."""
    zh = error.zh if isinstance(error, MoveRefused) else ""
    said = Text.of(zh, str(error)) if zh else _why_refused(request)
    return problem(request, 422, "Move refused", said)


def _why_refused(request: Request) -> Text:
    services = services_of(request)
    case = _case_of(request, services)
    if case is None:
        return Text.of("操作不被允许", "This is not allowed")
    moves, state = services.book.allowed(case), case.state.words
    zh = "、".join(move.words.zh for move in moves)
    en = ", ".join(move.words.en for move in moves)
    return Text.of(
        f"{case.no} 当前为{state.zh}, 不能这样做。" + (f"可以: {zh}" if zh else "没有可做的操作"),
        f"{case.no} is in the state {state.en}; this is not allowed. "
        + (f"Possible: {en}" if en else "Nothing can be done"),
    )


def _conflict(request: Request, error: Exception) -> Response:
    """Somebody was faster: say who did what, and when."""
    return problem(request, 409, "Somebody moved the case first", _who_was_faster(request))


def _who_was_faster(request: Request) -> Text:
    services = services_of(request)
    case = _case_of(request, services)
    last = _last_move(services, case) if case else None
    if case is None or last is None or last.move is None:
        return Text.of("案件已被他人处理", "Somebody else has decided on the case")
    at, state = Times(services.zone, "zh", services.now()).short(last.at), case.state.words
    who = last.actor.name
    return Text.of(
        f"{who.zh} 已于 {at} {last.move.words.zh} {case.no} ({last.note.zh}), 现为{state.zh}",
        f"{who.en} decided on {case.no} at {at} ({last.note.en}); it is {state.en} now",
    )


def _case_of(request: Request, services: Services) -> Case | None:
    try:
        return services.book.case(request.path_params.get("no", ""))
    except PatrolError:
        return None


def _last_move(services: Services, case: Case) -> Entry | None:
    entries = services.book.entries(case.no)
    return next((entry for entry in reversed(entries) if entry.move is not None), None)


def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("the case store is away", error=str(error))
    return _answer(request, 503, "Not available", _said_of(error), "error.unavailable")


def _said_of(error: Exception) -> Text:
    """What is wrong with the database by name, and what to do."""
    trouble = error.trouble if isinstance(error, CaseStoreUnavailable) else Trouble.DATABASE_AWAY
    return Text.of(f"{trouble.words.zh}; {trouble.cure.zh}", f"{error}: {trouble.cure.en}")


def _no_bus(request: Request, error: Exception) -> Response:
    said = Text.of("消息总线没有应答, 暂时没有画面", str(error))
    return problem(request, 503, "Not available", said)


def _offline(request: Request, error: Exception) -> Response:
    zh = error.zh if isinstance(error, WorkerOffline) else ""
    return problem(request, 503, "Worker offline", Text.of(zh, str(error)))


def _unclear(request: Request, error: Exception) -> Response:
    zh = error.zh if isinstance(error, CommandUnclear) else ""
    return problem(request, 422, "Not understood", Text.of(zh, str(error)))


def _no_command(request: Request, error: Exception) -> Response:
    said = Text.of("没有这条指令, 或已过久", str(error))
    return problem(request, 404, "Not found", said)


def _other_command(request: Request, error: Exception) -> Response:
    said = Text.of("该幂等键已用于另一条指令", str(error))
    return problem(request, 409, "The key stands for another command", said)


def _too_many_commands(request: Request, error: Exception) -> Response:
    said = Text.of("下发给该小脑的指令过多, 请稍后再试", str(error))
    answer = problem(request, 429, "Too many commands", said)
    answer.headers["Retry-After"] = f"{MOST_IN_S:.0f}"
    return answer


def _no_letter(request: Request, error: Exception) -> Response:
    said = Text.of("没有这条消息, 可能已被重放或弃置", str(error))
    return _answer(request, 404, "Not found", said, "error.not_found")


def _invalid(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults
    )
    return problem(request, 422, "Not understood", Text.of(f"请求有误: {said}", said))


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    said = Text.of("没有找到" if status == 404 else f"请求被拒绝 ({status})", detail)
    answer = _answer(request, status, detail or "Refused", said, "error.not_found")
    answer.headers.update((isinstance(error, HTTPException) and error.headers) or {})
    return answer


def _answer(request: Request, status: int, title: str, said: Text, page: str) -> Response:
    if request.url.path.startswith(("/api/", "/media/", "/static/")):
        return problem(request, status, title, said)
    language = language_of(request)
    return render(
        request,
        "error.html",
        status_code=status,
        title=say(page, language),
        words=say(f"{page}_words", language),
        counts=None,
    )


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    CaseNotFound: _not_found,
    MoveRefused: _refused,
    MoveConflict: _conflict,
    CaseStoreUnavailable: _unavailable,
    BusUnavailable: _no_bus,
    LetterNotFound: _no_letter,
    WorkerOffline: _offline,
    CommandUnclear: _unclear,
    CommandNotFound: _no_command,
    CommandConflict: _other_command,
    TooManyCommands: _too_many_commands,
    EvidenceNotFound: _no_evidence,
    EvidenceTampered: _tampered,
    EvidenceRefused: _photo_refused,
    EvidenceError: _no_room,
    ReportRefused: _report_refused,
    RequestValidationError: _invalid,
    HTTPException: _http,
}


def add_handlers(app: FastAPI) -> None:
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
