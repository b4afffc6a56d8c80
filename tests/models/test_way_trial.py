"""Ways that are really tried: real runtimes in real child processes, on tiny graphs."""

import threading
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.asked_child import ChildEnded
from models.catalogue.catalog import Catalog
from models.detections import Detections
from models.detector import Detector
from models.detector_settings import DetectorSettings
from models.sessions.graph import RunsOn
from models.sessions.runtime import open_graph, versions
from models.sessions.session import lacks
from models.tuning import trying
from models.tuning.agreement import furthest
from models.tuning.machine import CPU_INFO, this_machine
from models.tuning.stopwatch import RUNS, ms_each
from models.tuning.trying import WayTrial, judged
from models.tuning.tuner import Tuner
from models.tuning.ways import SCORES_WITHIN, Way
from tests.models import graphs
from tests.models.constant_graphs import CELLS, constant_graph, endless_graph
from tests.models.tunable import ASKED, NAME, OLD, beside, colours

TWO = ("fire", "smoke")
REFERENCE = Way(model=NAME, provider="cpu", precision="fp32", threads=1)


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    columns = np.array(rows, np.float32).reshape(-1, 6)
    ids = columns[:, 5].astype(np.int64)
    return Detections(columns[:, :4], columns[:, 4], ids, ("a", "b"))


BOX = (0.1, 0.1, 0.3, 0.3)
NEAR = (0.11, 0.1, 0.31, 0.3)
FAR = (0.5, 0.5, 0.7, 0.7)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (boxes(), boxes(), 0.0),
        (boxes((*BOX, 0.8, 0)), boxes((*BOX, 0.8, 0)), 0.0),
        (boxes((*BOX, 0.8, 0)), boxes((*NEAR, 0.7, 0)), 0.1),
        (boxes((*BOX, 0.8, 0)), boxes((*FAR, 0.8, 0)), 0.75),
        (boxes((*BOX, 0.8, 0)), boxes((*BOX, 0.8, 1)), 0.75),
        (boxes((*BOX, 0.8, 0)), boxes(), 0.75),
        (boxes((*BOX, 0.07, 0)), boxes(), 0.02),
        (boxes((*BOX, 0.8, 0), (*NEAR, 0.07, 0)), boxes((*BOX, 0.8, 0)), 0.02),
        (boxes((*BOX, 0.8, 0)), boxes((*BOX, 0.3, 0)), 0.5),
        (boxes(), boxes((*BOX, 0.25, 0)), 0.2),
        (boxes((*BOX, 0.8, 0), (*NEAR, 0.5, 0)), boxes((*BOX, 0.5, 0), (*NEAR, 0.8, 0)), 0.0),
    ],
)
def test_how_far_two_ways_are_apart(one: Detections, other: Detections, apart: float) -> None:
    assert furthest([one], [other], floor=0.05) == pytest.approx(apart, abs=1e-6)
    assert furthest([other], [one], floor=0.05) == pytest.approx(apart, abs=1e-6)


@pytest.mark.parametrize("callers", [1, 4])
def test_a_picture_costs_what_a_run_does_by_how_many_run_side_by_side(callers: int) -> None:
    local = threading.local()

    def timer() -> float:
        """Each caller's own clock: half a second for each look at it."""
        if not hasattr(local, "clock"):
            local.clock = count(0, 0.5)
        seconds: float = next(local.clock)
        return seconds

    runs: list[int] = []
    ms = ms_each(lambda: runs.append(1), callers, timer, timed_s=0)
    assert ms == pytest.approx(500 / callers)
    assert len(runs) == callers * (1 + RUNS)


def test_what_fails_in_a_run_is_raised() -> None:
    def fails() -> None:
        raise ValueError("no such picture")

    with pytest.raises(ValueError, match="no such picture"):
        ms_each(fails, 2, lambda: 0.0)


def test_a_real_model_is_really_timed_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    catalog = colours(folder)
    here: Any = {"machine": lambda: OLD, "providers": lambda: ("cpu",)}
    chosen = Tuner(catalog, folder, **here).choose(ASKED)
    assert chosen.by == "measured"
    assert chosen.choice is not None
    assert [one.why_not for one in chosen.choice.tried] == ["", ""]
    assert [one.furthest for one in chosen.choice.tried] == [0, pytest.approx(0, abs=1e-5)]
    detector = Detector.open(catalog, chosen.settings, chosen_by=chosen.by)
    assert "(onnxruntime " in str(detector.runs_on)
    assert str(detector.runs_on).endswith(", measured)")
    assert Tuner(catalog, folder, **here).choose(ASKED) == chosen


def test_openvino_is_timed_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="the extra [openvino] is not installed")
    colours(tmp_path)
    way = REFERENCE.model_copy(update={"provider": "openvino"})
    with WayTrial(tmp_path, ASKED, 2) as trial:
        tried = trial(way)
    assert tried.can_be_taken, tried.why_not
    assert tried.furthest == pytest.approx(0, abs=1e-4)


def test_a_way_that_sees_something_else_is_left_out(tmp_path: Path) -> None:
    catalog = colours(tmp_path)
    rows = [(32.0, 32, 20, 10, 0.9, 0, 0)]
    graph = constant_graph(tmp_path / "other.onnx", rows, CELLS, across=True)
    entry = beside(catalog, graph, NAME)
    chosen = Tuner(catalog, tmp_path, machine=lambda: OLD, providers=lambda: ("cpu",)).choose(
        ASKED.model_copy(update={"threads": 1})
    )
    assert chosen.settings.model == NAME
    assert chosen.choice is not None
    first, other = chosen.choice.tried
    assert first.can_be_taken
    assert (other.way.model, other.can_be_taken) == (entry.name, False)
    assert other.furthest is not None
    assert other.furthest > SCORES_WITHIN
    assert "from the reference, more than 0.1" in other.why_not


def test_what_sees_the_same_in_8_bits_may_be_taken(tmp_path: Path) -> None:
    catalog = colours(tmp_path)
    entry = beside(catalog, graphs.yolov8_graph(tmp_path / "same.onnx", batch="n"), NAME)
    with WayTrial(tmp_path, ASKED, 1) as trial:
        tried = trial(REFERENCE.model_copy(update={"model": entry.name}))
    assert tried.can_be_taken, tried.why_not
    assert tried.way.applied(ASKED).model == entry.name
    assert str(tried.way) == f"cpu fp32, 1 thread, {entry.name}"


def test_a_way_that_hangs_is_left_out_and_the_next_is_tried(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    rows = [(32.0, 32, 20, 10, 0.9, 0)]
    catalog.import_file(
        constant_graph(tmp_path / "made.onnx", rows, CELLS, across=True),
        name=NAME, head="yolov8", labels=TWO,
    )  # fmt: skip
    entry = beside(catalog, endless_graph(tmp_path / "endless.onnx", {}), NAME)
    with WayTrial(tmp_path, ASKED, 1, within_s=3) as trial:
        hanging = trial(REFERENCE.model_copy(update={"model": entry.name}))
        next_one = trial(REFERENCE)
    assert hanging.why_not == "it was not done after 3 s"
    assert next_one.can_be_taken, next_one.why_not


def test_a_way_that_ends_its_process_is_left_out_and_the_next_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[Any] = [ChildEnded(-11, late=False), {"ms": 5.0, "furthest": 0.0}]
    started = []

    class Child:
        def __init__(self, module: str, arguments: list[str], *, within_s: float) -> None:
            started.append(module)

        def answer(self) -> tuple[dict[str, Any], bytes]:
            said = answers.pop(0)
            if isinstance(said, Exception):
                raise said
            return said, b""

        def send(self, request: bytes) -> None: ...
        def allow(self, within_s: float) -> None: ...
        def close(self) -> None: ...

    monkeypatch.setattr(trying, "AskedChild", Child)
    with WayTrial(None, ASKED, 1) as trial:
        assert trial(REFERENCE).why_not == "it died (SIGSEGV)"
        assert trial(REFERENCE).can_be_taken
    assert len(started) == 2


@pytest.mark.parametrize(
    ("said", "why_not"),
    [
        ({"ms": 5.0, "furthest": SCORES_WITHIN}, ""),
        ({"ms": 5.0, "furthest": 0.2}, "its scores are up to 0.20 from the reference"),
        ({"why_not": "no such library"}, "no such library"),
        ({"ms": -1}, "expected its time"),
        ({"ms": float("nan"), "furthest": 0}, "expected its time"),
        ({}, "it told no time"),
    ],
)
def test_what_a_child_says_is_judged(said: dict[str, object], why_not: str) -> None:
    tried = judged(REFERENCE, said)
    assert why_not in tried.why_not
    assert tried.can_be_taken == (why_not == "")


@pytest.mark.skipif(not lacks("cuda"), reason="this onnxruntime has cuda")
def test_a_way_that_another_provider_would_take_over_is_left_out(tmp_path: Path) -> None:
    colours(tmp_path)
    with WayTrial(tmp_path, ASKED, 1) as trial:
        tried = trial(REFERENCE.model_copy(update={"provider": "cuda"}))
    assert "it computes by cpu in fp32 instead: " in tried.why_not


def test_the_machine_is_read(tmp_path: Path) -> None:
    info, quota = tmp_path / "cpuinfo", tmp_path / "cpu.max"
    info.write_text(
        "processor\t: 0\nmodel name\t: Some CPU: fast\nflags\t\t: fpu avx2 amx_bf16 ht\n\n"
        "processor\t: 1\nmodel name\t: Some CPU\nflags\t\t: fpu avx512f\n"
    )
    quota.write_text("50000 100000\n")
    machine = this_machine(cpu_info=info, cpu_quota=quota)
    assert machine.processor == "Some CPU: fast"
    assert machine.flags == ("amx_bf16", "avx2")
    assert (machine.cores, machine.precisions) == (1, ("bf16",))
    assert machine.versions == versions()
    info.write_text("Features\t: fp asimd asimdhp i8mm\n")
    quota.write_text("max 100000\n")
    arm = this_machine(cpu_info=info, cpu_quota=quota)
    assert (arm.flags, arm.precisions) == (("asimd", "asimdhp", "i8mm"), ("fp16",))
    assert this_machine(cpu_info=tmp_path / "none", cpu_quota=tmp_path / "none").processor


@pytest.mark.skipif(not CPU_INFO.exists(), reason="this system does not tell its processor")
def test_this_machine_is_the_same_each_time() -> None:
    assert this_machine() == this_machine()


@pytest.mark.parametrize("why", ["", "a: b (c, d): e\nf"])
@pytest.mark.parametrize("threads", [1, 8])
def test_what_computes_is_read_back_from_its_words(tmp_path: Path, why: str, threads: int) -> None:
    graph = open_graph(
        graphs.yolov8_graph(tmp_path / "m.onnx"), DetectorSettings(provider="cpu", threads=threads)
    )
    on = graph.runs_on.model_copy(update={"why": why, "chosen_by": "measured"})
    assert RunsOn.read(str(on)) == on
    for words in ("", "cpu", "npu fp32, 1 thread (x 1, set)", str(on)[1:]):
        assert RunsOn.read(words) is None
