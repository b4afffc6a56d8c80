"""Boxes that were written down stand in for a detector."""

from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from lab.trials.boxes import Moment, WrittenBoxes, write_boxes

CAR = ("car", 0.5, 0.1, 0.2, 0.3, 0.4)
MAN = ("person", 0.75, 0.5, 0.5, 0.6, 0.75)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "street.boxes.json"
    write_boxes(path, [Moment(at_s=4, seen=()), Moment(at_s=1, seen=(CAR, MAN))])
    return path


@pytest.mark.parametrize(("at_s", "seen"), [(0.5, 0), (1, 2), (3.9, 2), (4, 0), (99, 0)])
def test_what_was_written_holds_until_the_next_moment(file: Path, at_s: float, seen: int) -> None:
    assert len(WrittenBoxes.read(file).at(at_s)) == seen


def test_boxes_come_back_as_they_were_written(file: Path) -> None:
    car, man = WrittenBoxes.read(file).at(2).boxes()
    assert (car.label, man.label) == ("car", "person")
    assert man.score == 0.75
    assert car.box.xyxy == pytest.approx((0.1, 0.2, 0.3, 0.4))


def test_the_reference_names_the_very_file(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    write_boxes(other, [Moment(at_s=0, seen=(CAR,))])
    first, second = WrittenBoxes.read(file).ref, WrittenBoxes.read(other).ref
    assert first.name == second.name == "boxes"
    assert first.sha256 != second.sha256


def test_what_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"file of boxes at .*none\.json: cannot be read"):
        WrittenBoxes.read(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text('{"boxes": [{"at_s": "soon", "seen": []}]}')
    with pytest.raises(ConfigurationError, match=r"broken\.json: boxes\.0\.at_s: .*number"):
        WrittenBoxes.read(broken)
    broken.write_text("no json")
    with pytest.raises(ConfigurationError, match=r"broken\.json: \(file\): expected JSON"):
        WrittenBoxes.read(broken)
