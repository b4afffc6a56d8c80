"""The center 中脑: takes messages from the bus, keeps the cases, shows the console."""

import asyncio
import threading

import structlog
import uvicorn

from cases.book import CaseBook
from cases.database import Database
from console.app import create_app
from console.door import served
from console.status import PartStatus, SystemStatus
from domain.base import Text
from domain.clock import Clock, SystemClock
from domain.errors import BusUnavailable
from domain.place import GridPlan
from events_bridge.consumer import Consumer
from events_bridge.look_board import LookBoard
from evidence.store import EvidenceStore
from patrol import __version__
from patrol.config import Configuration

GROUP = "center"
STOP_WITHIN_S = 4.0
NO_GRIDS = GridPlan.model_validate(
    {"version": "none", "valid_from": "2000-01-01T00:00:00Z", "grids": []}
)
"""The plan of a town that has drawn no grids yet: every case goes to the coordination office."""

log = structlog.get_logger(__name__)


class Center:
    """One center process: a consumer thread beside the console's event loop."""

    def __init__(
        self, configuration: Configuration, *, bus_url: str, clock: Clock | None = None
    ) -> None:
        self._configuration = configuration
        self._clock = clock = clock or SystemClock()
        self._started_at = clock.now()
        self._database = Database(configuration.database_url)
        self._database.upgrade()
        self._book = CaseBook(self._database, configuration.case_settings, clock)
        self._book.install(
            configuration.sites,
            [configuration.info_of(camera) for camera in configuration.enabled_cameras],
            configuration.grids or NO_GRIDS,
        )
        bus = configuration.bus
        self._consumer = Consumer(
            bus_url, group=GROUP, name="center", handler=self._book.handle, settings=bus
        )
        self._board = LookBoard(bus_url, settings=bus)
        self._store = EvidenceStore(configuration.evidence_dir, clock)
        self._app = create_app(
            self._book,
            self._store,
            self._board,
            settings=configuration.console_settings,
            clock=clock,
            status=self.status,
        )

    def status(self) -> SystemStatus:
        """How the parts of this process fare, for ``/api/health``."""
        return SystemStatus(
            at=self._clock.now(),
            version=__version__,
            started_at=self._started_at,
            parts=(self._bus_status(), *self._detector_status()),
        )

    def _detector_status(self) -> tuple[PartStatus, ...]:
        """What computes the looks, as the workers tell; nothing before the first look."""
        rows = self._book.cameras()
        told = sorted({row.looks.runs_on for row in rows if row.looks and row.looks.runs_on})
        words = Text.of("检测器", "Detector")
        return tuple(PartStatus(name="detector", words=words, ok=True, detail=d) for d in told)

    def _bus_status(self) -> PartStatus:
        words = Text.of("消息总线", "Message bus")
        try:
            waiting = self._consumer.lag()
        except BusUnavailable as error:
            return PartStatus(name="bus", words=words, ok=False, detail=str(error))
        return PartStatus(name="bus", words=words, ok=True, detail=f"{waiting} waiting")

    def run(self, stopping: threading.Event) -> None:
        """Serve until `stopping` is set, then end within `STOP_WITHIN_S`."""
        consuming = threading.Thread(
            target=self._consumer.run, args=(stopping,), name="consumer", daemon=True
        )
        consuming.start()
        asyncio.run(self._serve(stopping))
        stopping.set()
        consuming.join(STOP_WITHIN_S)
        self._consumer.close()
        self._board.close()
        self._store.close()
        self._database.close()
        log.info("center stopped")

    async def _serve(self, stopping: threading.Event) -> None:
        server = uvicorn.Server(served(self._app, self._configuration.console))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve())
        while not serving.done():
            if stopping.is_set():
                self._app.state.streams.close()
                server.should_exit = True
            await asyncio.sleep(0.1)
        await serving
