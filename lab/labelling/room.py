"""The labelling page: served on this machine alone, over the pictures of judged cases."""

import os
from collections.abc import Sequence
from getpass import getuser
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console.console_settings import ConsoleSettings
from console.guard import PlainAddress, SameOrigin, SecurityHeaders, plain_problem
from console.limits import RequestLimits
from console.rendering import STATIC as HOUSE_STATIC
from domain.clock import Clock
from domain.errors import EvidenceError
from domain.labels import label_words
from domain.words import first_in_words
from evidence.sealed import SealedFiles
from lab.drawing import drawn
from lab.labelling.candidates import Candidate
from lab.labelling.label_set import LabelSet, Wish
from lab.labelling.marks import LEAST_SIDE, Mark, MarkConflict, MarkRefused

STATIC = Path(__file__).parent / "static"
NO_FILES = r"(?!)"
"""A pattern of paths that none fits: nobody hands files in here."""
_FRESH = {"Cache-Control": "no-store"}


class LabelRoom:
    """What the page is told and what it tells."""

    def __init__(
        self,
        label_set: LabelSet,
        candidates: Sequence[Candidate],
        sealed: SealedFiles,
        clock: Clock,
        by: str,
    ) -> None:
        self._set = label_set
        self._candidates = {each.stem: each for each in candidates}
        self._sealed = sealed
        self._clock = clock
        self._by = by

    def page(self, _request: Request) -> Response:
        page = drawn(
            "lab.labelling",
            "label.html",
            data={
                "names": [{"name": name, "words": _words(name)} for name in self._set.names],
                "pictures": [self._told(each) for each in self._candidates.values()],
                "counts": self._set.counts(),
                "least_side": LEAST_SIDE,
            },
            by=self._by,
            folder=str(self._set.folder),
        )
        return HTMLResponse(page, headers=_FRESH)

    def picture(self, request: Request) -> Response:
        candidate = self._candidates.get(request.path_params["stem"])
        if candidate is None:
            return _not_there()
        try:
            path = self._sealed.path(candidate.snapshot)
        except EvidenceError:
            return _not_there()
        return FileResponse(path, media_type=candidate.snapshot.media_type, headers=_FRESH)

    async def save(self, request: Request) -> Response:
        candidate = self._candidates.get(request.path_params["stem"])
        if candidate is None:
            return _not_there()
        try:
            wish = Wish.model_validate_json(await request.body())
        except ValidationError as error:
            words = first_in_words(error)
            return plain_problem(422, "Not a mark", f"标注有误: {words}", f"not a mark: {words}")
        return await run_in_threadpool(self._save, candidate, wish)

    def _save(self, candidate: Candidate, wish: Wish) -> Response:
        try:
            path = self._sealed.path(candidate.snapshot)
            mark = self._set.save(candidate, wish, path, by=self._by, at=self._clock.now())
        except MarkConflict as error:
            return plain_problem(409, "Conflict", error.words.zh, error.words.en)
        except MarkRefused as error:
            return plain_problem(422, "Refused", error.words.zh, error.words.en)
        except EvidenceError as error:
            return plain_problem(409, "Evidence", "图片与封存时不一致或已不在", str(error))
        except OSError as error:
            why = error.strerror or str(error)
            return plain_problem(507, "Not written", f"写入失败: {why}", f"cannot write: {why}")
        return JSONResponse({"mark": _mark(mark), "counts": self._set.counts()})

    def _told(self, candidate: Candidate) -> dict[str, Any]:
        """What the page knows of one picture."""
        mark, found = self._set.mark(candidate.stem), candidate.incident
        reason = candidate.reason.words.model_dump() if candidate.reason else None
        return {
            "stem": candidate.stem,
            "case_no": candidate.case_no,
            "camera": found.camera_id,
            "at": candidate.stem.split("__")[-3],
            "kind": found.kind.words.model_dump(),
            "rule": found.rule_id,
            "why": found.explanation.model_dump(),
            "verdict": candidate.verdict.words.model_dump(),
            "reason": reason,
            "shown": candidate.is_shown,
            "starts": [box.model_dump() for box in candidate.starts],
            "seen": None
            if candidate.seen is None
            else [box.model_dump() for box in candidate.seen],
            "mark": None if mark is None else _mark(mark),
        }


def label_app(room: LabelRoom, settings: ConsoleSettings) -> Starlette:
    """The page with its guards: the console's own."""
    return Starlette(
        routes=[
            Route("/", room.page),
            Route("/pictures/{stem}", room.picture),
            Route("/marks/{stem}", room.save, methods=["PUT"]),
            Mount("/label", StaticFiles(directory=STATIC)),
            Mount("/house", StaticFiles(directory=HOUSE_STATIC)),
        ],
        # The first one is the first one asked.
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(
                RequestLimits,
                max_bytes=settings.body_max_bytes,
                files_at=NO_FILES,
                file_max_bytes=settings.body_max_bytes,
            ),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts)),
            Middleware(PlainAddress),
            Middleware(SameOrigin),
        ],
    )


def who_labels(name: str | None) -> str:
    """Who is said to have labelled: a given name, else the account's, else its number."""
    try:
        return name or getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def _mark(mark: Mark) -> dict[str, Any]:
    fields = {"status", "boxes", "revision", "checked", "labelled_by", "labelled_at"}
    return mark.model_dump(mode="json", include=fields)


def _words(name: str) -> dict[str, str]:
    return label_words(name).model_dump()


def _not_there() -> Response:
    return plain_problem(404, "Not found", "没有这张图片", "no such picture")
