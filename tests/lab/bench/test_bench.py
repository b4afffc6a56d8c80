"""`patrol bench model`: what is measured, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.block_detector import NAME, blocks_picture, import_block_detector


def bench(*args: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "patrol", "bench", "model", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    import_block_detector(tmp_path / "models")
    return tmp_path


def test_every_number_of_threads_and_pictures_is_measured(data: Path) -> None:
    picture = data / "blocks.png"
    cv2.imwrite(str(picture), blocks_picture({(0, 0): "person", (3, 3): "car"}))
    result = bench(
        "--model", NAME, "--data", data, "--threads", "1,2", "--batch", "1,2", "--rounds", 2,
        "--picture", picture, "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert {"processor", "cores", "load", "onnxruntime"} <= told["machine"].keys()
    looks = told["looks"]
    assert [(one["threads"], one["batch"]) for one in looks] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for one in looks:
        assert (one["model"]["name"], one["rounds"], one["boxes"]) == (NAME, 2, 2)
        for stage in ("letterbox", "run", "decode", "look", "look_cpu", "graph"):
            assert 0 <= one[stage]["median_ms"] <= one[stage]["p95_ms"]


def test_people_get_a_table_in_both_languages(data: Path) -> None:
    result = bench("--model", NAME, "--data", data, "--rounds", 1)
    assert result.returncode == 0, result.stderr
    for words in ("一次巡看 look", "仅 onnxruntime", "letterbox", f"{NAME} (", "cores, load"):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--batch", "1,many", "expected numbers such as 1,2,4"),
        ("--threads", "0", "expected numbers such as 1,2,4"),
        ("--picture", __file__, "expected a picture"),
    ],
)
def test_wrong_use_ends_with_2(data: Path, option: str, value: str, expected: str) -> None:
    result = bench("--model", NAME, "--data", data, option, value)
    assert result.returncode == 2
    assert expected in " ".join(result.stderr.replace("│", " ").split())


def test_a_model_that_is_not_there_ends_with_1(data: Path) -> None:
    result = bench("--model", "nothing", "--data", data)
    assert result.returncode == 1
    assert "no model nothing in the catalogue" in result.stderr
