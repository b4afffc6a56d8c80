"""`patrol bench center`: what a center does with many cases: intake, lists, decisions, streams.

The center is the real program in a process of its own, on a real bus, asked over HTTP.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from cases.book import CaseBook
from cases.database import Database
from cases.filling import fill
from domain.clock import SystemClock
from domain.errors import ConfigurationError
from domain.messages import IncidentOpened
from edge.book import Book
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.group import ConsumerGroup
from events_bridge.publisher import Publisher
from lab.bench.listening import Listeners
from lab.bench.run import free_port
from lab.bench.stage import program
from lab.bench.town import configuration_of, incident, make_samples
from lab.bench.visits import DESKS, LISTS, SEARCHES, WALLS, Visitor, both, high
from patrol.bus import GROUP, open_bus
from settings.config import Configuration
from settings.loading import load

STARTS_WITHIN_S = 60.0
DRAINS_WITHIN_S = 120.0
POLL_S = 0.05
SPAN = timedelta(days=90)
"""The cases are spread over so long a time back from now."""
STREAM_EVERY_S = 0.2

Tell = Callable[[str, float], None]
"""Called with what goes on and the share that is done, 0-1."""


@dataclass(frozen=True)
class CenterOrder:
    """What is to be measured."""

    cases: int
    incidents: int = 1_000
    """Incidents that wait on the bus when the measure of the intake begins."""
    rounds: int = 20
    actions: int = 60
    clients: int = 50
    told: int = 40
    """Incidents whose way to the clients is measured."""


@dataclass(frozen=True)
class Stage:
    """A center that runs, its bus, and where it listens."""

    configuration: Configuration
    bus_url: str
    port: int
    data: Path


def measure_center(order: CenterOrder, database_url: str | None, tell: Tell) -> dict[str, Any]:
    """Fill a database, run a center on it, and measure. None: SQLite in a folder of its own.

    Raises:
        ConfigurationError: the database holds cases, or something does not start.
    """
    data = Path(tempfile.mkdtemp(prefix="patrol-bench-center-"))
    try:
        with ExitStack() as stack:
            port = free_port()
            config = data / "bench.yaml"
            config.write_text(configuration_of(port, database_url), encoding="utf-8")
            configuration = load(config, data_dir=data)
            filled_s = _filled(order, configuration, tell)
            bus_url = stack.enter_context(open_bus(configuration))
            stage = Stage(configuration, bus_url, port, data)
            publisher = stack.enter_context(_publisher(stage))
            _publish(publisher, "intake", order.incidents)
            stack.enter_context(program("center", config, data))
            return {"fill_s": filled_s} | _measured(order, stage, publisher, tell)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _filled(order: CenterOrder, configuration: Configuration, tell: Tell) -> float:
    """Seconds that filling took."""
    clock, settings = SystemClock(), configuration.cases
    database = Database(configuration.database_url)
    began = time.monotonic()
    try:
        database.upgrade()
        book = CaseBook(database, settings, clock)
        if held := book.cases().total:
            raise ConfigurationError(
                f"--database: expected an empty database to fill, got one with {held} cases"
            )
        cameras = configuration.center.cameras
        assert configuration.grids is not None
        book.install(configuration.sites, cameras, configuration.grids)
        tell("samples", 0.0)
        samples = make_samples(book, clock.now())
        fill(
            database,
            settings,
            samples,
            cases=order.cases,
            newest_at=clock.now() - timedelta(minutes=1),
            every=SPAN / order.cases,
            tell=lambda done: tell("filling", done / order.cases),
        )
    finally:
        database.close()
    return round(time.monotonic() - began, 1)


@contextmanager
def _publisher(stage: Stage) -> Iterator[Publisher]:
    """A worker's voice, through the book that every worker has."""
    settings, source = stage.configuration.bus, worker_source("bench")
    encode = partial(to_envelope, source=source)
    with (
        Book(stage.data / "bench.sqlite3", encode, max_bytes=settings.spool_max_bytes) as book,
        Publisher(stage.bus_url, book.outbox, source=source, settings=settings) as publisher,
    ):
        yield publisher


def _publish(publisher: Publisher, name: str, count: int) -> None:
    for number in range(count):
        publisher.publish(IncidentOpened(incident=incident(number, name, datetime.now(UTC))))
    if not publisher.flush(DRAINS_WITHIN_S):
        raise ConfigurationError("the bus did not take the bench's incidents")


def _measured(order: CenterOrder, stage: Stage, publisher: Publisher, tell: Tell) -> dict[str, Any]:
    with Visitor(stage.port) as visitor:
        tell("intake", 0.0)
        per_s = _intake_per_s(stage, order.incidents)
        _wait_until_open(stage.port)
        found: dict[str, Any] = {"incidents_per_s": per_s, "cases": order.cases}
        visits = {"case_list_ms": LISTS, "search_ms": SEARCHES, "desk_ms": DESKS, "wall_ms": WALLS}
        for number, (name, addresses) in enumerate(visits.items()):
            tell(name.removesuffix("_ms"), number / len(visits))
            visitor.visits_ms(addresses[:1], 1)  # what is read once and kept
            found[name] = both(visitor.visits_ms(addresses, order.rounds))
        tell("actions", 0.5)
        found["action_ms"] = high(visitor.actions_ms(order.actions))
        tell("streams", 0.5)
        found["streams"] = _streams(order, stage, publisher, visitor)
    return found


def _intake_per_s(stage: Stage, incidents: int) -> float:
    """Incidents a second from the first that the center acknowledged to the last."""
    lag = _Lag(stage)
    try:
        began = until = time.monotonic()
        deadline = began + STARTS_WITHIN_S + DRAINS_WITHIN_S
        first = incidents
        while (left := lag.waiting()) > 0:
            now = time.monotonic()
            if left >= incidents:
                began = now
            elif first == incidents:
                first, began = left, now
            if now > deadline:
                raise ConfigurationError(f"the center left {left} of {incidents} incidents")
            time.sleep(POLL_S)
        until = time.monotonic()
        return round(first / max(until - began, 1e-9), 1)
    finally:
        lag.close()


class _Lag:
    """How many messages the center has not acknowledged."""

    def __init__(self, stage: Stage) -> None:
        settings = stage.configuration.bus
        self._group = ConsumerGroup(stage.bus_url, GROUP, (settings.news_stream,), settings)

    def waiting(self) -> int:
        return self._group.lag()

    def close(self) -> None:
        self._group.close()


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{port}/api/health", trust_env=False, timeout=10)
        except httpx.TransportError:
            time.sleep(POLL_S)
        else:
            return
    raise ConfigurationError(f"the center did not listen within {STARTS_WITHIN_S:g} s")


def _streams(
    order: CenterOrder, stage: Stage, publisher: Publisher, visitor: Visitor
) -> dict[str, Any]:
    """From the moment that a case was made (just before its commit) to its news at each client."""
    with Listeners(stage.port, order.clients) as listeners:
        for number in range(order.told):
            one = incident(number, "told", datetime.now(UTC))
            publisher.publish(IncidentOpened(incident=one))
            time.sleep(STREAM_EVERY_S)
        deadline = time.monotonic() + 15
        while len(listeners.arrivals()) < order.told and time.monotonic() < deadline:
            time.sleep(POLL_S)
        time.sleep(1)
        arrived = listeners.arrivals()
    waits_s: list[float] = []
    for no, times in arrived.items():
        made = visitor.get(f"/api/cases/{no}/entries")[0]["at"]
        waits_s += [at - datetime.fromisoformat(made).timestamp() for at in times]
    missed = order.told * order.clients - len(waits_s)
    p95 = round(float(np.percentile(waits_s, 95)), 3) if waits_s else None
    return {"clients": order.clients, "p95_s": p95, "missed": missed}
