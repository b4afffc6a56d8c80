from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.errors import ConfigurationError
from lab.footage.labelled import names_beside, read_folder, write_labelled
from tests.models.pictures import square

NAMES = ("fire", "smoke")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for name in ("b.png", "a.webp", "c.JPG"):
        cv2.imwrite(str(tmp_path / "images" / name), square(0, 0))
    (tmp_path / "images" / "readme.txt").write_text("no picture")
    return tmp_path


def test_pictures_come_by_name_with_their_boxes(folder: Path) -> None:
    (folder / "labels" / "b.txt").write_text("1 0.5 0.5 0.5 0.25\n\n0 0.9 0.5 0.4 1\n")
    a, b, c = read_folder(folder, NAMES)
    assert [p.path.name for p in (a, b, c)] == ["a.webp", "b.png", "c.JPG"]
    assert (len(a.truth), len(c.truth)) == (0, 0)
    assert b.truth.counts() == {"fire": 1, "smoke": 1}
    expected = [[0.25, 0.375, 0.75, 0.625], [0.7, 0, 1, 1]]  # the second reaches over the border
    np.testing.assert_allclose(b.truth.xyxy, expected, atol=1e-6)
    assert b.read().shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0.5 0.5 0.1 0.1\nfire 0.5 0.5 1 1", r"b\.txt:2: expected numbers, got 'fire"),
        ("0 0.5 0.5 0.1", r"b\.txt:1: expected `class cx cy w h` or .*, got '0 0\.5 0\.5 0\.1'"),
        ("0 0.5 0.5 0.1 0.1 0.9", r"b\.txt:1: expected `class cx cy w h`"),
        ("0 0 0 1 0 1 1 0", r"b\.txt:1: expected `class cx cy w h`"),
        ("0 320 200 64 64", r"b\.txt:1: expected parts of the frame between 0 and 1, not pixels"),
        ("0 nan 0.5 0.1 0.1", r"b\.txt:1: expected parts of the frame"),
        ("2 0 0 1 0 1 1", r"b\.txt:1: expected a class id below 2"),
        ("2 0.5 0.5 0.1 0.1", r"b\.txt:1: expected a class id below 2 \(fire, smoke\), got 2"),
        ("0.5 0.5 0.5 0.1 0.1", r"b\.txt:1: expected a class id below 2"),
    ],
)
def test_a_label_that_cannot_be_used(folder: Path, text: str, expected: str) -> None:
    (folder / "labels" / "b.txt").write_text(text)
    with pytest.raises(ConfigurationError, match=expected):
        read_folder(folder, NAMES)


def test_a_polygon_is_the_box_around_it(folder: Path) -> None:
    (folder / "labels" / "b.txt").write_text(
        "0 0.2 0.3 0.6 0.3 0.4 0.8\n1 0.1 0.1 0.3 0.1 0.3 0.2 0.1 0.2\n0 -0.5 0.5 0.5 1.5 0.2 0.6\n"
    )
    _, b, _ = read_folder(folder, NAMES)
    expected = [[0.2, 0.3, 0.6, 0.8], [0.1, 0.1, 0.3, 0.2], [0, 0.5, 0.5, 1]]
    np.testing.assert_allclose(b.truth.xyxy, expected, atol=1e-6)
    assert b.truth.counts() == {"fire": 2, "smoke": 1}


def test_labels_that_are_no_text(folder: Path) -> None:
    (folder / "labels" / "b.txt").write_bytes(b"\0\1\2\3")
    with pytest.raises(ConfigurationError, match=r"b\.txt:0: expected a text in UTF-8"):
        read_folder(folder, NAMES)


def test_a_picture_that_cannot_be_decoded(folder: Path) -> None:
    (folder / "images" / "a.webp").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"a\.webp: expected a picture"):
        read_folder(folder, NAMES)[0].read()


def test_folders_that_are_not_of_this_form(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected the folders images/ and labels/"):
        read_folder(tmp_path, NAMES)
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    with pytest.raises(ConfigurationError, match=r"expected pictures \(jpg, .*, bmp\), found none"):
        read_folder(tmp_path, NAMES)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    xyxy = np.array([[0, 0.25, 0.5, 0.75], [0.5, 0, 1, 1]])
    write_labelled(tmp_path, "one", square(0, 0), [1, 0], xyxy, quality=90)
    write_labelled(tmp_path, "two", square(0, 0), [], np.zeros((0, 4)), quality=90)
    one, two = read_folder(tmp_path, NAMES)
    np.testing.assert_allclose(one.truth.xyxy, xyxy)
    assert one.truth.class_ids.tolist() == [1, 0]
    assert one.read().shape == (64, 64, 3)
    assert len(two.truth) == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [a, b]", ("a", "b")),
        ("names: {0: a, 1: b}", ("a", "b")),
        ("names: {1: b, 0: a}", ("a", "b")),
        ("names: [1]", ("1",)),
    ],
)
def test_names_beside(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    folder = tmp_path / "val"
    folder.mkdir()
    assert names_beside(folder) is None
    (tmp_path / "data.yaml").write_text(text)
    assert names_beside(folder) == names


@pytest.mark.parametrize(
    "text",
    ["names: 3", "train: x", "names: [", "names: fire", "names: {1: a}", "names: {0: a, b: c}"],
)
def test_names_that_cannot_be_understood(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"data\.yaml: expected a list `names`"):
        names_beside(tmp_path)
