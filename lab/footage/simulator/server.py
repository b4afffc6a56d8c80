"""The simulator: cameras made of clips, served over RTSP from a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import structlog

from domain.closing import Running
from domain.errors import ConfigurationError
from lab.footage.simulator.auth import AuthScheme, Doorkeeper
from lab.footage.simulator.camera import LiveCamera, other_clip
from lab.footage.simulator.clip import Clip, load_clip
from lab.footage.simulator.connection import Connection, Premises
from lab.footage.simulator.fault import Fault
from lab.footage.simulator.own_keyframes import with_keyframes
from lab.footage.simulator.tally import SimulatorStats
from lab.footage.simulator.viewer import WRITE_BUFFER_BYTES

SESSION_TIMEOUT_S = 60.0
"""How long a client may be silent (RFC 2326 §12.37)."""
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
CONTROL_TIMEOUT_S = 5.0
BACKLOG = 512
"""Connections that may wait to be accepted: a whole town may connect at once."""
PORT_PAIR_ATTEMPTS = 50

log = structlog.get_logger(__name__)


class Simulator(Running):
    """An RTSP server with one live camera per entry of `media`.

    `start` reads the clips and raises what is wrong with them (see `load_clip`), or
    `ConfigurationError` when the port is taken or a fault names no camera.
    """

    def __init__(
        self,
        media: Mapping[str, Path],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        credentials: tuple[str, str] | None = None,
        auth: AuthScheme = "digest",
        faults: Mapping[str, Fault] | None = None,
        keyframes: Mapping[str, Path] | None = None,
        session_timeout_s: float = SESSION_TIMEOUT_S,
        write_buffer_bytes: int = WRITE_BUFFER_BYTES,
    ) -> None:
        """`keyframes`: cameras that send other keyframes than those of their clips, and the files
        in which they are (`make_own_keyframes`)."""
        self._media = dict(media)
        self._keyframes = dict(keyframes or {})
        self._host = host
        self._port = port
        self._credentials = credentials
        self._auth: AuthScheme = auth
        self._faults: dict[str, Fault | None] = dict(faults or {})
        self._session_timeout_s = session_timeout_s
        self._write_buffer_bytes = write_buffer_bytes
        self._clips: dict[str, Clip] = {}
        self._cameras: dict[str, LiveCamera] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read the clips and listen; returns when clients can connect."""
        if self._thread is not None:
            raise RuntimeError("expected a simulator that does not run yet")
        by_path = {path: load_clip(path) for path in dict.fromkeys(self._media.values())}
        self._clips = {name: self._clip(name, by_path[path]) for name, path in self._media.items()}
        for name, fault in self._faults.items():
            self._check_fault(name, fault)
        ready: Future[int] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="rtsp-simulator", daemon=True
        )
        self._thread.start()
        try:
            self._port = ready.result(START_TIMEOUT_S)
        except OSError as error:
            self._thread.join(STOP_TIMEOUT_S)
            self._thread = None
            raise ConfigurationError(
                f"expected a free port, got {error.strerror} for {self._host}:{self._port}"
            ) from error
        log.info("simulator serves", cameras=len(self._clips), host=self._host, port=self._port)

    def stop(self) -> None:
        """Close every connection and end the thread; harmless when it does not run."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._loop and self._stopping:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join(STOP_TIMEOUT_S)

    def _clip(self, name: str, clip: Clip) -> Clip:
        own = self._keyframes.get(name)
        return clip if own is None else with_keyframes(clip, load_clip(own))

    @property
    def clips(self) -> Mapping[str, Clip]:
        """What each camera sends when it has no fault; empty before `start`."""
        return MappingProxyType(self._clips)

    @property
    def port(self) -> int:
        return self._port

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._media)

    @property
    def stats(self) -> SimulatorStats:
        stats = {name: camera.stats for name, camera in self._cameras.items()}
        return SimulatorStats(MappingProxyType(stats))

    def url(self, name: str, with_credentials: bool = False) -> str:
        """Where camera `name` is; with the password only if asked for."""
        if name not in self._media:
            raise KeyError(f"expected a camera of {list(self._media)}, got {name!r}")
        user = ""
        if with_credentials and self._credentials:
            user = ":".join(quote(word, safe="") for word in self._credentials) + "@"
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)
        host = f"[{host}]" if ":" in host else host
        return f"rtsp://{user}{host}:{self._port}/{quote(name)}"

    def set_fault(self, name: str, fault: Fault | None) -> None:
        """Give camera `name` a fault, or none, from this moment on."""
        self._check_camera(name)
        if self._thread is None or self._loop is None:
            self._faults[name] = fault
            return
        elsewhere = self._check_fault(name, fault)
        done = asyncio.run_coroutine_threadsafe(self._apply(name, fault, elsewhere), self._loop)
        done.result(CONTROL_TIMEOUT_S)
        log.info("simulator fault", camera=name, fault=fault)

    async def _apply(self, name: str, fault: Fault | None, elsewhere: Clip | None) -> None:
        now_s = asyncio.get_running_loop().time()
        self._cameras[name].set_fault(fault, elsewhere, now_s)

    def _check_camera(self, name: str) -> None:
        if name not in self._media:
            raise ConfigurationError(
                f"fault: expected a camera of {', '.join(self._media)}, got {name!r}"
            )

    def _check_fault(self, name: str, fault: Fault | None) -> Clip | None:
        """The clip that the fault switches to, if it is of that kind."""
        self._check_camera(name)
        if fault is None or fault.kind != "switch":
            return None
        return other_clip(name, fault, tuple(self._clips.items()))

    # in the simulator's thread

    def _run(self, ready: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(ready))
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _serve(self, ready: "Future[int]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        started_s = self._loop.time()
        self._cameras = {
            name: LiveCamera(name, clip, started_s=started_s) for name, clip in self._clips.items()
        }
        for name, fault in self._faults.items():
            self._cameras[name].set_fault(fault, self._check_fault(name, fault), started_s)
        with _port_pair(self._host) as datagram_sockets:
            premises = self._premises(datagram_sockets)
            server = await self._loop.create_server(
                lambda: Connection(premises), self._host, self._port, backlog=BACKLOG
            )
            senders = [asyncio.create_task(camera.run()) for camera in self._cameras.values()]
            ready.set_result(server.sockets[0].getsockname()[1])
            await _first_of(self._stopping, senders)
            server.close()
            await _end(premises, senders)
            await server.wait_closed()

    def _premises(self, datagram_sockets: tuple[socket.socket, socket.socket]) -> Premises:
        return Premises(
            cameras=self._cameras,
            doorkeeper=Doorkeeper(self._credentials, self._auth),
            datagram_sockets=datagram_sockets,
            session_timeout_s=self._session_timeout_s,
            write_buffer_bytes=self._write_buffer_bytes,
            connections=set(),
        )


async def _first_of(stopping: asyncio.Event, senders: list["asyncio.Task[None]"]) -> None:
    """Wait until told to stop; a sender ends before only by its own error."""
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait([stop, *senders], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()


async def _end(premises: Premises, senders: list["asyncio.Task[None]"]) -> None:
    for sender in senders:
        sender.cancel()
    for connection in tuple(premises.connections):
        connection.close("the simulator stops")
    for ended in await asyncio.gather(*senders, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


@contextmanager
def _port_pair(host: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two UDP sockets on an even port and the next one (RFC 3550 §11)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(PORT_PAIR_ATTEMPTS):
        with ExitStack() as stack:
            pair = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in "ab"]
            with suppress(OSError):
                pair[0].bind((host, 0))
                port = pair[0].getsockname()[1]
                pair[1].bind((host, port + 1))
                if port % 2:
                    continue
                for each in pair:
                    each.setblocking(False)
                stack.pop_all()
                break
    else:
        raise OSError(f"expected two neighbouring UDP ports, got none in {PORT_PAIR_ATTEMPTS}")
    with pair[0], pair[1]:
        yield pair[0], pair[1]
