"""Busy streets and quiet nights apart, and what of `patrol bench` is refused before it runs."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from lab.bench.cast import Cast, cast_of
from lab.bench.ears import Heard
from lab.bench.measure import Measured
from lab.bench.report import FootageSent
from lab.bench.scenes import NIGHT_WORKER, WORKER, is_busy, quiet_share, scenes_seen
from lab.commands.bench_cameras import circumstances
from patrol.cli import app
from tests.lab.bench.test_bench_pictures import report

MEASURED = Measured(
    lasted_s=60.0, ended_s=0.0, cpu_cores={WORKER: 0.2, NIGHT_WORKER: 0.06}, rss_mb={},
    heard={
        "cam0": Heard(looks=15, intervals_s=[4.0, 4.0]),
        "cam1": Heard(looks=15, unchanged=12, intervals_s=[4.0, 5.0]),
        "cam2": Heard(looks=5),
    },
    reconnects={}, skipped={}, planted=[], rings={}, held=[], said={}, connections={}, ended={},
)  # fmt: skip
CAST = cast_of(3, 1, {}, 60)


def test_each_scene_has_its_looks_and_the_cost_of_its_worker() -> None:
    scenes = scenes_seen(CAST, MEASURED)
    assert {name: one.cameras for name, one in scenes.items()} == {"street": 2, "night": 1}
    assert scenes["street"].looks_by_kind == {"full": 20, "unchanged": 0, "first": 0}
    assert scenes["night"].looks_by_kind == {"full": 3, "unchanged": 12, "first": 0}
    assert scenes["night"].look_interval_s["max"] == 5.0
    assert (scenes["street"].worker_cores_per_camera, scenes["street"].look_ms) == (0.1, 600.0)
    assert (scenes["night"].worker_cores_per_camera, scenes["night"].look_ms) == (0.06, 240.0)
    assert is_busy(scenes["street"].looks_by_kind)
    assert not is_busy(scenes["night"].looks_by_kind)


def test_what_a_quiet_camera_costs_is_said_in_both_languages() -> None:
    words = quiet_share(scenes_seen(CAST, MEASURED))
    assert words is not None
    assert "60%" in words.zh
    assert "costs 60% of a busy street (0.0600 / 0.1000 core)" in words.en


def test_without_both_there_is_nothing_to_compare() -> None:
    assert scenes_seen(cast_of(3, 0, {}, 60), MEASURED) == {}
    nights = scenes_seen(Cast((), ("cam1",), ()), replace(MEASURED, cpu_cores={WORKER: 0.06}))
    assert nights["night"].worker_cores == 0.06
    assert quiet_share(nights) is None
    assert not is_busy({"full": 0, "unchanged": 0})


@pytest.mark.parametrize(("unchanged", "said"), [(1, False), (60, True)])
def test_a_street_on_which_nothing_happens_is_named(unchanged: int, said: bool) -> None:
    ran = report(10, 0.2, 4.0).model_copy(
        update={
            "footage": FootageSent(clips=8, keyframes=100),
            "looks_by_kind": {"full": 99, "unchanged": unchanged},
        }
    )
    words = "; ".join(circumstances(ran))
    assert "8 clips, 100 keyframes, each one camera's alone" in words
    assert ("street is not busy" in words) is said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fires", "20", "-n", "10"], "-n 10: --fires: expected at most 10"),
        (["--fires", "20", "--seconds", "30", "-n", "40"], "--seconds 40 would do"),
        (["--fires", "20", "--sweep", "57,10"], "-n 10: --fires: expected at most 10"),
        (["--night", "5", "-n", "4"], "--night: expected at most 4 cameras, got 5"),
        (["--night", "1", "--source", "rtsp://h/{}"], "--night: expected the simulator's cameras"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(options: list[str], words: str) -> None:
    said = CliRunner().invoke(app, ["bench", *options])
    assert said.exit_code == 2
    assert words in " ".join(said.output.replace("│", " ").split())
