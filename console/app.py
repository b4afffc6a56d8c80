"""The console as one ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from cases.book import CaseBook
from cases.database import WRITERS_WAITING
from console import problems, stream
from console.api import cameras as cameras_api
from console.api import cases as cases_api
from console.api import commands as commands_api
from console.api import docs, evidence, health, uploads
from console.api import maintenance as maintenance_api
from console.api import workers as workers_api
from console.console_settings import ConsoleSettings
from console.guard import PlainAddress, SameOrigin, SecurityHeaders
from console.limits import HeadLikeGet, RequestLimits
from console.looks import LookTimes
from console.pages import camera, cameras, desk, maintenance, messages
from console.registry import Registry
from console.rendering import STATIC, Renderer, assets_version
from console.services import Services, Streams, Uploads
from console.status import SystemStatus
from console.thumbnails import Thumbnails
from domain.clock import Clock
from events_bridge.command_road import CommandRoad
from events_bridge.letters import Box, LetterBox
from events_bridge.look_board import LookBoard
from evidence.store import EvidenceStore

_DESCRIPTION = """Cases, evidence and cameras of one town. Times are ISO 8601 with their zone;
words for people come in Chinese and English. Failures are application/problem+json."""


THREADS_TO_READ = 40
"""Requests that are answered at a time, beside the changes that wait for their turn."""


class _Assets(StaticFiles):
    """Static files under an address that changes with them, so browsers may keep them."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(
    book: CaseBook,
    store: EvidenceStore,
    board: LookBoard,
    *,
    settings: ConsoleSettings,
    clock: Clock,
    status: Callable[[], SystemStatus] | None = None,
    boxes: Callable[[Box], LetterBox] | None = None,
    road: CommandRoad | None = None,
) -> FastAPI:
    """The console over these parts. ``app.state.streams.close()`` ends the open streams, which
    a server that stops has to do first."""
    app = _bare_app()
    app.state.services = Services(
        book=book,
        store=store,
        board=board,
        settings=settings,
        clock=clock,
        thumbnails=Thumbnails(settings.thumbnail_wh, settings.thumbnails_bytes),
        looks=LookTimes(board, clock, settings.look_poll_s),
        registry=Registry(book, clock),
        streams=Streams(settings.streams_max),
        uploads=Uploads(settings.uploads_max),
        started_at=clock.now(),
        status=status,
        boxes=boxes,
        road=road,
    )
    app.state.streams = app.state.services.streams
    _add_routes(app)
    problems.add_handlers(app)
    _add_guards(app, settings)
    return app


@asynccontextmanager
async def _enough_threads(_app: FastAPI) -> AsyncIterator[None]:
    """Readers find a thread although as many writers wait as may (`cases.turns`)."""
    to_thread.current_default_thread_limiter().total_tokens = WRITERS_WAITING + THREADS_TO_READ
    yield


def _bare_app() -> FastAPI:
    return FastAPI(
        lifespan=_enough_threads,
        title="Sentinel Patrol",
        description=_DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )


def _add_guards(app: FastAPI, settings: ConsoleSettings) -> None:
    # The last one added is the first one asked.
    app.add_middleware(HeadLikeGet)
    app.add_middleware(SameOrigin)
    app.add_middleware(PlainAddress)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts))
    app.add_middleware(
        RequestLimits,
        max_bytes=settings.body_max_bytes,
        files_at=uploads.PATH,
        file_max_bytes=settings.photo_max_bytes,
    )
    app.add_middleware(SecurityHeaders)


def _add_routes(app: FastAPI) -> None:
    version = assets_version()
    app.state.renderer = Renderer(version)
    api = APIRouter(prefix="/api")
    for part in (
        cases_api, uploads, cameras_api, commands_api, maintenance_api, workers_api, evidence,
        health, stream, docs,
    ):  # fmt: skip
        api.include_router(part.router)
    app.include_router(api)
    pages = (
        desk.router, cameras.router, camera.router, maintenance.router, messages.router,
        evidence.media,
    )  # fmt: skip
    for router in pages:
        app.include_router(router)
    app.mount(f"/static/{version}", GZipMiddleware(_Assets(directory=STATIC)))
