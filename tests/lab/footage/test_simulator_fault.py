"""Faults as values: their words, and when they hold."""

import pytest

from domain.errors import ConfigurationError
from lab.footage.simulator import FAULT_KINDS, Fault, parse_camera_fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refuse", Fault("refuse")),
        (" drop:every=20s ", Fault("drop", every_s=20)),
        ("stall:after=5s", Fault("stall", after_s=5)),
        ("stall:after=0", Fault("stall", after_s=0)),
        ("garbage:every=1m,for=500ms", Fault("garbage", every_s=60, for_s=0.5)),
        ("refuse:after=10,for=1h", Fault("refuse", after_s=10, for_s=3600)),
        ("switch: after=1.5s, to=yard", Fault("switch", after_s=1.5, to="yard")),
        *((kind, Fault(kind)) for kind in FAULT_KINDS),
    ],
)
def test_words(text: str, expected: Fault) -> None:
    assert Fault.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("explode", "expected a fault of drop, stall, refuse, .* endless, .*, got 'explode'"),
        ("", "got ''"),
        ("drop:each=2s", "expected after=, every=, for= or to=, got 'each=2s'"),
        ("drop:kind=2s", "got 'kind=2s'"),
        ("drop:every=soon", "expected a time such as 500ms, 20s, 2m or 1h, got 'soon'"),
        ("drop:every=-1s", "got '-1s'"),
        ("drop:every=0s", "expected every_s > 0, got 0"),
        ("drop:for=2s", "happens in a moment"),
        ("stall:every=2s", "expected for=… shorter than every=…"),
        ("stall:every=2s,for=2s", "expected for=… shorter than every=…"),
        ("stall:to=yard", "expected to=… only with switch"),
    ],
)
def test_words_that_make_no_sense(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Fault.parse(text)


def test_words_with_a_camera() -> None:
    assert parse_camera_fault("cam3=drop:every=20s") == ("cam3", Fault("drop", every_s=20))


@pytest.mark.parametrize("text", ["cam3", "cam3=", "=drop", ""])
def test_words_without_a_camera(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected CAMERA=FAULT"):
        parse_camera_fault(text)


@pytest.mark.parametrize(
    ("fault", "strikes_at", "holds_at"),
    [
        (Fault("refuse"), {0: 1, 100: 1}, {0: True, 100: True}),
        (Fault("stall", after_s=5), {4.9: 0, 5: 1}, {4.9: False, 5: True, 99: True}),
        (Fault("stall", after_s=5, for_s=2), {8: 1}, {5: True, 6.9: True, 7: False}),
        (
            Fault("stall", every_s=10, for_s=2),
            {9: 0, 10: 1, 19: 1, 20: 2},
            {0: False, 10: True, 12: False, 21: True, 23: False},
        ),
        (Fault("stall", after_s=0, every_s=10, for_s=2), {0: 1, 10: 2}, {1: True, 3: False}),
        (Fault("drop", every_s=20), {19: 0, 20: 1, 61: 3}, {20: False}),
    ],
)
def test_when(fault: Fault, strikes_at: dict[float, int], holds_at: dict[float, bool]) -> None:
    assert {at: fault.strikes(at) for at in strikes_at} == strikes_at
    assert {at: fault.holds(at) for at in holds_at} == holds_at
