"""What a worker of before the book left behind: `memory.json` and the folder `spool`.

They are read into the book in one commit, once, and removed: nothing that was open, owed or still
to be said is lost by an upgrade.
"""

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import structlog
from pydantic import ValidationError

from domain.base import Value
from domain.errors import MessageInvalid
from domain.evidence import EvidenceKind
from domain.incident import Incident
from edge.book.book import Book
from edge.book.outbox import Letter, Rank
from edge.book.page import Page
from events_bridge.envelope import from_envelope
from events_bridge.outbox import Lane

MEMORY, SPOOL = "memory.json", "spool"
TAKEN_UP = "older_files_taken_up"

log = structlog.get_logger(__name__)


class _Memory(Value):
    incidents: tuple[Incident, ...] = ()
    owed_clips: tuple[Incident, ...] = ()


def take_up_older_files(book: Book, worker_dir: Path) -> None:
    """Take the files up if the book has not yet, then remove them. What cannot be read now is
    left where it is."""
    memory, spool = worker_dir / MEMORY, worker_dir / SPOOL
    if not memory.exists() and not spool.exists():
        return
    try:
        if not book.fact(TAKEN_UP):
            _take_up(book, memory, spool)
        if not book.in_memory:  # else they are all that is safe
            memory.unlink(missing_ok=True)
            shutil.rmtree(spool, ignore_errors=True)
    except OSError as error:
        log.error("files of an older worker wait for the next start", why=str(error))


def _take_up(book: Book, memory: Path, spool: Path) -> None:
    with book.page() as page:
        _take_up_memory(page, memory)
        for letter in _letters(spool):
            page.forward(letter)
        page.fact(TAKEN_UP, "yes")
    log.info("files of an older worker taken up", messages=len(page.letters))


def _take_up_memory(page: Page, path: Path) -> None:
    try:
        memory = _Memory.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return
    except ValidationError as error:
        log.error("memory of an older worker lost", file=str(path), why=str(error))
        return
    for camera_id in sorted({incident.camera_id for incident in memory.incidents}):
        mine = [i for i in memory.incidents if i.camera_id == camera_id]
        page.remember(camera_id, mine)
    owed = {incident.id for incident in memory.owed_clips}
    for incident in (*memory.incidents, *memory.owed_clips):
        for kind in (EvidenceKind.SNAPSHOT, EvidenceKind.SNAPSHOT_BOXED):
            page.owe(incident, kind, done=True)
        page.owe(incident, EvidenceKind.CLIP, done=incident.id not in owed)


def _letters(spool: Path) -> Iterator[Letter]:
    """What waits in a spool, in order: a line is a CRC-32 in hexadecimal and an envelope. Lines
    that a crash tore are skipped."""
    for lane in Lane:
        for envelope in _waiting(spool / lane.value):
            try:
                rank = Rank.of(from_envelope(envelope))
            except MessageInvalid as error:
                log.error("message of an older worker not understood", why=str(error))
                continue
            yield Letter(lane, rank, envelope)


def _waiting(folder: Path) -> Iterator[bytes]:
    number, offset = _cursor(folder)
    for path in sorted(folder.glob("*.segment")):
        if int(path.stem) < number:
            continue
        lines = path.read_bytes()[offset if int(path.stem) == number else 0 :]
        for line in filter(None, lines.split(b"\n")):
            checksum, _, envelope = line.partition(b" ")
            if checksum == b"%08x" % zlib.crc32(envelope):
                yield envelope
            else:
                log.error("line of an older spool torn, skipped", file=str(path))


def _cursor(folder: Path) -> tuple[int, int]:
    """Up to where the spool was sent: the number of a file and the offset in it, in bytes."""
    try:
        number, offset = (folder / "cursor").read_text().split()
        return int(number), int(offset)
    except (OSError, ValueError):
        return 0, 0
