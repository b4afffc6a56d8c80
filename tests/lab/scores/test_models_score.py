"""`patrol models score`, `compose` and `gallery` from the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import ConfigurationError
from lab.commands.models_sights import sights
from models.catalogue.catalog import Catalog
from patrol.commands.models import app
from tests.command_line import PatrolHere
from tests.media import make_clip
from tests.models import graphs


def test_negatives_are_folders_and_clips(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4", seconds=5, gop=20)
    seen = list(sights([str(clip)]))
    assert [sight.file for sight in seen] == [
        "street.mp4 0.0 s", "street.mp4 2.0 s", "street.mp4 4.0 s"
    ]  # fmt: skip
    assert seen[0].image.shape == (180, 320, 3)
    assert not len(seen[0].truth)


@pytest.mark.parametrize("source", ["none.mp4", "none", "none=fire"])
def test_a_source_that_is_not_there_is_refused_at_once(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        sights([str(tmp_path / source)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the little graph that finds red, called fire here."""
    metadata = graphs.export_metadata(("fire", "smoke", "sky"))
    file = graphs.yolov8_graph(tmp_path / "reds.onnx", metadata=metadata)
    Catalog(tmp_path / "data" / "models").import_file(file, name="reds")
    return tmp_path / "data"


def models(*arguments: object) -> str:
    """What the command printed; it must have succeeded."""
    result = CliRunner().invoke(app, [str(word) for word in arguments])
    if isinstance(result.exception, ConfigurationError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_compose_then_score_then_look_at_the_mistakes(tmp_path: Path, data: Path) -> None:
    fires, lures = tmp_path / "fires", tmp_path / "lures"
    models("compose", fires, "--count", 3, "--lures", 0)
    models("compose", lures, "--count", 0, "--lures", 4)
    common = [fires, "--model", "reds", "--data", data, "--negatives", lures]
    result = tmp_path / "score.json"
    words = models("score", *common, "--curves", tmp_path / "curves", "--json", result)
    assert "3 pictures" in words
    report = json.loads(result.read_text(encoding="utf-8"))
    assert (report["pictures"], report["negatives"]) == (3, 4)
    assert {row["label"] for row in report["picture_recalls"]} >= {"fire"}
    assert (tmp_path / "curves" / "all.svg").is_file()
    page = tmp_path / "page.html"
    words = models("gallery", *common, "--only", "fire", "--out", page)
    assert "in 7 pictures" in words
    assert "smoke" not in page.read_text(encoding="utf-8")
    with pytest.raises(ConfigurationError, match="--only: expected some of fire, smoke, got smog"):
        models("gallery", *common, "--only", "smog", "--out", page)


def test_a_place_for_the_result_is_made_or_refused_before_the_work(
    tmp_path: Path, data: Path, patrol_here: PatrolHere
) -> None:
    models("compose", tmp_path / "fires", "--count", 1, "--lures", 0)
    words = ["score", tmp_path / "fires", "--model", "reds", "--data", data, "--json"]
    models(*words, tmp_path / "new" / "deep" / "score.json")
    assert json.loads((tmp_path / "new" / "deep" / "score.json").read_text())["pictures"] == 1
    (tmp_path / "file").write_text("in the way")
    for command in (words, ["gallery", "nowhere", "--out"]):
        words = ["models", *command, tmp_path / "file" / "x"]
        code, _, said = patrol_here(*words)
        assert code == 2
        (line,) = said.splitlines()
        assert f"{tmp_path / 'file' / 'x'}: cannot be written" in line
