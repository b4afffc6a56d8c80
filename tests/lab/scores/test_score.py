import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from domain.errors import ConfigurationError
from domain.incident import ModelRef
from lab.footage.sources import Sight
from lab.scores.score import ClassScore, ScoreReport, score, score_model
from lab.scores.score_words import picture_table, score_table
from models.catalogue.catalog import Catalog
from models.detections import Detections
from tests.models import graphs
from tests.models.pictures import GREEN, RED, square
from tests.shared_data import shared_data

AGREEMENT = 1e-9


def pycocotools_scores(folder: Path) -> tuple[float, float, dict[str, tuple[float, float]]]:
    """AP50 and AP50-95 of the exported JSON: the means, and by class name."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "truth.json"))
        run = COCOeval(truth, truth.loadRes(str(folder / "detections.json")), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    precisions = run.eval["precision"][:, :, :, 0, 2]
    names = [category["name"] for category in truth.dataset["categories"]]
    by_class = {
        name: (precisions[0, :, k].mean(), precisions[:, :, k].mean())
        for k, name in enumerate(names)
        if precisions[0, 0, k] >= 0
    }
    return run.stats[1], run.stats[0], by_class


def assert_agree(report: ScoreReport, folder: Path) -> None:
    ap50, ap50_95, by_class = pycocotools_scores(folder)
    assert (report.ap50, report.ap50_95) == pytest.approx((ap50, ap50_95), abs=AGREEMENT)
    assert {row.label for row in report.classes} == set(by_class)
    for row in report.classes:
        assert (row.ap50, row.ap50_95) == pytest.approx(by_class[row.label], abs=AGREEMENT)


class Dreamer:
    """A detector that sees boxes near the marked ones, some twice, some false, some not at all."""

    ref = ModelRef(name="dreamer", sha256="0" * 64)
    labels = ("smoke", "fire", "person")

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def fit_wh(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        return size_wh

    def detect(self, images: Sequence[NDArray[Any]]) -> list[Detections]:
        return [self._dream(int(self._random.integers(0, 130))) for _ in images]

    def _dream(self, n: int) -> Detections:
        return Detections(
            random_boxes(self._random, n),
            # Few different scores: ties are where implementations part.
            self._random.integers(1, 10, n).astype(np.float32) / np.float32(10),
            self._random.integers(0, 3, n),
            self.labels,
        )


def random_boxes(random: np.random.Generator, n: int) -> NDArray[Any]:
    corners = random.integers(0, 7, (n, 2)) / 8
    sizes = random.integers(1, 3, (n, 2)) / 8
    return np.concatenate([corners, np.minimum(corners + sizes, 1)], axis=1).astype(np.float32)


@pytest.fixture
def random_folder(tmp_path: Path) -> Path:
    """24 pictures 80×64 with up to 9 boxes of the classes fire and smoke."""
    random = np.random.default_rng(5)
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for i in range(24):
        cv2.imwrite(str(tmp_path / "images" / f"{i:02}.png"), square(0, 0, size_wh=(80, 64)))
        rows = [
            f"{random.integers(0, 2)} {(x1 + x2) / 2} {(y1 + y2) / 2} {x2 - x1} {y2 - y1}"
            for x1, y1, x2, y2 in random_boxes(random, int(random.integers(0, 10)))
        ]
        (tmp_path / "labels" / f"{i:02}.txt").write_text("\n".join(rows))
    return tmp_path


@pytest.fixture
def colours(tmp_path: Path) -> Catalog:
    """A catalogue with the little graph that finds colours."""
    catalog = Catalog(tmp_path / "models")
    metadata = graphs.export_metadata()
    catalog.import_file(graphs.yolov8_graph(tmp_path / "colours.onnx", metadata=metadata))
    return catalog


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """Two pictures: a red square, and a green one that is marked in the wrong place."""
    folder = tmp_path / "squares"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    cv2.imwrite(str(folder / "images" / "a.png"), square(8, 8, RED))
    (folder / "labels" / "a.txt").write_text("0 0.1875 0.1875 0.125 0.125")
    cv2.imwrite(str(folder / "images" / "b.png"), square(8, 8, GREEN))
    (folder / "labels" / "b.txt").write_text("1 0.8 0.8 0.125 0.125")
    return folder


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_pycocotools_on_random_boxes(
    random_folder: Path, tmp_path: Path, seed: int
) -> None:
    out = tmp_path / "coco"
    report = score(Dreamer(seed), random_folder, names=["fire", "smoke"], coco_dir=out)
    assert 0 < report.ap50_95 < report.ap50 < 1
    assert_agree(report, out)


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "file", "ap50", "ap50_95"),
    [
        ("yolo11n-coco-640", "yolo11n_coco_640.onnx", 0.599, 0.469),
        ("yolox-nano-coco-416", "yolox_nano_coco_416.onnx", 0.510, 0.364),
    ],
)
def test_agrees_with_pycocotools_on_real_models(
    tmp_path: Path, model: str, file: str, ap50: float, ap50_95: float
) -> None:
    """Two thousandths are left for other versions of onnxruntime and OpenCV."""
    weights, folder = shared_data(f"weights/{file}"), shared_data("images/coco/val")
    catalog = Catalog(tmp_path / "models")
    assert catalog.import_file(weights).name == model
    report = score_model(catalog, model, folder, coco_dir=tmp_path / "coco")
    assert_agree(report, tmp_path / "coco")
    assert (report.ap50, report.ap50_95) == pytest.approx((ap50, ap50_95), abs=0.002)


def test_a_model_of_the_catalogue_is_scored(colours: Catalog, squares: Path) -> None:
    seen = []
    report = score_model(
        colours, "colours", squares, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 2), (2, 2)]
    assert (report.pictures, report.truths, report.names_from) == (2, 2, "model")
    by_label = {row.label: row for row in report.classes}
    assert set(by_label) == {"red", "green"}  # blue is not marked anywhere
    assert by_label["red"].ap50_95 == pytest.approx(1)
    assert by_label["green"].ap50 == 0
    assert (report.ap50, report.ap50_95) == pytest.approx((0.5, 0.5))
    assert report.model == colours.get("colours").ref


def test_class_ids_mean_what_the_folder_says(colours: Catalog, squares: Path) -> None:
    (squares / "data.yaml").write_text("names: [blue, green]")
    report = score_model(colours, "colours", squares)
    assert report.names_from == "data.yaml"
    assert [row.label for row in report.classes] == ["blue", "green"]


def test_given_names_stand_before_the_folders(colours: Catalog, squares: Path) -> None:
    (squares / "data.yaml").write_text("names: [blue, green]")
    report = score_model(colours, "colours", squares, names=["red", "tree"])
    assert report.names_from == "given"
    assert [row.label for row in report.classes] == ["red"]
    assert report.ap50 == pytest.approx(1)
    assert report.truths == 1
    assert report.unknown_to_model == ("tree",)


def test_nothing_in_common_is_refused(colours: Catalog, squares: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"knows \(red, green, blue\), got cat, dog"):
        score_model(colours, "colours", squares, names=["cat", "dog"])


def test_a_folder_where_nothing_is_marked_scores_nothing(colours: Catalog, squares: Path) -> None:
    for path in (squares / "labels").iterdir():
        path.unlink()
    report = score_model(colours, "colours", squares)
    assert (report.classes, report.ap50) == ((), 0)


def test_negatives_say_how_many_pictures_are_found(
    colours: Catalog, squares: Path, tmp_path: Path
) -> None:
    unmarked = Detections.empty()
    sights = [Sight("x", f"{n}", square(8, 8, GREEN), unmarked) for n in range(3)]
    report = score_model(
        colours, "colours", squares, negatives=iter(sights), curves_dir=tmp_path / "curves"
    )
    assert report.negatives == 3
    rows = {row.label: row for row in report.picture_recalls}
    assert set(rows) == {"red", "green"}
    assert (rows["red"].positives, rows["red"].negatives) == (1, 3)
    assert rows["red"].at[0].recall == 1
    assert rows["green"].at[0].recall == 0  # it is as sure of the pictures without anything
    words = picture_table(report)
    assert [row[0] for row in words.rows] == ["red", "green"]
    assert len(words.columns) == len(words.rows[0]) == 7
    assert (tmp_path / "curves" / "all.svg").is_file()


def test_a_score_as_a_table(colours: Catalog) -> None:
    report = ScoreReport(
        model=colours.get("colours").ref,
        folder="squares",
        names_from="model",
        pictures=2,
        truths=3,
        ap50=0.5,
        ap50_95=0.25,
        classes=(ClassScore(label="red", truths=3, found=4, ap50=0.5, ap50_95=0.25),),
    )
    assert score_table(report).rows == (
        ("red", "3", "4", "0.500", "0.250"),
        ("平均 mean", "3", "4", "0.500", "0.250"),
    )
