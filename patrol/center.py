"""The center 中脑: takes messages from the bus, keeps the cases, shows the console."""

import asyncio
import socket
import threading
from collections.abc import Sequence

import structlog
import uvicorn

from cases.book import CaseBook
from cases.database import Database, file_of
from cases.sole import DatabaseClaim
from console.app import create_app
from console.door import served
from console.status import Part, PartStatus, SystemStatus
from domain.clock import Clock, SystemClock
from domain.documents import real_path
from domain.errors import CaseStoreUnavailable
from domain.messages import Message
from domain.place import GridPlan
from events_bridge.command_road import CommandRoad
from events_bridge.consumer import Consumer
from events_bridge.holder_board import HolderBoard
from events_bridge.lease import Lease
from events_bridge.look_board import LookBoard
from events_bridge.rejected_board import RejectedBoard
from evidence.store import EvidenceStore
from patrol import __version__
from patrol.bus import GROUP
from patrol.center_status import bus_parts, disk_parts
from patrol.claims import Claim
from patrol.heartbeat import Pulse
from patrol.listening import listen
from patrol.only_center import OnlyCenter
from patrol.rejections import RejectionTeller
from patrol.standing import FILE as STANDING_FILE
from patrol.standing import Standing
from patrol.tending import keep_tending
from settings.slices import CenterTown

STOP_WITHIN_S = 4.0
HANDLE_WITHIN_S = 120.0
"""One message or one batch takes no longer, waiting for the database included: that has its own
limits."""
NO_GRIDS = GridPlan.model_validate(
    {"version": "none", "valid_from": "2000-01-01T00:00:00Z", "grids": []}
)
"""The plan of a town that has drawn no grids yet: every case goes to the coordination office."""

log = structlog.get_logger(__name__)


class Center:
    """One center process: a consumer thread beside the console's event loop."""

    def __init__(
        self,
        town: CenterTown,
        *,
        bus_url: str,
        clock: Clock | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        """Raises ConfigurationError if it cannot run so, AlreadyRunning if another one does."""
        self._town = town
        self._pulse = pulse or Pulse()
        self._loop = self._pulse.part("console")
        self._handler = self._pulse.part("handler", within_s=HANDLE_WITHIN_S, may_rest=True)
        self._clock = clock = clock or SystemClock()
        self._started_at = clock.now()
        self._database = Database(town.database_url)
        self._only = OnlyCenter(_lease(town, bus_url), DatabaseClaim(self._database))
        self._only.check()
        self._file_claim = _claim_file(town)
        self._database.upgrade()
        bus = town.bus
        self._holders = HolderBoard(bus_url, settings=bus)
        self._book = CaseBook(self._database, town.cases, clock, tell_grant=self._holders.put)
        self._book.install(town.sites, town.cameras, town.grids or NO_GRIDS)
        self._consumer = Consumer(
            bus_url,
            group=GROUP,
            name="center",
            handler=self._handle,
            together=self._handle_together,
            settings=bus,
        )
        self._rejected = RejectedBoard(bus_url, settings=bus)
        ids = [camera.id for camera in town.cameras]
        self._rejections = RejectionTeller(self._database, self._rejected, clock, ids)
        self._board = LookBoard(bus_url, settings=bus)
        self._road = CommandRoad(bus_url, clock, zone=town.cases.zone, settings=bus)
        self._store = EvidenceStore(town.evidence_dir, clock)
        self._app = create_app(
            self._book,
            self._store,
            self._board,
            settings=town.console,
            clock=clock,
            status=self.status,
            boxes=self._consumer.box,
            road=self._road,
        )

    def status(self) -> SystemStatus:
        """How the parts of this process fare, for ``/api/health``."""
        return SystemStatus(
            at=self._clock.now(),
            version=__version__,
            started_at=self._started_at,
            parts=(
                *bus_parts(self._consumer, self._town.bus.late_after_s),
                *disk_parts(self._town),
                *self._detector_status(),
                *self._process_status(),
            ),
        )

    def _handle(self, message: Message) -> None:
        with self._handler.at_work():
            self._book.handle(message)

    def _handle_together(self, messages: Sequence[Message]) -> None:
        with self._handler.at_work():
            self._book.handle_together(messages)

    def _process_status(self) -> tuple[PartStatus, ...]:
        """What the supervisor of this process says of its children; nothing without one."""
        standing = Standing.load(self._town.data_dir / STANDING_FILE)
        return tuple(child.part() for child in standing.children) if standing else ()

    def _detector_status(self) -> tuple[PartStatus, ...]:
        """What computes the looks, as the workers tell; nothing before the first look."""
        try:
            rows = self._book.cameras()
        except CaseStoreUnavailable:
            return ()  # of which the case store's own part tells
        told = sorted({row.looks.runs_on for row in rows if row.looks and row.looks.runs_on})
        return tuple(PartStatus.well(Part.DETECTOR, detail) for detail in told)

    def run(self, stopping: threading.Event) -> None:
        """Serve until `stopping` is set, then end; a message in hand has `STOP_WITHIN_S`.

        Raises:
            AddressUnusable: the console cannot listen where it is told to.
            AlreadyRunning: another center has come while this one was cut off.
        """
        console = self._town.console
        sockets = listen(console.host, console.port)
        consuming = threading.Thread(
            target=self._consume, args=(stopping,), name="consumer", daemon=True
        )
        consuming.start()
        tending = threading.Thread(target=self._tend, args=(stopping,), name="tender", daemon=True)
        tending.start()
        self._rejections.start()
        self._only.watch(stopping)
        self._pulse.lives(consuming)
        self._pulse.lives(tending)
        self._pulse.ends(stopping)
        self._pulse.start()
        asyncio.run(self._serve(stopping, sockets))
        stopping.set()
        consuming.join(STOP_WITHIN_S)
        tending.join(STOP_WITHIN_S)
        self._rejections.stop(STOP_WITHIN_S)
        self._consumer.close()
        self._only.stop()
        self._rejected.close()
        self._board.close()
        self._holders.close()
        self._road.close()
        self._store.close()
        self._book.close()
        self._database.close()
        if self._file_claim is not None:
            self._file_claim.close()
        log.info("center stopped")
        if self._only.refusal is not None:
            raise self._only.refusal
        self._pulse.stop()

    def _consume(self, stopping: threading.Event) -> None:
        if self._only.wait(stopping):
            self._consumer.run(stopping)

    def _tend(self, stopping: threading.Event) -> None:
        if self._only.wait(stopping):
            keep_tending(self._book, stopping)

    async def _serve(self, stopping: threading.Event, sockets: list[socket.socket]) -> None:
        server = uvicorn.Server(served(self._app, self._town.console))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve(sockets))
        while not serving.done():
            self._loop.turn()
            if stopping.is_set():
                self._app.state.streams.close()
                server.should_exit = True
            await asyncio.sleep(0.1)
        await serving


def _lease(town: CenterTown, bus_url: str) -> Lease | None:
    """The lease on a bus that others may use too. An embedded one goes with the data directory,
    which is claimed; and what is written in it would come along in a copy."""
    if town.bus.is_embedded:
        return None
    return Lease(bus_url, GROUP, town.data_dir, settings=town.bus)


def _claim_file(town: CenterTown) -> Claim | None:
    """The claim on an SQLite database outside of the data directory, which a center of another
    directory might use too."""
    file = file_of(town.database_url)
    if file is None or real_path(file).parent == real_path(town.data_dir):
        return None
    real = real_path(file)
    return Claim(real.with_name(f"{real.name}.lock"), f"a center with {real.name}")
