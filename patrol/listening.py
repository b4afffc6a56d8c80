"""The console's address: taken before anything else starts, or refused in words."""

import errno
import socket
from contextlib import ExitStack

import psutil

from domain.errors import ConfigurationError

WAITING_CALLERS = 64
"""Callers that wait to be let in, before the server sets its own number."""
_PRIVILEGED = 1024


class AddressUnusable(ConfigurationError):
    """The console cannot listen where it is told to."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at every address that `host` stands for; the caller closes them.

    Raises:
        AddressUnusable: in use, not of this machine, not permitted, or no such name.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise AddressUnusable(
            f"console.host: expected a name or an address of this machine, got {host!r} ({error})"
        ) from error
    with ExitStack() as made:
        sockets = []
        for family, kind, number, _, address in dict.fromkeys(found):
            try:
                line = made.enter_context(socket.socket(family, kind, number))
                line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                line.bind(address)
                line.listen(WAITING_CALLERS)
            except OSError as error:
                if error.errno == errno.EAFNOSUPPORT and len(found) > 1:
                    continue  # a machine without IPv6
                raise AddressUnusable(_words(host, port, error)) from error
            sockets.append(line)
        made.pop_all()
    return sockets


def check_free(host: str, port: int) -> None:
    """Raises AddressUnusable if `listen` would."""
    for line in listen(host, port):
        line.close()


def _words(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use by another program{_who_listens(port)}: stop it, or choose "
            f"another port (console.port, or --port)"
        )
    if error.errno == errno.EACCES and 0 < port < _PRIVILEGED:
        return (
            f"port {port} is kept for the system: expected one from {_PRIVILEGED} on "
            f"(console.port, or --port)"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"console.host: expected an address of this machine, got {host}"
    return f"console: cannot listen on {host}, port {port}: {error.strerror}"


def _who_listens(port: int) -> str:
    """The name and number of the process that listens on `port`, where this user may see it."""
    try:
        for line in psutil.net_connections("tcp"):
            is_there = line.laddr and line.laddr.port == port
            if is_there and line.status == psutil.CONN_LISTEN and line.pid:
                return f" ({psutil.Process(line.pid).name()}, process {line.pid})"
    except (psutil.Error, OSError, RuntimeError):
        pass  # a container or a system that does not tell: the port is said all the same
    return ""
