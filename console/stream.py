"""News for open pages, as server-sent events.

========= ==============================================================================
hello     the stream is open; ask for everything that may have changed before
cases     ``changes``: number, version and what changed, newest last
cameras   ``cameras``: ids of cameras whose health changed
looks     ``looks``: camera id → time of its newest picture (only when asked for)
tick      nothing happened, the server lives
========= ==============================================================================

Every event carries ``now``, the server's time.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime

import anyio
from fastapi import APIRouter, HTTPException
from sse_starlette import EventSourceResponse, ServerSentEvent

from cases.changes import Subscription
from console.services import Here, Services
from domain.change import CaseChange

_STOP_CHECK_S = 0.5
"""How soon an open stream notices that the program stops."""

router = APIRouter(tags=["stream"])


@router.get("/stream", response_class=EventSourceResponse, summary="News as server-sent events")
async def stream(services: Here, looks: bool = False) -> EventSourceResponse:
    """Changes of cases and cameras as they happen; with `looks` also new pictures' times."""
    if services.streams.full:
        raise HTTPException(503, "too many open pages", headers={"Retry-After": "5"})
    stopping = anyio.Event()
    return EventSourceResponse(
        _events(services, stopping, with_looks=looks),
        # The library's own ping would be a comment, which scripts in a browser cannot hear.
        ping=3600,
        headers={"X-Accel-Buffering": "no"},
        shutdown_event=stopping,
        shutdown_grace_period=2 * _STOP_CHECK_S,
    )


async def _events(
    services: Services, stopping: anyio.Event, *, with_looks: bool
) -> AsyncIterator[ServerSentEvent]:
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    with services.streams.one(), await _subscribe(services, wake) as subscription:
        yield _event(services, "hello", {})
        looks = _NewLooks(services) if with_looks else None
        quiet_since = looked_at = loop.time()
        while not (services.streams.closed or stopping.is_set()):
            await _wait(woken)
            events = _news(services, subscription)
            if looks and loop.time() - looked_at >= services.settings.look_poll_s:
                looked_at = loop.time()
                events += await looks.news()
            if not events and loop.time() - quiet_since >= services.settings.heartbeat_s:
                events = [_event(services, "tick", {})]
            for event in events:
                quiet_since = loop.time()
                yield event


async def _subscribe(services: Services, wake: Callable[[], None]) -> Subscription:
    """The first subscription asks the database. A page that leaves meanwhile is let go after it:
    what nobody holds nobody would close."""
    with anyio.CancelScope(shield=True):
        subscription = await anyio.to_thread.run_sync(services.book.subscribe, wake)
    return subscription


async def _wait(woken: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(woken.wait(), _STOP_CHECK_S)
    except TimeoutError:
        return
    woken.clear()


def _news(services: Services, subscription: Subscription) -> list[ServerSentEvent]:
    missed = subscription.missed
    changes = subscription.take()
    events = []
    if cases := [_change(change) for change in changes if change.no is not None]:
        events.append(_event(services, "cases", {"changes": cases}))
    if cameras := sorted({change.camera_id or "" for change in changes if change.no is None}):
        events.append(_event(services, "cameras", {"cameras": cameras}))
    if missed:
        # Some news did not wait: the page has to ask for everything again.
        subscription.missed = 0
        events.append(_event(services, "hello", {"missed": missed}))
    return events


def _change(change: CaseChange) -> dict[str, object]:
    return {"no": change.no, "version": change.version, "what": change.what.value}


def _event(services: Services, name: str, data: Mapping[str, object]) -> ServerSentEvent:
    body = {"now": services.now().isoformat(), **data}
    return ServerSentEvent(event=name, data=json.dumps(body, ensure_ascii=False))


class _NewLooks:
    """Which pictures are newer than those already told of."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: dict[str, datetime] = {}

    async def news(self) -> list[ServerSentEvent]:
        times = await anyio.to_thread.run_sync(self._times)
        fresh = {camera: at for camera, at in times.items() if self._told.get(camera) != at}
        self._told.update(fresh)
        if not fresh:
            return []
        told = {camera: at.isoformat() for camera, at in fresh.items()}
        return [_event(self._services, "looks", {"looks": told})]

    def _times(self) -> Mapping[str, datetime]:
        return self._services.looks.times(tuple(self._services.registry.cameras()))
