"""Models that come with the product: found, verified, and written into the catalogue by script."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from domain.errors import ModelCorrupt, ModelMissing, ModelShapeError
from models.catalogue.catalog import BUILTIN_FILE, CARRIED_FOLDER, Catalog
from models.catalogue.files import sha256_of
from models.catalogue.summary import model_rows
from models.detector_settings import DetectorSettings
from models.first_look import CARRIED, CARRIED_SHA256
from tests.models import graphs

CARRY = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "carry_model.py"))
carry = CARRY["carry"]
NAME = CARRY["NAME"]
BEFORE = """\
# Known models.
models:
- name: old  # kept as it is
  file: old.onnx
  sha256: "0000000000000000000000000000000000000000000000000000000000000000"
  size_bytes: 1
  input_wh: [64, 64]
  head: yolox
  labels: &all [red,
    green]

# The same again, smaller.
- name: older
  file: older.onnx
  sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  size_bytes: 2
  input_wh: [64, 64]
  head: yolox
  labels: *all
"""


@pytest.fixture
def builtin(tmp_path: Path) -> Path:
    file = tmp_path / "product" / "catalog.yaml"
    file.parent.mkdir()
    file.write_text(BEFORE, encoding="utf-8")
    return file


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """An export that describes itself, under a name of its own."""
    return graphs.yolov8_graph(tmp_path / "try_7.onnx", metadata=graphs.export_metadata())


@pytest.fixture
def better(tmp_path: Path) -> Path:
    metadata = graphs.export_metadata(("flame", "haze", "person"))
    return graphs.yolov8_graph(tmp_path / "try_8.onnx", batch="n", metadata=metadata)


def test_a_carried_model_is_found_without_any_import(
    builtin: Path, trained: Path, tmp_path: Path
) -> None:
    entry = carry(trained, builtin)
    for models_dir in (None, tmp_path / "models"):
        catalog = Catalog(models_dir, builtin=builtin)
        assert catalog.get(NAME) == entry
        assert catalog.path(NAME) == builtin.parent / CARRIED_FOLDER / "patrol-n.onnx"
        assert catalog.carries(NAME)
        assert not catalog.carries("old")


def test_the_entry_says_what_the_file_says(builtin: Path, trained: Path) -> None:
    entry = carry(trained, builtin)
    assert entry.file == "patrol-n.onnx"
    assert (entry.head, entry.input_wh, entry.labels) == ("yolov8", (64, 64), graphs.RGB_LABELS)
    assert entry.licence == "AGPL-3.0"
    assert "models/weights/patrol-n.md" in entry.origin


def test_the_list_shows_it_as_carried(builtin: Path, trained: Path, tmp_path: Path) -> None:
    carry(trained, builtin)
    rows = {row.entry.name: row for row in model_rows(Catalog(tmp_path, builtin=builtin))}
    assert (rows[NAME].state, rows[NAME].carried) == ("ready", True)
    assert (rows["old"].state, rows["old"].carried) == ("missing", False)


def test_an_imported_file_stands_before_the_carried_one(
    builtin: Path, trained: Path, tmp_path: Path
) -> None:
    carry(trained, builtin)
    catalog = Catalog(tmp_path / "models", builtin=builtin)
    assert catalog.import_file(trained).name == NAME
    assert catalog.path(NAME) == tmp_path / "models" / "patrol-n.onnx"
    assert not catalog.carries(NAME)


def test_what_a_town_imported_outlives_a_new_version_of_the_product(
    builtin: Path, trained: Path, better: Path, tmp_path: Path
) -> None:
    carry(trained, builtin)
    town = tmp_path / "models"
    imported = Catalog(town, builtin=builtin).import_file(trained)
    carry(better, builtin)
    catalog = Catalog(town, builtin=builtin)
    assert catalog.get(NAME) == imported
    assert catalog.path(NAME).read_bytes() == trained.read_bytes()
    (town / "patrol-n.onnx").unlink()
    with pytest.raises(ModelMissing):  # never another file under the same entry
        catalog.path(NAME)


@pytest.mark.parametrize("change", [lambda data: data[:-9], lambda data: data + b"x"])
def test_a_damaged_carried_file_is_refused(
    builtin: Path, trained: Path, change: Callable[[bytes], bytes]
) -> None:
    carry(trained, builtin)
    file = builtin.parent / CARRIED_FOLDER / "patrol-n.onnx"
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(ModelCorrupt, match=r"model patrol-n: .* expected .* bytes, sha256"):
        Catalog(None, builtin=builtin).path(NAME)


def test_every_other_line_of_the_catalogue_stays(
    builtin: Path, trained: Path, better: Path
) -> None:
    carry(trained, builtin)
    once = builtin.read_text(encoding="utf-8")
    head, rest = BEFORE.split("models:\n")
    assert once.startswith(head + "models:\n- name: patrol-n\n")
    assert once.endswith(rest)
    carry(better, builtin)
    twice = builtin.read_text(encoding="utf-8")
    assert twice.startswith(head + "models:\n- name: patrol-n\n")
    assert twice.endswith(rest)
    assert twice.count("- name: patrol-n\n") == 1
    assert Catalog(None, builtin=builtin).get(NAME).labels == ("flame", "haze", "person")


def test_carrying_the_same_again_changes_nothing(builtin: Path, trained: Path) -> None:
    carry(trained, builtin)
    once = builtin.read_text(encoding="utf-8")
    carry(trained, builtin)
    assert builtin.read_text(encoding="utf-8") == once


def test_an_entry_in_the_middle_is_replaced_where_it_stands(
    builtin: Path, trained: Path, better: Path
) -> None:
    carry(trained, builtin)
    first, *others = yaml.safe_load(builtin.read_text(encoding="utf-8"))["models"]
    moved = yaml.safe_dump({"models": [others[0], first, others[1]]}, sort_keys=False)
    builtin.write_text(moved, encoding="utf-8")
    carry(better, builtin)
    names = [row["name"] for row in yaml.safe_load(builtin.read_text("utf-8"))["models"]]
    assert names == ["old", NAME, "older"]


def test_a_file_that_does_not_describe_itself_changes_nothing(
    builtin: Path, tmp_path: Path
) -> None:
    silent = graphs.yolov8_graph(tmp_path / "silent.onnx")
    with pytest.raises(ModelShapeError, match="give --labels"):
        carry(silent, builtin)
    assert builtin.read_text(encoding="utf-8") == BEFORE
    assert not (builtin.parent / CARRIED_FOLDER).exists()


def test_a_file_that_is_too_large_is_refused(builtin: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.onnx"
    with large.open("wb") as file:
        file.truncate(CARRY["LARGEST_BYTES"] + 1)
    with pytest.raises(ValueError, match="expected at most 12000000 bytes, got 12000001"):
        carry(large, builtin)


def test_the_default_model_is_the_one_that_is_carried() -> None:
    assert DetectorSettings().model == NAME


def test_what_the_product_carries_fits_its_catalogue() -> None:
    """Whatever lies in weights/ is the file of an entry, whole, with its card beside it."""
    folder = BUILTIN_FILE.parent / CARRIED_FOLDER
    catalog = Catalog(None)
    by_file = {entry.file: entry for entry in catalog.entries()}
    assert sha256_of(CARRIED) == CARRIED_SHA256
    for file in folder.glob("*.onnx"):
        if file != CARRIED:  # no detector, and in no catalogue of them
            assert catalog.path(by_file[file.name].name) == file
        assert file.with_suffix(".md").is_file(), f"{file.name} has no model card"
