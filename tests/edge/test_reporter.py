"""What the reporter says of the packets in memory."""

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.clock import Clock, VirtualClock
from domain.messages import CameraHealthChanged, LooksDone
from domain.silence import LOOKS_EVERY_S
from edge.cpu import CpuTimes
from edge.load import LookLoad
from edge.post import CameraPost
from edge.reporter import Reporter
from settings.config import Configuration
from streams.budget import RingBudget
from streams.packet import StreamInfo
from tests.builders import NOON
from tests.streams.footage import made_up

STREAM = StreamInfo("h264", (320, 180))


def make_post(data_dir: Path, clock: Clock, budget: RingBudget) -> CameraPost:
    gate = {"id": "gate", "name": "门", "site_id": "s", "url": "rtsp://h/1"}
    share = Configuration.of({"data_dir": data_dir, "cameras": [gate]}).share()
    (camera,) = share.cameras
    return CameraPost(camera, share, clock=clock, on_gap=lambda _gap: None, budget=budget)


def test_a_camera_with_less_than_a_clip_needs_is_reported(tmp_path: Path) -> None:
    said: list[CameraHealthChanged | LooksDone] = []
    clock, budget = VirtualClock(NOON), RingBudget(1_000)
    post = make_post(tmp_path, clock, budget)
    reporter = Reporter("w", [post], clock=clock, publish=said.append, budget=budget)
    for second in range(30):
        post.reader.main.ring.append(made_up(second, keyframe=True, stream=STREAM))

    with capture_logs() as logs:
        clock.advance(LOOKS_EVERY_S)
        reporter.report(clock.moment())
        clock.advance(LOOKS_EVERY_S + 1)
        reporter.report(clock.moment())

    (health,) = (one.health for one in said if isinstance(one, CameraHealthChanged))
    assert health.detail == "memory holds 9 s of the 20 s that a clip needs"
    pages = [one for one in said if isinstance(one, LooksDone)]
    assert pages[0].rings is not None
    assert (pages[0].rings.held_bytes, pages[0].rings.max_bytes, pages[0].rings.cut) == (
        1_000, 1_000, 1,
    )  # fmt: skip
    warnings = [line for line in logs if line["log_level"] == "warning"]
    assert [line["event"] for line in warnings] == ["rings cut below what a clip needs"]


@pytest.mark.parametrize("set_by_s", [7200.0, -7200.0])
def test_a_clock_that_is_set_is_said_and_makes_no_span_longer(
    tmp_path: Path, set_by_s: float
) -> None:
    said: list[CameraHealthChanged | LooksDone] = []
    clock, budget = VirtualClock(NOON), RingBudget(1_000)
    post = make_post(tmp_path, clock, budget)
    reporter = Reporter("w", [post], clock=clock, publish=said.append, budget=budget)
    reporter.report(clock.moment())
    clock.set_by(set_by_s)
    clock.advance(LOOKS_EVERY_S)

    with capture_logs() as logs:
        reporter.report(clock.moment())

    assert [(line["event"], line["by_s"]) for line in logs if "by_s" in line] == [
        ("the clock was set", set_by_s)
    ]
    first, again, page = said
    assert isinstance(first, CameraHealthChanged)
    assert isinstance(again, CameraHealthChanged)
    assert isinstance(page, LooksDone)
    assert again.health.at - first.health.at == timedelta(seconds=LOOKS_EVERY_S + set_by_s)
    assert first.health.steady_at is not None
    assert again.health.steady_at == first.health.steady_at + timedelta(seconds=LOOKS_EVERY_S)
    assert page.to_at - page.from_at == timedelta(seconds=LOOKS_EVERY_S)
    assert page.clock_set_s == set_by_s


def test_what_looks_cost_is_told_with_them_once_it_was_measured(tmp_path: Path) -> None:
    said: list[CameraHealthChanged | LooksDone] = []
    clock, budget = VirtualClock(NOON), RingBudget(1_000)
    post = make_post(tmp_path, clock, budget)
    load = LookLoad(lookers=1, cores=1)
    reporter = Reporter("w", [post], clock=clock, publish=said.append, budget=budget, load=load)
    for _ in range(2):
        with load.busy(post):
            post.book.done(clock.moment(), {})
        clock.advance(LOOKS_EVERY_S)
        reporter.report(clock.moment())
    first, second = (one.workload for one in said if isinstance(one, LooksDone))
    assert first is None
    assert second is not None
    assert (second.over_s, second.looks, second.promises) == (LOOKS_EVERY_S, 1, 1)


def test_a_measurement_that_fails_costs_no_page_of_looks(tmp_path: Path) -> None:
    said: list[CameraHealthChanged | LooksDone] = []
    clock, budget = VirtualClock(NOON), RingBudget(1_000)
    post = make_post(tmp_path, clock, budget)

    def gone() -> CpuTimes:
        raise OSError("no /proc")

    load = LookLoad(lookers=1, cores=1, cpu=gone)
    reporter = Reporter("w", [post], clock=clock, publish=said.append, budget=budget, load=load)
    post.book.done(clock.moment(), {})
    clock.advance(LOOKS_EVERY_S)
    reporter.report(clock.moment())
    (page,) = (one for one in said if isinstance(one, LooksDone))
    assert (page.workload, page.cameras[0].looks) == (None, 1)
