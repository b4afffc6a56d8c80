"""The view of a camera outlives the worker, and people can accept a new one."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs
from typer.testing import CliRunner

from domain.clock import Moment
from edge.state.views import KeptView, folder_of
from patrol.cli import app
from settings.config import Configuration
from settings.loading import load
from streams.frame import Image
from vision.picture.diagnosis import PictureSettings, PictureWatch

NOON = datetime(2026, 1, 1, 4, tzinfo=UTC)
FILE = """\
sites: [{id: s1, name: 示例路口, lon: 103.9, lat: 30.5}]
cameras:
  - id: gate
    name: 东
    site_id: s1
    url: a.mp4
    zones: [{id: z, polygon: [[0, 0], [1, 0], [1, 1]]}]
"""
SCENE = np.kron(
    np.random.default_rng(3).integers(30, 220, (36, 60, 1)), np.ones((10, 10, 3))
).astype(np.uint8)


def street(x: int, number: int) -> Image:
    noise = np.random.default_rng(number).normal(0, 1.5, (180, 320, 1))
    return np.asarray((SCENE[90:270, x : x + 320] + noise).clip(0, 255), np.uint8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "patrol.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def configuration(file: Path, tmp_path: Path) -> Configuration:
    return load(file, data_dir=tmp_path / "data")


def run(kept: KeptView, watch: PictureWatch, x: int, from_s: int, to_s: int) -> bool:
    for second in range(from_s, to_s, 5):
        at = NOON + timedelta(seconds=second)
        watch.look(street(x, second), at)
        kept.follow(watch, Moment.of(at))
    return watch.moved


def start(configuration: Configuration) -> tuple[KeptView, PictureWatch]:
    kept = KeptView(configuration.share().dir, "gate", configuration.cameras[0].zones)
    return kept, kept.watch(PictureSettings(), watch_view=True)


def test_a_camera_that_is_turned_while_the_worker_is_off_has_moved(
    configuration: Configuration, file: Path, tmp_path: Path
) -> None:
    assert not run(*start(configuration), 100, 0, 120)

    kept, watch = start(configuration)
    assert run(kept, watch, 180, 1000, 1120)

    arguments = ["accept-view", "gate", "--config", str(file), "--data", str(tmp_path / "data")]
    assert "learned anew" in CliRunner().invoke(app, arguments).output
    assert not run(kept, watch, 180, 1120, 1400)
    assert folder_of(configuration.share().dir, "gate").is_dir()


def test_other_zones_are_drawn_on_another_view(configuration: Configuration) -> None:
    run(*start(configuration), 100, 0, 120)
    redrawn = KeptView(configuration.share().dir, "gate", zones=())
    watch = redrawn.watch(PictureSettings(), watch_view=True)
    assert watch.remembered_view is None


def saved(save: Callable[..., None], *planes: NDArray[np.float16]) -> bytes:
    kept = io.BytesIO()
    save(kept, *planes)
    return kept.getvalue()


def damaged() -> bytes:
    """A view of which a disk lost some bytes: zlib does not understand the rest."""
    noise = np.random.default_rng(0).random((90, 160)).astype(np.float16)
    view = bytearray(saved(np.savez_compressed, *[noise] * 4))
    view[60:64] = bytes(4)
    return bytes(view)


PLANE = np.zeros((90, 160), np.float16)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no view at all",
        b"PK\x03\x04 cut",
        damaged(),
        saved(np.save, PLANE),
        saved(np.savez, PLANE),
        saved(np.savez, *[PLANE[:20]] * 4),  # too flat to be compared
    ],
)
def test_a_broken_file_is_no_view(configuration: Configuration, content: bytes) -> None:
    run(*start(configuration), 100, 0, 120)
    (path,) = folder_of(configuration.share().dir, "gate").iterdir()
    path.write_bytes(content)
    with capture_logs() as logs:
        kept, watch = start(configuration)
    assert [line["event"] for line in logs] == ["view lost"]
    assert watch.remembered_view is None
    assert not run(kept, watch, 180, 200, 320)


def test_a_full_disk_costs_only_the_view(configuration: Configuration) -> None:
    folder = folder_of(configuration.share().dir, "gate")
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    assert not run(*start(configuration), 100, 0, 120)


def test_only_known_cameras_are_accepted(file: Path, tmp_path: Path) -> None:
    arguments = ["--config", str(file), "--data", str(tmp_path / "data")]
    known = CliRunner().invoke(app, ["accept-view", "gate", *arguments])
    assert "no view was kept" in known.output
    unknown = CliRunner().invoke(app, ["accept-view", "gaet", *arguments])
    assert unknown.exit_code != 0
