"""A finished detector is taken apart again, to be trained on where checkpoints are gone."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.errors import ModelCorrupt
from lab.training.start import CONVOLUTIONS, rebuild_exported, weights_of
from models.catalogue.catalog import Catalog

CARRIED = Catalog(None).path("patrol-n")
LABELS = Catalog(None).get("patrol-n").labels


@pytest.fixture(scope="module")
def weights() -> dict[str, NDArray[Any]]:
    return weights_of(CARRIED)


def test_every_convolution_of_the_carried_file_is_found(weights: dict[str, NDArray[Any]]) -> None:
    assert len(weights) == 2 * CONVOLUTIONS
    assert all(name.startswith("model.") for name in weights)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        ("model.0.conv", (16, 3, 3, 3)),
        ("model.2.cv1.conv", (32, 32, 1, 1)),  # two halves
        ("model.13.cv1.conv", (128, 384, 1, 1)),  # two halves of two inputs
        ("model.16.cv1.conv", (64, 256, 1, 1)),
        ("model.22.cv1.conv", (256, 384, 1, 1)),
        ("model.23.cv3.2.2", (len(LABELS), 80, 1, 1)),
    ],
)
def test_what_was_parted_is_joined(
    weights: dict[str, NDArray[Any]], module: str, shape: tuple[int, ...]
) -> None:
    assert weights[f"{module}.weight"].shape == shape
    assert weights[f"{module}.bias"].shape == shape[:1]


def test_the_rebuilt_network_says_what_the_file_says() -> None:
    """Where torch is: `rebuild_exported` compares the scores itself, and refuses."""
    pytest.importorskip("ultralytics", reason="needs the extra named train")
    pictures = list(np.random.default_rng(7).integers(0, 255, (3, 480, 640, 3), np.uint8))
    network = rebuild_exported(CARRIED, LABELS, pictures)
    assert network.names == dict(enumerate(LABELS))
    with pytest.raises(ModelCorrupt, match="expected the convolution"):
        rebuild_exported(CARRIED, LABELS[:3], pictures)
