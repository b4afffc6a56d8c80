"""The whole path for tests: simulated cameras, a real worker, the real bus and a case book.

Only the weights are made for the purpose (`tests.block_detector`); everything else is what runs
in a town: RTSP over TCP, libav, onnxruntime, Valkey, SQLite, files on disk.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import yaml

from cases.book import CaseBook
from cases.database import Database
from domain.clock import SystemClock
from edge.process import Worker
from events_bridge.consumer import Consumer
from events_bridge.holder_board import HolderBoard
from evidence.store import EvidenceStore
from models.detector_settings import EXACT
from patrol.center import NO_GRIDS
from settings.config import Configuration
from settings.loading import load
from streams.frame import Image
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.media import make_clip

WAIT_S = 45.0
EXACT_SAID = EXACT.model_dump(exclude_unset=True)
"""With all of it said there is nothing to be measured, and workers start at once."""
APPROVAL = {"legal_basis": "示例", "approved_by": "示例", "approved_on": "2026-01-01"}
T = TypeVar("T")


def block_clip(path: Path, blocks: dict[tuple[int, int], str], **changes: Any) -> Path:
    """A looping clip in which `blocks` stand still before a background that lives."""

    def paint(number: int) -> Image:
        image = blocks_picture(blocks)
        noise = np.random.default_rng(number).integers(0, 60, image.shape, np.uint8)
        background = (image == 90).all(axis=2)
        image[background] = (image // 2 + noise)[background]
        return image

    options = {"seconds": 6, "fps": 10, "gop": 5, "size_wh": (320, 192), **changes}
    return make_clip(path, paint=paint, **options)


def configure(tmp_path: Path, cameras: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
    """A configuration file for `cameras` (id → url, rules and whatever else is given)."""
    data = {
        "detector": {"model": NAME, "confidence": 0.3, **EXACT_SAID},
        "defaults": {"look_every_s": 0.5},
        "evidence": {"pre_roll_s": 2, "post_roll_s": 2},
        "streams": {"read_timeout_s": 3, "backoff_first_s": 0.5, "backoff_max_s": 2},
        "approvals": {"road_occupation": APPROVAL},
        "sites": [{"id": "s1", "name": "示例路口", "lon": 103.9, "lat": 30.5}],
        "cameras": [
            {"id": id_, "name": f"示例 {id_}", "site_id": "s1", **camera}
            for id_, camera in cameras.items()
        ],
        **more,
    }
    path = tmp_path / "patrol.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def prepare(tmp_path: Path, cameras: Mapping[str, Mapping[str, Any]], **more: Any) -> Configuration:
    """The loaded configuration, its data directory made and its detector imported."""
    configuration = load(configure(tmp_path, cameras, **more), data_dir=tmp_path / "data")
    import_block_detector(configuration.models_dir)
    return configuration


@contextmanager
def case_book(configuration: Configuration, bus_url: str) -> Iterator[CaseBook]:
    """A center without its console: a consumer that fills a case book."""
    database = Database(configuration.database_url)
    database.upgrade()
    holders = HolderBoard(bus_url)
    book = CaseBook(database, configuration.cases, SystemClock(), tell_grant=holders.put)
    town = configuration.center
    book.install(town.sites, town.cameras, town.grids or NO_GRIDS)
    consumer = Consumer(bus_url, group="center", name="test", handler=book.handle)
    stopping = threading.Event()
    consuming = threading.Thread(target=consumer.run, args=(stopping,))
    consuming.start()
    try:
        yield book
    finally:
        stopping.set()
        consuming.join(10)
        consumer.close()
        holders.close()
        database.close()


@contextmanager
def worker(
    configuration: Configuration, bus_url: str, worker_id: str | None = None
) -> Iterator[Worker]:
    running = Worker(configuration.share(worker_id), bus_url=bus_url)
    running.start(threading.Event())
    try:
        yield running
    finally:
        running.stop()


def store_of(configuration: Configuration) -> EvidenceStore:
    return EvidenceStore(configuration.evidence_dir, SystemClock())


def wait_for(ask: Callable[[], T], what: str, timeout_s: float = WAIT_S) -> T:
    """The first answer of `ask` that is true."""
    give_up_at_s = time.monotonic() + timeout_s
    while not (answer := ask()):
        if time.monotonic() > give_up_at_s:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(0.1)
    return answer
