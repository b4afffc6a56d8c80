"""No password of a bus ever leaves its configuration."""

import pytest
from pydantic import ValidationError

from domain.errors import BusUnavailable, ConfigurationError
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import connect
from events_bridge.look_board import LookBoard
from events_bridge.urls import mask_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://10.0.0.1:6379/0", "redis://10.0.0.1:6379/0"),
        ("redis://:s3cret@10.0.0.1", "redis://:***@10.0.0.1"),
        ("rediss://patrol:s3cret@bus:6380/1", "rediss://patrol:***@bus:6380/1"),
        ("redis://patrol:s3/cr@et@bus", "redis://patrol:***@bus"),
        ("redis://bus?password=s3cret&db=1", "redis://bus?password=***&db=1"),
        ("unix://:s3cret@/run/bus.sock", "unix://:***@/run/bus.sock"),
        ("patrol:s3cret@bus", "***"),
        ("redis：//:s3cret＠bus", "***"),
        ("redis://:s3cret＠bus", "redis://:***＠bus"),
        ("embedded", "embedded"),
    ],
)
def test_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@pytest.mark.parametrize(
    "url",
    [
        "http://:s3cret@bus",
        "redis://:s3/cret@bus",
        "patrol:s3cret@bus",
        "redis",
        "redis://:s3cret@bus/zero",
    ],
)
def test_an_unusable_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError, match="expected") as refused:
        BusSettings(url=url)
    assert "cret" not in str(refused.value)
    with pytest.raises(ConfigurationError, match=r"bus\.url: expected") as unusable:
        LookBoard(url)
    assert "cret" not in str(unusable.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@bus/0?timeout=5",
        "redis://:s3cret@bus/0?db=x",
        "redis://bus/0?password=s3cret&socket_timeout=abc",
        "unix://:s3cret@/run/bus.sock?virtual_host=1",
        "redis://bus/0?passwort=s3cret",
    ],
)
def test_an_option_that_nobody_knows_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"bus\.url: expected options") as refused:
        connect(url, BusSettings())
    assert "s3cret" not in str(refused.value)


def test_known_options_are_taken() -> None:
    connect("rediss://bus/0?health_check_interval=5&max_connections=1", BusSettings()).close()


def test_settings_do_not_show_it() -> None:
    settings = BusSettings(url="redis://:s3cret@bus")
    assert "s3cret" not in repr(settings)
    assert settings.masked_url == "redis://:***@bus"
    assert not settings.is_embedded
    assert BusSettings().is_embedded


def test_an_error_on_the_way_does_not_show_it() -> None:
    board = LookBoard("redis://:s3cret@127.0.0.1:1")
    with pytest.raises(BusUnavailable, match=r"bus=redis://:\*\*\*@127\.0\.0\.1:1") as away:
        board.get("gate-1")
    board.close()
    assert "s3cret" not in str(away.value)
