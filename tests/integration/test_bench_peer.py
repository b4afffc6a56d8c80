"""`patrol bench --source` against a server that is not ours: nothing can be planted in it."""

from pathlib import Path

import pytest

from lab.bench import measure
from lab.bench.media import BenchMedia
from lab.bench.run import BenchOrder, run_bench
from tests.media import make_clip
from tests.peer.serving import served, skip_without_gst

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Longer than a bench: the foreign server plays it once."""
    return make_clip(tmp_path_factory.mktemp("peer") / "street.mp4", seconds=120)


@pytest.mark.parametrize("first", [0, 1])
def test_cameras_of_a_foreign_server_are_measured(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    skip_without_gst()
    monkeypatch.setattr(measure, "SETTLE_S", 0.5)
    cameras = [f"cam{first + number}={clip}" for number in range(2)]
    with served(*cameras) as port:
        place = "{}" if first == 0 else f"{{{first}}}"
        order = BenchOrder(
            cameras=2,
            seconds=6,
            plant={"fire": 2},
            look_every_s=1,
            source=f"rtsp://127.0.0.1:{port}/cam{place}",
        )
        data = tmp_path / "data"
        data.mkdir()
        report = run_bench(order, BenchMedia({}), data, lambda what, share: None)

    assert report.startup_s is not None
    assert report.looks_per_s > 0
    assert (report.planted, report.missed, report.plants) == (0, 0, {})
    assert (report.gaps, report.packets_lost, report.cases) == (0, 0, 0)
    assert "simulator" not in report.cpu_cores
