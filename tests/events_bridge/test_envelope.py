"""The form on the wire is a promise: golden files say what it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import MessageInvalid
from domain.messages import MESSAGES, CameraHealthChanged, Message
from events_bridge.envelope import from_envelope, to_envelope
from tests.events_bridge.samples import MESSAGES_OF_EACH_TYPE

GOLDEN = Path(__file__).parent / "golden"
SOURCE = "patrol/edge-1"


def golden(message: Message) -> Path:
    return GOLDEN / f"{message.type}.json"


def test_every_type_has_a_golden_file() -> None:
    assert {message.type for message in MESSAGES_OF_EACH_TYPE} == set(MESSAGES)
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MESSAGES)


@pytest.mark.parametrize("message", MESSAGES_OF_EACH_TYPE, ids=lambda m: m.type)
def test_envelope_is_the_golden_one(message: Message) -> None:
    assert json.loads(to_envelope(message, SOURCE)) == json.loads(golden(message).read_text())


@pytest.mark.parametrize("message", MESSAGES_OF_EACH_TYPE, ids=lambda m: m.type)
def test_golden_envelope_is_the_message(message: Message) -> None:
    assert from_envelope(golden(message).read_bytes()) == message


@pytest.mark.parametrize("message", MESSAGES_OF_EACH_TYPE, ids=lambda m: m.type)
def test_envelope_is_one_line(message: Message) -> None:
    assert b"\n" not in to_envelope(message, SOURCE)


def test_what_a_newer_worker_adds_is_ignored() -> None:
    message = MESSAGES_OF_EACH_TYPE[0]
    fields = json.loads(to_envelope(message, SOURCE))
    fields["data"]["incident"]["invented_later"] = 1
    fields["traceparent"] = "00-1-2-01"
    assert from_envelope(json.dumps(fields).encode()) == message


def test_a_number_that_json_does_not_know_becomes_null() -> None:
    health = next(m for m in MESSAGES_OF_EACH_TYPE if isinstance(m, CameraHealthChanged)).health
    message = CameraHealthChanged(health=health.model_copy(update={"fps": float("nan")}))
    assert json.loads(to_envelope(message, SOURCE))["data"]["health"]["fps"] is None


def envelope(**changes: Any) -> bytes:
    fields = json.loads(to_envelope(MESSAGES_OF_EACH_TYPE[0], SOURCE))
    return json.dumps({**fields, **changes}).encode()


@pytest.mark.parametrize(
    ("damaged", "what"),
    [
        (b"", "expected a CloudEvents 1.0 envelope"),
        (b"\xff\xfe", "expected a CloudEvents 1.0 envelope"),
        (b"[]", "expected a CloudEvents 1.0 envelope"),
        (b"[" * 100_000, "expected a CloudEvents 1.0 envelope"),
        (b"{}", "Missing required attribute"),
        (envelope(specversion="0.3"), "specversion"),
        (envelope(time=3), "expected a CloudEvents 1.0 envelope"),
        (envelope(time="yesterday"), "expected a CloudEvents 1.0 envelope"),
        (envelope(type="patrol.invented.v1"), "got patrol.invented.v1"),
        (envelope(data=None), "patrol.incident.opened.v1"),
        (envelope(data={"incident": {"id": 7}}), "incident.id: Input should be a valid string"),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(damaged: bytes, what: str) -> None:
    with pytest.raises(MessageInvalid, match=what):
        from_envelope(damaged)
