"""Servers that many tests share, and logs that no test leaves changed for the next."""

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import redis
import structlog

from events_bridge.embedded import EmbeddedBus
from tests.command_line import PatrolHere
from tests.steps import LONG


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `long` runs with scripts/test --long alone; what says its steps tells them."""
    for item in items:
        if mark := item.get_closest_marker("steps"):
            item.user_properties.append(("steps", mark.args))
    if not LONG and (left := [item for item in items if item.get_closest_marker("long")]):
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How often that which repeats itself did so, and how often it could have."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for usual, long in (value for name, value in report.user_properties if name == "steps"):
            if report.when == "call":
                did = f"{long} steps" if LONG else f"{usual} steps; with scripts/test --long {long}"
                terminalreporter.write_line(f"{report.nodeid}: {did}")


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test runs in this process sets up the logs of the whole process."""
    configuration = structlog.get_config()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**configuration)
    root.handlers, root.level = handlers, level


@pytest.fixture(scope="session")
def bus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBus]:
    """One real embedded Valkey for the whole session."""
    with EmbeddedBus(tmp_path_factory.mktemp("bus")) as bus:
        yield bus


@pytest.fixture
def bus_url(bus_server: EmbeddedBus) -> str:
    """The address of a bus that holds nothing yet. Do not stop this one: others use it."""
    with redis.Redis.from_url(bus_server.url) as client:
        client.flushall()
    return bus_server.url


@pytest.fixture
def patrol_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> PatrolHere:
    """`patrol` as people call it, in this process."""
    from patrol.cli import main

    def run(*words: object) -> tuple[int, str, str]:
        for module, hook in ((sys, "excepthook"), (threading, "excepthook")):
            monkeypatch.setattr(module, hook, getattr(module, hook))  # put back at the end
        monkeypatch.setattr(sys, "argv", ["patrol", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
