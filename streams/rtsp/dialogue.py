"""The dialogue with a camera (RTSP 1.0, RFC 2326): from DESCRIBE to keeping it alive."""

import re
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from domain.errors import (
    StreamCorrupt,
    StreamEnded,
    StreamError,
    StreamNotFound,
    StreamRefused,
    StreamUnauthorized,
)
from domain.masking import mask_secrets
from streams.address import CameraAddress
from streams.rtsp.conversation import Conversation, Redirected
from streams.rtsp.datagrams import Datagrams
from streams.rtsp.description import Offer, offer_of
from streams.rtsp.known import KNOWN, KnownCameras
from streams.rtsp.message import Answer, number
from streams.rtsp.places import base_of, control_of, moved
from streams.rtsp.wire import Wire
from streams.stream_settings import RtspTransport

SESSION_TIMEOUT_S = 60.0
"""What holds if a camera does not say (RFC 2326 §12.37)."""
LONGEST_SESSION_TIMEOUT_S = 600
"""A camera is told of us at least twice in so long, whatever it says."""
MOST_REDIRECTS = 3
MOST_REPLIES = 1000
"""So many requests of a camera's own are answered in one connection."""

_TIMEOUT = re.compile(r"timeout\s*=\s*([0-9]+)", re.IGNORECASE)
_CHANNELS = re.compile(r"interleaved\s*=\s*([0-9]{1,3})(?:\s*-\s*([0-9]{1,3}))?", re.IGNORECASE)
_HIGHEST_CHANNEL = 255
_SERVER_PORTS = re.compile(r"server_port\s*=\s*([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?", re.IGNORECASE)
_UNSUPPORTED_TRANSPORT = 461
_OTHER_PLACE = frozenset({400, 404, 405, 451, 455, 456, 457, 459, 460})
"""Answers after which the same is asked at another url of the session."""
_REFUSALS: dict[int, type[StreamError]] = {
    401: StreamUnauthorized,
    403: StreamUnauthorized,
    404: StreamNotFound,
}
_UNDERSTOOD = frozenset({401, 403, 453, 461, 503})
"""Refusals that mean what they say: another reader would hear the same."""
_ANSWERED = frozenset({"OPTIONS", "GET_PARAMETER", "SET_PARAMETER"})

_T = TypeVar("_T")


class LeftToLibav(Exception):
    """The camera sends what only libav understands."""


class Misread(Exception):
    """The camera speaks, but not as it is understood here; libav may understand it. `error` is what
    it comes to if not."""

    def __init__(self, error: StreamError) -> None:
        super().__init__(str(error))
        self.error = error


def following(
    address: CameraAddress, begin: Callable[[CameraAddress], _T], known: KnownCameras = KNOWN
) -> _T:
    """What `begin` gives at the address, or where the camera redirects from there.

    Raises:
        StreamRefused: to another host or port, in a circle, or without end (see `moved`).
    """
    visited = [address.bare_url]
    while True:
        try:
            return begin(address)
        except Redirected as redirected:
            known.saw_redirect(address)
            address = moved(address, redirected.location)
        if address.bare_url in visited:
            raise StreamRefused(f"{address.masked}: the camera redirects in a circle")
        if len(visited) > MOST_REDIRECTS:
            raise StreamRefused(f"{address.masked}: more than {MOST_REDIRECTS} redirects, gave up")
        visited.append(address.bare_url)


class Dialogue:
    """One session of one camera. Raises `StreamError`s whose words hold no password, `Misread`,
    and `Redirected` for a camera that sends its clients elsewhere."""

    def __init__(
        self,
        address: CameraAddress,
        timeout_s: float,
        *,
        known: KnownCameras = KNOWN,
        allow_basic: bool | None = None,
    ) -> None:
        """Connect; the other arguments as `Conversation` has them."""
        self._known = known
        self.talk = Conversation(address, timeout_s, known=known, allow_basic=allow_basic)
        self._address = address
        self._session_timeout_s = SESSION_TIMEOUT_S
        self._keep_alive_by = "OPTIONS"
        self._base = self._played = address.bare_url
        self._told_s = 0.0
        self._replies = 0
        self.channels = 0, 1
        """On which interleaved channels video and reports come."""
        self.refused_clearly = False
        """Whether the camera said no in words that mean what they say."""
        self.datagrams: Datagrams | None = None
        """What the video comes by if not over the connection."""

    @property
    def wire(self) -> Wire:
        return self.talk.wire

    def describe(self) -> Offer | None:
        """What the camera offers; none if it has no video."""
        answer = self._ask("DESCRIBE", [self._address.bare_url], "Accept: application/sdp")
        given = answer.header("content-base") or answer.header("content-location")
        self._base = base_of(given, self._address)
        return offer_of(answer.body.decode("utf-8", "replace"))

    def play(self, offer: Offer, transport: RtspTransport = "tcp") -> None:
        """Have the video sent: over this connection, or by datagrams."""
        public = self.talk.asked("OPTIONS", self._base).header("public")
        if "GET_PARAMETER" in public.upper():
            self._keep_alive_by = "GET_PARAMETER"
        track = control_of(self._base, offer.control)
        self._set_up(
            [track, control_of(self._address.bare_url, offer.control), self._base], transport
        )
        self.talk.early.clear()
        whole = control_of(self._base, offer.session_control)
        self._begin([whole, self._base, self._base.rstrip("/"), self._address.bare_url, track])
        self._told_s = time.monotonic()

    def keep_alive(self) -> None:
        """Tell the camera that somebody still watches, if it is time for that. Its answer comes
        among the packets."""
        if time.monotonic() - self._told_s >= self._session_timeout_s / 2:
            self._told_s = time.monotonic()
            with self.talk.errors("read"):
                self.talk.say(self._keep_alive_by, self._played)

    def note(self, message: Answer) -> None:
        """Take in a message that came among the packets.

        Raises:
            StreamEnded: the camera says that it is over.
        """
        if message.status:
            if self.talk.note(message):
                self._told_s = 0.0  # another nonce is wanted from time to time: say it again
            return
        who = self._address.masked
        if message.method == "REDIRECT":
            self._known.saw_redirect(self._address)
            place = mask_secrets(message.header("location"))[:200]
            raise StreamEnded(f"{who}: the camera sends its clients to {place!r}; not followed")
        if message.method == "TEARDOWN":
            raise StreamEnded(f"{who}: the camera ended the session")
        self._reply(message)

    def receive(self) -> bool:
        """As `Wire.receive`; TimeoutError passes."""
        return self.talk.receive()

    def close(self) -> None:
        """Say good-bye, if the connection still takes it, and close."""
        try:
            if self.talk.session:
                self.wire.wait_at_most(0.2)
                self.talk.say("TEARDOWN", self._played)
        except OSError:
            pass
        self.talk.close()
        if self.datagrams is not None:
            self.datagrams.close()

    def _reply(self, request: Answer) -> None:
        if not request.method or self._replies >= MOST_REPLIES:
            return
        self._replies += 1
        status = "200 OK" if request.method in _ANSWERED else "501 Not Implemented"
        with self.talk.errors("read"):
            self.talk.reply(request, status)

    def _set_up(self, places: Iterable[str], transport: RtspTransport) -> None:
        """Agree on how the video comes: over this connection, if both sides can."""
        places = list(places)
        refused: Answer | None = None
        for is_udp, wish in self._wishes(transport):
            answer = self._first_taken("SETUP", places, f"Transport: {wish}")
            if answer.status == _UNSUPPORTED_TRANSPORT:
                refused = answer
                continue
            self._checked("SETUP", answer)
            self._remember_session(answer)
            if self._agreed(answer.header("transport"), is_udp):
                return
        other = "UDP" if transport == "tcp" else "TCP" if transport == "udp" else "neither"
        said = f"answered SETUP with {refused.status}" if refused else "agreed to another transport"
        cure = f"this camera wants {other}; set transport: auto for it"
        if other == "neither":
            cure = "this camera takes neither TCP nor UDP"
        self.refused_clearly = True
        raise StreamRefused(f"{self._address.masked} {said}: {cure}")

    def _wishes(self, transport: RtspTransport) -> Iterable[tuple[bool, str]]:
        """Transports in the order in which they are asked for: whether it is UDP, and its words.
        What is asked for over TLS is not taken in the clear unless that is told."""
        if transport != "udp":
            yield False, "RTP/AVP/TCP;unicast;interleaved=0-1"
        if transport == "udp" or (transport == "auto" and self._address.scheme == "rtsp"):
            with self.talk.errors("open"):
                self.datagrams = self.datagrams or Datagrams(*self.wire.hosts)
            first, second = self.datagrams.ports
            for profile in ("RTP/AVP/UDP", "RTP/AVP"):
                yield True, f"{profile};unicast;client_port={first}-{second}"

    def _remember_session(self, answer: Answer) -> None:
        session, _, options = answer.header("session").partition(";")
        self.talk.session = session.strip()
        if told := _TIMEOUT.search(options):
            longest = LONGEST_SESSION_TIMEOUT_S
            told_s = number(told[1], longest)
            self._session_timeout_s = float(longest if told_s is None else told_s)
            self._session_timeout_s = self._session_timeout_s or SESSION_TIMEOUT_S

    def _agreed(self, transport: str, is_udp: bool) -> bool:
        """Whether the camera sends as it was asked to; remembers on which channels."""
        told = _CHANNELS.search(transport)
        by_tcp = told is not None or "TCP" in transport.upper() or not transport
        if is_udp:
            ports = _SERVER_PORTS.search(transport)
            if self.datagrams is not None and ports:
                self.datagrams.greet(int(ports[1]), int(ports[2] or int(ports[1]) + 1))
            return told is None
        if told:
            first = int(told[1])
            second = int(told[2]) if told[2] else first + 1
            if max(first, second) > _HIGHEST_CHANNEL:
                raise StreamCorrupt(
                    f"{self._address.masked}: expected channels up to {_HIGHEST_CHANNEL}, "
                    f"got {told[0]}"
                )
            self.channels = first, second
        return by_tcp

    def _begin(self, places: Iterable[str]) -> None:
        places = list(dict.fromkeys(places))
        answer = self._first_taken("PLAY", places, "Range: npt=0.000-")
        if answer.status in _OTHER_PLACE:
            answer = self._first_taken("PLAY", places)
        self._checked("PLAY", answer)

    def _first_taken(self, method: str, places: Iterable[str], *headers: str) -> Answer:
        """The answer at the first of these urls that the camera knows; the first one's if it knows
        none."""
        first: Answer | None = None
        for place in dict.fromkeys(places):
            answer = self.talk.asked(method, place, *headers)
            if answer.status not in _OTHER_PLACE:
                self._played = place if method == "PLAY" else self._played
                return answer
            first = first or answer
        assert first is not None
        return first

    def _ask(self, method: str, places: Iterable[str], *headers: str) -> Answer:
        return self._checked(method, self._first_taken(method, places, *headers))

    def _checked(self, method: str, answer: Answer) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        kind = _REFUSALS.get(answer.status, StreamRefused)
        error = kind(f"{self._address.masked} answered {method} with {answer.status}")
        nothing_there = method == "DESCRIBE" and answer.status == 404
        self.refused_clearly = nothing_there or answer.status in _UNDERSTOOD
        raise error if self.refused_clearly else Misread(error)
