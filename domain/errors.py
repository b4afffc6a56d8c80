"""Every error of the product, in one tree.

PatrolError
├── ConfigurationError          the configuration cannot be used
├── StreamError                 a camera or file cannot be read (carries a FaultKind)
│   ├── StreamRefused           nothing listens, or the server will not serve
│   ├── StreamUnreachable       the host cannot be found or reached
│   ├── StreamTimeout           no answer, or no packet, within the named time
│   ├── StreamUnauthorized      user name or password not accepted (RTSP 401, 403)
│   ├── StreamNotFound          the server knows no such path (RTSP 404), or no such file
│   ├── StreamEnded             the sender closed the connection or the file is over
│   ├── StreamCorrupt           what came is not video
│   ├── StreamWithoutKeyframe   pictures follow on one that is long gone
│   └── UnsupportedCodec        video that libav has no decoder for
├── ModelError                  a detector cannot be used
│   ├── ModelMissing            no such file or catalogue entry
│   ├── ModelCorrupt            wrong sha256, or not an ONNX graph
│   ├── ModelShapeError         inputs or outputs are not those of the declared head
│   └── ModelUnreachable        the address it is published at cannot be reached from here
├── BusError
│   ├── BusUnavailable          the bus does not answer; messages wait in the worker's book
│   ├── LetterNotFound          no such dead letter, or somebody has taken it away
│   ├── WorkerOffline           nobody is there to take a command, and nothing was sent
│   ├── CommandUnclear          what is asked is no command, or lacks its reason; nothing was sent
│   ├── CommandNotFound         no such command, or it was long ago
│   ├── CommandConflict         another command was asked for under this id
│   ├── TooManyCommands         more were asked of a worker than it may be sent
│   └── MessageInvalid          an envelope that cannot be understood; goes to the dead letters
│       └── MessageTooNew       one that a newer program wrote; waits until such a one reads it
├── BookTaken                   another process has the worker's book
├── EvidenceError
│   ├── EvidenceNotFound
│   ├── EvidenceRefused         what was handed in is no picture, or too large a one
│   ├── EvidenceStorageFull     no space is left where evidence is kept
│   └── EvidenceTampered        a file's hash is not the one it was sealed with
└── CaseError
    ├── CaseNotFound
    ├── ReportRefused           what was reported cannot become a case
    ├── MoveRefused             the state table does not allow this move, or a reason is missing
    ├── MoveConflict            somebody else moved the case first
    └── CaseStoreUnavailable    the database does not answer; nothing was changed

Messages say what was expected, what came, and where. They never hold a password.
"""

from domain.health import FaultKind
from domain.masking import mask_secrets
from domain.trouble import Trouble


class PatrolError(Exception):
    """The root of all errors that the product raises itself. Whatever a message quotes, it shows
    no password: errors end in logs, on pages and in the API."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(mask_secrets(each) if isinstance(each, str) else each for each in args))


class ConfigurationError(PatrolError):
    """The configuration cannot be used."""


class StreamError(PatrolError):
    """A camera or file cannot be read."""

    fault: FaultKind = FaultKind.CORRUPT


class StreamRefused(StreamError):
    """Nothing listens there, or the server will not serve."""

    fault = FaultKind.REFUSED


class StreamUnreachable(StreamError):
    """The host cannot be found or reached."""

    fault = FaultKind.UNREACHABLE


class StreamTimeout(StreamError):
    """No answer, or no packet, within the named time."""

    fault = FaultKind.STALLED


class StreamUnauthorized(StreamError):
    """User name or password not accepted."""

    fault = FaultKind.UNAUTHORIZED


class StreamNotFound(StreamError):
    """The server knows no such path, or there is no such file."""

    fault = FaultKind.NOT_FOUND


class StreamEnded(StreamError):
    """The sender closed the connection, or the file is over."""

    fault = FaultKind.ENDED


class StreamCorrupt(StreamError):
    """What came is not video."""

    fault = FaultKind.CORRUPT


class StreamWithoutKeyframe(StreamError):
    """Pictures follow on one that is long gone: nobody who comes now can decode them."""

    fault = FaultKind.NO_KEYFRAME


class UnsupportedCodec(StreamError):
    """Video that no decoder here understands."""

    fault = FaultKind.UNSUPPORTED_CODEC


class ModelError(PatrolError):
    """A detector cannot be used."""


class ModelMissing(ModelError):
    """No such model file or catalogue entry."""


class ModelCorrupt(ModelError):
    """Wrong sha256, truncated, or not an ONNX graph."""


class ModelShapeError(ModelError):
    """Inputs or outputs are not those of the declared head."""


class ModelUnreachable(ModelError):
    """The address it is published at cannot be reached from here."""


class BusError(PatrolError):
    """Something about the bus."""


class BusUnavailable(BusError):
    """The bus does not answer, or takes nothing; messages wait in the worker's book. `trouble` says
    by name what is wrong with it."""

    def __init__(self, message: str, *, trouble: Trouble = Trouble.BUS_AWAY) -> None:
        super().__init__(message)
        self.trouble = trouble


class LetterNotFound(BusError):
    """No such dead letter, or somebody has taken it away."""


class WorkerOffline(BusError):
    """Nobody is there to take a command; nothing was sent. `zh` says so in Chinese."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class CommandUnclear(BusError):
    """What is asked is no command, or lacks its reason; nothing was sent. `zh` says so in
    Chinese."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class CommandNotFound(BusError):
    """No such command, or it was so long ago that it is forgotten."""


class CommandConflict(BusError):
    """Another command was asked for under this id."""


class TooManyCommands(BusError):
    """More commands were asked of a worker than it may be sent; nothing was sent."""


class MessageInvalid(BusError):
    """An envelope that cannot be understood."""


class MessageTooNew(MessageInvalid):
    """An envelope of a newer program: its type, or a value in it, came after this one."""


class BookTaken(PatrolError):
    """Another process has the worker's book."""


class EvidenceError(PatrolError):
    """Something about sealed files."""


class EvidenceNotFound(EvidenceError):
    """No such sealed file."""


class EvidenceRefused(EvidenceError):
    """What was handed in is no picture, or too large a one; `zh` says it to who did."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class EvidenceStorageFull(EvidenceError):
    """No space is left where evidence is kept."""


class EvidenceTampered(EvidenceError):
    """A file's hash is not the one it was sealed with."""


class CaseError(PatrolError):
    """Something about cases."""


class CaseNotFound(CaseError):
    """No such case."""


class ReportRefused(CaseError):
    """What was reported cannot become a case; the message says what does not fit."""


class MoveRefused(CaseError):
    """The state table does not allow this move, or something is missing or does not fit; then
    `zh` says what, for the person who moved."""

    def __init__(self, message: str, *, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh


class MoveConflict(CaseError):
    """Somebody else moved the case first."""


class CaseStoreUnavailable(CaseError):
    """The database does not answer, or takes nothing; nothing was changed. `trouble` says by name
    what is wrong with it."""

    def __init__(self, message: str, *, trouble: Trouble = Trouble.DATABASE_AWAY) -> None:
        super().__init__(message)
        self.trouble = trouble
