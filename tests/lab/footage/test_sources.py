from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.errors import ConfigurationError
from lab.footage.sources import labelled_of, pictures_of


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for n in range(10):
        cv2.imwrite(str(tmp_path / "images" / f"cam_{n}.png"), np.full((60, 80, 3), n, np.uint8))
    return tmp_path


@pytest.fixture
def labelled(pictures: Path) -> Path:
    """Only the first picture has a box: of class 1."""
    (pictures / "labels").mkdir()
    (pictures / "labels" / "cam_0.txt").write_text("1 0.5 0.5 0.2 0.2")
    (pictures / "labels" / "cam_1.txt").write_text("")
    return pictures


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("", [str(n) for n in range(10)]),
        ("/images", [str(n) for n in range(10)]),
        ("/images/cam_[12]*", ["1", "2"]),
        ("@0:0.3", ["0", "1", "2"]),
        ("@0.8:1", ["8", "9"]),
    ],
)
def test_sources_name_pictures(pictures: Path, source: str, names: list[str]) -> None:
    found = pictures_of(f"{pictures}{source}")
    assert [path.name for path in found] == [f"cam_{name}.png" for name in names]


@pytest.mark.parametrize("source", ["/none", "@0.5", "@1:0", "@a:b", "/images/cam_x*"])
def test_sources_that_name_nothing_are_refused(pictures: Path, source: str) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        pictures_of(f"{pictures}{source}")


def test_a_plain_folder_shows_nothing_of_interest(pictures: Path) -> None:
    assert [len(p.truth) for p in labelled_of(f"{pictures}@0:0.2")] == [0, 0]


@pytest.mark.parametrize(("part", "count"), [("", 10), ("@0:0.2", 2)])
def test_names_behind_a_source_say_what_its_labels_mean(
    labelled: Path, part: str, count: int
) -> None:
    first, *others = labelled_of(f"{labelled}{part}=person, fire")
    assert first.truth.counts() == {"fire": 1}
    assert len(others) == count - 1
    assert not any(len(picture.truth) for picture in others)


def test_labels_may_be_said_not_to_matter(labelled: Path) -> None:
    assert not any(len(picture.truth) for picture in labelled_of(f"{labelled}="))


def test_a_folders_own_names_are_used(labelled: Path) -> None:
    (labelled / "data.yaml").write_text("names: [smoke, fire]")
    assert labelled_of(str(labelled))[0].truth.counts() == {"fire": 1}


def test_labels_that_nobody_explains_are_refused(labelled: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no data\.yaml says what they mean; give"):
        labelled_of(str(labelled))
    assert len(labelled_of(f"{labelled}@0.5:1")) == 5  # none of these has a box
