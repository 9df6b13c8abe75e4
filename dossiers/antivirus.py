"""ClamAV by its socket: one command, INSTREAM (Q28). The file is sent by pieces, and nothing but its content.

`clamav-client` was looked at: pieces of 1 Kio, no time limit while connecting to a unix socket, and an answer lost when
the server closes first, which it does to refuse a file that is too long.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterable

from django.conf import settings

from notifications import broker

CONNECT_SECONDS = 5.0
#: For each piece sent, and for the answer: a large archive takes time to be opened.
PATIENCE_SECONDS = 90.0
LONGEST_ANSWER = 4096
FOUND = re.compile(r"stream: (.+) FOUND")


class Unavailable(Exception):
    """The antivirus does not answer: no file is to blame."""


class Unscannable(Exception):
    """The antivirus answers, but cannot tell of this file: too long for its configuration, for instance."""


def is_configured() -> bool:
    return bool(settings.CLAMAV_ADDRESS)


def ask(attachment_pk: int) -> None:
    """Have a file scanned soon: to be called after the commit. With the broker down, the sweep finds it."""
    if is_configured():
        broker.tell("dossiers.tasks.scan", attachment_pk)


def scan(content: Iterable[bytes]) -> str:
    """The name of the threat found in a file, blank when there is none. Raises Unavailable, Unscannable."""
    try:
        with connection() as server:
            try:
                server.sendall(b"zINSTREAM\0")
                for piece in content:
                    server.sendall(struct.pack("!L", len(piece)) + piece)
                server.sendall(struct.pack("!L", 0))
            except ConnectionError:
                pass  # it closed before the end, and says why
            answer = received(server)
    except OSError as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    if answer == "stream: OK":
        return ""
    if found := FOUND.fullmatch(answer):
        return found[1]
    if answer.endswith("ERROR"):
        raise Unscannable(answer)
    raise Unavailable(f"an answer that is none: {answer!r}")


def connection() -> socket.socket:
    """To `host:port`, or to the path of a unix socket."""
    address: str = settings.CLAMAV_ADDRESS
    if address.startswith("/"):
        server = socket.socket(socket.AF_UNIX)
        server.settimeout(CONNECT_SECONDS)
        try:
            server.connect(address)
        except OSError:
            server.close()
            raise
    else:
        host, _, port = address.rpartition(":")
        server = socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
    server.settimeout(PATIENCE_SECONDS)
    return server


def received(server: socket.socket) -> str:
    """The answer, which ends with NUL or with the connection."""
    answer = b""
    while len(answer) < LONGEST_ANSWER and not answer.endswith(b"\0"):
        piece = server.recv(LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.decode("utf-8", "replace").rstrip("\0\n")
