"""Texts that people write and hand over: read within limits, and told what they are if they are
no text at all."""

import json
import os
import select
import stat
import time
from pathlib import Path
from typing import Any

MOST_BYTES = 8 * 1024 * 1024
"""Far more than any configuration, truth or label file of a town needs."""
PIPE_WAIT_S = 10.0
"""A configuration may come from another program, as in ``patrol check <(make-it)``."""
_WIDE = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"),
         (b"\xfe\xff", "UTF-16"))  # fmt: skip
_NUL_SHARE = 0.2
"""Plain words in UTF-16 are half NULs; a text has none."""


class UnreadableText(ValueError):
    """A file that cannot be read as a text: why, and on which line (0: of the whole file)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """What a text file says, in UTF-8 with or without its mark at the beginning.

    Raises:
        UnreadableText: it is not there, no file, too large, or no such text.
    """
    return decoded(read_bytes(path, most_bytes))


def read_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """What a file holds; never more of it is read than is allowed.

    Raises:
        UnreadableText: it is not there, no file, or too large.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            about = os.fstat(file.fileno())
            if stat.S_ISREG(about.st_mode) and about.st_size > most_bytes:
                raise UnreadableText(_too_large(about.st_size, most_bytes))
            if stat.S_ISFIFO(about.st_mode):
                return _from_pipe(file.fileno(), most_bytes)
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise UnreadableText(f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        if isinstance(error, UnreadableText):
            raise
        raise UnreadableText(f"cannot be read: {error}") from error  # a NUL in its name
    if len(data) > most_bytes:
        raise UnreadableText(_too_large(len(data), most_bytes))
    return data


def _without_waiting(path: str, flags: int) -> int:
    """Opening a named pipe would wait for its other end, for ever if nobody comes."""
    return os.open(path, flags | os.O_NONBLOCK)


def _from_pipe(pipe: int, most_bytes: int) -> bytes:
    """What another program writes, if it does so in time."""
    data, deadline = bytearray(), time.monotonic() + PIPE_WAIT_S
    while select.select([pipe], [], [], max(deadline - time.monotonic(), 0.0))[0]:
        piece = os.read(pipe, 65536)
        data += piece
        if len(data) > most_bytes:
            raise UnreadableText(_too_large(len(data), most_bytes))
        if not piece:
            return bytes(data)
    raise UnreadableText(f"cannot be read: a pipe whose end did not come within {PIPE_WAIT_S:g} s")


def read_json(path: Path, most_bytes: int = MOST_BYTES) -> Any:
    """What a JSON file says.

    Raises:
        UnreadableText: as `read_text`, or it is not JSON; the message says where.
    """
    try:
        return json.loads(read_text(path, most_bytes))
    except json.JSONDecodeError as error:
        raise UnreadableText(f"expected JSON, {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise UnreadableText("expected JSON, got lists within lists without end") from error
    except ValueError as error:
        if isinstance(error, UnreadableText):
            raise
        raise UnreadableText(f"expected JSON, {error}") from error


def real_path(path: Path) -> Path:
    """Where a path leads over all links. One that leads round in a circle stays as it is: whoever
    opens it is told so by an OSError, as of anything else that cannot be opened."""
    return Path(os.path.realpath(path))


def decoded(data: bytes) -> str:
    """The text that bytes are in UTF-8.

    Raises:
        UnreadableText: they are another encoding, which is named, or no text.
    """
    for mark, name in _WIDE:
        if data.startswith(mark):
            raise UnreadableText(_save_as_utf8(name))
    if b"\0" in data:
        even, odd = data[::2].count(0), data[1::2].count(0)
        if max(even, odd) > _NUL_SHARE * len(data) and min(even, odd) < max(even, odd) / 4:
            raise UnreadableText(_save_as_utf8("UTF-16"))
        raise UnreadableText("expected a text in UTF-8, this is none (it holds NUL bytes)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableText(_save_as_utf8(_chinese(data), data[error.start]), line) from None


def _chinese(data: bytes) -> str:
    """Which of the Chinese encodings these bytes are, empty if none."""
    for codec, name in (("gb18030", "GBK"), ("big5", "Big5")):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        foreign = [sign for sign in text if not sign.isascii()]
        common = sum(
            "\u4e00" <= sign <= "\u9fff" or "\u3000" <= sign <= "\uffee" for sign in foreign
        )
        if common > len(foreign) / 2 and not any(ord(sign) < 9 for sign in text):
            return name
    return ""


def _save_as_utf8(name: str, byte: int | None = None) -> str:
    is_ = f"this is {name}" if name else f"got the byte 0x{byte:02X}"
    return f"expected a text in UTF-8, {is_}: save as UTF-8 · 请另存为 UTF-8"


def _too_large(size: int, most: int) -> str:
    return f"expected at most {most / 1024 / 1024:g} MiB, got {size / 1024 / 1024:.1f} MiB or more"
