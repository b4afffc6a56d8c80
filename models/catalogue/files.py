"""Files that appear whole or not at all, and their hashes."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import ModelError

CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hex digits. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def draft_in(folder: Path, suffix: str) -> Iterator[Path]:
    """A temporary file in `folder` that is gone afterwards unless it was moved to its place."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".draft-", suffix=suffix, dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def draft_for(target: Path) -> Iterator[Path]:
    """A draft that takes the place of `target` in the end, if nothing was raised. ModelErrors about
    it are told of `target`."""
    with draft_in(target.parent, target.suffix) as draft, blaming(target, draft):
        yield draft
        settle(draft, target)


@contextmanager
def blaming(known: Path, draft: Path) -> Iterator[None]:
    """ModelErrors about the draft are told of the file that people know."""
    try:
        yield
    except ModelError as error:
        raise type(error)(str(error).replace(str(draft), str(known))) from error


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file and return the SHA-256 of what was written, which is on the disk by then."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def settle(draft: Path, target: Path) -> None:
    """Move a finished draft to its place, readable for all, in one step."""
    draft.chmod(0o644)
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_whole(target: Path, text: str) -> None:
    """Replace a text file in one step: a reader sees the old text or the new one."""
    with draft_in(target.parent, target.suffix) as draft:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        settle(draft, target)
