"""What is asked of the book seldom."""

from console.registry import Registry
from domain.clock import VirtualClock
from tests.builders import make_cameras, make_plan, make_sites
from tests.console.conftest import Center


def test_cameras_are_asked_for_again_after_a_while(center: Center, clock: VirtualClock) -> None:
    registry = Registry(center.book, clock, fresh_s=10)
    assert len(registry.cameras()) == 4
    center.book.install(make_sites(), make_cameras()[:1], make_plan())
    clock.advance(9)
    assert len(registry.cameras()) == 4
    clock.advance(1)
    assert list(registry.cameras()) == ["gate-1"]


def test_plans_are_known_by_their_version(center: Center, clock: VirtualClock) -> None:
    registry = Registry(center.book, clock)
    assert registry.plan("no-such-plan") is None
    assert registry.plan("test-1") == make_plan()
    assert registry.plan("test-1") is registry.plan("test-1")
    center.book.install(make_sites(), make_cameras(), make_plan("test-2"))
    assert registry.plan("test-2") == make_plan("test-2")
