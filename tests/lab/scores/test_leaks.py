"""`patrol models leaks`: what a training saw of what its scores are measured on."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.errors import ConfigurationError
from lab.scores.leaks import LIMIT, hashed, leaks_between
from lab.scores.likeness import BITS, bits_set, difference_hash, distances, nearest
from models.letterbox import Image
from tests.command_line import PatrolHere
from tests.media import make_clip
from tests.shared_data import shared_data


def scene(seed: int, size_wh: tuple[int, int] = (320, 180)) -> Image:
    """A smooth picture that nothing else looks like."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC), np.uint8)


def write(path: Path, image: Image, *how: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image, how)
    return path


def test_bits_are_counted() -> None:
    words = np.random.default_rng(0).integers(0, 2**64, (50, 4), dtype=np.uint64)
    assert bits_set(words).tolist() == [[int(word).bit_count() for word in row] for row in words]


def test_the_nearest_is_found_over_block_borders() -> None:
    random = np.random.default_rng(1)
    ones, others = (random.integers(0, 2**64, (n, 4), dtype=np.uint64) for n in (700, 1100))
    others[1050] = ones[650] ^ np.uint64(3)
    rows, bits = (np.concatenate(part) for part in zip(*nearest(ones, others), strict=True))
    assert (rows[650], bits[650]) == (1050, 8)
    assert bits.tolist() == distances(ones, others).min(axis=1).tolist()


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: cv2.resize(image, (160, 120)),
        lambda image: cv2.convertScaleAbs(image, alpha=0.7),
        lambda image: np.roll(image, 4, axis=1),
    ],
    ids=["smaller and squeezed", "darker", "moved a little"],
)
def test_a_copy_is_near_and_another_scene_far(changed: object) -> None:
    image = scene(1)
    copy = np.asarray(changed(image), np.uint8)  # type: ignore[operator]
    hashes = [difference_hash(one)[None] for one in (image, copy, scene(2))]
    assert distances(hashes[0], hashes[1])[0, 0] <= LIMIT
    assert distances(hashes[0], hashes[2])[0, 0] > BITS / 4


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Six training pictures; of the evaluation pictures one is a compressed copy of the third, and
    the clip shows the fifth."""
    for number in range(6):
        write(tmp_path / f"train/images/{number}.png", scene(number))
    write(tmp_path / "val/a.jpg", cv2.resize(scene(2), (200, 200)), cv2.IMWRITE_JPEG_QUALITY, 40)  # type: ignore[arg-type]
    write(tmp_path / "val/b.jpg", scene(100))

    def paint(number: int) -> Image:
        return scene(4 if number >= 30 else 200)

    (tmp_path / "clips").mkdir()
    make_clip(tmp_path / "clips/street.mp4", seconds=4, fps=10, gop=20, paint=paint)
    return tmp_path


def run(patrol_here: PatrolHere, sets: Path, words: Sequence[str]) -> tuple[int, str]:
    code, out, _ = patrol_here("models", "leaks", *words)
    return code, out.replace(f"{sets}/", "")


def test_what_was_learned_is_named_and_written(sets: Path, patrol_here: PatrolHere) -> None:
    out, result = sets / "leave_out.txt", sets / "leaks.json"
    written = ["--write", str(out), "--json", str(result)]
    where = [str(sets / name) for name in ("train", "val", "clips")]
    code, words = run(patrol_here, sets, [*where, *written])
    assert code == 1
    assert "train/images/2.png" in words
    assert "clips/street.mp4 3.0 s" in words
    named = [str(sets / f"train/images/{number}.png") for number in (2, 4)]
    assert sorted(out.read_text(encoding="utf-8").splitlines()) == named
    report = json.loads(result.read_text(encoding="utf-8"))
    assert sorted(leak["train"] for leak in report["leaks"]) == named
    assert (report["train"], report["evaluated"], report["limit_bits"]) == (6, 6, LIMIT)


def test_without_a_leak_the_nearest_is_told(sets: Path, patrol_here: PatrolHere) -> None:
    code, words = run(patrol_here, sets, [str(sets / "train@0:0.3"), str(sets / "val")])
    assert code == 0
    assert "train/images/" in words
    assert "无泄漏 no leak: 2 × 2 pictures" in words


def test_what_names_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"expected pictures or clips .* got none"):
        hashed([str(tmp_path)])


def test_nothing_leaks_into_nothing() -> None:
    nothing = hashed([])
    assert leaks_between(nothing, nothing).nearest is None


@pytest.mark.shared_data
def test_a_clip_that_was_cut_from_a_film_of_the_set_is_found() -> None:
    """Frames of the film are in fire8; a kitchen of another source is none of them."""
    film = hashed([f"{shared_data('images/fire8/images')}/fire2_mp4*"])
    yard, kitchen = (
        hashed([str(shared_data(f"media/{name}.mp4"))], clip_every_s=2)
        for name in ("fire_yard", "fire_kitchen")
    )
    assert len(leaks_between(film, yard).leaks) > len(film) / 2
    assert leaks_between(film, kitchen).leaks == ()
