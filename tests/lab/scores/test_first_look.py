"""What the first look misses of what the detector suspects, and what it spares it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from domain.incident import ModelRef
from lab.footage.sources import Sight
from lab.scores.first_look import LIMITS, score_first_look
from models.detections import Detections
from models.first_look import FirstLook
from models.letterbox import Image
from tests.models.heat_graph import heat_graph

LABELS = ("fire", "smoke")


class Detector:
    """Sees fire as surely as the picture is blue."""

    ref = ModelRef(name="blue", sha256="0" * 64)
    labels = LABELS

    def fit_wh(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        return size_wh

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self._seen(float(image[..., 0].mean()) / 255) for image in images]

    def _seen(self, score: float) -> Detections:
        box = np.array([[0.1, 0.1, 0.3, 0.3]], np.float32)
        return Detections(box, np.array([score], np.float32), np.array([0]), LABELS)


def sight(red: float, blue: float) -> Sight:
    image = np.zeros((32, 64, 3), np.uint8)
    image[..., 2], image[..., 0] = red * 255, blue * 255
    return Sight("here", "a", image, Detections.empty(LABELS))


def test_shares_are_of_what_the_detector_suspects(tmp_path: Path) -> None:
    first = FirstLook.open(heat_graph(tmp_path / "heat.onnx"))
    burning = [sight(0.9, 0.9), sight(0.08, 0.2), sight(0.9, 0.0)]
    quiet = [sight(0.0, 0.9), sight(0.25, 0.0)]
    report = score_first_look(first, Detector(), burning, quiet)
    assert (report.pictures, report.negatives) == (3, 2)
    assert report.suspected == {"fire": 2, "smoke": 0, "sure fire": 1, "sure smoke": 0}
    by_limit = {row.limit: row for row in report.rows}
    assert tuple(by_limit) == LIMITS
    assert by_limit[0.05].passed == {"fire": 1, "smoke": None, "sure fire": 1, "sure smoke": None}
    assert by_limit[0.1].passed["fire"] == 0.5
    assert (by_limit[0.1].spared, by_limit[0.3].spared) == (0.5, 1.0)
