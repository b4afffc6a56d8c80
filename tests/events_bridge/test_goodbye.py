"""The last words to a bus: heard, refused, or left to themselves."""

import threading

import pytest

from domain.errors import BusUnavailable
from events_bridge.goodbye import say_goodbye

URL = "redis://:s3cret@bus:6379/0"


def test_it_is_said_before_one_goes() -> None:
    said = threading.Event()
    say_goodbye(said.set, URL)
    assert said.is_set()


def test_a_bus_that_refuses_is_told_of() -> None:
    def refuse() -> None:
        raise BusUnavailable("gone")

    with pytest.raises(BusUnavailable, match="gone"):
        say_goodbye(refuse, URL)


def test_nobody_waits_for_a_bus_that_does_not_answer() -> None:
    never = threading.Event()
    with pytest.raises(BusUnavailable, match="no answer to a goodbye") as late:
        say_goodbye(lambda: never.wait(30), URL, within_s=0.05)
    never.set()
    assert "s3cret" not in str(late.value)
