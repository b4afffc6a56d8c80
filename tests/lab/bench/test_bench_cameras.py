"""What `patrol bench` plants and how it sums up; a whole run is a command, not a test."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from domain.errors import ConfigurationError
from domain.health import CameraLooks, CoverageGap, FaultKind
from domain.incident import IncidentKind
from domain.messages import CoverageGapEnded, LooksDone
from lab.bench.cast import names_of
from lab.bench.ears import Ears
from lab.bench.judge import Opened, Planted, case_of, plants_found
from lab.bench.media import CROWD, FIRE, PARKED
from lab.bench.plants import APART_S, KINDS, Plant, plants_of, with_usual
from lab.bench.processes import child_named, cost_of
from lab.bench.report import cameras_seen, intervals, spread, summed
from lab.bench.run import BenchOrder, urls_of
from lab.bench.stage import BUSY_WORKER, QUIET_WORKER, configuration_of
from lab.bench.weather import STALL
from settings.loading import load

NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)


def times(plants: Sequence[Plant]) -> dict[str, float]:
    return {plant.camera: plant.at_s for plant in plants}


def test_fires_are_spread_over_the_cameras_and_the_time() -> None:
    assert times(plants_of(names_of(114), {FIRE: 3}, seconds=600)) == {
        "cam19": 0.0, "cam57": 190.0, "cam95": 380.0,
    }  # fmt: skip
    assert plants_of(names_of(10), {FIRE: 0}, seconds=600) == []


@pytest.mark.parametrize("cameras", [20, 21, 114, 228])
@pytest.mark.parametrize("seconds", [40.0, 60.0, 600.0])
def test_twenty_fires_fit_wherever_there_is_a_camera_for_each(cameras: int, seconds: float) -> None:
    at_s = times(plants_of(names_of(cameras), {FIRE: 20}, seconds))
    assert len(at_s) == 20
    moments = sorted(at_s.values())
    assert moments[0] == 0
    assert max(moments) < seconds
    assert min(later - before for before, later in pairwise(moments)) >= APART_S


def test_kinds_take_turns_and_each_has_its_own_times() -> None:
    planted = plants_of(names_of(10), {FIRE: 2, CROWD: 1, PARKED: 2}, seconds=105)
    assert [plant.kind.name for plant in planted] == [FIRE, CROWD, PARKED, FIRE, PARKED]
    assert times(planted) == {"cam1": 0.0, "cam3": 0.0, "cam5": 0.0, "cam7": 37.5, "cam9": 30.0}
    assert all(plant.found_by_s <= 105 for plant in planted)


@pytest.mark.parametrize(
    ("cameras", "counts", "seconds", "words"),
    [
        (3, {FIRE: 2, CROWD: 2, PARKED: 0}, 60, "--fires, --crowds: expected at most 3, one"),
        (30, {FIRE: 20}, 30, "expected at most 15 in --seconds 30, 1 s apart, got 20"),
        (30, {FIRE: 20}, 30, "--seconds 40 would do"),
        (114, {CROWD: 60}, 100, "--crowds: .*--seconds 105 would do"),
    ],
)
def test_what_does_not_fit_is_refused(
    cameras: int, counts: dict[str, int], seconds: float, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        plants_of(names_of(cameras), counts, seconds)


@pytest.mark.parametrize(
    ("counts", "seconds", "would_do"), [({FIRE: 20}, 30.0, 40.0), ({CROWD: 60}, 100.0, 105.0)]
)
def test_what_is_said_to_do_does(counts: dict[str, int], seconds: float, would_do: float) -> None:
    assert plants_of(names_of(114), counts, would_do)
    with pytest.raises(ConfigurationError):
        plants_of(names_of(114), counts, would_do - 1)


@pytest.mark.parametrize(
    ("asked", "cameras", "seconds", "counts"),
    [
        ({FIRE: None, CROWD: None}, 114, 600, {FIRE: 3, CROWD: 2}),
        ({FIRE: None, CROWD: None}, 4, 600, {FIRE: 3, CROWD: 1}),
        ({FIRE: None, CROWD: 2}, 3, 600, {FIRE: 1, CROWD: 2}),
        ({FIRE: None, CROWD: None}, 114, 2, {FIRE: 1, CROWD: 1}),
        ({FIRE: 9, CROWD: None}, 3, 60, {FIRE: 9, CROWD: 0}),
    ],
)
def test_what_nobody_asked_for_gives_way(
    asked: dict[str, int | None], cameras: int, seconds: float, counts: dict[str, int]
) -> None:
    assert with_usual(asked, {FIRE: 3, CROWD: 2}, cameras, seconds) == counts


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


def heard_of(*pages: CameraLooks) -> Ears:
    ears = Ears()
    ears.hear(LooksDone(worker_id="w", from_at=NOON, to_at=NOON, cameras=pages))
    return ears


def test_what_came_before_the_steady_phase_is_forgotten() -> None:
    page = CameraLooks(camera_id="a", looks=2, last_look_at=NOON, intervals_s=(2.0, 4.0))
    ears = heard_of(page)
    assert ears.looked == {"a"}
    ears.begin()
    ears.hear(LooksDone(worker_id="w", from_at=NOON, to_at=NOON, cameras=(page,)))
    heard = ears.heard()["a"]
    assert (heard.looks, heard.intervals_s, heard.gaps) == (2, [2.0, 4.0], {})


def test_neighbours_are_told_from_who_misbehaves() -> None:
    good = CameraLooks(camera_id="cam0", looks=2, unchanged=1, intervals_s=(4.0, 4.0))
    bad = CameraLooks(camera_id=STALL, looks=1, intervals_s=(19.0,), skipped={"stalled": 3})
    ears = heard_of(good, bad)
    gap = CoverageGap(camera_id=STALL, from_at=NOON, to_at=NOON, cause=FaultKind.STALLED)
    ears.hear(CoverageGapEnded(gap=gap))
    heard = ears.heard()

    seen = cameras_seen({"cam0": heard["cam0"]}, {STALL: 1}, {STALL: 9})
    assert (seen.looks, seen.look_interval_s["max"], seen.late, seen.gaps) == (2, 4.0, {}, {})
    assert (seen.reconnects, seen.pictures_skipped) == (0, 0)
    assert seen.looks_by_kind == {"full": 1, "unchanged": 1, "first": 0}

    seen = cameras_seen({STALL: heard[STALL]}, {STALL: 1}, {STALL: 9})
    assert (seen.late, seen.gaps) == ({"stalled": 3}, {"stalled": 1})
    assert (seen.reconnects, seen.pictures_skipped) == (1, 9)


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


def test_cameras_watch_for_what_is_planted_in_them(tmp_path: Path) -> None:
    plants = [Plant(f"cam{n}", 0.0, kind) for n, kind in enumerate(KINDS.values())]
    urls = {f"cam{n}": f"rtsp://127.0.0.1:1/cam{n}" for n in range(4)}
    file = tmp_path / "bench.yaml"
    text = configuration_of(urls, {}, look_every_s=4, port=1, plants=plants)
    file.write_text(text, encoding="utf-8")
    configuration = load(file, data_dir=tmp_path)
    kinds = [
        {rule.incident_kind for rule in camera.rules.values()} for camera in configuration.cameras
    ]
    fire = {IncidentKind.FIRE}
    assert kinds == [*({plant.kind.finds} | fire for plant in plants), fire]


def test_a_case_is_of_what_was_planted_there_after_its_onset() -> None:
    def opened(camera: str, kind: IncidentKind, after_s: float) -> Opened:
        return Opened("1", camera, kind, NOON + timedelta(seconds=after_s))

    fire = Planted(Plant("a", 0.0, KINDS[FIRE]), NOON)
    crowd = Planted(Plant("b", 0.0, KINDS[CROWD]), NOON)
    cases = [
        opened("a", IncidentKind.FIRE, -1),
        opened("a", IncidentKind.CROWDING, 1),
        opened("a", IncidentKind.FIRE, 9),
        opened("a", IncidentKind.FIRE, 5),
        opened("b", IncidentKind.FIRE, 1),
    ]
    assert case_of(fire, cases) == cases[3]
    found = plants_found([fire, crowd], cases)
    assert (found[FIRE].missed, found[FIRE].latency_s) == (0, {"p50": 5.0, "p95": 5.0})
    assert (found[CROWD].planted, found[CROWD].missed) == (1, 1)


@pytest.mark.parametrize(
    ("source", "second"),
    [
        ("rtsp://h/cam{}", "rtsp://h/cam1"),
        ("rtsp://h/{0}/main", "rtsp://h/1/main"),
        ("rtsp://h/Channels/{1}01", "rtsp://h/Channels/201"),
        ("rtsp://h:554/{1}?ch={1}", "rtsp://h:554/2?ch=2"),
    ],
)
def test_the_numbers_of_foreign_cameras(source: str, second: str) -> None:
    urls = urls_of(BenchOrder(cameras=2, seconds=1, source=source))
    assert list(urls) == ["cam0", "cam1"]
    assert urls["cam1"] == second


def test_a_foreign_address_without_a_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"expected an address with \{\}"):
        urls_of(BenchOrder(cameras=2, seconds=1, source="rtsp://h/cam"))


def test_a_process_costs_something_and_a_dead_one_nothing() -> None:
    assert cost_of(os.getpid()).cpu_s > 0
    assert cost_of(os.getpid()).rss_mb > 1
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # before it runs it may cost nothing yet
        assert cost_of(child.pid).rss_mb > 0
        child.terminate()
    assert cost_of(child.pid).rss_mb == 0
    assert child_named("no-such-program") is None


def test_second_streams_are_looked_at() -> None:
    urls, second = {"cam0": "rtsp://h/cam0"}, {"cam0": "rtsp://h/cam0/sub"}
    text = configuration_of(urls, {}, look_every_s=2, port=1, small=second)
    (camera,) = yaml.safe_load(text)["cameras"]
    assert (camera["url"], camera["detect_url"]) == (urls["cam0"], second["cam0"])


def test_quiet_cameras_have_a_worker_of_their_own(tmp_path: Path) -> None:
    urls = {name: f"rtsp://127.0.0.1:1/{name}" for name in names_of(3)}
    file = tmp_path / "bench.yaml"
    base = {"worker": {"id": "mine", "lookers": 2}}
    text = configuration_of(urls, base, look_every_s=4, port=1, quiet=("cam1",))
    file.write_text(text, encoding="utf-8")
    configuration = load(file, data_dir=tmp_path)
    shares = {
        worker: [camera.id for camera in configuration.share(worker).cameras]
        for worker in (BUSY_WORKER, QUIET_WORKER)
    }
    assert shares == {BUSY_WORKER: ["cam0", "cam2"], QUIET_WORKER: ["cam1"]}
