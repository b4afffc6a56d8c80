"""The calibrator is fitted as it should be, and measured on what it was not fitted on."""

import json
from pathlib import Path

import numpy as np
import pytest

from lab.trials.calibration import (
    Sample,
    calibration_error,
    columns,
    fit_of,
    fitted,
    left_out,
    reliability_of,
)
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.command_line import PatrolHere
from tests.media import make_clip
from tests.vision.paintings import grainy
from vision.likelihood import Calibrator, FireTrack, sigmoid

PLAIN = FireTrack(
    number=1, smoke=False, confirmed=False, score=0.5, lasted_s=4, growth=1, hits=3, size=0.01,
    flicker=None,
)  # fmt: skip


def sample(source: str, hearth: str, score: float, fire: bool) -> Sample:
    return Sample(source, hearth, 0.0, PLAIN.model_copy(update={"score": score}), fire)


def test_the_fit_finds_the_law_that_drew_the_data() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(20_000, 2))
    fires = (random.random(20_000) < sigmoid(rows @ (1.5, -0.7) + 0.4)).astype(float)
    fit = fitted(rows, fires, np.ones(20_000), penalty=1e-6)
    slopes = np.array(fit.coefficients) / fit.scales
    assert slopes.tolist() == pytest.approx([1.5, -0.7], abs=0.06)
    assert fit.intercept - float(slopes @ fit.means) == pytest.approx(0.4, abs=0.06)
    told = fit.probabilities(rows)
    assert calibration_error(told, fires, np.ones(20_000)) < 0.01


@pytest.mark.parametrize(
    ("told", "fires", "error"),
    [
        ([0.2, 0.2, 0.2, 0.2, 0.2], [1, 0, 0, 0, 0], 0.0),
        ([0.9, 0.9], [0, 0], 0.9),
        ([0.05, 0.95], [1, 0], 0.95),
        ([0.25, 0.75], [0, 1], 0.25),
    ],
    ids=str,
)
def test_the_calibration_error_is_by_bins(
    told: list[float], fires: list[float], error: float
) -> None:
    found = calibration_error(np.array(told), np.array(fires, float), np.ones(len(told)))
    assert found == pytest.approx(error)


def test_a_hearth_counts_once_however_often_it_was_looked_at() -> None:
    samples = [sample("a", "a 1", 0.5, True)] * 4 + [sample("b", "b 1", 0.5, False)]
    assert columns(samples)[2].tolist() == [0.25] * 4 + [1.0]
    assert fit_of(samples).probabilities(columns(samples)[0]) == pytest.approx([0.5] * 5)


def test_nothing_is_measured_on_what_it_was_fitted_on() -> None:
    """A source whose fires look like everybody's lamps: fitted on, it is told right; left out, it
    is told wrong."""
    sources = [(f"s{n}", 0.9 if n % 2 else 0.1, bool(n % 2)) for n in range(8)]
    samples = [sample(name, name, score, fire) for name, score, fire in sources]
    odd = sample("odd", "odd", 0.1, True)
    told = left_out([*samples, odd])
    without = fit_of(samples).probabilities(columns([odd])[0])
    assert told[-1] == pytest.approx(without[0])
    assert told[-1] < fit_of([*samples, odd]).probabilities(columns([odd])[0])[0]
    reliability = reliability_of([*samples, odd], told)
    assert (reliability.tracks, reliability.sources, reliability.fire_sources) == (9, 9, 5)
    assert not reliability.established


def test_a_calibrator_is_made_from_clips(tmp_path: Path, patrol_here: PatrolHere) -> None:
    """Four clips: two whose light comes and goes, two where it stands still."""
    clips = []
    for number in range(4):
        burns = number < 2

        def paint(frame: int, number: int = number, burns: bool = burns) -> np.ndarray:
            at = {(2 + number, 2 if burns and frame % 3 else 3): "fire"}
            return grainy(blocks_picture(at), frame)

        file = f"{number}.mp4"
        make_clip(tmp_path / file, seconds=6, fps=4, gop=8, size_wh=(160, 96), paint=paint)
        incidents = [{"kind": "fire", "from_s": 0, "to_s": 8}] if burns else []
        clips.append({"file": file, "rules": {"fire": {}}, "incidents": incidents})
    import_block_detector(tmp_path / "data" / "models")
    truth, config = tmp_path / "truth.yaml", tmp_path / "town.yaml"
    truth.write_text(json.dumps({"clips": clips}), encoding="utf-8")
    config.write_text(json.dumps({"detector": {"model": NAME}}), encoding="utf-8")
    out = tmp_path / "likelihood.json"
    code, words, errors = patrol_here(
        "models", "calibrate", tmp_path, "--truth", truth, "--variants", 1, "--out", out,
        "--config", config, "--data", tmp_path / "data",
    )  # fmt: skip
    assert code == 0, errors
    assert "仅试运行" in words
    made = Calibrator.model_validate_json(out.read_text(encoding="utf-8"))
    assert made.model.name == NAME
    assert [clip.fire for clip in made.clips] == [True, True, False, False]
    assert made.reliability.sources == 4
    assert not made.speaks


def test_what_has_nothing_to_tell_apart_is_refused(tmp_path: Path, patrol_here: PatrolHere) -> None:
    """The detector is fooled by nothing here: no likelihood can be learned from that."""
    (tmp_path / "more").mkdir()
    for folder in (tmp_path, tmp_path / "more"):
        make_clip(folder / "a.mp4", seconds=2, fps=4, gop=4, size_wh=(160, 96))
        clip = {"file": "a.mp4", "rules": {"fire": {}}, "incidents": []}
        (folder / "truth.yaml").write_text(json.dumps({"clips": [clip]}), encoding="utf-8")
    import_block_detector(tmp_path / "data" / "models")
    config = tmp_path / "town.yaml"
    config.write_text(json.dumps({"detector": {"model": NAME}}), encoding="utf-8")
    code, _, errors = patrol_here(
        "models", "calibrate", tmp_path, "--truth", tmp_path / "truth.yaml",
        "--with", tmp_path / "more", "--config", config, "--data", tmp_path / "data",
    )  # fmt: skip
    assert code == 1
    assert "expected tracks of fires in 2 sources at least" in errors
