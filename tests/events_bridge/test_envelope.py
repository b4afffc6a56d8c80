"""The form on the wire is a promise: golden files say what it is."""

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from domain.errors import MessageInvalid, MessageTooNew
from domain.messages import MESSAGES, CameraHealthChanged, Message
from events_bridge.envelope import from_envelope, header_of, to_envelope, worker_source
from tests.events_bridge.samples import MESSAGES_OF_EACH_TYPE, REFUSED

GOLDEN = Path(__file__).parent / "golden"
SOURCE = worker_source("edge-1")


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


def test_a_refusal_travels_without_the_password_that_its_detail_quotes() -> None:
    envelope = to_envelope(REFUSED, SOURCE)
    assert b"s3cret" not in envelope
    assert from_envelope(envelope) == REFUSED


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
        (envelope(type=5), "expected a CloudEvents 1.0 envelope"),
        (envelope(type="com.stranger.v9"), "got com.stranger.v9"),
        (envelope(type="patrol.incident.opened.v0"), "got patrol.incident.opened.v0"),
        (envelope(type="patrol.incident"), "got patrol.incident"),
        (envelope(specversion="1.0.x"), "expected a CloudEvents 1.0 envelope"),
        (envelope(data=None), "patrol.incident.opened.v1"),
        (envelope(data={"incident": {"id": 7}}), "incident.id: Input should be a valid string"),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(damaged: bytes, what: str) -> None:
    with pytest.raises(MessageInvalid, match=what):
        from_envelope(damaged)


def changed(path: tuple[str, ...], value: Any) -> bytes:
    """The incident's envelope with one field of its data replaced."""
    fields = json.loads(to_envelope(MESSAGES_OF_EACH_TYPE[0], SOURCE))
    inner = fields["data"]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("newer", "what"),
    [
        (envelope(type="patrol.incident.opened.v2"), "got patrol.incident.opened.v2"),
        (envelope(type="patrol.invented.v1"), "got patrol.invented.v1"),
        (envelope(specversion="2.0"), "expected a CloudEvents 1.0 envelope"),
        (changed(("incident", "kind"), "flood"), "incident.kind"),
        (changed(("incident", "state"), "paused"), "incident.state"),
    ],
)
def test_what_a_newer_program_wrote_is_told_from_what_is_broken(newer: bytes, what: str) -> None:
    with pytest.raises(MessageTooNew, match=what):
        from_envelope(newer)


@pytest.mark.parametrize("value", [7, None, "", ["fire"], {"kind": "fire"}])
def test_what_is_no_word_is_no_newer_one(value: Any) -> None:
    with pytest.raises(MessageInvalid) as caught:
        from_envelope(changed(("incident", "kind"), value))
    assert not isinstance(caught.value, MessageTooNew)


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_the_next_version_of_every_type_is_too_new(kind: str) -> None:
    name, _, number = kind.rpartition(".v")
    with pytest.raises(MessageTooNew):
        from_envelope(envelope(type=f"{name}.v{int(number) + 1}"))


def test_every_word_of_every_message_may_be_a_newer_one() -> None:
    """Whatever enum stands in a message, a word that is unknown there is no broken message."""
    seen = set()
    for message in MESSAGES_OF_EACH_TYPE:
        told = json.loads(to_envelope(message, SOURCE))
        for path in _words_of(message.model_dump(), ()):
            seen.add(path[-1])
            fields = json.loads(json.dumps(told))
            inner = fields["data"]
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = "invented_later"
            with pytest.raises(MessageTooNew, match=path[-1]):
                from_envelope(json.dumps(fields).encode())
    assert {"kind", "state", "close_reason", "status", "fault", "cause", "reason"} <= seen


def _words_of(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Enum):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _words_of(inner, (*path, name))


@pytest.mark.parametrize("name", ["type", "id", "source", "subject", "specversion"])
def test_what_a_sender_writes_is_quoted_shortly_and_without_passwords(name: str) -> None:
    fields = json.loads(to_envelope(MESSAGES_OF_EACH_TYPE[0], SOURCE))
    fields["data"] = {"revision": "x" * 100_000}
    fields[name] = "rtsp://a:Zq7x@h/ " + "y" * 100_000
    envelope = json.dumps(fields).encode()
    with pytest.raises(MessageInvalid) as refused:
        from_envelope(envelope)
    header = header_of(envelope)
    shown = [str(refused.value), header.type, header.subject, header.source, header.id]
    assert max(map(len, shown)) < 3_000
    assert "Zq7x" not in "".join(shown)


def test_the_header_of_anything_can_be_shown() -> None:
    message = MESSAGES_OF_EACH_TYPE[0]
    header = header_of(to_envelope(message, SOURCE))
    assert (header.type, header.subject, header.source, header.id) == (
        message.type, message.subject, SOURCE, message.name,
    )  # fmt: skip
    for broken in (b"", b"[1]", b"\xff", b'{"type": 5}', b"[" * 100_000):
        assert header_of(broken).type == ""
