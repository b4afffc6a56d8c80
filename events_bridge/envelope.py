"""The envelope: CloudEvents 1.0 in structured JSON. One message, one line of bytes."""

import json

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from domain.errors import MessageInvalid
from domain.messages import MESSAGES, Message

_SHOWN_CHARACTERS = 120


def to_envelope(message: Message, source: str) -> bytes:
    """The message as it crosses the bus, in one line. `source` names the sender, such as
    "patrol/edge-1"."""
    attributes = {
        "specversion": "1.0",
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
    """The message in an envelope; MessageInvalid says what was expected and what came."""
    event = _read(envelope)
    kind = MESSAGES.get(event.get_type())
    if kind is None:
        raise MessageInvalid(
            f"expected one of the types {', '.join(MESSAGES)}, got {event.get_type()}"
        )
    try:
        return kind.model_validate(event.get_data())
    except ValidationError as error:
        raise MessageInvalid(
            f"expected the fields of {kind.type}, but {_faults(error)} (id={event.get_id()})"
        ) from error


def _read(envelope: bytes) -> CloudEvent:
    try:
        event = JSONFormat().read(CloudEvent, envelope)
    # The library asks nothing of its input: whatever is not an envelope fails in its own way.
    except (ValueError, TypeError, AttributeError, RecursionError, BaseCloudEventException) as why:
        raise MessageInvalid(
            f"expected a CloudEvents 1.0 envelope in JSON, got {_beginning(envelope)} ({why})"
        ) from why
    if not isinstance(event, CloudEvent):
        raise MessageInvalid(f"expected CloudEvents 1.0, got {type(event).__name__}")
    return event


def _beginning(envelope: bytes) -> str:
    text = envelope[:_SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    return repr(text) + ("…" if len(envelope) > _SHOWN_CHARACTERS else "")


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'data'}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )
