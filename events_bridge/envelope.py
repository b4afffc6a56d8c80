"""The envelope: CloudEvents 1.0 in structured JSON. One message, one line of bytes."""

import json
import re
from dataclasses import dataclass
from typing import Any

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.errors import MessageInvalid, MessageTooNew
from domain.masking import mask_secrets
from domain.messages import MESSAGES, Message

SPECVERSION = "1.0"
_SHOWN_CHARACTERS = 120
_REASON_CHARACTERS = 1_000
_MASKED_CHARACTERS = 4_000
"""More is not even looked at."""
_TYPE = re.compile(r"(patrol(?:\.[a-z0-9_]+)+)\.v(\d{1,6})")
_SPECVERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")
_NEWER_FAULTS = frozenset({"enum", "literal_error", "union_tag_invalid", "extra_forbidden"})
"""What pydantic calls it when a word is none of those known here, or a field is not."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an envelope says of itself, for people; empty where it says nothing."""

    type: str = ""
    subject: str = ""
    source: str = ""
    id: str = ""


def worker_source(worker_id: str) -> str:
    """The source of a worker's envelopes: who sends and who listens agree on it here."""
    return f"/workers/{worker_id}"


def to_envelope(message: Message, source: str) -> bytes:
    """The message as it crosses the bus, in one line. `source` names the sender, as
    `worker_source` does."""
    attributes = {
        "specversion": SPECVERSION,
        "id": message.name,
        "source": source,
        "type": message.type,
        "subject": message.subject,
        "time": message.at,
        "datacontenttype": "application/json",
    }
    # By way of pydantic's JSON, because only that turns a NaN into null.
    data = json.loads(message.model_dump_json())
    return JSONFormat().write(CloudEvent(attributes, data))


def from_envelope(envelope: bytes) -> Message:
    """The message in an envelope.

    Raises:
        MessageTooNew: a newer program wrote it: its type or version, or a word in it, is unknown
            here. Whether it is sound only such a program can tell.
        MessageInvalid: no program can read it; says what was expected and what came.
    """
    event = _read(envelope)
    kind = MESSAGES.get(event.get_type())
    if kind is None:
        error = MessageTooNew if _is_newer_type(event.get_type()) else MessageInvalid
        raise error(
            f"expected one of the types {', '.join(MESSAGES)}, got {shortened(event.get_type())}"
        )
    try:
        return kind.model_validate(event.get_data())
    except ValidationError as error:
        what = MessageTooNew if _is_newer_value(error) else MessageInvalid
        raise what(
            f"expected the fields of {kind.type}, but {_faults(error)} "
            f"(id={shortened(event.get_id())})"
        ) from error


def header_of(envelope: bytes) -> Header:
    """What can be read of any envelope, however broken the rest of it."""
    fields = _as_json(envelope)
    if fields is None:
        return Header()
    names = ("type", "subject", "source", "id")
    return Header(**{n: shortened(v) for n in names if isinstance(v := fields.get(n), str)})


def shortened(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    """`text` as an error or a page may quote it: a sender may write as much as it likes."""
    if len(text) <= most:
        return text
    return f"{mask_secrets(text[:_MASKED_CHARACTERS])[:most]}…"


def _read(envelope: bytes) -> CloudEvent:
    try:
        event = JSONFormat().read(CloudEvent, envelope)
    # The library asks nothing of its input: whatever is not an envelope fails in its own way.
    except (ValueError, TypeError, AttributeError, RecursionError, BaseCloudEventException) as why:
        error = MessageTooNew if _is_newer_envelope(envelope) else MessageInvalid
        raise error(
            f"expected a CloudEvents {SPECVERSION} envelope in JSON, got {_beginning(envelope)} "
            f"({shortened(str(why), _REASON_CHARACTERS)})"
        ) from why
    if not isinstance(event, CloudEvent):
        raise MessageInvalid(f"expected CloudEvents {SPECVERSION}, got {type(event).__name__}")
    return event


def _is_newer_type(name: str) -> bool:
    """Whether it is one of ours that is not known yet: another name, or a higher version."""
    if (parts := _TYPE.fullmatch(name)) is None:
        return False
    known = [found for found in map(_TYPE.fullmatch, MESSAGES) if found and found[1] == parts[1]]
    return all(int(parts[2]) > int(found[2]) for found in known)


def _is_newer_value(error: ValidationError) -> bool:
    """Whether a word came that is none of the known ones. A number in its place, or no word at
    all, is no such thing."""
    return any(
        fault["type"] in _NEWER_FAULTS
        and (fault["type"] == "extra_forbidden" or (isinstance(got := _word(fault), str) and got))
        for fault in error.errors(include_url=False)
    )


def _word(fault: ErrorDetails) -> object:
    """What came in the place of a known word: of a union, the word that tells its kinds apart."""
    return fault["ctx"]["tag"] if fault["type"] == "union_tag_invalid" else fault["input"]


def _is_newer_envelope(envelope: bytes) -> bool:
    said = (_as_json(envelope) or {}).get("specversion")
    numbers = _SPECVERSION.fullmatch(said) if isinstance(said, str) else None
    if numbers is None:
        return False
    return (int(numbers[1]), int(numbers[2])) > tuple(map(int, SPECVERSION.split(".")))


def _as_json(envelope: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(envelope)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _beginning(envelope: bytes) -> str:
    text = envelope[:_SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    return repr(text) + ("…" if len(envelope) > _SHOWN_CHARACTERS else "")


def _faults(error: ValidationError) -> str:
    faults = "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'data'}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )
    return shortened(faults, _REASON_CHARACTERS)
