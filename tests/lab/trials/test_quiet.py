"""Footage without incidents, varied and looped: what opens is false, and how often at most."""

import math
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from typer.testing import CliRunner

from lab.trials.false_rate import upper_bound
from lab.trials.quiet import QuietRun, watch_quiet
from lab.trials.quiet_pictures import pictures_of
from lab.trials.truth import Truth
from lab.trials.variant import ViewVariant
from models.catalogue.catalog import Catalog
from models.detections import Detections
from models.detector import Detector
from models.detector_settings import DetectorSettings
from patrol.cli import app
from streams.frame import Image
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.media import make_clip
from tests.vision.paintings import grainy

SHANGHAI = ZoneInfo("Asia/Shanghai")
WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]]


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "models"
    import_block_detector(folder)
    return folder


class Counting:
    """A detector that counts how often it is asked."""

    def __init__(self, models_dir: Path) -> None:
        self._detector = Detector.open(
            Catalog(models_dir), DetectorSettings(model=NAME, confidence=0.3)
        )
        self.ref, self.labels, self.asked = self._detector.ref, self._detector.labels, 0

    def fit_wh(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        return self._detector.fit_wh(size_wh)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.asked += len(images)
        return self._detector.detect(images)


def clip_in(folder: Path, blocks: dict[tuple[int, int], str], name: str = "a.mp4") -> Path:
    def paint(number: int) -> Image:
        return grainy(blocks_picture(blocks), number)

    return make_clip(folder / name, seconds=5, fps=8, gop=8, size_wh=(320, 192), paint=paint)


def watched(models_dir: Path, folder: Path, rules: dict[str, object], **blocks: str) -> QuietRun:
    places = {(int(key[1]), int(key[2])): label for key, label in blocks.items()}
    truth = Truth.model_validate({"clips": [{"file": "a.mp4", "rules": rules, "incidents": []}]})
    detector = Counting(models_dir)
    pictures = pictures_of(clip_in(folder, places), detector)
    run = watch_quiet(
        truth.clips[0], truth, pictures, ViewVariant(), detector,
        hours=0.1, look_every_s=2, timezone=SHANGHAI,
    )  # fmt: skip
    assert detector.asked <= len(pictures) == 40, "no picture is asked for twice"
    return run


def test_a_slow_clip_is_played_at_its_own_speed(models_dir: Path, tmp_path: Path) -> None:
    """Two pictures a second are held until the next comes."""

    def paint(number: int) -> Image:
        return blocks_picture({}, shade=20 * number)

    make_clip(tmp_path / "a.mp4", seconds=3, fps=2, gop=2, size_wh=(320, 192), paint=paint)
    pictures = pictures_of(tmp_path / "a.mp4", Counting(models_dir))
    shades = [round(float(picture.small.mean()) / 20) for picture in pictures]
    assert shades == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5]


def test_what_opens_in_a_loop_is_counted(models_dir: Path, tmp_path: Path) -> None:
    rules: dict[str, object] = {"parking": {"zone": WHOLE, "for_s": 60}}
    assert watched(models_dir, tmp_path, rules).opened == ()
    (one,) = watched(models_dir, tmp_path, rules, p53="car").opened
    assert one.incident.rule_id == "parking"


def test_second_looks_are_taken_in_loops_too(models_dir: Path, tmp_path: Path) -> None:
    """A yellow block is fire to this detector, and it does not flicker."""
    sure: dict[str, object] = {"fire": {"second_look": False}}
    assert len(watched(models_dir, tmp_path, sure, p53="fire").opened) == 1
    assert (
        watched(models_dir, tmp_path, {"fire": {"certain_confidence": 1}}, p53="fire").opened == ()
    )


@pytest.mark.parametrize(
    ("count", "most"), [(0, 2.996), (1, 4.744), (2, 6.296), (5, 10.513), (20, 29.062)]
)
def test_the_bound_is_that_of_the_tables(count: int, most: float) -> None:
    assert upper_bound(count) == pytest.approx(most, abs=0.01)
    assert upper_bound(0, confidence=0.9) == pytest.approx(-math.log(0.1), abs=0.01)


def test_the_command_counts_and_refuses_what_has_no_quiet_clip(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip_in(tmp_path, {(5, 3): "car"})
    truth = tmp_path / "truth.yaml"
    rules = {"parking": {"zone": WHOLE, "for_s": 60}}
    truth.write_text(
        yaml.safe_dump({"clips": [{"file": "a.mp4", "rules": rules, "incidents": []}]})
    )
    opens = Detector.open
    monkeypatch.setattr(
        Detector, "open",
        lambda catalog, _settings: opens(catalog, DetectorSettings(model=NAME, confidence=0.3)),
    )  # fmt: skip
    out = tmp_path / "out.json"
    arguments = ["quiet", str(tmp_path), "--truth", str(truth), "--hours", "0.1"]
    arguments += ["--variants", "1", "--data", str(models_dir.parent)]
    result = CliRunner().invoke(app, [*arguments, "--json", str(out)])
    assert result.exit_code == 0, result.output
    assert "1 false incidents in 0.1 camera-hours" in result.output.replace("\n", " ")
    report = yaml.safe_load(out.read_text())
    assert (report["false"], report["runs"][0]["file"]) == (1, "a.mp4")

    truth.write_text(yaml.safe_dump({"clips": []}))
    assert CliRunner().invoke(app, arguments).exit_code == 1
