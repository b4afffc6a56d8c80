from pathlib import Path

import pytest

from models.catalogue.catalog import Catalog
from models.catalogue.summary import ModelRow, entry_table, model_rows, models_table
from tests.models import graphs


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "models")
    metadata = graphs.export_metadata()
    catalog.import_file(graphs.yolov8_graph(tmp_path / "colours.onnx", metadata=metadata))
    return catalog


def test_the_list_tells_what_is_ready_missing_and_damaged(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "models" / "yolo11n_coco_640.onnx").write_bytes(b"part")
    rows = {row.entry.name: row for row in model_rows(catalog)}
    states = {name: row.state for name, row in rows.items()}
    assert states["colours"] == "ready"
    assert states["yolo11n-coco-640"] == "damaged"
    assert states["yolox-nano-coco-416"] == "missing"
    assert not rows["colours"].carried
    assert rows["colours"].path == catalog.path("colours")
    assert "patrol models import FILE" in rows["yolox-nano-coco-416"].detail
    assert "got 4 bytes" in rows["yolo11n-coco-640"].detail


def test_the_list_as_a_table(catalog: Catalog) -> None:
    table = models_table(model_rows(catalog))
    assert [str(title) for title in table.columns] == [
        *("模型", "状态", "网络头", "输入", "类别", "大小", "许可")
    ]
    assert table.rows[0] == ("colours", "ready", "yolov8", "64×64", "3", "0.0 MB", "AGPL-3.0")
    assert len(table.rows) == len(catalog.entries())


def test_the_list_says_what_came_with_the_product(catalog: Catalog) -> None:
    row = ModelRow(entry=catalog.get("colours"), state="ready", carried=True)
    assert models_table((row,)).rows[0][1] == "ready (carried)"


def test_an_entry_as_a_table(catalog: Catalog) -> None:
    table = entry_table(catalog.get("colours"))
    facts = dict(zip([title.en for title in table.columns], table.rows[0], strict=True))
    assert facts["Model"] == "colours"
    assert facts["Classes"] == "red, green, blue"
    assert facts["SHA-256"] == catalog.get("colours").sha256
