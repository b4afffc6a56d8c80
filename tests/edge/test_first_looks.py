"""The looker asks the first look before the detector, and goes on without it."""

from pathlib import Path

import numpy as np
import pytest

from domain.errors import ModelError
from edge.eyes import Eyes
from edge.state.kept_looks import kept_looks
from models.catalogue.catalog import Catalog
from models.detections import Heat
from models.first_look import FirstLook
from settings.config import Configuration
from streams.frame import Image
from tests.block_detector import blocks_picture
from tests.builders import NOON
from tests.edge.test_unchanged_looks import FPS, Patrolled, clip
from tests.media import make_clip
from tests.vision.paintings import grainy

__all__ = ["clip"]


class Yellowish:
    """A first look that suspects fire where the picture is yellow anywhere, as the detector of
    these tests sees it."""

    def __init__(self) -> None:
        self.asked = 0

    def look(self, image: Image) -> Heat:
        self.asked += 1
        yellow = image[..., 1:].min(axis=2).astype(int) - image[..., 0]
        scores = np.array([float(yellow.max() > 100), 0.0], np.float32)
        return Heat(("fire", "smoke"), scores, scores[:, None, None])


def before(folder: Path, first: object) -> Patrolled:
    """A camera that a first look stands before; only fire is watched for."""
    camera = Patrolled(folder, enabled=False, rules={"fire": {}})
    camera.eyes.first_look = first  # type: ignore[assignment]
    return camera


def test_the_detector_is_spared_what_the_first_look_does_not_suspect(
    clip: Path, tmp_path: Path
) -> None:
    yellowish = Yellowish()
    camera = before(tmp_path, yellowish)
    page = camera.watch(clip)
    assert page.first == page.looks - camera.asked > page.looks / 2
    assert (page.unchanged, page.skipped) == (0, {})
    assert page.counts == {"car": 1}  # of the last full look
    camera.post.kept.flush(NOON)
    kept = kept_looks(camera.post.kept._path.parents[2], "gate", NOON, camera.clock.now()).looks
    assert sum(one.look is not None and one.look.first for one in kept) == page.first


def test_what_it_suspects_the_detector_sees_at_once(tmp_path: Path) -> None:
    def fire_at_last(number: int) -> Image:
        lit = {(2, 2): "fire"} if number >= 7 * FPS * 2 else {}
        return grainy(blocks_picture(lit), number)

    file = make_clip(
        tmp_path / "a.mp4", seconds=15, fps=FPS, gop=2 * FPS, size_wh=(320, 192), paint=fire_at_last
    )
    page = before(tmp_path / "w", Yellowish()).watch(file)
    assert page.counts == {"fire": 1}
    assert page.first > 0


def test_a_first_look_that_fails_costs_time_and_nothing_else(clip: Path, tmp_path: Path) -> None:
    class Broken:
        def look(self, _image: Image) -> Heat:
            raise ModelError("out of memory")

    camera = before(tmp_path, Broken())
    page = camera.watch(clip)
    assert (page.first, page.skipped) == (0, {})
    assert camera.asked == page.looks


def test_eyes_go_on_without_a_first_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> FirstLook:
        raise ModelError("no such file")

    settings = Configuration.of({"data_dir": tmp_path}).detector
    monkeypatch.setattr(FirstLook, "open", missing)
    assert Eyes(Catalog(None), settings, first_looks=True).first_look is None
    assert Eyes(Catalog(None), settings).first_look is None
