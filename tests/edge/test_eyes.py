"""The worker's eyes: how they compute is chosen once, told, and found out later if need be."""

from pathlib import Path

from structlog.testing import capture_logs

from domain.clock import Moment
from edge.eyes import RETRY_EVERY_S, Eyes
from models.catalogue.catalog import Catalog
from tests.models.tunable import ASKED, Trials, colours, none_may_be_tried, tuner
from tests.vision.looks import START

NOW = Moment.of(START)


def test_how_to_compute_is_chosen_before_it_is_needed_and_told(tmp_path: Path) -> None:
    catalog = colours(tmp_path)
    trials = Trials({"cpu fp32, 2 threads": 50.0})
    eyes = Eyes(catalog, ASKED, tuner(tmp_path, trials))
    eyes.choose(lambda: False)
    assert trials.begun == 1
    with capture_logs() as logs:
        detector = eyes.detector(NOW)
    assert detector is not None
    assert trials.begun == 1
    words = str(detector.runs_on)
    assert words.startswith("cpu fp32, 2 threads (onnxruntime ")
    assert words.endswith(", measured)")
    assert logs[-1]["runs_on"] == words


def test_without_its_model_it_is_chosen_when_there_is_one(tmp_path: Path) -> None:
    trials = Trials({})
    eyes = Eyes(Catalog(tmp_path), ASKED, tuner(tmp_path, trials))
    eyes.choose(lambda: False)
    assert eyes.detector(NOW) is None
    colours(tmp_path)
    later = Moment(NOW.s + RETRY_EVERY_S, NOW.at)
    assert trials.begun == 0
    assert Eyes(Catalog(tmp_path), ASKED, tuner(tmp_path, trials)).detector(later) is not None
    assert trials.begun == 1


def test_why_nothing_was_measured_is_told_with_what_computes(tmp_path: Path) -> None:
    catalog = colours(tmp_path)
    eyes = Eyes(catalog, ASKED, tuner(tmp_path, Trials({"cpu fp32, 1 thread": "it died"})))
    detector = eyes.detector(NOW)
    assert detector is not None
    assert detector.runs_on.chosen_by == "default"
    assert str(detector.runs_on).endswith(": not measured: cpu fp32, 1 thread: it died")


def test_what_the_settings_say_is_told_so(tmp_path: Path) -> None:
    catalog = colours(tmp_path)
    said = ASKED.model_copy(update={"provider": "cpu", "precision": "fp32", "threads": 1})
    detector = Eyes(catalog, said, tuner(tmp_path, none_may_be_tried)).detector(NOW)
    assert detector is not None
    assert detector.runs_on.chosen_by == "set"
