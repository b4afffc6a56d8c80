"""The conversation with a camera (RTSP 1.0, RFC 2326), from DESCRIBE to keeping it alive."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import (
    StreamEnded,
    StreamError,
    StreamNotFound,
    StreamRefused,
    StreamTimeout,
    StreamUnauthorized,
    StreamUnreachable,
)
from streams.address import CameraAddress
from streams.rtsp.description import Offer, offer_of
from streams.rtsp.login import Login
from streams.rtsp.wire import Answer, Wire

SESSION_TIMEOUT_S = 60.0
"""What holds if a camera does not say (RFC 2326 §12.37)."""
_AGENT = "User-Agent: sentinel-patrol"
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d+)")
_CHANNELS = re.compile(r"interleaved\s*=\s*(\d+)")
_REDIRECTS = 301, 302, 303, 305
_REFUSALS = {401: StreamUnauthorized, 403: StreamUnauthorized, 404: StreamNotFound}


class LeftToLibav(Exception):
    """The camera says or sends what only libav understands."""


class Dialogue:
    """One session of one camera. Raises `StreamError`s whose words hold no password, and
    `LeftToLibav` for a camera that sends its clients elsewhere."""

    def __init__(self, address: CameraAddress, timeout_s: float) -> None:
        """Connect; each answer may take `timeout_s`."""
        self._address = address
        self._timeout_s = timeout_s
        self._sequence = 0
        self._login: Login | None = None
        self._session = ""
        self._session_timeout_s = SESSION_TIMEOUT_S
        self._keep_alive_by = "OPTIONS"
        self._base = address.bare_url
        self._told_s = 0.0
        self.channel = 0
        """On which interleaved channel the video comes."""
        with self._errors("open"):
            self.wire = Wire(address, timeout_s)

    def describe(self) -> Offer | None:
        """What the camera offers; none if it has no video."""
        answer = self._ask("DESCRIBE", self._address.bare_url, "Accept: application/sdp")
        for name in ("content-base", "content-location"):
            if base := answer.header(name):
                self._base = base
                break
        return offer_of(answer.body.decode("utf-8", "replace"))

    def play(self, offer: Offer) -> None:
        """Have the video sent over this connection."""
        public = self._asked("OPTIONS", self._base, ()).header("public")
        if "GET_PARAMETER" in public:
            self._keep_alive_by = "GET_PARAMETER"
        set_up = self._ask(
            "SETUP", self._control(offer), "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        )
        session, _, options = set_up.header("session").partition(";")
        self._session = session.strip()
        if told := _TIMEOUT.search(options):
            self._session_timeout_s = float(told.group(1)) or SESSION_TIMEOUT_S
        if told := _CHANNELS.search(set_up.header("transport")):
            self.channel = int(told.group(1))
        self._ask("PLAY", self._base, "Range: npt=0.000-")
        self._told_s = time.monotonic()

    def keep_alive(self) -> None:
        """Tell the camera that somebody still watches, if it is time for that. Its answer comes
        among the packets."""
        if time.monotonic() - self._told_s >= self._session_timeout_s / 2:
            self._told_s = time.monotonic()
            with self._errors("read"):
                self._send(self._keep_alive_by, self._base, ())

    def note(self, answer: Answer) -> None:
        """Take in an answer that came among the packets."""
        if answer.status == 401 and self._may_log_in(answer):
            self._told_s = 0.0  # the camera wants another nonce from time to time: say it again

    def receive(self) -> bool:
        """As `Wire.receive`; TimeoutError passes."""
        with self._errors("read"):
            return self.wire.receive()

    def close(self) -> None:
        """Say good-bye, if the connection still takes it, and close."""
        try:
            if self._session:
                self.wire.wait_at_most(0.2)
                self._send("TEARDOWN", self._base, ())
        except OSError:
            pass
        self.wire.close()

    def _control(self, offer: Offer) -> str:
        """The url of the offered stream. Where it is not whole, what the description gives comes
        after a slash, even behind a query: so cameras mean it."""
        if not offer.control or offer.control == "*":
            return self._base
        if "://" in offer.control:
            return offer.control
        return self._base.rstrip("/") + "/" + offer.control

    def _ask(self, method: str, url: str, *headers: str) -> Answer:
        answer = self._asked(method, url, headers)
        if answer.status == 401 and self._may_log_in(answer):
            answer = self._asked(method, url, headers)
        if answer.status in _REDIRECTS:
            raise LeftToLibav(f"{method} is answered with {answer.status}")
        if answer.status != 200:
            kind = _REFUSALS.get(answer.status, StreamRefused)
            raise kind(f"{self._address.masked} answered {method} with {answer.status}")
        return answer

    def _may_log_in(self, answer: Answer) -> bool:
        """Whether the challenge can be answered and was not answered in vain just now: an account
        is locked by repeated wrong logins."""
        challenges = answer.headers.get("www-authenticate", [])
        tried, self._login = self._login, Login.to(challenges, self._address)
        if self._login is None:
            return False
        stale = self._login.given.get("stale", "").lower() == "true"
        return tried is None or stale

    def _asked(self, method: str, url: str, headers: tuple[str, ...]) -> Answer:
        with self._errors("open"):
            self._send(method, url, headers)
            ends_s = time.monotonic() + self._timeout_s
            while True:
                for part in self.wire.parts():
                    if isinstance(part, Answer) and part.status:
                        return part
                left_s = ends_s - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError
                self.wire.wait_at_most(left_s)
                if not self.wire.receive():
                    raise EOFError

    def _send(self, method: str, url: str, headers: tuple[str, ...]) -> None:
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", _AGENT, *headers]
        if self._session:
            lines.append(f"Session: {self._session}")
        if self._login is not None:
            lines.append(f"Authorization: {self._login.answers(method, url)}")
        self.wire.send(lines)

    @contextmanager
    def _errors(self, phase: str) -> Iterator[None]:
        """Our errors for those of sockets. What passes by itself: `TimeoutError` while reading."""
        who = self._address.masked
        try:
            yield
        except TimeoutError:
            if phase == "read":
                raise
            raise StreamTimeout(f"{who}: no answer within {self._timeout_s:g} s") from None
        except socket.gaierror as error:
            raise StreamUnreachable(f"{who} cannot be opened: {error.strerror}") from None
        except ConnectionRefusedError:
            raise StreamRefused(f"{who} cannot be opened: connection refused") from None
        except (StreamError, EOFError, ConnectionError, ValueError) as error:
            if phase == "open":
                raise StreamRefused(
                    f"{who}: expected an RTSP answer, got no sensible one"
                ) from None
            raise StreamEnded(f"{who} cannot be read: {type(error).__name__}") from None
        except OSError as error:
            raise StreamUnreachable(f"{who} cannot be reached: {error.strerror}") from None
