"""Counting people, in tiles or not, and what the error means for a limit."""

import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from domain.errors import ConfigurationError
from lab.footage.counted import counted_of
from lab.scores.count_bands import LEAST_PICTURES, NOT_ESTABLISHED, Interval, band_table
from lab.scores.count_drawing import count_drawing
from lab.scores.counting import CountingSettings, count, report
from lab.scores.tiles import joined, tiles_of
from models.catalogue.catalog import Catalog
from models.detections import Detections
from models.detector import Detector
from models.detector_settings import DetectorSettings
from patrol.commands.models import app
from tests.models import graphs, pictures

NAMES = ("person", "tree", "sky")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the little graph that takes red for people."""
    metadata = graphs.export_metadata(NAMES)
    file = graphs.yolov8_graph(tmp_path / "reds.onnx", metadata=metadata)
    Catalog(tmp_path / "data" / "models").import_file(file, name="reds")
    return tmp_path / "data"


def folder_of(at: Path, reds: list[int]) -> Path:
    """Pictures with so many red squares, and their counts."""
    (at / "images").mkdir(parents=True)
    counts = {}
    for index, number in enumerate(reds):
        image = np.zeros((64, 64, 3), np.uint8)
        for square in range(number):
            x, y = square % 4 * 16, square // 4 * 16
            image[y : y + 8, x : x + 8] = pictures.RED
        cv2.imwrite(str(at / "images" / f"p{index}.png"), image)
        counts[f"p{index}"] = number
    (at / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    return at


def test_counts_are_compared_by_bands_and_by_a_limit() -> None:
    settings = CountingSettings(limit=15, bands=(10, 20))
    found = report("m", "f", settings, truth=[0, 4, 12, 16, 30, 14], counted=[1, 4, 6, 12, 20, 15])
    assert [(band.first, band.last, band.pictures) for band in found.bands] == [
        (0, 0, 1), (1, 10, 1), (11, 20, 3), (21, None, 1)
    ]  # fmt: skip
    assert found.bands[2].mean_error == pytest.approx((-6 - 4 + 1) / 3)
    assert found.bands[3].found_share == pytest.approx(2 / 3)
    assert (found.over_limit, found.missed, found.false, found.wrong) == (2, 1, 1, 2)
    assert (found.counted_limit, found.wrong_then) == (20, 1)


def test_a_band_is_established_by_thirty_pictures_and_has_intervals_then() -> None:
    truth = [3] * LEAST_PICTURES + [10] * (LEAST_PICTURES - 1)
    counted = [2, 3, 4] * (LEAST_PICTURES // 3) + [5] * (LEAST_PICTURES - 1)
    settings = CountingSettings()
    small, large = report("m", "f", settings, truth, counted).bands
    assert (small.established, large.established) == (True, False)
    assert (large.mean_error, large.mean_error_in) == (-5, None)
    assert small.mean_error == pytest.approx(0)
    assert small.mean_abs_error == pytest.approx(2 / 3)
    assert small.relative_error == pytest.approx(2 / 9)
    bias = small.mean_error_in
    assert bias is not None
    # The error of a mean of 30 such counts is sqrt(2/3 / 30) = 0.149, its 95 % some 0.29 about 0.
    assert bias.low == pytest.approx(-0.29, abs=0.05)
    assert bias.high == pytest.approx(0.29, abs=0.05)
    again = report("m", "f", settings, truth, counted).bands[0]
    assert again == small
    rows = band_table([small, large]).rows
    assert rows[0][3].startswith("0.7 (0.5 … 0.8")
    assert rows[1][3:] == (str(NOT_ESTABLISHED), "—", "—", "—")


def test_a_band_that_counts_exactly_has_no_width() -> None:
    [band] = report("m", "f", CountingSettings(), [0] * 40, [0] * 40).bands
    assert (band.name, band.relative_error, band.relative_error_in) == ("0", None, None)
    assert band.mean_abs_error_in == Interval(low=0, high=0)


def test_the_drawing_marks_what_is_established() -> None:
    truth, counted = [3] * 30 + [40] * 5, [2] * 30 + [10] * 5
    drawing = count_drawing(report("a<b", "yard", CountingSettings(limit=15), truth, counted))
    root = ElementTree.fromstring(drawing)
    assert len(root.findall(".//{*}circle")) == 35
    words = "".join(root.itertext())
    assert "a<b · yard" in words
    assert f"31+ · n = 5 · {NOT_ESTABLISHED}" in words
    assert "1–5 · n = 30" in words
    assert len(root.findall('.//{*}path[@fill="#d9480f"]')) == 1


def test_nothing_to_compare_is_no_error() -> None:
    found = report("m", "f", CountingSettings(), truth=[], counted=[])
    assert (found.pictures, found.wrong, found.bands) == (0, 0, ())


def test_tiles_cover_the_picture_the_way_it_is_long() -> None:
    tall = tiles_of((360, 640), (640, 384), 3)
    assert [tile.x1 for tile in tall] == [0, 0, 0]
    assert tall[0].y1 == 0
    assert tall[-1].y2 == pytest.approx(1)
    assert all(one.y2 > other.y1 for one, other in pairwise(tall))
    wide = tiles_of((1920, 1080), (640, 384), 2)
    assert [tile.y2 for tile in wide] == [1, 1]


def test_what_two_tiles_see_is_one() -> None:
    tiles = tiles_of((360, 640), (640, 384), 2)
    of_first = [[0.1, 0.1, 0.2, 0.2], [0.4, 0.85, 0.5, 1.0]]
    of_second = [[0.4, 0.05, 0.5, 0.25]]
    together = joined(tiles, [_people(of_first), _people(of_second)])
    assert len(together) == 2


def _people(xyxy: list[list[float]]) -> Detections:
    scores = np.linspace(0.9, 0.8, len(xyxy), dtype=np.float32)
    ids = np.zeros(len(xyxy), np.int64)
    return Detections(np.array(xyxy, np.float32).reshape(-1, 4), scores, ids, NAMES)


def test_what_is_too_small_in_a_tall_picture_is_seen_in_tiles(data: Path) -> None:
    """A square of 2 px in the letterbox is too pale; of 8 px in a tile it is red."""
    image = np.zeros((256, 64, 3), np.uint8)
    image[100:108, 16:24] = pictures.RED
    detector = Detector.open(Catalog(data / "models"), DetectorSettings(model="reds"))
    assert count(detector, image, CountingSettings(confidence=0.5)) == 0
    assert count(detector, image, CountingSettings(confidence=0.5, tiles=5)) >= 1


def test_people_are_counted_by_heads_or_by_boxes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "heads", [2, 0])
    assert [one.count for one in counted_of(folder, "person", NAMES)] == [2, 0]
    (folder / "counts.json").unlink()
    (folder / "labels").mkdir()
    (folder / "labels" / "p0.txt").write_text("0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n")
    assert [one.count for one in counted_of(folder, "person", NAMES)] == [1, 0]


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": "many"}'])
def test_counts_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "counts.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"counts\.json: expected a number"):
        counted_of(tmp_path, "person", NAMES)


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected the class person"):
        counted_of(tmp_path, "person", ("tree",))


def test_the_command_says_how_often_a_limit_is_wrong(tmp_path: Path, data: Path) -> None:
    folder = folder_of(tmp_path / "heads", [2, 5, 12])
    asked = ["count", str(folder), "--model", "reds", "--data", str(data), "--limit", "4"]
    result = CliRunner().invoke(app, [*asked, "--bands", "3,8", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["wrong"] == 0
    assert [band["found_share"] for band in found["bands"]] == [1, 1, 1]
    drawing = tmp_path / "count.svg"
    words = CliRunner().invoke(app, [*asked, "--drawing", str(drawing)]).output
    assert ElementTree.fromstring(drawing.read_text(encoding="utf-8")) is not None
    assert "limit 4: wrong in 0 of 3 pictures: 0 of 2 crowds missed, 0 false" in words
    wrong = CliRunner().invoke(app, [*asked, "--bands", "8,3"])
    assert wrong.exit_code == 2
