"""What the center says of its ground on the health page: bus, intake, set-aside messages, disks."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cases.database import file_of
from console.status import Part, PartStatus
from domain.documents import real_path
from domain.errors import BusUnavailable
from domain.trouble import Trouble, trouble_of
from events_bridge.consumer import Consumer
from events_bridge.letters import Box, BoxFigures
from settings.slices import CenterTown

LEAST_FREE_BYTES = 8 * 2**20
"""The bus, the cases and the logs need some room at any time."""
_MIB = 2**20
_BOXES = {
    Box.DEAD: (Part.DEAD_LETTERS, Trouble.MESSAGES_DEAD),
    Box.PARKED: (Part.PARKED, Trouble.MESSAGES_TOO_NEW),
}


def bus_parts(consumer: Consumer, late_after_s: float) -> Iterator[PartStatus]:
    """The bus, what is taken in from it, and what was set aside."""
    try:
        consumer.check_writable()
        backlog = consumer.backlog()
        lost, figures = consumer.unread_lost(), consumer.figures()
    except BusUnavailable as error:
        yield PartStatus.ill(Part.BUS, error.trouble, str(error))
        if (held := _held(consumer)) is not None:
            yield held
        return
    yield PartStatus.well(Part.BUS, f"{backlog.waiting} waiting")
    late = backlog.oldest_s >= late_after_s
    detail = f"{backlog.waiting} waiting, the oldest for {backlog.oldest_s:.0f} s"
    intake = PartStatus.ill(Part.INTAKE, Trouble.MESSAGES_LATE, detail) if late else None
    intake = _held(consumer) or intake or PartStatus.well(Part.INTAKE, detail)
    yield intake.about(backlog.waiting, backlog.oldest_s, lost)
    for box in Box:
        yield box_part(box, figures[box])


def box_part(box: Box, figures: BoxFigures) -> PartStatus:
    """The dead letters, or the parked messages: well while there is none."""
    part, trouble = _BOXES[box]
    if figures.oldest_at is None:
        return PartStatus.well(part).about(0, None, figures.dropped)
    age_s = max((datetime.now(UTC) - figures.oldest_at).total_seconds(), 0.0)
    detail = f"{figures.letters}, the oldest for {age_s:.0f} s"
    ill = PartStatus.ill(part, trouble, detail)
    return ill.about(figures.letters, age_s, figures.dropped)


def disk_parts(town: CenterTown) -> Iterator[PartStatus]:
    """The disks that the program writes to, by what is on them."""
    yield disk_part(Part.DISK_DATA, town.data_dir, LEAST_FREE_BYTES)
    file = file_of(town.database_url)
    if file is not None and real_path(file).parent != real_path(town.data_dir):
        yield disk_part(Part.DISK_CASES, file.parent, LEAST_FREE_BYTES)
    # A center may have the evidence read-only: workers write it.
    least = town.evidence_min_free_bytes
    yield disk_part(Part.DISK_EVIDENCE, town.evidence_dir, least, read_only=True)


def disk_part(part: Part, folder: Path, least: int, *, read_only: bool = False) -> PartStatus:
    """Whether `least` bytes, and a file, still fit below `folder`, and it takes them; `read_only`:
    it need not take them."""
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        trouble = trouble_of(error) or Trouble.DISK_FAILED
        return PartStatus.ill(part, trouble, f"{folder}: {error.strerror}")
    free = disk.f_bavail * disk.f_frsize
    detail = f"{folder}: {free} bytes free ({free // _MIB} MiB), at least {least} needed"
    if disk.f_flag & os.ST_RDONLY and not read_only:
        return PartStatus.ill(part, Trouble.DISK_READ_ONLY, f"{folder} is mounted read-only")
    if free < least:
        return PartStatus.ill(part, Trouble.DISK_FULL, detail)
    if disk.f_files and not disk.f_favail:
        return PartStatus.ill(part, Trouble.DISK_FULL, f"{detail}; no file fits any more (inodes)")
    return PartStatus.well(part, detail)


def _held(consumer: Consumer) -> PartStatus | None:
    """What keeps the consumer from its work, if anything does."""
    if (held := consumer.held) is None:
        return None
    since_s = time.monotonic() - held.since_s
    return PartStatus.ill(Part.INTAKE, held.trouble, f"for {since_s:.0f} s: {held.detail}")
