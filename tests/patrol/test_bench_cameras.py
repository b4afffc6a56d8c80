"""What `patrol bench` plants and how it sums up; a whole run is a command, not a test."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml

from domain.health import CameraLooks
from domain.messages import LooksDone
from patrol.bench.ears import Ears
from patrol.bench.media import BenchMedia
from patrol.bench.processes import child_named, cost_of
from patrol.bench.report import intervals, spread, summed
from patrol.bench.stage import FIRE, clips_of, configuration_of, plants_of

NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
MEDIA = BenchMedia(Path("street.mp4"), Path("fire.mp4"))


def test_fires_are_spread_over_the_cameras_and_the_time() -> None:
    assert plants_of(114, 3, seconds=600) == {"cam19": 0.0, "cam57": 190.0, "cam95": 380.0}
    assert plants_of(1, 5, seconds=10) == {"cam0": 0.0}
    assert plants_of(10, 0, seconds=600) == {}


def test_all_cameras_play_the_street_until_something_burns() -> None:
    clips = clips_of(3, MEDIA)
    assert [name for name, clip in clips.items() if clip == MEDIA.street] == [
        "cam0", "cam1", "cam2",
    ]  # fmt: skip
    assert clips[FIRE] == MEDIA.fire


def test_percentiles_are_named_and_nothing_is_none() -> None:
    assert spread([1, 2, 3], (50, 95)) == {"p50": 2.0, "p95": 2.9}
    assert spread([], (50, 95)) == {"p50": None, "p95": None}


def test_the_worst_camera_is_told_from_all() -> None:
    every, worst = intervals({"a": [2.0] * 99, "b": [2.0, 8.0], "c": []})
    assert every == {"p50": 2.0, "p95": 2.0, "p99": 2.0, "max": 8.0}
    assert worst == 7.94


def test_causes_are_summed() -> None:
    assert summed([{"overload": 2}, {}, {"overload": 1, "frozen": 4}]) == {
        "overload": 3, "frozen": 4,
    }  # fmt: skip


def test_what_came_before_the_steady_phase_is_forgotten() -> None:
    ears = Ears()
    page = CameraLooks(camera_id="a", looks=2, last_look_at=NOON, intervals_s=(2.0, 4.0))
    ears.hear(LooksDone(worker_id="w", from_at=NOON, to_at=NOON, cameras=(page,)))
    assert ears.looked == 1
    ears.begin()
    ears.hear(LooksDone(worker_id="w", from_at=NOON, to_at=NOON, cameras=(page,)))
    per_camera, _late, looks, gaps, _runs_on = ears.counts()
    assert (per_camera, looks, gaps) == ({"a": [2.0, 4.0]}, 2, 0)


def test_the_users_settings_are_kept_and_the_cameras_are_the_benchs() -> None:
    text = configuration_of(
        {"cam0": "rtsp://127.0.0.1:1/cam0"},
        {"detector": {"provider": "openvino"}},
        look_every_s=4,
        port=1,
    )
    data = yaml.safe_load(text)
    assert data["detector"] == {"provider": "openvino"}
    assert [camera["url"] for camera in data["cameras"]] == ["rtsp://127.0.0.1:1/cam0"]


def test_a_process_costs_something_and_a_dead_one_nothing() -> None:
    assert cost_of(os.getpid()).cpu_s > 0
    assert cost_of(os.getpid()).rss_mb > 1
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert cost_of(child.pid).rss_mb > 0
        child.terminate()
    assert cost_of(child.pid).rss_mb == 0
    assert child_named("no-such-program") is None


def test_second_streams_are_looked_at_and_burn_with_the_first() -> None:
    small = BenchMedia(Path("small-street.mp4"), Path("small-fire.mp4"))
    clips = clips_of(2, MEDIA, small)
    assert clips["cam1/sub"] == small.street
    assert clips[f"{FIRE}/sub"] == small.fire
    urls, second = {"cam0": "rtsp://h/cam0"}, {"cam0": "rtsp://h/cam0/sub"}
    text = configuration_of(urls, {}, look_every_s=2, port=1, small=second)
    (camera,) = yaml.safe_load(text)["cameras"]
    assert (camera["url"], camera["detect_url"]) == (urls["cam0"], second["cam0"])
