"""One town file for several workers: who takes which camera, and what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import ConfigurationError
from patrol.cli import app
from patrol.commands.up import children
from settings.checking import Report, check_file
from settings.config import Configuration
from settings.loading import load, require_files

TOWN = """\
grids:
  version: v1
  valid_from: 2026-01-01T00:00:00+08:00
  grids:
    - {id: east-village, level: 1, name: 东村, polygon: [[103.9, 30], [104, 30], [104, 31]]}
sites:
  - {id: s1, name: 东村路口, lon: 103.98, lat: 30.5}
  - {id: s2, name: 西村路口, lon: 103.85, lat: 30.5}
cameras:
  - {id: e-1, name: 东 1, site_id: s1, url: "rtsp://192.0.2.1/1"}
  - {id: e-2, name: 东 2, site_id: s1, url: "rtsp://192.0.2.1/2"}
  - {id: w-1, name: 西 1, site_id: s2, url: "rtsp://192.0.2.1/3"}
  - {id: w-2, name: 西 2, site_id: s2, url: "rtsp://192.0.2.1/4", enabled: false}
"""
Check = Callable[[str], Report]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(workers: str, town: str = TOWN) -> Path:
        path = tmp_path / "town.yaml"
        path.write_text(town + workers, encoding="utf-8")
        return path

    return write


def shares(configuration: Configuration) -> dict[str, list[str]]:
    return {
        id_: [camera.id for camera in configuration.share(id_).cameras]
        for id_ in configuration.worker_ids
    }


@pytest.mark.parametrize(
    "workers",
    [
        "workers: {east: {sites: [s1]}, west: {sites: [s2]}}\n",
        'workers: {east: {cameras: ["e-*"]}, west: {cameras: [w-1, w-2]}}\n',
        'workers: {east: {grids: [east-village]}, west: {sites: ["*2"]}}\n',
    ],
)
def test_each_worker_takes_its_share(file, workers: str) -> None:  # type: ignore[no-untyped-def]
    configuration = load(file(workers))
    assert shares(configuration) == {"east": ["e-1", "e-2"], "west": ["w-1"]}
    infos = {info.id: info.worker_id for info in configuration.center.cameras}
    assert infos == {"e-1": "east", "e-2": "east", "w-1": "west"}
    assert configuration.share("west").dir == configuration.data_dir / "worker" / "west"


def test_a_camera_may_name_its_worker(file) -> None:  # type: ignore[no-untyped-def]
    town = TOWN.replace("{id: w-1,", "{id: w-1, worker: west,")
    workers = "workers: {east: {sites: [s1], lookers: 5}, west: {cameras: [w-2]}}\n"
    configuration = load(file(workers, town))
    assert shares(configuration)["west"] == ["w-1"]
    lookers = [configuration.share(id_).settings.lookers for id_ in configuration.worker_ids]
    assert lookers == [5, 3]


def test_up_starts_a_process_for_each_worker(file) -> None:  # type: ignore[no-untyped-def]
    path = file("workers: {east: {sites: [s1]}, west: {sites: [s2]}}\n")
    started = {child.name: child.arguments for child in children(load(path), path)}
    assert list(started) == ["center", "worker-east", "worker-west"]
    assert list(started["worker-west"])[-2:] == ["--id", "west"]
    alone = [child.name for child in children(load(file("")), path)]
    assert alone == ["center", "worker"]


def test_without_workers_one_takes_all(file) -> None:  # type: ignore[no-untyped-def]
    configuration = load(file("worker: {id: edge-7}\n"))
    assert shares(configuration) == {"edge-7": ["e-1", "e-2", "w-1"]}
    assert configuration.share().id == configuration.share("edge-7").id == "edge-7"
    with pytest.raises(ConfigurationError, match=r"workers \(edge-7\), got 'east'"):
        configuration.share("east")


@pytest.mark.parametrize(
    ("workers", "key", "words"),
    [
        ("workers: {east: {sites: [s1]}, west: {sites: [s2], cameras: [e-2]}}", "cameras[1].worker",
         "camera e-2: expected one worker, got east (workers.east.sites[0]) and west "
         "(workers.west.cameras[0])"),
        ("workers: {east: {sites: [s1]}, west: {}}", "cameras[2].worker",
         "camera w-1: expected a worker, none of east, west takes it"),
        ("workers: {all: {sites: [s1, s2, s3]}}", "workers.all.sites[2]",
         "worker all: expected the id of one of sites, got 's3'"),
        ('workers: {all: {sites: ["*"], cameras: ["n-*"]}}', "workers.all.cameras[0]",
         "worker all: expected the id of one of cameras, got 'n-*'"),
        ('workers: {all: {sites: ["*"], grids: [north]}}', "workers.all.grids[0]",
         "worker all: expected the id of one of grids, got 'north'"),
        ('worker: {id: edge-1}\nworkers: {all: {sites: ["*"]}}', "worker.id",
         "expected this only without workers; a process is told by --id who it is"),
        ('workers: {../up: {sites: ["*"]}}', "workers.../up", "Id"),
        ('workers: {east/2: {sites: ["*"]}}', "workers.east/2", "Id"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_sharing_is_said(  # type: ignore[no-untyped-def]
    file, workers: str, key: str, words: str
) -> None:
    problems = {problem.key: problem for problem in check_file(file(workers + "\n")).errors}
    assert list(problems) == [key], problems
    if words != "Id":
        assert problems[key].message == words
    assert problems[key].line > 0
    with pytest.raises(ConfigurationError):
        load(file(workers + "\n"))


def test_a_camera_that_names_a_worker_which_is_none(file) -> None:  # type: ignore[no-untyped-def]
    town = TOWN.replace("{id: w-1,", "{id: w-1, worker: wset,")
    (problem,) = check_file(file('workers: {all: {sites: ["*"]}}\n', town)).errors
    assert problem.message == "camera w-1: expected one of workers (all), got 'wset'"
    (problem,) = check_file(file("", town)).errors
    assert "one of workers (none; name it there), got 'wset'" in problem.message


def test_a_camera_named_by_itself_and_by_another_worker(file) -> None:  # type: ignore[no-untyped-def]
    town = TOWN.replace("{id: e-1,", "{id: e-1, worker: west,")
    text = "workers: {east: {sites: [s1]}, west: {sites: [s2]}}\n"
    (problem,) = check_file(file(text, town)).errors
    assert "east (workers.east.sites[0]) and west (cameras[0].worker)" in problem.message
    assert problem.line == TOWN.splitlines().index("cameras:") + 2


def test_other_mistakes_do_not_leave_cameras_to_nobody(file) -> None:  # type: ignore[no-untyped-def]
    text = "workers: {east: {grids: [east-village]}, west: {sites: [s2], sight: 3}}\n"
    town = TOWN.replace("lon: 103.98", "lon: east")
    keys = {problem.key for problem in check_file(file(text, town)).errors}
    assert keys == {"workers.west.sight", "sites[0].lon"}


def test_check_counts_the_cameras_of_each_worker_and_doubts_an_idle_one(file) -> None:  # type: ignore[no-untyped-def]
    path = file("workers: {east: {sites: [s1]}, west: {cameras: [w-2]}, rest: {cameras: [w-1]}}\n")
    report = check_file(path)
    assert dict(report.shares) == {"east": 2, "west": 0, "rest": 1}
    (idle,) = [one for one in report.warnings if one.key.startswith("workers")]
    assert (idle.key, idle.message) == ("workers.west", "worker west has no camera")
    said = CliRunner().invoke(app, ["check", str(path)]).output
    assert "cameras of each worker: east 2, west 0, rest 1" in said


def test_a_name_that_yaml_reads_as_a_number_is_still_a_worker(file) -> None:  # type: ignore[no-untyped-def]
    town = TOWN.replace("{id: w-1,", "{id: w-1, worker: 0123,")
    configuration = load(file("workers: {east: {sites: [s1]}, 0123: {}}\n", town))
    assert shares(configuration) == {"east": ["e-1", "e-2"], "0123": ["w-1"]}


def test_a_file_that_plays_a_camera_need_only_be_there_for_its_worker(file) -> None:  # type: ignore[no-untyped-def]
    town = TOWN.replace("rtsp://192.0.2.1/3", "nowhere.mp4")
    path = file("workers: {east: {sites: [s1]}, west: {sites: [s2]}}\n", town)
    configuration = load(path)
    require_files(path, configuration, configuration.share("east").cameras)
    with pytest.raises(ConfigurationError, match=r"town\.yaml:12: .*no file nowhere\.mp4"):
        require_files(path, configuration, configuration.share("west").cameras)


def test_what_is_left_open_is_filled_in_wherever_it_is_asked_for(tmp_path: Path) -> None:
    """There is one of each: nothing that a part is handed lacks what follows from the rest."""
    file = {"town": {"name": "某镇", "timezone": "Asia/Urumqi"}, "evidence": {"post_roll_s": 20}}
    configuration = Configuration.of(file, data_dir=tmp_path, port=1234)
    share, center = configuration.share(), configuration.center
    assert share.detector.engines_dir == configuration.detector.engines_dir == tmp_path / "engines"
    assert share.evidence.root == share.evidence_dir == center.evidence_dir == tmp_path / "evidence"
    assert center.cases.timezone == center.console.timezone == "Asia/Urumqi"
    assert (center.console.town.zh, center.console.port) == ("某镇", 1234)
    assert center.console.clip_expected_s > 20
