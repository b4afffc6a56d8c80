"""Providers by name: what runs, what takes its place, and that it is said."""

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError
from models.detector_settings import DetectorSettings, Provider, RunSettings
from models.sessions import openvino_session, runtime
from models.sessions.runtime import NEXT_BEST, abilities, open_graph
from models.sessions.session import Session, lacks
from tests.models import graphs

CARDS: tuple[Provider, ...] = ("cuda", "tensorrt")


def _needs_lack_of(provider: Provider) -> None:
    if not lacks(provider):
        pytest.skip(f"this onnxruntime has {provider}: there is nothing to fall back from")


def test_the_processor_runs_what_is_asked_of_it_and_nothing_is_said(tmp_path: Path) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    with capture_logs() as logs:
        graph = open_graph(path, RunSettings(provider="cpu", threads=2))
    assert (graph.runs_on.provider, graph.runs_on.precision) == ("cpu", "fp32")
    assert (graph.runs_on.threads, graph.runs_on.why) == (2, "")
    assert str(graph.runs_on).startswith("cpu fp32, 2 threads (onnxruntime ")
    assert logs == []


@pytest.mark.parametrize("provider", CARDS)
def test_a_card_that_is_not_there_is_replaced_and_that_is_said_aloud(
    tmp_path: Path, provider: Provider
) -> None:
    _needs_lack_of(provider)
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    with capture_logs() as logs:
        graph = open_graph(path, RunSettings(provider=provider, precision="fp32"))
    assert graph.runs_on.provider == "cpu"
    assert f"cannot be run by {provider}" in graph.runs_on.why
    assert "onnxruntime-gpu" in graph.runs_on.why
    [said] = logs
    assert said["log_level"] == "warning"
    assert (said["asked"], said["runs_on"]) == (f"{provider} fp32", "cpu fp32")
    pictures = np.random.default_rng(1).random((2, 3, 64, 64), np.float32)
    np.testing.assert_array_equal(graph.run(pictures), Session.open(path).run(pictures))


def test_tensorrt_tries_cuda_before_the_processor(tmp_path: Path) -> None:
    _needs_lack_of("tensorrt")
    _needs_lack_of("cuda")
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    why = open_graph(path, RunSettings(provider="tensorrt")).runs_on.why
    assert why.index("by tensorrt") < why.index("by cuda")


def test_openvino_without_its_package_falls_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _needs_lack_of("openvino")
    monkeypatch.setattr(openvino_session, "find_spec", lambda name: None)
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    runs_on = open_graph(path, RunSettings(provider="openvino")).runs_on
    assert runs_on.provider == "cpu"
    assert "the extra [openvino] brings it" in runs_on.why


def test_unless_told_openvino_is_taken_where_it_is(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="the extra [openvino] is not installed")
    runs_on = open_graph(graphs.yolov8_graph(tmp_path / "m.onnx"), RunSettings()).runs_on
    assert (runs_on.provider, runs_on.why) == ("openvino", "")


def test_unless_told_the_processor_does_without_openvino_and_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _needs_lack_of("openvino")
    monkeypatch.setattr(openvino_session, "find_spec", lambda name: None)
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    with capture_logs() as logs:
        runs_on = open_graph(path, RunSettings()).runs_on
    assert (runs_on.provider, runs_on.precision, runs_on.why) == ("cpu", "fp32", "")
    assert logs == []


def test_where_openvino_is_and_fails_the_processor_does_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_session, "find_spec", lambda name: object())

    def fails(path: Path, settings: RunSettings) -> None:
        raise ModelError("its libraries do not fit")

    monkeypatch.setitem(runtime._WAYS, "openvino", (fails,))
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    runs_on = open_graph(path, RunSettings()).runs_on
    assert (runs_on.provider, runs_on.why) == ("cpu", "its libraries do not fit")


def test_a_precision_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    with capture_logs() as logs:
        graph = open_graph(path, RunSettings(provider="cpu", precision="bf16"))
    assert graph.runs_on.why == "cpu here computes in fp32, not bf16"
    assert len(logs) == 1
    assert open_graph(path, RunSettings(provider="cpu", precision="auto")).runs_on.why == ""


def test_there_is_no_silent_other_one_when_a_provider_is_named(tmp_path: Path) -> None:
    _needs_lack_of("cuda")
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    with pytest.raises(ModelError, match=r"cannot be run by cuda: onnxruntime .* is built without"):
        Session.open_on("cuda", path, RunSettings())


@pytest.mark.parametrize("provider", NEXT_BEST)
def test_a_file_at_fault_is_blamed_whatever_should_run_it(
    tmp_path: Path, provider: Provider
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_text("This is not a graph at all.")
    settings = RunSettings(provider=provider)
    with pytest.raises(ModelCorrupt, match=r"broken\.onnx: cannot be opened"):
        open_graph(broken, settings)
    with pytest.raises(ModelMissing):
        open_graph(tmp_path / "none.onnx", settings)
    with pytest.raises(ModelShapeError):
        open_graph(graphs.two_headed_graph(tmp_path / "two.onnx"), settings)


def test_abilities_name_every_provider_and_what_would_help() -> None:
    found = {ability.provider: ability for ability in abilities()}
    assert set(found) == set(NEXT_BEST) == set(runtime._WAYS)
    assert found["cpu"].can
    assert all(ability.can == (ability.detail == "") for ability in found.values())


def test_the_detector_settings_say_how_the_graph_is_run() -> None:
    settings = DetectorSettings(provider="tensorrt", precision="fp16", device_id=1)
    assert isinstance(settings, RunSettings)
    with pytest.raises(ValueError, match="provider"):
        DetectorSettings(provider="npu")
