"""The command line as scripts rely on it: output for machines, exit codes 0, 1 and 2."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.block_detector import NAME, import_block_detector
from tests.command_line import PatrolHere
from tests.integration.rig import block_clip, configure
from tests.media import make_clip


def patrol(*arguments: object, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "patrol", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


@pytest.mark.parametrize(
    "command", ["up", "worker", "center", "check", "probe", "simulate", "eval", "bench", "models"]
)
def test_every_command_has_help(command: str) -> None:
    result = patrol(command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize("arguments", [["check"], ["fly"], ["simulate", "/no/such/folder"]])
def test_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    assert patrol(*arguments).returncode == 2


def test_check_prints_every_error_for_machines(tmp_path: Path) -> None:
    path = configure(tmp_path, {"gate": {"url": "rtsp://192.0.2.1/", "rules": {"fier": {}}}})
    result = patrol("check", path, "--data", tmp_path, "--json")
    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert not report["ok"]
    assert any(error["key"] == "cameras[0].rules.fier" for error in report["errors"])


def test_check_accepts_a_good_file_and_warns_of_a_blind_rule(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "models")
    cameras = {"gate": {"url": "rtsp://192.0.2.1/", "rules": {"crowding": {}}}}
    assert patrol("check", configure(tmp_path, cameras), "--data", tmp_path).returncode == 0
    blind = {
        "gate": {"url": "rtsp://192.0.2.1/", "rules": {"road_occupation": {"classes": ["cart"]}}}
    }
    result = patrol("check", configure(tmp_path, blind), "--data", tmp_path, "--json")
    assert result.returncode == 0
    assert any("sees none of cart" in w["message"] for w in json.loads(result.stdout)["warnings"])


def test_check_knows_what_the_detector_is_told_to_see(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "models")
    cameras = {"gate": {"url": "rtsp://192.0.2.1/", "rules": {"crowding": {}}}}

    def report(labels: list[str]) -> Any:
        path = configure(tmp_path, cameras, detector={"model": NAME, "labels": labels})
        return json.loads(patrol("check", path, "--data", tmp_path, "--json").stdout)

    assert [e["key"] for e in report(["fire", "fyre"])["errors"]] == ["detector.labels[1]"]
    assert any("sees none of person" in w["message"] for w in report(["fire"])["warnings"])
    assert not any("sees none" in w["message"] for w in report(["person"])["warnings"])


def test_a_date_that_is_none_is_an_error_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "patrol.yaml"
    path.write_text("worker: {id: w}\nuntil: 2026-09-31\n")
    for arguments in (["check", path], ["bench", "--config", path, "--cameras", 1]):
        result = patrol(*arguments)
        assert result.returncode == 1
        said = "".join((result.stdout + result.stderr).split())
        assert "patrol.yaml:2:" in said
        assert "Traceback" not in said


def test_a_model_is_imported_and_listed(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "made")
    result = patrol(
        "models", "import", tmp_path / "made" / "blocks.onnx", "--data", tmp_path,
        "--name", "mine", "--head", "yolov8", "--labels", "person,car,fire", "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    listed = json.loads(patrol("models", "list", "--data", tmp_path, "--json").stdout)
    ready = {row["entry"]["name"] for row in listed if row["state"] == "ready"}
    assert ready == {"mine", "patrol-n"}


def test_a_file_that_is_no_model_is_refused_with_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a graph")
    result = patrol("models", "import", tmp_path / "broken.onnx", "--data", tmp_path)
    assert result.returncode == 1
    assert "broken.onnx" in result.stderr


def test_probe_says_what_a_camera_sends_and_hides_passwords(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=2)
    result = patrol("probe", clip, "--seconds", 1, "--json", "--save", tmp_path / "look.jpg")
    report = json.loads(result.stdout)
    assert (report["codec"], report["size_wh"], report["decoded"]) == ("h264", [320, 180], True)
    assert (tmp_path / "look.jpg").read_bytes()[:2] == b"\xff\xd8"
    refused = patrol("probe", "rtsp://admin:s3cret@127.0.0.1:1/main", "--seconds", 1)
    assert refused.returncode == 1
    assert "s3cret" not in refused.stdout + refused.stderr


@pytest.mark.parametrize("door", ["line", "stdin", "environment"])
def test_an_address_need_not_stand_in_the_command_line(
    patrol_here: PatrolHere, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    url = "rtsp://admin:s3cret@127.0.0.1:1/main"
    words: list[object] = ["probe", "--seconds", 1, "--json"]
    if door == "stdin":
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n"))
        words.append("-")
    elif door == "environment":
        monkeypatch.setenv("PATROL_PROBE_URL", url)
    else:
        words.append(url)
    code, out, said = patrol_here(*words)
    assert code == 1
    assert json.loads(out)["url"] == "rtsp://admin:***@127.0.0.1:1/main"
    assert "s3cret" not in out + said
    assert ("seen by all who list processes" in said) is (door == "line")


@pytest.mark.parametrize(
    "words", [["nonsense"], ["check"], ["check", "--foo"], ["bench", "-n", "x"]]
)
def test_wrong_use_is_one_plain_line_of_any_length(
    patrol_here: PatrolHere, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    code, _, said = patrol_here(*words)
    assert code == 2
    (line,) = said.splitlines()
    assert line.startswith("patrol")
    assert line.endswith("--help)")


@pytest.mark.parametrize(
    "url",
    [
        "rtsp：//admin:s3cret@192.0.2.1/main",
        "rtsp：／／admin：s3cret＠192.0.2.1",
        "admin:s3cret@192.0.2.1/main",
        "admin:s3/cr@s3cret@192.0.2.1/main",
        "rtsp%3A%2F%2Fadmin%3As3cret%40192.0.2.1",
        "http://admin:s3cret@192.0.2.1/main",
        "rtsp:/admin:s3cret@192.0.2.1/main",
        "nowhere/camera.sdp?user=admin&password=s3cret",
        "rtsp://admin:s3cret@192.0.2.1:port/main",
    ],
)
@pytest.mark.parametrize("command", ["check", "worker", "up", "center"])
def test_no_command_shows_the_password_of_an_address_that_is_none(
    tmp_path: Path, patrol_here: PatrolHere, url: str, command: str
) -> None:
    if command == "center" and url.startswith("nowhere"):
        return  # only who reads the cameras needs their files
    path = configure(tmp_path, {"gate": {"url": url}})
    words = [path] if command == "check" else ["--config", path]
    code, out, said = patrol_here(command, *words, "--data", tmp_path / "data")
    assert code == 1
    assert "s3cret" not in out + said
    assert f"{path}:" in out + said
    assert "cameras[0].url" in out + said


def test_probe_and_check_show_both_streams_of_a_camera(tmp_path: Path) -> None:
    main = make_clip(tmp_path / "main.mp4", seconds=2)
    small = make_clip(tmp_path / "small.mp4", seconds=2, size_wh=(176, 144))
    camera = {"id": "gate", "name": "门", "site_id": "s1", "url": str(main)}
    data = {
        "sites": [{"id": "s1", "name": "示例", "lon": 103.9, "lat": 30.5}],
        "cameras": [camera | {"detect_url": str(small)}],
    }
    config = tmp_path / "patrol.yaml"
    config.write_text(yaml.safe_dump(data))
    shown = patrol("probe", "gate", "--config", config, "--seconds", 1)
    assert shown.returncode == 0, shown.stderr
    assert "(320, 180)" in shown.stdout
    assert "(176, 144)" in shown.stdout
    assert "differ in shape" in shown.stdout
    checked = patrol("check", config)
    assert "1 cameras (1 with a detect stream)" in checked.stdout


def test_eval_scores_clips_against_their_truth(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "models")
    block_clip(tmp_path / "parked.mp4", {(4, 3): "car"})
    block_clip(tmp_path / "empty.mp4", {})
    rules = {"road_occupation": {"for_s": 5, "min_area": 0}}
    truth = {
        "defaults": {"rules": rules},
        "clips": [
            {
                "file": "parked.mp4",
                "repeat_to_s": 12,
                "incidents": [{"kind": "road_occupation", "from_s": 4, "to_s": 8}],
            },
            {"file": "empty.mp4", "incidents": []},
        ],
    }
    (tmp_path / "truth.yaml").write_text(yaml.safe_dump(truth))
    result = patrol(
        "eval", tmp_path, "--truth", tmp_path / "truth.yaml", "--data", tmp_path,
        "--model", NAME, "--look-every", 0.5, "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    scores = json.loads((tmp_path / "out.json").read_text())
    assert scores["summary"]["recall"] == 1.0
    assert [clip["false"] for clip in scores["clips"]] == [0, 0]
    assert scores["clips"][0]["incidents"][0]["kind"] == "road_occupation"


def test_a_truth_file_with_an_unknown_rule_key_names_its_line(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "models")
    (tmp_path / "truth.yaml").write_text(
        "clips:\n  - file: a.mp4\n    incidents: []\n    rules:\n      crowding: {cuont: 3}\n"
    )
    result = patrol(
        "eval", tmp_path, "--truth", tmp_path / "truth.yaml", "--data", tmp_path, "--model", NAME
    )
    assert result.returncode == 1
    assert "truth.yaml:5" in result.stderr
    assert "cuont" in result.stderr
