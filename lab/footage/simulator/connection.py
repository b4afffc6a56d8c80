"""One RTSP connection: the conversation from OPTIONS to TEARDOWN."""

import asyncio
import re
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import structlog

from lab.footage.simulator.auth import AuthScheme, Doorkeeper
from lab.footage.simulator.camera import LiveCamera
from lab.footage.simulator.fault import FaultName
from lab.footage.simulator.message import BadRequest, Request, RequestReader, answer
from lab.footage.simulator.sdp import WHOLE, describe
from lab.footage.simulator.viewer import DatagramOutlet, InterleavedOutlet, Outlet, Viewer

SEND_BUFFER_BYTES = 256 * 1024
"""The kernel's share of what waits for a slow client, in bytes."""
_PUBLIC = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_PORTS = re.compile(r"(interleaved|client_port)=(\d+)(?:-(\d+))?")
_DOOR_STATUS = {"refuse": 503, "not_found": 404, "unauthorized": 401}
_UNKNOWN_SESSION, _WRONG_STATE, _WRONG_TRANSPORT = 454, 455, 461

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Premises:
    """What all connections share."""

    cameras: Mapping[str, LiveCamera]
    doorkeeper: Doorkeeper
    datagram_sockets: tuple[socket.socket, socket.socket]
    """For RTP and RTCP."""
    session_timeout_s: float
    write_buffer_bytes: int
    connections: set["Connection"]


class Connection(asyncio.Protocol):
    """Answers requests in order. A connection carries one session and so one camera."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader()
        self._transport: asyncio.Transport
        self._camera: LiveCamera | None = None
        self._session = ""
        self._outlet: Outlet | None = None
        self._viewer: Viewer | None = None
        self._heard_s = self._loop.time()
        self._expiry: asyncio.TimerHandle | None = None

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._premises.connections.add(self)
        connected: socket.socket = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._watch_expiry()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        try:
            for request in self._reader.feed(data):
                self._answer(request)
        except BadRequest as error:
            self.close(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        self._premises.connections.discard(self)
        if self._expiry:
            self._expiry.cancel()
        self._stop_playing()

    def close(self, reason: str) -> None:
        """End the connection at once, whatever still waits to be sent."""
        name = self._camera.name if self._camera else None
        log.debug("simulator closes connection", camera=name, reason=reason)
        self._stop_playing()
        self._transport.abort()

    def _watch_expiry(self) -> None:
        silent_s = self._loop.time() - self._heard_s
        left_s = self._premises.session_timeout_s - silent_s
        if left_s <= 0:
            self.close(f"session timeout, nothing heard for {silent_s:.1f} s")
            return
        self._expiry = self._loop.call_later(left_s, self._watch_expiry)

    # the conversation

    def _answer(self, request: Request) -> None:
        if self._transport.is_closing():
            return
        self._meet_camera(request)
        if self._transport.is_closing():
            return  # a fault has just ended it
        if self._camera and self._camera.closed_door(self._loop.time()) == "refuse":
            self._refuse(request)
            return
        handler = self._handlers.get(request.method)
        if handler is None:
            self._reply(405, request, {"Allow": _PUBLIC})
        else:
            handler(self, request)

    def _meet_camera(self, request: Request) -> None:
        if self._camera is None:
            self._camera = self._premises.cameras.get(request.camera)
            if self._camera:
                self._camera.tally.connects += 1
        if self._camera:
            self._camera.keep_to_fault(self._loop.time())

    def _refuse(self, request: Request) -> None:
        self._reply(503, request)
        self._stop_playing()
        self._transport.close()

    def _options(self, request: Request) -> None:
        self._reply(200, request, {"Public": _PUBLIC})

    def _describe(self, request: Request) -> None:
        if (camera := self._admit(request)) is None:
            return
        host = self._transport.get_extra_info("sockname")[0]
        door = self._door(camera)
        control = f"{request.url.rstrip('/')}/{WHOLE}" if door == "session_control" else "*"
        hidden = door == "codec"
        body = describe(camera.name, camera.clip, host=host, unknown_codec=hidden, control=control)
        base = request.url.rstrip("/") + "/"
        headers = {"Content-Base": base, "Content-Type": "application/sdp"}
        self._reply(200, request, headers, body)

    def _setup(self, request: Request) -> None:
        if (camera := self._admit(request)) is None:
            return
        if self._viewer is not None:
            self._reply(_WRONG_STATE, request)
            return
        wishes = request.headers.get("transport", "")
        refused = self._door(camera) == "udp_only" and "TCP" in wishes.upper()
        made = None if refused else self._make_outlet(wishes)
        if made is None:
            self._reply(_WRONG_TRANSPORT, request)
            return
        self._camera = camera
        self._outlet, transport = made
        self._session = self._session or secrets.token_hex(8)
        session = f"{self._session};timeout={max(1, round(self._premises.session_timeout_s))}"
        self._reply(200, request, {"Transport": transport, "Session": session})

    def _play(self, request: Request) -> None:
        if (camera := self._admit(request)) is None or not self._in_session(request):
            return
        if self._outlet is None:
            self._reply(_WRONG_STATE, request)
            return
        if self._door(camera) == "session_control" and not request.url.endswith(f"/{WHOLE}"):
            self._reply(404, request)
            return
        self._reply(200, request, {"Session": self._session, "Range": "npt=now-"})
        if self._viewer is None:
            self._viewer = Viewer(self._outlet, self.close)
            camera.play(self._viewer, self._loop.time())

    def _keep_alive(self, request: Request) -> None:
        if self._in_session(request):
            self._reply(200, request, {"Session": self._session} if self._session else None)

    def _teardown(self, request: Request) -> None:
        if self._in_session(request):
            self._stop_playing()
            self._reply(200, request)
            self._transport.close()

    _handlers: Mapping[str, Callable[["Connection", Request], None]] = {
        "OPTIONS": _options,
        "DESCRIBE": _describe,
        "SETUP": _setup,
        "PLAY": _play,
        "GET_PARAMETER": _keep_alive,
        "SET_PARAMETER": _keep_alive,
        "TEARDOWN": _teardown,
    }

    # what the conversation needs

    def _admit(self, request: Request) -> LiveCamera | None:
        """The camera that is asked for; without one the request has its answer already."""
        camera = self._premises.cameras.get(request.camera)
        door = self._door(camera) if camera else "not_found"
        if door == "redirect":
            self._redirect(request)
            return None
        scheme: AuthScheme | None = "basic" if door == "basic_only" else None
        knows = self._premises.doorkeeper.lets_in(request, scheme)
        if door == "one_time_nonce":
            self._premises.doorkeeper.forget_nonce()
        status = _DOOR_STATUS.get(door or "") or (None if knows else 401)
        if camera is None or status is not None:
            self._reject(status or 404, request, camera)
            return None
        return camera

    def _door(self, camera: LiveCamera | None) -> FaultName | None:
        return camera.closed_door(self._loop.time()) if camera else None

    def _redirect(self, request: Request) -> None:
        fault = self._camera.fault if self._camera else None
        place = (fault.to if fault else None) or request.url
        self._reply(302, request, {"Location": place})

    def _reject(self, status: int, request: Request, camera: LiveCamera | None) -> None:
        if status != 401:
            self._reply(status, request)
            return
        if camera and "authorization" in request.headers:
            camera.tally.rejected += 1
        scheme: AuthScheme | None = "basic" if self._door(camera) == "basic_only" else None
        challenge = self._premises.doorkeeper.challenge(scheme)
        self._reply(401, request, {"WWW-Authenticate": challenge})

    def _in_session(self, request: Request) -> bool:
        if request.session in (None, self._session):
            return True
        self._reply(_UNKNOWN_SESSION, request)
        return False

    def _make_outlet(self, wishes: str) -> tuple[Outlet, str] | None:
        """The first transport of the client's wishes that is served here."""
        for wish in wishes.split(","):
            if "multicast" in wish.lower():
                continue
            ports = {name: (int(a), int(b or int(a) + 1)) for name, a, b in _PORTS.findall(wish)}
            if wish.strip().upper().startswith("RTP/AVP/TCP"):
                return self._interleaved(ports.get("interleaved", (0, 1)))
            if wish.strip().upper().startswith("RTP/AVP") and "client_port" in ports:
                return self._datagrams(ports["client_port"])
        return None

    def _interleaved(self, channels: tuple[int, int]) -> tuple[Outlet, str] | None:
        if max(channels) > 255:
            return None
        limit_bytes = self._premises.write_buffer_bytes
        outlet = InterleavedOutlet(self._transport, channels, limit_bytes)
        return outlet, f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"

    def _datagrams(self, ports: tuple[int, int]) -> tuple[Outlet, str] | None:
        if not all(0 < port < 65536 for port in ports):
            return None
        sockets = self._premises.datagram_sockets
        own = "-".join(str(each.getsockname()[1]) for each in sockets)
        outlet = DatagramOutlet(sockets, self._transport.get_extra_info("peername")[0], ports)
        return outlet, f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};server_port={own}"

    def _reply(
        self,
        status: int,
        request: Request,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        line_end = "\n" if self._door(self._camera) == "lf" else "\r\n"
        self._transport.write(answer(status, request, headers, body, line_end=line_end))

    def _stop_playing(self) -> None:
        if self._camera and self._viewer:
            self._camera.leave(self._viewer)
        self._viewer = None
