"""Choosing how to compute: what is tried, what is taken, what is kept, and when it is done anew."""

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.errors import ModelMissing
from models.catalogue.catalog import Catalog
from models.detector_settings import EXACT, DetectorSettings
from models.tuning.kept import KEPT, MAX_BYTES
from models.tuning.machine import Machine
from models.tuning.ways import Tried, Way, fastest
from tests.models.tunable import (
    ASKED,
    NAME,
    NEW,
    OLD,
    Timings,
    Trials,
    beside,
    colours,
    none_may_be_tried,
    tuner,
)

CPU, CPU_2 = "cpu fp32, 1 thread", "cpu fp32, 2 threads"
VINO, BF16 = "openvino fp32, 1 thread", "openvino bf16, 1 thread"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    colours(tmp_path / "models")
    return tmp_path / "models"


def asked(**said: Any) -> DetectorSettings:
    return ASKED.model_copy(update=said)


@pytest.mark.parametrize(
    ("machine", "said", "tried"),
    [
        (OLD, {}, [CPU, CPU_2]),
        (OLD, {"provider": "cpu"}, [CPU, CPU_2]),
        (NEW, {"threads": 1}, [CPU, VINO, BF16]),
        (NEW, {"threads": 3, "precision": "bf16", "provider": "openvino"}, []),
        (NEW, {"provider": "openvino", "threads": 1}, [VINO, BF16]),
        (NEW, {"precision": "fp32", "threads": 1}, [CPU, VINO]),
        (NEW.model_copy(update={"flags": ("avx2",)}), {"threads": 1}, [CPU, VINO]),
        (OLD, {"threads": 1}, []),
        (OLD.model_copy(update={"cores": 1}), {}, []),
        (NEW, {"provider": "cuda"}, []),
        (NEW, {"provider": "tensorrt", "threads": 1}, []),
        (OLD, {"precision": "bf16"}, []),
    ],
)
def test_each_way_is_tried_that_the_machine_has_and_the_settings_leave_open(
    folder: Path, machine: Machine, said: dict[str, Any], tried: list[str]
) -> None:
    trials = Trials({})
    tuner(folder, trials, machine).choose(asked(**said))
    assert trials.asked == tried


@pytest.mark.parametrize(
    ("timings", "more"),
    [
        ({CPU: 30, VINO: 40, BF16: 31}, ["cpu fp32, 2", "cpu fp32, 4", "bf16, 2", "bf16, 4"]),
        ({CPU: 60, VINO: 20, BF16: 40}, ["openvino fp32, 2", "openvino fp32, 4"]),
        ({CPU: 60, VINO: "it died", BF16: "it died"}, ["cpu fp32, 2", "cpu fp32, 4"]),
        ({CPU: "no", VINO: "no", BF16: "no"}, []),
    ],
)
def test_more_threads_are_tried_of_what_is_promising(
    folder: Path, timings: Timings, more: list[str]
) -> None:
    trials = Trials(timings)
    tuner(folder, trials, NEW).choose(ASKED)
    assert trials.asked[:3] == [CPU, VINO, BF16]
    assert len(trials.asked[3:]) == len(more)
    assert all(words in way for words, way in zip(more, trials.asked[3:], strict=True))


@pytest.mark.parametrize(
    ("timings", "takes"),
    [
        ({CPU: 30.0, VINO: 40.0, BF16: 20.0}, BF16),
        ({CPU: 30.0, VINO: 42.0, BF16: 41.0}, CPU),
        ({CPU: 30.0, VINO: 29.0, BF16: 28.6}, CPU),
        ({CPU: 30.0, VINO: 28.0, BF16: 27.8}, VINO),
        ({CPU: 30.0, VINO: 20.0, BF16: "its scores are far off"}, VINO),
    ],
)
def test_the_fastest_is_taken_and_the_surer_of_two_alike(timings: Timings, takes: str) -> None:
    ways = [
        Way(model=NAME, provider="cpu", precision="fp32", threads=1),
        Way(model=NAME, provider="openvino", precision="fp32", threads=1),
        Way(model=NAME, provider="openvino", precision="bf16", threads=1),
    ]
    said = {str(way): timings[str(way)] for way in ways}
    tried = [
        Tried(way=way, why_not=word) if isinstance(word := said[str(way)], str)
        else Tried(way=way, ms=word, furthest=0)
        for way in ways
    ]  # fmt: skip
    best = fastest(tried)
    assert best is not None
    assert str(best.way) == takes


@pytest.mark.parametrize(("ms", "threads"), [(85.0, 1), (75.0, 2)])
def test_several_threads_have_to_be_much_faster(folder: Path, ms: float, threads: int) -> None:
    assert tuner(folder, Trials({CPU_2: ms})).choose(ASKED).settings.threads == threads


def test_what_is_taken_stands_in_the_settings_and_nothing_else_changes(folder: Path) -> None:
    chosen = tuner(folder, Trials({BF16: 20.0}), NEW).choose(asked(threads=2))
    assert chosen.by == "measured"
    expected = {"provider": "cpu", "precision": "fp32", "threads": 2}
    assert chosen.settings == ASKED.model_copy(update=expected)
    assert tuner(folder, none_may_be_tried, NEW).known(asked(threads=2)) == chosen


@pytest.mark.parametrize("said", [EXACT.model_dump(exclude_unset=True), {"provider": "cuda"}])
def test_what_the_settings_say_holds_and_nothing_is_timed(
    folder: Path, said: dict[str, Any]
) -> None:
    chosen = tuner(folder, none_may_be_tried, NEW).choose(asked(**said))
    assert (chosen.by, chosen.settings, chosen.choice) == ("set", asked(**said), None)


def test_where_there_is_one_way_nothing_is_timed(folder: Path) -> None:
    chosen = tuner(folder, none_may_be_tried, OLD).choose(asked(threads=1))
    assert (chosen.by, chosen.settings.provider, chosen.settings.threads) == ("only", "cpu", 1)


def test_a_second_start_times_nothing_unless_it_is_told_to(folder: Path) -> None:
    first = tuner(folder, Trials({CPU_2: 50.0})).choose(ASKED)
    assert first.settings.threads == 2
    again = tuner(folder, none_may_be_tried).choose(ASKED)
    assert again == first
    trials = Trials({})
    assert tuner(folder, trials).choose(ASKED, again=True).settings.threads == 1
    assert trials.begun == 1
    assert tuner(folder, none_may_be_tried).choose(ASKED).settings.threads == 1


@pytest.mark.parametrize(
    "change",
    [
        {"processor": "another"},
        {"flags": ("avx2", "avx512f")},
        {"cores": 3},
        {"versions": {"onnxruntime": "2"}},
        {"versions": {"onnxruntime": "1", "openvino": "2"}},
    ],
)
def test_another_machine_is_timed_anew_and_the_first_one_is_still_known(
    folder: Path, change: dict[str, Any]
) -> None:
    tuner(folder, Trials({})).choose(ASKED)
    trials = Trials({})
    tuner(folder, trials, OLD.model_copy(update=change)).choose(ASKED)
    assert trials.begun == 1
    tuner(folder, none_may_be_tried).choose(ASKED)


def test_other_weights_or_another_question_are_timed_anew(folder: Path) -> None:
    tuner(folder, Trials({})).choose(ASKED)
    trials = Trials({})
    tuner(folder, trials).choose(asked(provider="cpu"))
    assert trials.begun == 1
    (folder / "more.onnx").write_bytes((folder / f"{NAME}.onnx").read_bytes())
    beside(Catalog(folder), folder / "more.onnx", NAME)
    tuner(folder, trials).choose(ASKED)
    assert trials.begun == 2


def test_only_the_latest_choices_are_kept(folder: Path) -> None:
    machines = [OLD.model_copy(update={"cores": cores}) for cores in range(2, KEPT + 3)]
    for machine in machines:
        tuner(folder, Trials({}), machine).choose(ASKED)
    assert tuner(folder, Trials({}), machines[0]).known(ASKED).by == "default"
    assert tuner(folder, Trials({}), machines[1]).known(ASKED).by == "measured"


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: "{",
        lambda text: text[: len(text) // 2],
        lambda text: '{"choices": 7}',
        lambda text: text.replace('"ms": 50.0', '"ms": -1'),
        lambda text: text.replace('"ms": 50.0', '"ms": null'),
        lambda text: text.replace('"threads": 2', '"threads": 100000'),
        lambda text: text + " " * MAX_BYTES,
        lambda text: "\0\udcff",
    ],
)
def test_a_damaged_file_is_told_and_measured_anew(folder: Path, spoilt: Any) -> None:
    kept = tuner(folder, Trials({CPU_2: 50.0}))
    kept.choose(ASKED)
    text = spoilt(kept.path.read_text())
    kept.path.write_bytes(text.encode("utf-8", "surrogateescape"))
    trials = Trials({CPU_2: 50.0})
    with capture_logs() as logs:
        assert tuner(folder, trials).choose(ASKED).settings.threads == 2
    assert trials.begun == 1
    assert logs[0]["event"] == "what was measured is lost, measured anew"
    assert logs[0]["file"] == str(kept.path)
    with capture_logs() as logs:
        tuner(folder, none_may_be_tried).choose(ASKED)
    assert logs == []


def test_a_way_that_cannot_be_taken_is_named_in_the_log(folder: Path) -> None:
    with capture_logs() as logs:
        tuner(folder, Trials({BF16: "it was not done after 20 s"}), NEW).choose(asked(threads=1))
    (said,) = [one for one in logs if one["event"] == "measured how to compute"]
    assert said["left_out"] == {BF16: "it was not done after 20 s"}
    assert said["takes"] == CPU


def test_where_nothing_can_be_timed_the_default_holds_and_says_so(folder: Path) -> None:
    trials = Trials({CPU: "it died (SIGSEGV)"})
    with capture_logs() as logs:
        chosen = tuner(folder, trials).choose(ASKED)
    assert (chosen.by, chosen.settings) == ("default", ASKED)
    assert chosen.why == "not measured: cpu fp32, 1 thread: it died (SIGSEGV)"
    assert [one["log_level"] for one in logs] == ["warning"]
    assert tuner(folder, Trials({})).choose(ASKED).by == "measured"


def test_without_any_process_to_try_in_the_default_holds(folder: Path) -> None:
    @contextmanager
    def no_processes(asked: DetectorSettings, cores: int) -> Any:
        def tries(way: Way) -> Tried:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        yield tries

    chosen = tuner(folder, no_processes).choose(ASKED)
    assert chosen.by == "default"
    assert "Resource temporarily unavailable" in chosen.why


def test_where_nothing_can_be_written_it_is_measured_and_not_kept(tmp_path: Path) -> None:
    catalog = colours(tmp_path / "models")
    (tmp_path / "file").write_text("in the way of a folder")
    with capture_logs() as logs:
        chosen = tuner(tmp_path / "file" / "x", Trials({}), catalog=catalog).choose(ASKED)
    assert chosen.by == "measured"
    assert chosen.why.startswith("not kept: ")
    assert "what was measured is not kept" in {one["event"] for one in logs}


def test_where_the_file_cannot_be_replaced_it_is_measured_and_not_kept(folder: Path) -> None:
    tuned = tuner(folder, Trials({}))
    tuned.path.mkdir()
    chosen = tuned.choose(ASKED)
    assert chosen.by == "measured"
    assert "Is a directory" in chosen.why


def test_two_workers_that_start_at_once_measure_once(folder: Path) -> None:
    trials, begun, go_on = Trials({}), threading.Event(), threading.Event()

    @contextmanager
    def slowly(asked: DetectorSettings, cores: int) -> Any:
        begun.set()
        assert go_on.wait(20)
        with trials(asked, cores) as tries:
            yield tries

    chosen: list[Any] = []
    threads = [
        threading.Thread(target=lambda: chosen.append(tuner(folder, slowly).choose(ASKED)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert trials.begun == 1
    assert chosen[0] == chosen[1]


def test_who_is_stopped_meanwhile_goes_on_with_the_default(folder: Path) -> None:
    stopped = threading.Event()
    trials = Trials({})
    stopped.set()
    chosen = tuner(folder, trials).choose(ASKED, stopped=stopped.is_set)
    assert (chosen.by, trials.asked) == ("default", [])
    assert "stopped" in chosen.why


def test_no_further_way_is_begun_when_time_is_over(folder: Path) -> None:
    seconds = iter([0.0, 1.0, 1_000.0])
    trials = Trials({})
    late = tuner(folder, trials, NEW)
    late._timer = lambda: next(seconds)
    assert late.choose(ASKED).by == "measured"
    assert trials.asked == [CPU]


def test_progress_is_told(folder: Path) -> None:
    told: list[tuple[str, float]] = []
    tuner(folder, Trials({})).choose(ASKED, tell=lambda what, share: told.append((what, share)))
    assert [what for what, _ in told] == [CPU, CPU_2]
    assert all(0 <= share <= 1 for _, share in told)


def test_a_model_that_is_not_there_is_missed(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        tuner(tmp_path, none_may_be_tried).choose(ASKED)
