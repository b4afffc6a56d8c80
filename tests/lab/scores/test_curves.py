import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from lab.scores.average_precision import ScoredPicture
from lab.scores.curves import Curve, curve_of, drawing, write_curves
from models.detections import Detections

NAMES = ("fire", "dining table", "smoke")


def row(*boxes: tuple[float, float, int]) -> Detections:
    """Boxes of (place, score, class), all of one size."""
    corners = [(x, 0.1, x + 0.1, 0.3) for x, _, _ in boxes]
    return Detections(
        np.array(corners, np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in boxes], np.float32),
        np.array([class_id for _, _, class_id in boxes], np.int64),
        NAMES,
    )


PICTURES = (
    ScoredPicture("a", (80, 60), row((0.1, 1, 0), (0.5, 1, 0)), row((0.1, 0.9, 0), (0.8, 0.6, 0))),
    ScoredPicture("b", (80, 60), row((0.3, 1, 1)), row((0.3, 0.3, 0), (0.3, 0.2, 1))),
)


def test_a_curve_has_a_point_for_each_box_surest_first() -> None:
    curve = curve_of(PICTURES, 0, "fire")
    assert curve is not None
    assert curve.scores == pytest.approx([0.9, 0.6, 0.3])
    assert curve.recalls == pytest.approx([0.5, 0.5, 0.5])
    assert curve.precisions == pytest.approx([1, 1 / 2, 1 / 3])
    assert curve.ap50 == pytest.approx(51 / 101)
    assert curve_of(PICTURES, 2, "smoke") is None


def test_each_marked_class_gets_a_picture_and_all_get_one(tmp_path: Path) -> None:
    files = write_curves(PICTURES, NAMES, tmp_path / "curves", "model <n> & folder")
    assert [file.name for file in files] == ["all.svg", "fire.svg", "dining_table.svg"]
    for file in files:
        words = "".join(ElementTree.parse(file).getroot().itertext())
        assert "model <n> & folder" in words
        assert "召回率 recall" in words
    assert "fire · AP50 0.505" in files[0].read_text(encoding="utf-8")
    assert "≥ 0.25" in files[1].read_text(encoding="utf-8")


def test_of_many_classes_the_legend_names_the_best_and_the_worst() -> None:
    point = np.array([0.5])
    curves = [Curve(f"class {n}", n / 80, point, point, point) for n in range(80)]
    root = ElementTree.fromstring(drawing(curves, "many"))
    texts = [row for row in root.findall(".//{*}text") if re.match("class|…", row.text or "")]
    assert [re.sub(" ·.*", "", text.text or "") for text in reversed(texts)] == [
        *(f"class {n}" for n in range(79, 72, -1)),
        "… 另 66 类 more",
        *(f"class {n}" for n in range(6, -1, -1)),
    ]
    assert all(56 < int(text.attrib["y"]) < 456 for text in texts)
    lines = [line.attrib["stroke"] for line in root.findall(".//{*}polyline")]
    worst = root.findall(".//{*}path[@stroke-width='3']")[0]
    assert len(lines) == 80
    assert worst.attrib["stroke"] == lines[0]


def test_a_class_that_was_never_found_has_an_empty_curve(tmp_path: Path) -> None:
    nothing = [ScoredPicture("a", (80, 60), row((0.1, 1, 0)), row())]
    (everything, _) = write_curves(nothing, NAMES, tmp_path, "none")
    assert "AP50 0.000" in everything.read_text(encoding="utf-8")
