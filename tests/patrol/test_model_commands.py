"""`patrol models pull`, `export` and `list`, as scripts rely on them."""

import json
from pathlib import Path

import pytest

from models.catalogue.extras import has_extra
from models.sessions.session import lacks
from tests.integration.rig import configure
from tests.patrol.test_cli import patrol


def test_what_can_be_pulled_is_listed_with_its_licence() -> None:
    listed = {row["name"]: row for row in json.loads(patrol("models", "pull", "--json").stdout)}
    assert listed["yolox-s-coco"]["licence"] == "Apache-2.0"
    assert listed["yoloe-11s"]["checksum"] == "unknown"
    table = patrol("models", "pull").stdout
    assert "yolo11s-coco" in table


def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    result = patrol("models", "pull", "yolo99", "--data", tmp_path)
    assert result.returncode == 1
    assert "expected one of: yolox-nano-coco" in result.stderr


def test_the_licence_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    # Nobody answers the question: nothing is fetched.
    result = patrol("models", "pull", "yolox-nano-coco", "--data", tmp_path)
    assert result.returncode == 1
    assert "Apache-2.0" in result.stderr
    assert "keep its licence and notices" in result.stderr
    assert not (tmp_path / "models" / "downloads").exists()


def test_without_internet_the_way_round_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    result = patrol("models", "pull", "yolox-nano-coco", "--yes", "--data", tmp_path)
    assert result.returncode == 1
    assert "cannot be reached" in result.stderr
    assert "patrol models import yolox_nano.onnx --name yolox-nano-coco" in result.stderr


@pytest.mark.skipif(has_extra("train"), reason="the extra [train] is installed: nothing is missing")
def test_export_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(b"")
    result = patrol("models", "export", tmp_path / "m.pt", "--data", tmp_path)
    assert result.returncode == 1
    assert "pip install -e '.[train]'" in result.stderr


def test_the_list_says_what_this_machine_can_do(tmp_path: Path) -> None:
    said = patrol("models", "list", "--data", tmp_path).stdout
    assert "+ cpu" in said
    for provider in ("openvino", "cuda", "tensorrt"):
        assert provider in said


@pytest.mark.skipif(not lacks("cuda"), reason="this onnxruntime has cuda")
def test_check_warns_of_a_provider_that_is_not_there(tmp_path: Path) -> None:
    cameras = {"gate": {"url": "rtsp://192.0.2.1/"}}
    path = configure(tmp_path, cameras, detector={"provider": "cuda"})
    result = patrol("check", path, "--data", tmp_path, "--json")
    warnings = json.loads(result.stdout)["warnings"]
    assert any("cuda is not to be had on this machine" in each["message"] for each in warnings)
