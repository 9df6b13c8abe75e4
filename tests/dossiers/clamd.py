"""Antivirus for tests: one that speaks INSTREAM and obeys, and the real clamd with a signature base of one virus."""

from __future__ import annotations

import shutil
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: The file that every antivirus knows, in two pieces: this source is not to be found infected.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PATIENCE = 30


class Obedient(socketserver.ThreadingTCPServer):
    """An antivirus on loopback that answers what it is told to, and keeps what it received."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answer = b"stream: OK\0"
        #: It closes the line after that many bytes of content.
        self.limit = 10**9
        self.received: list[bytes] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        antivirus = self.server
        assert isinstance(antivirus, Obedient)
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while len(content) < antivirus.limit:
            (size,) = struct.unpack("!L", self.rfile.read(4))
            if not size:
                break
            content += self.rfile.read(size)
        antivirus.received.append(content)
        with suppress(OSError):  # the other end may have left already
            self.wfile.write(antivirus.answer)
            self.request.shutdown(socket.SHUT_WR)


@contextmanager
def obedient() -> Iterator[Obedient]:
    with Obedient() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def installed() -> str | None:
    """Where clamd is; Debian puts it out of the path of ordinary people."""
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def real(program: str) -> Iterator[str]:
    """The address of a clamd of our own, which knows EICAR and nothing else, wherever it is in a file."""
    folder = Path(tempfile.mkdtemp(prefix="clamd-"))  # a path of pytest would be too long for a socket
    (folder / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    (folder / "clamd.conf").write_text(
        f"Foreground yes\nLocalSocket {folder}/socket\nDatabaseDirectory {folder}\nTemporaryDirectory {folder}\n"
        "StreamMaxLength 1M\nConcurrentDatabaseReload no\n"
    )
    process = subprocess.Popen(
        [program, f"--config-file={folder}/clamd.conf"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (folder / "socket").exists():
            assert process.poll() is None, process.stdout and process.stdout.read()
            assert time.monotonic() < deadline, "clamd did not start"
            time.sleep(0.05)
        yield f"{folder}/socket"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
        shutil.rmtree(folder)
