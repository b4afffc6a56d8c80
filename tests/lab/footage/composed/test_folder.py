import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.errors import ConfigurationError
from lab.footage.composed.folder import Order, composed, write_composed
from lab.footage.composed.scene import LEAST_SIDE_PX, LURES
from lab.footage.labelled import names_beside, read_folder


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_order_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_composed(Order(fires=4, lures=3, seed=5), tmp_path / name)
    write_composed(Order(fires=4, lures=3, seed=6), tmp_path / "other")
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert hashes(tmp_path / "a") != hashes(tmp_path / "other")


def test_a_picture_does_not_depend_on_how_many_are_asked_for() -> None:
    few, many = (list(composed(Order(fires=n, lures=1, seed=2))) for n in (2, 4))
    assert np.array_equal(few[1].image, many[1].image)
    assert np.array_equal(few[2].image, many[4].image)


def test_every_fire_is_marked_inside_its_picture_and_no_lure_is() -> None:
    pictures = list(composed(Order(fires=30, lures=len(LURES))))
    for picture in pictures[:30]:
        height, width = picture.image.shape[:2]
        assert picture.boxes
        for _, (x1, y1, x2, y2) in picture.boxes:
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height
            assert min(x2 - x1, y2 - y1) >= LEAST_SIDE_PX
    assert {class_id for picture in pictures[:30] for class_id, _ in picture.boxes} == {0, 1}
    assert not any(picture.boxes for picture in pictures[30:])
    assert [picture.what for picture in pictures[30:]] == list(LURES)


def test_flames_are_brighter_than_what_they_are_put_into() -> None:
    reds = []
    for picture in composed(Order(fires=12, lures=0, seed=9)):
        for class_id, (x1, y1, x2, y2) in picture.boxes:
            if class_id == 0:
                part = picture.image[round(y1) : round(y2), round(x1) : round(x2)]
                reds.append(float(np.percentile(part[..., 2], 90)))
    assert np.median(reds) > 200


def test_the_folder_is_read_as_a_labelled_one(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    data = write_composed(
        Order(fires=3, lures=2), tmp_path, lambda done, of: told.append((done, of))
    )
    assert names_beside(tmp_path) == ("fire", "smoke")
    pictures = read_folder(tmp_path, ("fire", "smoke"))
    assert [bool(len(picture.truth)) for picture in pictures] == [True] * 3 + [False] * 2
    assert data == tmp_path / "data.yaml"
    assert told[-1] == (5, 5)


def test_two_orders_are_never_mixed_in_one_folder(tmp_path: Path) -> None:
    write_composed(Order(fires=1, lures=1), tmp_path)
    before = hashes(tmp_path)
    with pytest.raises(ConfigurationError, match="images: expected no pictures yet"):
        write_composed(Order(fires=2, lures=0), tmp_path)
    assert hashes(tmp_path) == before


@pytest.fixture
def flame_folder(tmp_path: Path) -> Path:
    """One labelled picture of a dark yard with a bright flame in it."""
    folder = tmp_path / "yard"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    image = np.full((240, 320, 3), 25, np.uint8)
    cv2.ellipse(image, (160, 130), (40, 70), 0, 0, 360, (20, 110, 250), -1)
    cv2.ellipse(image, (160, 150), (22, 40), 0, 0, 360, (120, 225, 255), -1)
    cv2.imwrite(str(folder / "images" / "1.png"), image)
    (folder / "labels" / "1.txt").write_text("0 0.5 0.5416 0.28 0.62\n")
    return folder


def test_pictures_with_real_flames_say_from_which_folder(flame_folder: Path) -> None:
    order = Order(fires=6, lures=0, flames=(flame_folder,), cut_share=1.0)
    pictures = list(composed(order))
    assert {picture.what for picture in pictures} == {"cut_yard"}
    assert all(picture.boxes for picture in pictures)
