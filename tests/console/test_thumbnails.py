"""The store of thumbnails: bounded by bytes, and what was asked for last stays."""

from pathlib import Path

import pytest

from console.thumbnails import Thumbnails
from tests.console.conftest import jpeg, picture

SIZE_WH = (64, 36)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(picture()))
    return path


def is_kept(store: Thumbnails, sha256: str, tmp_path: Path) -> bool:
    """Nothing can be made of a file that is not there, so what comes was kept."""
    return store.of(sha256, tmp_path / "gone.jpg") is not None


def test_of_what_has_no_room_the_longest_unasked_goes(photo: Path, tmp_path: Path) -> None:
    made = Thumbnails(SIZE_WH, 1 << 20).of("a", photo)
    assert made is not None
    store = Thumbnails(SIZE_WH, 2 * len(made))
    assert store.of("a", photo) == store.of("b", photo) == made
    assert is_kept(store, "a", tmp_path)
    store.of("c", photo)
    assert [name for name in "abc" if is_kept(store, name, tmp_path)] == ["a", "c"]


def test_one_that_is_larger_than_the_store_is_made_each_time(photo: Path, tmp_path: Path) -> None:
    store = Thumbnails(SIZE_WH, 1)
    assert store.of("a", photo) == store.of("a", photo) is not None
    assert not is_kept(store, "a", tmp_path)


def test_what_is_no_picture_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    assert Thumbnails(SIZE_WH, 1 << 20).of("a", tmp_path / "a.txt") is None
