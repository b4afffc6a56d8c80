"""`patrol label --export`: a set that `patrol models train` and `score` take, without the page."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from domain.incident import LabelledBox
from lab.footage.labelled import names_beside, read_folder
from lab.labelling.label_set import LabelSet, Wish
from lab.labelling.marks import MarkedBox, Status
from lab.labelling.set_files import read_manifest
from lab.training.recipe import SetRecipe
from lab.training.sets import taken
from models.catalogue.catalog import Catalog
from patrol.listening import listen
from tests.builders import NOON
from tests.command_line import PatrolHere
from tests.lab.labelling.conftest import NAMES, THING, TOWN, UMBRELLA, Town
from tests.models import graphs
from tests.waiting import wait_until

AGES = ["--days", 36_500]
"""The cases are of a day that is named, not of today."""


def fill(town: Town) -> None:
    """Two cameras, three days."""
    for day in range(3):
        at = NOON + timedelta(days=day)
        town.judge(at=at)
        town.judge(real=False, at=at + timedelta(minutes=20))
        town.judge(at=at, camera="square-1")


def export(town: Town, patrol_here: PatrolHere, to: Path, *words: object) -> dict[str, Any]:
    """What the command says of itself; it must have succeeded."""
    code, out, err = patrol_here(
        "label", "--data", town.data, "--export", to, "--json", *AGES, *words
    )
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_recipe_reads_the_set_by_camera_and_day_and_the_evidence_room_stays_as_it_was(
    town: Town, patrol_here: PatrolHere, tmp_path: Path
) -> None:
    fill(town)
    site, before = tmp_path / "site", town.room()
    said = export(town, patrol_here, site, "--names", ",".join(NAMES))
    assert (said["shown"], said["nothing"]) == (6, 3)
    assert town.room() == before
    parts = yaml.safe_load((site / "recipe.yaml").read_text(encoding="utf-8"))
    lists = yaml.safe_load((site / "data.yaml").read_text(encoding="utf-8"))
    seen = []
    for part, listed in (("sets", lists["train"]), ("validation", lists["val"])):
        read = [
            picture.path
            for row in parts[part]
            for settings in [SetRecipe.model_validate(row)]
            for picture in taken(read_folder(tmp_path / settings.folder, settings.names), settings)
        ]
        names = (site / listed).read_text(encoding="utf-8").split()
        assert [site / name for name in names] == read
        assert len({path.name.split("__")[1][:8] for path in read}) == (2, 1)[part == "validation"]
        seen += read
    assert sorted(seen) == sorted((site / "images").iterdir())


def test_score_takes_the_set(town: Town, patrol_here: PatrolHere, tmp_path: Path) -> None:
    town.judge()
    town.judge(real=False)
    site = tmp_path / "site"
    export(town, patrol_here, site)
    file = graphs.yolov8_graph(
        tmp_path / "reds.onnx", metadata=graphs.export_metadata(("umbrella", "tree", "sky"))
    )
    Catalog(town.data / "models").import_file(file, name="reds")
    result = tmp_path / "score.json"
    code, out, err = patrol_here(
        "models", "score", site, "--model", "reds", "--data", town.data, "--json", result
    )
    assert code == 0, err
    assert f"2 pictures of {site}" in out
    report = json.loads(result.read_text(encoding="utf-8"))
    assert report["names_from"] == "data.yaml"


def test_what_people_labelled_goes_before_what_the_detector_saw(
    town: Town, patrol_here: PatrolHere, tmp_path: Path
) -> None:
    town.judge(at=NOON)
    town.judge(at=NOON + timedelta(minutes=1))
    town.judge(at=NOON + timedelta(minutes=2), boxes=(UMBRELLA, THING))
    town.judge(at=NOON + timedelta(minutes=3), back_after_s=40)
    one, *_ = town.candidates()
    working = LabelSet(town.data / "label-set", NAMES, TOWN)
    drawn = MarkedBox(label="stall", xyxy=(0.0, 0.0, 0.5, 0.5))
    wish = Wish(status=Status.DONE, boxes=(drawn,))
    working.save(one, wish, town.store.path(one.snapshot), by="wang", at=NOON)
    said = export(town, patrol_here, tmp_path / "site", "--by", "li")
    assert {name: said[name] for name in ("kept", "shown", "unclear")} == {
        "kept": 1, "shown": 1, "unclear": 2
    }  # fmt: skip
    manifest = read_manifest(tmp_path / "site")
    assert manifest is not None
    assert [(mark.checked, mark.labelled_by) for mark in manifest.pictures] == [
        (True, "wang"), (False, "li")
    ]  # fmt: skip
    assert names_beside(tmp_path / "site") == NAMES
    only = export(town, patrol_here, tmp_path / "strict", "--only-labelled")
    assert (only["kept"], only["shown"]) == (1, 0)


def test_a_lost_picture_is_left_out(town: Town, patrol_here: PatrolHere, tmp_path: Path) -> None:
    town.judge(at=NOON)
    town.judge(at=NOON + timedelta(minutes=1))
    gone, _ = town.candidates()
    town.store.path(gone.snapshot).unlink()
    said = export(town, patrol_here, tmp_path / "site")
    assert said["shown"] == 1


@pytest.mark.parametrize(
    ("boxes", "words", "said"),
    [
        ((UMBRELLA,), ["--only", "fire"], "--only: expected some of kerb, road_occupation, stalls"),
        ((THING,), [], "--names: expected class names such as"),
        ((UMBRELLA,), ["--names", "stall,stall"], "expected each class once"),
    ],
)
def test_what_cannot_be_done_is_said(
    town: Town,
    patrol_here: PatrolHere,
    tmp_path: Path,
    boxes: tuple[LabelledBox, ...],
    words: list[str],
    said: str,
) -> None:
    town.judge(boxes=boxes)
    code, _, err = patrol_here(
        "label", "--data", town.data, "--export", tmp_path / "site", *AGES, *words
    )
    assert code == 1
    assert said in err


def test_no_set_is_made_in_the_evidence_room(town: Town, patrol_here: PatrolHere) -> None:
    town.judge()
    before = town.room()
    inside = town.configuration.evidence_dir / "tmp" / ".." / "set"
    for option in ("--export", "--set"):
        code, _, err = patrol_here("label", "--data", town.data, option, inside, *AGES)
        assert code == 1
        assert "expected a folder outside of the evidence room" in err
    assert town.room() == before


def test_the_page_is_served_to_this_machine_until_it_is_stopped(
    town: Town, patrol_here: PatrolHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.judge()
    [one] = town.candidates(("umbrella",))
    [line] = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{line.getsockname()[1]}"
    line.close()
    stopping = threading.Event()
    monkeypatch.setattr("lab.commands.label.stop_on_signals", lambda _within_s: stopping)
    answers = []

    def visit() -> None:
        wait_until(lambda: _answers(url), "the page to be served")
        answers.append(httpx.put(f"{url}/marks/{one.stem}", json={"status": "nothing"}))
        stopping.set()

    visitor = threading.Thread(target=visit)
    visitor.start()
    words = ["label", "--data", town.data, "--port", url.rpartition(":")[2], "--by", "li"]
    code, out, err = patrol_here(*words, *AGES)
    visitor.join()
    assert code == 0, err
    assert f"{url}/" in out
    assert answers[0].json()["mark"]["labelled_by"] == "li"
    assert (town.data / "label-set" / "images" / f"{one.stem}.jpg").is_file()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def test_without_cases_nothing_is_made(patrol_here: PatrolHere, tmp_path: Path) -> None:
    code, _, err = patrol_here("label", "--data", tmp_path / "new", "--export", tmp_path / "site")
    assert code == 1
    assert "expected cases in" in err
    assert not (tmp_path / "new").exists()
