"""A file fetched over HTTP that goes on where it was cut, also after a restart."""

import fcntl
import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

import httpx

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelUnreachable

CONNECT_TIMEOUT_S = 15.0
READ_TIMEOUT_S = 30.0
CUTS_IN_A_ROW = 5
"""So many connections may end without a single new byte before it is given up."""
PAUSE_S = 2.0
"""Between a cut and the next attempt."""
SPARE_BYTES = 64 << 20
"""Left free on the disk whatever is fetched."""

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here, and how many there will be if that is known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is fetched, and what is known of it; None where nothing is."""

    url: str
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try."""

    cuts_in_a_row: int = CUTS_IN_A_ROW
    pause_s: float = PAUSE_S


def client() -> httpx.Client:
    """Follows redirects, as release pages do, and the proxy that HTTPS_PROXY names."""
    return httpx.Client(
        follow_redirects=True,
        timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        headers={"Accept-Encoding": "identity", "User-Agent": "sentinel-patrol"},
    )


def fetch(
    wanted: Wanted,
    target: Path,
    http: httpx.Client,
    *,
    progress: Progress | None = None,
    patience: Patience | None = None,
    free_bytes: Callable[[Path], int] | None = None,
) -> str:
    """Fetch a file to `target` and return its SHA-256; what came so far waits in `target`.part.

    Raises ModelMissing where the address has no such file, ModelCorrupt for a wrong size or hash
    (what came is thrown away), ModelUnreachable without a connection, ModelError without room on
    the disk or when another process fetches the same.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Part(target)
    try:
        with part.held() as file:
            tried, room = patience or Patience(), free_bytes or _free_bytes
            run = _Run(wanted, part, file, http, progress, tried, room)
            run.fill()
            sha256 = run.verified()
            part.settle()
    except OSError as error:
        raise ModelError(f"{part.path}: cannot be written: {error}") from error
    return sha256


class Part:
    """What has come of a file, and of which version of it."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f"{target.name}.part")
        self._version = target.with_name(f"{target.name}.version")

    @contextmanager
    def held(self) -> Iterator[BufferedRandom]:
        """The file, open at its end, ours alone."""
        with self.path.open("ab+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ModelError(f"{self.path}: another process is fetching this file") from error
            file.seek(0, 2)
            yield file

    @property
    def version(self) -> str | None:
        """The server's mark of the version that was begun."""
        return self._version.read_text().strip() or None if self._version.is_file() else None

    @version.setter
    def version(self, mark: str | None) -> None:
        self._version.write_text(mark or "")

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def settle(self) -> None:
        self.path.replace(self._target)
        self._version.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Run:
    """One call of `fetch`."""

    wanted: Wanted
    part: Part
    file: BufferedRandom
    http: httpx.Client
    progress: Progress | None
    patience: Patience
    free_bytes: Callable[[Path], int]

    def fill(self) -> None:
        """Ask until all is here; every cut that brought something starts the count anew."""
        cuts, done = 0, self.file.tell() == self.wanted.size_bytes
        while not done:
            before = self.file.tell()
            try:
                done = self._ask()
            except httpx.TransportError as error:
                cuts = 0 if self.file.tell() > before else cuts + 1
                if cuts >= self.patience.cuts_in_a_row or (_never_came(error) and not before):
                    raise ModelUnreachable(f"{self.wanted.url}: {_reason(error)}") from error
                threading.Event().wait(self.patience.pause_s)

    def _ask(self) -> bool:
        """One request for what is missing; whether all is here then."""
        have_bytes = self.file.tell()
        headers = _range(self.part, have_bytes)
        with self.http.stream("GET", self.wanted.url, headers=headers) as answer:
            start, total = _placed(self.wanted.url, answer, have_bytes)
            self._check_offer(total)
            if start != have_bytes:
                self.file.seek(start)
                self.file.truncate()
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return start == total
            self._check_room(start, total)
            self.part.version = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            # As it comes: a chunk that waits to be full would be lost with the connection.
            for chunk in answer.iter_raw():
                self.file.write(chunk)
                self.file.flush()
                if self.progress is not None:
                    self.progress(self.file.tell(), total)
        return True

    def _check_offer(self, total: int | None) -> None:
        if self.wanted.size_bytes is not None and total not in (None, self.wanted.size_bytes):
            raise ModelCorrupt(
                f"{self.wanted.url}: expected {self.wanted.size_bytes} bytes, the server offers "
                f"{total}; the file was replaced there, or something between answers in its place"
            )

    def _check_room(self, start: int, total: int | None) -> None:
        """Room for the rest, and for the copy that the import makes of it."""
        folder = self.part.path.parent
        needed = SPARE_BYTES if total is None else 2 * total - start + SPARE_BYTES
        if (free := self.free_bytes(folder)) < needed:
            raise ModelError(
                f"{folder}: expected {needed >> 20} MiB free for {self.wanted.url}, "
                f"there are {free >> 20} MiB"
            )

    def verified(self) -> str:
        """The SHA-256 of what came. Throws it away when it is not what was wanted."""
        wanted, size_bytes = self.wanted, self.file.tell()
        self.file.seek(0)
        sha256 = hashlib.file_digest(self.file, "sha256").hexdigest()
        if wanted.size_bytes in (None, size_bytes) and wanted.sha256 in (None, sha256):
            return sha256
        self.part.drop()
        expected = f"{wanted.size_bytes or 'any number of'} bytes, sha256 {wanted.sha256 or 'any'}"
        raise ModelCorrupt(
            f"{wanted.url}: expected {expected}; got {size_bytes} bytes, sha256 {sha256}; "
            "it was thrown away"
        )


def _range(part: Part, have_bytes: int) -> dict[str, str]:
    """Ask for the rest of the version that was begun; a server with another sends all of it."""
    if not have_bytes:
        return {}
    mark = part.version
    # A weak mark does not promise the same bytes, so it may not be used here.
    held = {"If-Range": mark} if mark and not mark.startswith("W/") else {}
    return {"Range": f"bytes={have_bytes}-", **held}


def _placed(url: str, answer: httpx.Response, have_bytes: int) -> tuple[int, int | None]:
    """Where the answer's bytes belong, and how many there are in all."""
    first, _, total = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    match answer.status_code:
        case httpx.codes.OK:
            length = answer.headers.get("Content-Length", "")
            return 0, int(length) if length.isdigit() else None
        case httpx.codes.PARTIAL_CONTENT if first.startswith(f"{have_bytes}-"):
            return have_bytes, int(total) if total.isdigit() else None
        case httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE if total.isdigit():
            # Nothing is missing; or more is here than there, and it has to come anew.
            return (have_bytes if int(total) == have_bytes else 0), int(total)
        case httpx.codes.NOT_FOUND | httpx.codes.GONE:
            raise ModelMissing(f"{url}: the server has no such file (any more)")
        case status:
            raise ModelError(f"{url}: expected the file, the server answered {status}")


def _never_came(error: httpx.TransportError) -> bool:
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)


def _reason(error: httpx.TransportError) -> str:
    if _never_came(error):
        return f"cannot be reached: {error or type(error).__name__}"
    return f"the connection broke again and again without a new byte: {error}"


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
