"""Requests to a camera and its answers, login included: what every dialogue is made of."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from domain.errors import (
    StreamEnded,
    StreamError,
    StreamRefused,
    StreamTimeout,
    StreamUnauthorized,
    StreamUnreachable,
)
from streams.address import CameraAddress
from streams.rtsp.known import KNOWN, KnownCameras
from streams.rtsp.login import Login, challenges_of
from streams.rtsp.message import Answer
from streams.rtsp.wire import Interleaved, Wire

MOST_LOGINS = 2
"""So often one request is said again with another login: a nonce may be used up twice in a row."""
OPENING_TIMES = 4
"""All answers until the camera plays may take so many times as long as one."""
MOST_EARLY, MOST_EARLY_BYTES = 4096, 8 * 1024 * 1024
"""Packets that are kept when they come before the answer to PLAY."""
_AGENT = "User-Agent: sentinel-patrol"
_REDIRECTS = frozenset({300, 301, 302, 303, 305, 307, 308})
_CONTINUE = 100
_UNAUTHORIZED = 401

_log = structlog.get_logger(__name__)


class Redirected(Exception):
    """The camera sends its clients to `location`."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class Conversation:
    """One connection to one camera. Raises `StreamError`s whose words hold no password."""

    def __init__(
        self,
        address: CameraAddress,
        timeout_s: float,
        *,
        known: KnownCameras = KNOWN,
        allow_basic: bool | None = None,
    ) -> None:
        """Connect; each answer may take `timeout_s`. `allow_basic` says whether the password
        itself may be sent; None: unless the device is known to do without."""
        self.address = address
        self.session = ""
        self.early: list[Interleaved] = []
        self._early_bytes = 0
        self._timeout_s = timeout_s
        self._opens_until_s = time.monotonic() + OPENING_TIMES * timeout_s
        self._known = known
        self._allow_basic = allow_basic
        self._sequence = 0
        self._login: Login | None = None
        self._login_worked = False
        with self.errors("open"):
            self.wire = Wire(address, timeout_s)

    @property
    def sends_password(self) -> bool:
        """Whether the camera is logged in to with the password itself, in the clear."""
        basic = self._login is not None and self._login.scheme == "basic"
        return basic and self.address.scheme == "rtsp"

    def asked(self, method: str, url: str, *headers: str) -> Answer:
        """Say it, again with a login if that is wanted, and give the answer, whatever it is.

        Raises:
            Redirected: the camera sends its clients elsewhere.
        """
        answer = self._once(method, url, headers)
        for _ in range(MOST_LOGINS):
            if answer.status != _UNAUTHORIZED or not self._may_log_in(answer):
                break
            answer = self._once(method, url, headers)
        if answer.status in _REDIRECTS:
            raise Redirected(answer.header("location"))
        return answer

    def say(self, method: str, url: str, *headers: str) -> None:
        """Send a request whose answer is not waited for. Raises OSError."""
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", _AGENT, *headers]
        if self.session:
            lines.append(f"Session: {self.session}")
        if self._login is not None:
            lines.append(f"Authorization: {self._login.answers(method, url)}")
        self.wire.send(lines)

    def note(self, answer: Answer) -> bool:
        """Take in an answer that came among the packets; whether its request is to be said again
        with another login."""
        if answer.status == _UNAUTHORIZED:
            return self._may_log_in(answer)
        self._heard(answer)
        return False

    def reply(self, request: Answer, status: str) -> None:
        """Answer a request of the camera's own. Raises OSError."""
        sequence = request.header("cseq")[:20]
        self.wire.send([f"RTSP/1.0 {status}", f"CSeq: {sequence}", _AGENT])

    def receive(self) -> bool:
        """As `Wire.receive`; TimeoutError passes."""
        with self.errors("read"):
            return self.wire.receive()

    def close(self) -> None:
        self.wire.close()

    def _once(self, method: str, url: str, headers: tuple[str, ...]) -> Answer:
        with self.errors("open"):
            self.say(method, url, *headers)
            ends_s = min(time.monotonic() + self._timeout_s, self._opens_until_s)
            while True:
                for part in self.wire.parts():
                    if not isinstance(part, Answer):
                        self._keep(*part)
                    elif part.status > _CONTINUE:
                        self._heard(part)
                        return part
                left_s = ends_s - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError
                self.wire.wait_at_most(left_s)
                if not self.wire.receive():
                    raise EOFError

    def _keep(self, channel: int, data: bytes, start: int, end: int) -> None:
        self._early_bytes += end - start
        if len(self.early) < MOST_EARLY and self._early_bytes <= MOST_EARLY_BYTES:
            self.early.append((channel, data[start:end], 0, end - start))

    def _heard(self, answer: Answer) -> None:
        """What any answer tells of the login: that it works, and which nonce is next."""
        if self._login is None or answer.status == _UNAUTHORIZED:
            return
        self._login_worked = True
        renewals = [f"Digest {value}" for value in answer.headers.get("authentication-info", [])]
        for told in challenges_of(renewals + answer.headers.get("www-authenticate", [])):
            following = told.given.get("nextnonce") or told.given.get("nonce")
            if following and told.scheme == self._login.scheme == "digest":
                self._login = self._login.renewed(following)

    def _may_log_in(self, answer: Answer) -> bool:
        """Whether to say it again with another login. An account is locked by repeated wrong ones:
        a second is tried only if the camera says that the nonce was at fault, or if the one before
        had worked, so that the password is right and the nonce was used up.

        Raises:
            StreamUnauthorized: the password itself is asked for, and must not be sent.
        """
        tried, worked = self._login, self._login_worked
        self._login, self._login_worked = self._answering(answer), False
        if self._login is None:
            return False
        is_new = tried is None or self._login.nonce != tried.nonce
        stale = self._login.given.get("stale", "").lower() == "true"
        return tried is None or stale or (worked and is_new and self._login.scheme == "digest")

    def _answering(self, answer: Answer) -> Login | None:
        address, known = self.address, self._known
        values = answer.headers.get("www-authenticate", [])
        schemes = {challenge.scheme for challenge in challenges_of(values)}
        if "digest" in schemes:
            known.saw_digest(address)
        basic = self._allow_basic
        if basic is None:
            basic = not known.speaks_digest(address)
        login = Login.to(values, address, basic=basic)
        if login is None and address.user and "basic" in schemes:
            before = " although it took a digest before" if known.speaks_digest(address) else ""
            raise StreamUnauthorized(
                f"{address.masked}: not logged in, the camera asks for the password itself "
                f"(Basic){before}. If that is right, set allow_basic: true for it"
            )
        return login

    @property
    def _who(self) -> str:
        """The camera, for messages; to mask an address takes longer than to read what came."""
        return self.address.masked

    @contextmanager
    def errors(self, phase: str) -> Iterator[None]:
        """Our errors for those of sockets. What passes by itself: `TimeoutError` while reading."""
        try:
            yield
        except TimeoutError:
            if phase == "read":
                raise
            raise StreamTimeout(f"{self._who}: no answer within {self._timeout_s:g} s") from None
        except socket.gaierror as error:
            raise StreamUnreachable(f"{self._who} cannot be opened: {error.strerror}") from None
        except ConnectionRefusedError:
            raise StreamRefused(f"{self._who} cannot be opened: connection refused") from None
        except (StreamUnauthorized, StreamEnded):
            raise
        except (StreamError, EOFError, ConnectionError, ValueError) as error:
            said = f" ({error})" if isinstance(error, StreamError) else ""
            if phase == "open":
                raise StreamRefused(
                    f"{self._who}: expected an RTSP answer, got no sensible one{said}"
                ) from None
            raise StreamEnded(f"{self._who} cannot be read: {type(error).__name__}{said}") from None
        except OSError as error:
            raise StreamUnreachable(f"{self._who} cannot be reached: {error.strerror}") from None
