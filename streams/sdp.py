"""The name of a codec that libav does not know, as the camera's own description (SDP) gives it.

libav tells only that it has no decoder. Ops need the name, so the camera is asked once more.
"""

import base64
import hashlib
import re
import socket
import ssl

from streams.address import CameraAddress

UNKNOWN = "an unknown codec"

_VIDEO = re.compile(r"^m=video .*?(?=^m=|\Z)", re.MULTILINE | re.DOTALL)
_RTPMAP = re.compile(r"^a=rtpmap:\d+ ([\w.+-]{1,32})/", re.MULTILINE)
_CHALLENGE = re.compile(r"^WWW-Authenticate:\s*(Basic|Digest)\s+(.*)$", re.MULTILINE | re.I)
_PAIR = re.compile(r'(\w+)="?([^",]*)"?')
_LENGTH = re.compile(r"^Content-Length:\s*(\d+)", re.MULTILINE | re.I)
_MAX_BYTES = 64 * 1024
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}


def video_codec(address: CameraAddress, timeout_s: float) -> str:
    """The encoding name of the camera's first video stream, or `UNKNOWN`. Never raises."""
    if address.is_file:
        return UNKNOWN
    try:
        description = _describe(address, timeout_s)
    except (OSError, ValueError):
        return UNKNOWN
    video = _VIDEO.search(description)
    name = _RTPMAP.search(video.group()) if video else None
    return name.group(1) if name else UNKNOWN


def _describe(address: CameraAddress, timeout_s: float) -> str:
    with socket.create_connection((address.host, address.port), timeout_s) as connection:
        if address.scheme == "rtsps":
            connection = _secured(connection)
        answer = _ask(connection, address, sequence=1, authorization="")
        challenge = _CHALLENGE.search(answer)
        if challenge and address.user:
            answer = _ask(
                connection, address, sequence=2, authorization=_answer(challenge, address)
            )
    return answer.replace("\r\n", "\n")


def _secured(connection: socket.socket) -> ssl.SSLSocket:
    # As libav does by default: cameras carry certificates that nobody has signed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)


def _ask(
    connection: socket.socket, address: CameraAddress, *, sequence: int, authorization: str
) -> str:
    lines = [f"DESCRIBE {address.bare_url} RTSP/1.0", f"CSeq: {sequence}"]
    lines += ["Accept: application/sdp", "User-Agent: sentinel-patrol"]
    if authorization:
        lines.append(f"Authorization: {authorization}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return _answer_of(connection)


def _answer_of(connection: socket.socket) -> str:
    received = b""
    while len(received) < _MAX_BYTES:
        head, separator, body = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head.decode("utf-8", "replace"))
        if separator and len(body) >= (int(length.group(1)) if length else 0):
            break
        if not (piece := connection.recv(4096)):
            break
        received += piece
    return received.decode("utf-8", "replace")


def _answer(challenge: re.Match[str], address: CameraAddress) -> str:
    """The Authorization header for a challenge (RFC 2617; without qop, as RTSP uses it)."""
    if challenge.group(1).lower() == "basic":
        pair = f"{address.user}:{address.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    given = {name.lower(): value for name, value in _PAIR.findall(challenge.group(2))}
    algorithm = given.get("algorithm", "MD5").upper()
    realm, nonce = given.get("realm", ""), given.get("nonce", "")

    def digest(text: str) -> str:
        return hashlib.new(_HASHES.get(algorithm, "md5"), text.encode()).hexdigest()

    secret = digest(f"{address.user}:{realm}:{address.password}")
    response = digest(f"{secret}:{nonce}:{digest(f'DESCRIBE:{address.bare_url}')}")
    return (
        f'Digest username="{address.user}", realm="{realm}", nonce="{nonce}", '
        f'uri="{address.bare_url}", response="{response}", algorithm={algorithm}'
    )
