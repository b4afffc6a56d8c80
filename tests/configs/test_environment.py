"""Addresses of bus and database, and the model, may name environment variables."""

import pytest
from pydantic import ValidationError

from settings.config import Configuration


def test_bus_and_database_take_their_addresses_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("T_BUS", "redis://:secret@bus:6379/0")
    monkeypatch.setenv("T_DB", "postgresql+psycopg://patrol:secret@db/patrol")
    configuration = Configuration.of(
        {"bus": {"url": "${T_BUS:-embedded}"}, "database": {"url": "${T_DB:-}"}}
    )
    assert configuration.bus.url == "redis://:secret@bus:6379/0"
    assert configuration.database_url == "postgresql+psycopg://patrol:secret@db/patrol"
    assert "secret" not in repr(configuration)


def test_without_them_one_box_needs_nothing() -> None:
    configuration = Configuration.of(
        {"bus": {"url": "${T_BUS:-embedded}"}, "database": {"url": "${T_DB:-}"}}
    )
    assert configuration.bus.is_embedded
    assert configuration.database_url.startswith("sqlite:///")


def test_a_variable_without_fallback_must_be_set() -> None:
    with pytest.raises(ValidationError, match="environment variable T_BUS to be set"):
        Configuration.of({"bus": {"url": "${T_BUS}"}})


def test_the_model_may_differ_between_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = {"detector": {"model": "${T_MODEL:-yolo11n-coco-640}"}}
    assert Configuration.of(detector).detector.model == "yolo11n-coco-640"
    monkeypatch.setenv("T_MODEL", "our-own")
    assert Configuration.of(detector).detector.model == "our-own"
