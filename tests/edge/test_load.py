"""Which promises a machine can keep, reckoned from what it measured."""

import threading
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from domain.clock import VirtualClock
from domain.health import CameraLooks
from domain.workload import Workload
from edge.attention import Attention
from edge.cpu import CAMERAS, LOOKERS, READING, CpuTimes, cpu_times
from edge.eyes import Eyes
from edge.load import MEASURED_S, LookLoad
from edge.looker import Looker
from streams.shared_reading import SharedReading
from tests.builders import NOON
from tests.edge.test_roster import Post, roster_of
from vision.second_look.taking import SecondLookSettings

PAGE_S, PROMISE_S = 5.0, 4.0


class LoadPost(Post):
    """A camera whose keyframes come as looks are promised."""

    def looked_every_s(self, _now: object) -> float:
        return self.book.promised_s


@dataclass
class Machine:
    """Lookers and cores by hand: each look at a camera takes so long, `core_s` of it computing."""

    promises: int = 20
    lookers: int = 2
    cores: int = 2
    timer_s: float = 0.0
    looks_s: float = 0.0
    idle_s: float = 0.0
    cpu: CpuTimes = field(default_factory=lambda: CpuTimes(0, 0, 0, 0))

    def __post_init__(self) -> None:
        self.clock = VirtualClock(NOON)
        self.posts: list[Any] = [self._post(number) for number in range(self.promises)]
        self.load = LookLoad(
            lookers=self.lookers,
            cores=self.cores,
            cpu=lambda: self.cpu,
            timer=lambda: self.timer_s,
        )
        assert self.measured([]) is None

    def _post(self, number: int) -> LoadPost:
        post = LoadPost(f"c{number}", risk=2.0 if number == 0 else 1.0)
        post.book.promise(PROMISE_S)
        post.book.begin_again(self.clock.moment())
        return post

    def measured(self, pages: list[CameraLooks]) -> Workload | None:
        return self.load.measured(self.clock.moment(), self.posts, pages)

    def page(
        self, looks_a_post: float, *, busy_s: float = 0.1, core_s: float = 0.1, idle: float = 0.0
    ) -> Workload:
        """A page in which each camera was looked at so often, and `idle` cores had nothing to
        do."""
        self.clock.advance(PAGE_S)
        looks = round(looks_a_post * PAGE_S)
        for post in self.posts:
            for _ in range(looks):
                with self.load.busy(post):
                    self.timer_s += busy_s
                post.book.done(self.clock.moment(), {})
        total = looks * self.promises
        before = self.cpu
        self.cpu = CpuTimes(
            before.looks_s + total * core_s,
            before.reading_s + 0.2 * PAGE_S,
            before.worker_s + total * core_s + 0.3 * PAGE_S,
            before.idle_s + idle * PAGE_S,
        )
        workload = self.measured([post.book.close_page() for post in self.posts])
        assert workload is not None
        return workload


def test_a_machine_that_has_time_left_can_keep_all() -> None:
    load = Machine().page(0.2, idle=1.2)
    assert (load.suffices, load.can_keep, load.promises) == (True, 20, 20)
    assert (load.over_s, load.looks, load.look_core_s) == (5.0, 20, 0.1)
    assert (load.looks_cores, load.reading_cores, load.other_cores) == (0.4, 0.2, 0.1)
    assert load.wanted_cores == pytest.approx(20 * 0.1 / PROMISE_S)
    assert load.have_cores == pytest.approx(0.4 + 1.2)
    assert load.more_cores == 0.0


def test_a_machine_without_time_keeps_those_that_its_cores_suffice_for() -> None:
    """32 looks a second at 0.1 core-second each, while 40 are promised."""
    machine = Machine(promises=160, cores=1)
    machine.page(0.2, busy_s=0.06)
    load = machine.page(0.2, busy_s=0.06)  # a look every 5 s, where one every 4 s is promised
    assert load.have_cores == pytest.approx(3.2)
    assert load.wanted_cores == pytest.approx(4.0)
    assert load.can_keep == 128
    assert load.more_cores == pytest.approx(0.8)
    assert load.stretch == pytest.approx(1.25)
    assert not load.wants_lookers


def test_where_lookers_have_no_time_cores_that_idle_do_not_help() -> None:
    load = Machine(promises=40, lookers=1, cores=16).page(0.2, busy_s=0.125, idle=11.0)
    assert load.busy_share == 1.0
    assert load.have_cores == pytest.approx(load.looks_cores) == pytest.approx(0.8)
    assert load.wanted_cores == pytest.approx(1.0)
    assert load.wants_lookers


def test_while_lookers_rest_nothing_is_short_however_busy_others_keep_the_machine() -> None:
    machine = Machine(promises=160, cores=1)
    machine.page(0.2, busy_s=0.03)
    load = machine.page(0.2, busy_s=0.03, idle=0.0)
    assert load.busy_share == pytest.approx(0.48)
    assert load.suffices


def test_what_was_kept_can_be_kept() -> None:
    machine = Machine(promises=2)
    for post in machine.posts:
        post.book.promise(PAGE_S)
    for _ in range(3):
        load = machine.page(0.2, busy_s=2.4, core_s=0.001)
    assert load.kept == load.can_keep == 2


def test_a_camera_costs_what_was_measured_of_it() -> None:
    machine = Machine(promises=2)
    cheap, dear = machine.posts
    machine.clock.advance(PAGE_S)
    for post, took_s in ((cheap, 0.1), (dear, 0.3)):
        with machine.load.busy(post):
            machine.timer_s += took_s
        post.book.done(machine.clock.moment(), {})
    machine.cpu = CpuTimes(looks_s=0.4, reading_s=0, worker_s=0.4, idle_s=0)
    dear.book.promise(40.0)
    load = machine.measured([post.book.close_page() for post in machine.posts])
    assert load is not None
    assert load.wanted_cores == pytest.approx(0.1 / 4 + 0.3 / 40, abs=1e-3)


def test_looks_beyond_the_promise_leave_less_for_promises() -> None:
    machine = Machine(promises=10)
    promised, beyond = machine.page(0.2), machine.page(2.0)
    assert beyond.have_cores < beyond.looks_cores
    assert beyond.have_cores >= promised.have_cores


def test_paused_cameras_are_promised_nothing_and_without_looks_nothing_was_measured() -> None:
    machine = Machine()
    machine.posts[0].pause = object()
    assert machine.page(0.2, idle=1.0).promises == 19
    machine.clock.advance(2 * MEASURED_S)
    machine.measured([])
    machine.clock.advance(PAGE_S)
    assert machine.measured([]) is None


def test_an_overload_that_is_over_is_not_told_for_more_than_a_minute() -> None:
    machine = Machine(promises=160)
    assert not machine.page(0.2, core_s=0.1).suffices
    for _ in range(int(MEASURED_S / PAGE_S) + 1):
        load = machine.page(0.2, busy_s=0.001, core_s=0.001, idle=1.9)
    assert load.suffices
    assert load.over_s == pytest.approx(MEASURED_S)


def test_the_threads_that_work_are_told_apart() -> None:
    reading = SharedReading()
    looker = Looker(
        roster_of(),
        cast(Eyes, None),
        judging=threading.Lock(),
        batch=1,
        attention=Attention(SecondLookSettings(), cast(Eyes, None)),
        clock=VirtualClock(NOON),
        on_news=lambda *_: None,
        on_picture=lambda *_: None,
    )
    assert (looker.name, reading.name) == (LOOKERS, READING)
    before, stop = cpu_times(), threading.Event()
    threads = [threading.Thread(target=_spin, args=(stop,), name=f"{CAMERAS}gate", daemon=True)]
    threads[0].start()
    while (now := cpu_times()).reading_s < before.reading_s + 0.05:
        stop.wait(0.02)
    stop.set()
    threads[0].join()
    assert now.worker_s >= before.worker_s + 0.05
    assert now.idle_s >= before.idle_s


def _spin(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(1000))
