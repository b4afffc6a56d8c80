"""The cameras that misbehave beside the measured ones of `patrol bench`, and what is told of it."""

import os
import socket
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from typer.testing import CliRunner

from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.messages import CameraHealthChanged
from domain.place import Id
from lab.bench import measure
from lab.bench.bad_cameras import BadCameras
from lab.bench.ears import Ears
from lab.bench.media import ENDLESS, FLOOD, NIGHT, SMALL, STREET, BenchMedia
from lab.bench.processes import Held, held_by
from lab.bench.report import FootageSent, verdicts
from lab.bench.run import BenchOrder, run_bench
from lab.bench.stage import BAD_PROMISE, configuration_of
from lab.bench.steadiness import FLAT_COUNT, FLAT_MB, steadiness
from lab.bench.weather import WEATHERS
from lab.footage.simulator import FAULT_KINDS
from lab.footage.simulator.hostile import HOSTILE
from lab.footage.simulator.oddities import ODDITIES
from patrol.cli import app
from settings.loading import load
from tests.block_detector import NAME, import_block_detector
from tests.lab.bench.tiny import KEYFRAMES, busy, still, tiny_media
from tests.media import make_clip

NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> BenchMedia:
    folder = tmp_path_factory.mktemp("weather")
    clip = make_clip(folder / "a.mp4", seconds=2, fps=10, gop=5)
    beside = dict.fromkeys((SMALL, FLOOD, ENDLESS), clip)
    return BenchMedia({**tiny_media(folder, {STREET: busy, NIGHT: still}).clips, **beside})


# ——— which cameras there are ———


def test_every_fault_and_every_odd_camera_is_a_weather() -> None:
    names = TypeAdapter(list[Id]).validate_python(list(WEATHERS))
    assert set(FAULT_KINDS) <= set(names)
    assert len(names) == len(FAULT_KINDS) + len(ODDITIES) + len(HOSTILE) + 1  # and the flood


def test_an_unknown_weather_lists_all() -> None:
    said = CliRunner().invoke(app, ["bench", "--weather", "hail"])
    assert said.exit_code == 2
    assert all(name in said.output for name in ("all", "stall", "drips"))


def test_bad_cameras_are_promised_less_than_the_measured(tmp_path: Path) -> None:
    file = tmp_path / "bench.yaml"
    urls, bad = {"cam0": "rtsp://127.0.0.1:1/cam0"}, {"drips": "rtsp://127.0.0.1:2/cam"}
    text = configuration_of(urls, {}, look_every_s=4, port=1, bad=bad)
    file.write_text(text, encoding="utf-8")
    configuration = load(file, data_dir=tmp_path)
    promised = {one.id: one.promise.usual_s for one in configuration.cameras}
    assert promised == {"cam0": 4, "drips": 4 * BAD_PROMISE}


def test_bad_cameras_serve_and_count_who_came(media: BenchMedia) -> None:
    bad = BadCameras(["not_found", "speaks_HTTP"], media)
    try:
        for url in bad.urls.values():
            host, port = url.rpartition("@")[2].removeprefix("rtsp://").split("/")[0].split(":")
            with socket.create_connection((host, int(port))) as peer:
                peer.sendall(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
                assert peer.recv(4096)
        connections, skipped = bad.counted()
    finally:
        bad.stop()
    assert connections == {"not_found": 1, "speaks_HTTP": 1}
    assert skipped == {"not_found": 0, "speaks_HTTP": 0}


# ——— what is told ———


def course(grown_mb: float = 0.0, descriptors: int = 0) -> list[tuple[float, Held]]:
    """Ten minutes; the first third fills up, and something may leak through all of it."""
    return [
        (
            float(at_s),
            Held(
                rss_mb=500.0 + min(at_s, 150) + grown_mb * at_s / 600,
                descriptors=90 + at_s % 3 + descriptors * at_s // 600,
                threads=100,
            ),
        )
        for at_s in range(0, 601, 5)
    ]


def test_what_fills_up_at_first_and_then_stays_is_flat() -> None:
    found = steadiness(course())
    assert found is not None
    assert (found.is_flat, found.memory, found.threads) == (
        True, "flat (+0.0 MB in 3.3 min)", "flat (+0 in 3.3 min)",
    )  # fmt: skip
    assert [minute.rss_mb for minute in found.minutes[:2]] == [530.0, 590.0]
    assert len(found.minutes) == 10


@pytest.mark.parametrize(
    ("samples", "what"),
    [(course(grown_mb=6 * FLAT_MB), "memory"), (course(descriptors=6 * FLAT_COUNT), "descriptors")],
)
def test_what_leaks_is_named(samples: list[tuple[float, Held]], what: str) -> None:
    found = steadiness(samples)
    assert found is not None
    told = {name: getattr(found, name) for name in ("memory", "descriptors", "threads")}
    assert [name for name, words in told.items() if words.startswith("grows (+")] == [what]
    assert not found.is_flat


def test_a_moment_tells_nothing_of_a_course() -> None:
    assert steadiness(course()[:2]) is None


def test_a_process_holds_its_descriptors_and_threads() -> None:
    before = held_by(os.getpid())
    with socket.socket():
        assert held_by(os.getpid()).descriptors == before.descriptors + 1
    assert before.threads >= 1
    assert held_by(2**22 + 1) == Held(0.0, 0, 0)


def test_each_fall_into_a_fault_counts_once() -> None:
    ears = Ears()
    for fault in (None, FaultKind.STALLED, FaultKind.STALLED, None, FaultKind.STALLED):
        status = CameraStatus.OFFLINE if fault else CameraStatus.SEEING
        health = CameraHealth(camera_id="a", at=NOON, since=NOON, status=status, fault=fault)
        ears.hear(CameraHealthChanged(health=health))
    assert ears.said()["a"].faults == Counter(stalled=2)
    assert ears.said()["a"].last.status is CameraStatus.OFFLINE


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_short_run_tells_of_neighbours_and_of_who_misbehaves(
    tmp_path: Path, media: BenchMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "SETTLE_S", 0.2)
    import_block_detector(tmp_path / "models")
    order = BenchOrder(
        cameras=2,
        night=1,
        seconds=6,
        weather=("not_found", "speaks_HTTP", "plain", "resets_before_any_picture"),
        look_every_s=0.5,
        settings={"detector": {"model": NAME}, "streams": {"backoff_first_s": 0.2}},
    )
    report = run_bench(order, media, tmp_path, lambda what, share: None)

    assert report.looks_per_s > 0
    assert {name: seen.cameras for name, seen in report.scenes.items()} == {STREET: 1, NIGHT: 1}
    assert all(seen.looks and seen.worker_cores > 0 for seen in report.scenes.values())
    assert report.footage == FootageSent(clips=2, keyframes=2 * KEYFRAMES)
    assert (report.gaps, report.reconnects, report.packets_lost) == (0, 0, 0)
    told = {name: (seen.status, seen.fault) for name, seen in report.weather.items()}
    assert told == {
        "not_found": ("offline", "not_found"),
        "speaks_HTTP": ("offline", "refused"),
        "plain": ("seeing", None),
        "resets_before_any_picture": ("offline", "ended"),
    }
    assert report.weather["plain"].looks > 0
    assert report.weather["resets_before_any_picture"].connections >= 2
    assert report.weather["not_found"].faults == {"not_found": 1}
    assert report.worker is not None
    assert report.worker.thirds[2].descriptors > 10
    assert report.ended == {}
    words = verdicts(report)
    assert set(words) == {"memory", "descriptors", "threads", "neighbours"}
    assert "0 gaps" in words["neighbours"]
    dead = verdicts(report.model_copy(update={"ended": {"worker": -6}}))
    assert set(dead) == {"the worker", "neighbours"}
    assert dead["the worker"] == "ended with -6"
