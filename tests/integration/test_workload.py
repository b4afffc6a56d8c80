"""A real worker at a real stream tells what its looks cost, and the center keeps it."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.clock import SystemClock
from domain.workload import Workload
from edge import reporter
from lab.footage.simulator import Simulator
from tests.integration.rig import block_clip, case_book, prepare, wait_for, worker

pytestmark = pytest.mark.timeout(120)


def test_a_worker_measures_what_its_promises_take(
    tmp_path: Path, bus_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "LOOKS_EVERY_S", 1.0)
    clips = {"kerb": block_clip(tmp_path / "kerb.mp4", {(4, 3): "car"})}
    with Simulator(clips) as cameras:
        configuration = prepare(tmp_path, {"kerb": {"url": cameras.url("kerb")}})
        with case_book(configuration, bus_url) as book, worker(configuration, bus_url):

            def told() -> Workload | None:
                since = SystemClock().now() - timedelta(minutes=1)
                loads = [each.workload for each in book.workloads(since)]
                return next((load for load in loads if load.looks > 2), None)

            load = wait_for(told, "a workload")
    assert load is not None
    assert (load.promises, load.can_keep) == (1, 1)
    assert load.looks_cores > 0
    assert load.reading_cores > 0
    assert 0 < load.busy_share < 1
    assert load.wanted_cores > 0
