"""The console's address: taken before anything else starts, or refused in words."""

import errno
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from domain.errors import ConfigurationError

WAITING_CALLERS = 64
"""Callers that wait to be let in, before the server sets its own number."""
_LISTENS = "0A"
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
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for handle in (process / "fd").iterdir():
                if str(handle.readlink()) in inodes:
                    name = (process / "comm").read_text().strip()
                    return f" ({name}, process {process.name})"
    return ""


def _listening(port: int) -> list[str]:
    """The inodes of sockets that listen on `port` (proc_net_tcp(5))."""
    found = []
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    found.append(fields[9])
    return found
