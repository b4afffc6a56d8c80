"""`patrol tune`, and where else the choice is told."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.bench.report import BenchMachine
from models.sessions.graph import ChosenBy, RunsOn
from models.tuning.kept import FILE
from models.tuning.machine import Machine, this_machine
from models.tuning.ways import Tried, Way
from patrol.commands.tune import openvino_advice, times_as_fast
from tests.command_line import PatrolHere
from tests.lacking import lacking
from tests.models.tunable import NAME, NEW, OLD, colours


def town(tmp_path: Path, **detector: Any) -> tuple[str, Path, str, Path]:
    """Options that name a configuration and a data directory with the tiny model."""
    colours(tmp_path / "data" / "models")
    file = tmp_path / "town.yaml"
    file.write_text(yaml.safe_dump({"detector": {"model": NAME, **detector}}))
    return "--config", file, "--data", tmp_path / "data"


def test_it_measures_once_tells_all_and_check_and_bench_know_it(
    tmp_path: Path, patrol_here: PatrolHere
) -> None:
    options = town(tmp_path, provider="cpu")
    code, out, _ = patrol_here("tune", *options, "--json")
    told = json.loads(out)
    assert told["machine"]["cores"] == this_machine().cores
    if told["machine"]["cores"] == 1:
        lacking("two cores: on one there is one way, and nothing to be measured")
    assert code == 0
    assert told["takes"]["chosen_by"] == "measured"
    assert told["takes"]["model"] == NAME
    assert {one["way"]["threads"] for one in told["tried"]} >= {1, 2}
    assert Path(told["file"]) == tmp_path / "data" / "models" / FILE
    kept = Path(told["file"]).read_bytes()
    code, out, _ = patrol_here("tune", *options)
    assert (code, Path(told["file"]).read_bytes()) == (0, kept)
    way = f"cpu fp32, {told['takes']['threads']} thread"
    assert f"采用 takes: {way}" in out
    code, out, _ = patrol_here("check", options[1], "--data", tmp_path / "data", "--json")
    assert json.loads(out)["computes"].startswith(way)
    code, out, _ = patrol_here(
        "bench", "model", *options, "--rounds", "1", "--threads", "1", "--json"
    )
    assert json.loads(out)["looks"][0]["runs_on"].startswith("cpu fp32, 1 thread (onnxruntime ")


def test_what_the_file_says_holds_and_is_compared(tmp_path: Path, patrol_here: PatrolHere) -> None:
    options = town(tmp_path, provider="cpu", precision="fp32", threads=3)
    code, out, _ = patrol_here("tune", *options)
    assert code == 0
    assert f"采用 takes: cpu fp32, 3 threads ({NAME}): 配置已写明" in out
    checked = patrol_here("check", options[1], "--data", tmp_path / "data")[1]
    assert "computes: cpu fp32, 3 threads (set)" in checked


def test_without_a_model_it_says_which_is_missing(tmp_path: Path, patrol_here: PatrolHere) -> None:
    code, _, err = patrol_here("tune", *town(tmp_path, model="nothing"))
    assert code == 1
    assert "no model nothing in the catalogue" in err


def test_it_has_help(patrol_here: PatrolHere) -> None:
    code, out, _ = patrol_here("tune", "--help")
    assert code == 0
    assert all(word in out for word in ("--again", "--json"))


def tried(provider: Any, ms: float) -> Tried:
    way = Way(model=NAME, provider=provider, precision="fp32", threads=1)
    return Tried(way=way, ms=ms, furthest=0)


@pytest.mark.parametrize(
    ("machine", "timed", "words"),
    [
        (OLD, (), "not worth installing"),
        (OLD.model_copy(update={"flags": ("avx512_bf16",)}), (), "worth trying"),
        (NEW, (tried("cpu", 30), tried("openvino", 15)), "keep it (2.0 ×)"),
        (NEW, (tried("cpu", 30), tried("openvino", 42)), "not faster here (0.7 ×)"),
        (NEW, (tried("cpu", 30),), "not compared"),
    ],
)
def test_openvino_is_recommended_where_it_wins(
    machine: Machine, timed: tuple[Tried, ...], words: str
) -> None:
    assert words in openvino_advice(machine, times_as_fast(timed))


@pytest.mark.parametrize("chosen_by", ["set", "measured", "only", "default"])
def test_a_bench_tells_the_machine_and_what_its_worker_computed_by(chosen_by: ChosenBy) -> None:
    on = RunsOn(
        provider="openvino",
        through="openvino 2026.1",
        precision="bf16",
        threads=2,
        chosen_by=chosen_by,
    )
    told = BenchMachine.of(NEW, str(on))
    assert told.model_dump() == {
        "model": NEW.processor,
        "flags": NEW.flags,
        "cores": NEW.cores,
        "engine": on.provider,
        "precision": on.precision,
        "threads": on.threads,
        "chosen_by": chosen_by,
    }
    assert BenchMachine.of(NEW, "").engine is None
