"""The carried model must not become worse unseen: its scores are stored beside this file."""

from pathlib import Path

import pytest

from domain.errors import ModelMissing
from models.detector import Detector
from tests.lab.scores.regression import (
    MARGIN,
    MODEL,
    REFRESH,
    SCORES_FILE,
    carried_detector,
    composed_scores,
    fallen,
    refresh,
    shared_scores,
    stored_scores,
)
from tests.shared_data import shared_data


@pytest.fixture(scope="module")
def detector() -> Detector:
    try:
        return carried_detector()
    except ModelMissing as error:
        pytest.skip(f"no model {MODEL} is carried yet: {error}")


def assert_no_worse(data: str, measured: dict[str, float]) -> None:
    assert SCORES_FILE.is_file(), f"{MODEL} has no stored scores; write them: {REFRESH}"
    stored = stored_scores().get(data)
    assert stored, f"{SCORES_FILE.name} has no scores on {data}; write them: {REFRESH}"
    worse = fallen(stored, measured)
    assert not worse, (
        f"{MODEL} is worse on {data} by more than {MARGIN}: {'; '.join(worse)}. "
        f"If that is meant, say why and refresh the scores: {REFRESH}"
    )


@pytest.mark.slow
def test_the_carried_model_is_no_worse_on_composed_pictures(
    detector: Detector, tmp_path: Path
) -> None:
    assert_no_worse("composed", composed_scores(detector, tmp_path))


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_carried_model_is_no_worse_on_the_development_data(
    detector: Detector, tmp_path: Path
) -> None:
    root = shared_data("images").parent
    assert_no_worse("shared", shared_scores(detector, root, tmp_path))


def test_what_fell_is_named() -> None:
    stored = {"fire AP50": 0.6, "smoke AP50": 0.5, "gone": 0.3}
    measured = {"fire AP50": 0.5, "smoke AP50": 0.5 - MARGIN / 2, "new": 0.1}
    assert fallen(stored, measured) == [
        "fire AP50: 0.500, stored 0.600",
        "gone: 0.000, stored 0.300",
    ]


def test_nothing_is_stored_for_a_model_that_is_not_carried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.lab.scores.regression.MODEL", "not-carried")
    with pytest.raises(ModelMissing):
        refresh(tmp_path / "scores.yaml")
    assert not (tmp_path / "scores.yaml").exists()
