"""What a look costs, on a clock of the test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.bench.speed import measure_look, sample_picture, this_machine
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from models.letterbox import PAD_GREY, Letterbox
from models.network import whole_input
from streams.frame import Image
from tests.models import graphs
from tests.models.pictures import square

SETTINGS = DetectorSettings(model="colours", confidence=0.9)


@pytest.fixture(params=[1, "n"])
def catalog(tmp_path: Path, request: pytest.FixtureRequest) -> Catalog:
    catalog = Catalog(tmp_path / "models")
    metadata = graphs.export_metadata()
    path = graphs.yolo_dfl_graph(tmp_path / "colours.onnx", batch=request.param, metadata=metadata)
    catalog.import_file(path)
    return catalog


def ticking(step_s: float) -> Callable[..., Any]:
    """A clock that goes on by so much whenever it is asked."""
    ticks = iter(range(1_000_000))
    return lambda: step_s * next(ticks)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_look_is_split_into_its_stages(catalog: Catalog, batch: int) -> None:
    cost = measure_look(
        catalog,
        SETTINGS,
        batch=batch,
        picture=square(0, 0),
        rounds=3,
        timer=ticking(2.0),
        cpu_timer=ticking(0.5),
    )
    assert cost.model == catalog.get("colours").ref
    assert (cost.threads, cost.batch, cost.rounds, cost.boxes) == (1, batch, 3, 1)
    for stage in (cost.letterbox, cost.run, cost.decode, cost.graph):
        assert (stage.median_ms, stage.p95_ms) == (2000 / batch, 2000 / batch)
    assert cost.look.median_ms == 6000 / batch
    assert cost.look_cpu.median_ms == 500 / batch


def test_the_first_looks_do_not_count_and_the_slow_ones_show(catalog: Catalog) -> None:
    """The clock stands still but while the graph runs: 9 s, 9 s (warm-up), then 1 s … 10 s."""
    runs = [9.0, 9.0, *map(float, range(1, 11))]
    marks = [value for run in runs for value in (0.0, 0.0, run, run, 0.0, 0.0)]
    clock = iter(marks)
    cost = measure_look(
        catalog, SETTINGS, picture=square(0, 0), rounds=10, timer=lambda: next(clock)
    )
    assert cost.run.median_ms == pytest.approx(5500)
    assert cost.run.p95_ms == pytest.approx(9550)
    assert cost.letterbox.median_ms == cost.decode.median_ms == cost.graph.median_ms == 0


def test_the_picture_is_scaled_before_it_is_measured(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    prepare = Detector.prepare

    def noting(self: Detector, images: list[Image]) -> tuple[list[Image], list[Letterbox]]:
        seen.extend(image.shape for image in images)
        return prepare(self, images)

    monkeypatch.setattr(Detector, "prepare", noting)
    measure_look(catalog, SETTINGS, rounds=1)
    assert set(seen) == {(36, 64, 3)}


def test_a_picture_of_another_shape_can_be_measured_where_inputs_are_trimmed() -> None:
    pytest.importorskip("openvino", reason="the extra [openvino] is not installed")
    settings = DetectorSettings(model="patrol-n", provider="openvino")
    portrait = sample_picture((360, 640))
    cost = measure_look(Catalog(None), settings, batch=2, picture=portrait, rounds=1)
    assert cost.graph.median_ms > 0


@pytest.mark.parametrize(
    ("head", "left_top", "planes"),
    [("yolo-dfl", (16, 0), (1.0, 0.0, 0.0)), ("yolox", (0, 0), (0.0, 0.0, 255.0))],
)
def test_the_bare_graph_is_given_what_its_family_expects(
    catalog: Catalog, head: str, left_top: tuple[int, int], planes: tuple[float, ...]
) -> None:
    entry = catalog.get("colours").model_copy(update={"head": head})
    red = np.full((32, 16, 3), (0, 0, 255), np.uint8)
    given = whole_input(entry, red)
    assert given.shape == (1, 3, 64, 64)
    left, top = left_top
    np.testing.assert_allclose(given[0, :, top, left], planes)
    np.testing.assert_allclose(given[0, :, 63, 63] / max(planes), PAD_GREY / 255)


def test_the_made_picture_is_always_the_same() -> None:
    first, second = sample_picture((64, 36)), sample_picture((64, 36))
    assert first.shape == (36, 64, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)


def test_the_machine_is_named() -> None:
    machine = this_machine()
    assert machine.processor
    assert machine.cores >= 1
    assert machine.onnxruntime
