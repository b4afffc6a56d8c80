"""From torch to a file that runs: the rewritten network says what the trained one says."""

import copy
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, load, numpy_helper, save

from domain.errors import ModelCorrupt, ModelShapeError
from lab.training.export import check, halve, mix_in, write_onnx
from models.catalogue.catalog import Catalog
from models.sessions.session import Session
from tests.models import graphs

INPUT_WH = (96, 64)
LABELS = {0: "fire", 1: "smoke", 2: "person"}


def test_weights_of_16_bits_are_read_as_32(tmp_path: Path) -> None:
    whole = tmp_path / "whole.onnx"
    weight = np.random.default_rng(7).normal(size=(3, 3, 8, 8)).astype(np.float32)
    graph = load(graphs.yolov8_graph(whole))
    graph.graph.node.insert(
        0, helper.make_node("Conv", ["images", "weight"], ["filtered"], pads=[3, 3, 4, 4])
    )
    graph.graph.node[1].input[0] = "filtered"
    graph.graph.initializer.append(numpy_helper.from_array(weight, "weight"))
    save(graph, str(whole))
    halve(graph)
    save(graph, str(tmp_path / "half.onnx"))
    kept = {one.name: numpy_helper.to_array(one).dtype for one in graph.graph.initializer}
    assert kept["weight_half"] == np.float16
    assert "weight" not in kept
    picture = np.random.default_rng(8).random((1, 3, 64, 64), np.float32)
    exact, rounded = (
        Session.open(tmp_path / f"{name}.onnx").run(picture) for name in ("whole", "half")
    )
    assert not np.array_equal(exact, rounded)
    np.testing.assert_allclose(rounded, exact, atol=0.02)


@pytest.fixture(scope="module")
def pictures() -> Any:
    return np.random.default_rng(7).random((2, 3, INPUT_WH[1], INPUT_WH[0]), np.float32)


@pytest.fixture(scope="module")
def network() -> Any:
    """A YOLO11n that never learned anything, with BatchNorm folded in."""
    pytest.importorskip("ultralytics", reason="needs the extra named train")
    import torch
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(7)
    made = DetectionModel("yolo11n.yaml", nc=len(LABELS), verbose=False)
    for branch in made.model[-1].cv3:  # a fresh network sees nothing: let it see
        torch.nn.init.normal_(branch[-1].weight, std=0.5)
        torch.nn.init.zeros_(branch[-1].bias)
    made.names = dict(LABELS)
    return made.eval().fuse(verbose=False)


@pytest.fixture(scope="module")
def file(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("export") / "made.onnx"
    with warnings.catch_warnings():  # torch's older exporter is deprecated, and the one that fits
        warnings.simplefilter("ignore")
        write_onnx(network, INPUT_WH, target)
    return target


def test_the_file_agrees_with_torch(network: Any, file: Any, pictures: Any) -> None:
    check(network, file, pictures)


def test_the_file_describes_itself(file: Any, tmp_path: Path) -> None:
    entry = Catalog(tmp_path).import_file(file)
    assert (entry.name, entry.head, entry.input_wh) == ("made", "yolo-dfl", INPUT_WH)
    assert entry.labels == tuple(LABELS.values())


def test_another_network_is_told_from_it(network: Any, file: Any, pictures: Any) -> None:
    import torch

    branch = network.model[-1].cv2[0][-1]
    before = branch.bias.data.clone()
    try:
        branch.bias.data += 6 * torch.eye(16)[15].repeat(4)
        with pytest.raises(ModelCorrupt, match=r"scores differ by 0\.00\d+, boxes by \d+"):
            check(network, file, pictures)
    finally:
        branch.bias.data = before


def test_rewriting_changes_nothing_but_rounding(network: Any, pictures: Any) -> None:
    import torch

    from lab.training.deployed import DeployedNetwork, HalvedC2f

    deployed = DeployedNetwork(network).eval()
    halved = [layer for layer in deployed.layers if isinstance(layer, HalvedC2f)]
    assert sum(isinstance(layer.f, list) for layer in halved) == 2  # both upsampled maps
    assert len(halved) == 8
    given = torch.from_numpy(pictures)
    with torch.no_grad():
        said = network(given)[1]
        ours = deployed(given)
    np.testing.assert_allclose(ours[:, :64], said["boxes"], atol=1e-4)
    np.testing.assert_allclose(ours[:, 64:], said["scores"].sigmoid(), atol=1e-5)


def test_another_kind_of_network_is_refused(network: Any) -> None:
    from lab.training.deployed import DeployedNetwork

    head = network.model[-1]
    bins, head.reg_max = head.reg_max, 1
    try:
        with pytest.raises(ModelShapeError, match=re.escape("spread over 16 bins, got the head")):
            DeployedNetwork(network)
    finally:
        head.reg_max = bins


def test_mixing_in_the_start_brings_back_all_but_new_classes(network: Any) -> None:
    import torch

    before = copy.deepcopy(network)
    trained = copy.deepcopy(network)
    with torch.no_grad():
        for weights in trained.parameters():
            weights += 1
    mix_in(trained, before, 0.25, new=[0])
    rows, was = trained.model[-1].cv3[0][2].bias, before.model[-1].cv3[0][2].bias
    torch.testing.assert_close(rows[0], was[0] + 1)
    torch.testing.assert_close(rows[1:], was[1:] + 0.75)
    torch.testing.assert_close(trained.model[0].conv.weight, before.model[0].conv.weight + 0.75)
