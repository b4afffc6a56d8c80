"""What a newer program wrote waits until such a one runs, and then goes back to its stream."""

import structlog

from domain.errors import LetterNotFound, MessageInvalid, MessageTooNew
from events_bridge.envelope import from_envelope
from events_bridge.letters import Letter, LetterBox

_BATCH = 500

_log = structlog.get_logger(__name__)


class Parking:
    """The parked messages of a group, as one running program sees them."""

    def __init__(self, box: LetterBox) -> None:
        self._box = box
        self._looked_to = "0"

    def take_up(self) -> None:
        """Put back what this program can read of what an older one parked. Each message is looked
        at once in this program's life. May raise BusUnavailable."""
        while letters := self._box.after(self._looked_to, _BATCH):
            for letter in letters:
                self._looked_to = letter.id
                if is_readable(letter.envelope):
                    self._put_back(letter)

    def _put_back(self, parked: Letter) -> None:
        try:
            entry = self._box.put_back(parked.id)
        except LetterNotFound:
            return  # another consumer of the group was faster
        _log.info("parked message is read now", letter=parked.id, entry=entry)


def is_readable(envelope: bytes) -> bool:
    """Whether this program is new enough for it. What turns out to be broken goes back too, and
    from there to the dead letters."""
    try:
        from_envelope(envelope)
    except MessageTooNew:
        return False
    except MessageInvalid:
        return True
    return True
