"""Two workers of one id on one bus: the second is refused, in words."""

import threading
from pathlib import Path

import pytest

from patrol.claims import AlreadyRunning
from patrol.only_worker import OnlyWorker
from settings.loading import load
from settings.slices import WorkerShare
from tests.integration.rig import configure
from tests.streams.footage import wait_until

CAMERA = {"gate": {"url": "rtsp://127.0.0.1:1/gate"}}


def configured(folder: Path, bus_url: str | None, worker_id: str) -> WorkerShare:
    folder.mkdir()
    bus = {"bus": {"url": bus_url}} if bus_url else {}
    file = configure(folder, CAMERA, worker={"id": worker_id}, **bus)
    return load(file, data_dir=folder / "data").share()


def test_a_second_worker_of_one_id_is_refused_until_the_first_has_left(
    tmp_path: Path, bus_url: str
) -> None:
    first, second, other = (
        OnlyWorker(configured(tmp_path / name, bus_url, worker_id), bus_url)
        for name, worker_id in (("a", "twin"), ("b", "twin"), ("c", "sister"))
    )
    first.check()
    other.check()
    with pytest.raises(AlreadyRunning, match=r"id twin is on this bus: process \d+.*worker\.id"):
        second.check()
    first.check()
    first.stop()
    second.check()
    second.stop()
    other.stop()


def test_who_starts_again_in_its_own_directory_is_let_in(tmp_path: Path, bus_url: str) -> None:
    share = configured(tmp_path / "a", bus_url, "again")
    OnlyWorker(share, bus_url).check()  # killed: its lease is left
    back = OnlyWorker(share, bus_url)
    back.check()
    back.stop()


def test_one_that_was_overtaken_stops_and_says_why(tmp_path: Path, bus_url: str) -> None:
    stopping = threading.Event()
    late = OnlyWorker(configured(tmp_path / "a", bus_url, "late"), bus_url, renew_every_s=0.05)
    early = OnlyWorker(configured(tmp_path / "b", bus_url, "late"), bus_url)
    early.check()
    late.watch(stopping)
    wait_until(stopping.is_set)
    with pytest.raises(AlreadyRunning, match="id late"):
        late.stop()
    early.stop()


def test_a_bus_that_is_away_or_its_own_hinders_no_worker(tmp_path: Path) -> None:
    away = "redis://127.0.0.1:1/0"
    only = OnlyWorker(configured(tmp_path / "a", away, "alone"), away)
    only.check()
    only.stop()
    own = OnlyWorker(configured(tmp_path / "b", None, "alone"), away)
    own.check()
    own.watch(threading.Event())
    own.stop()
