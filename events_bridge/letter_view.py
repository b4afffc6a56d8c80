"""A dead letter or a parked message as people and machines are shown it: no password on it, and
nothing that a terminal would obey."""

from domain.base import Detail, Utc, Value
from events_bridge.envelope import header_of, shortened
from events_bridge.letters import Box, Letter

REASON_CHARACTERS = 2_000
SHOWN_BYTES = 256 * 2**10
"""Of an envelope no more is shown."""


class LetterView(Value):
    id: str
    box: Box
    at: Utc
    """When it was set aside."""
    reason: Detail
    type: Detail
    subject: Detail
    source: Detail
    """Who sent it; empty where the envelope does not say, as with type and subject."""
    message: Detail
    """The message's own name, the same however often it comes."""
    stream: str
    entry_id: str
    consumer: str
    deliveries: int
    failures: int
    """How many errors its handler raised."""
    envelope: Detail

    @classmethod
    def of(cls, letter: Letter, box: Box) -> "LetterView":
        header = header_of(letter.envelope)
        return cls(
            id=letter.id,
            box=box,
            at=letter.at,
            reason=plain(shortened(letter.reason, REASON_CHARACTERS)),
            type=plain(header.type),
            subject=plain(header.subject),
            source=plain(header.source),
            message=plain(header.id),
            stream=plain(letter.stream),
            entry_id=plain(letter.entry_id),
            consumer=plain(letter.consumer),
            deliveries=letter.deliveries,
            failures=letter.failures,
            envelope=plain(letter.envelope[:SHOWN_BYTES].decode("utf-8", "backslashreplace")),
        )


def plain(text: str) -> str:
    """`text` with what cannot be printed written out, line breaks too."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
