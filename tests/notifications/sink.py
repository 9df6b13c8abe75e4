"""A small SMTP server that keeps what it receives, and misbehaves when told to."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser


@dataclass
class Sink:
    port: int = 0
    contents: list[bytes] = field(default_factory=list)
    connections: int = 0
    # What the next sessions answer: an address refused for good, any other misfortune by command name.
    unknown: set[str] = field(default_factory=set)
    replies: dict[str, bytes] = field(default_factory=dict)
    seconds_before_reply: float = 0.0
    # Called with the number of messages received so far, between the reception and the reply.
    before_reply: Callable[[int], None] = lambda count: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def received(self) -> list[EmailMessage]:
        parser = BytesParser(EmailMessage, policy=policy.default)
        with self.lock:
            return [parser.parsebytes(content) for content in self.contents]

    @property
    def message_ids(self) -> list[str]:
        with self.lock:
            found = [re.search(rb"^Message-ID: *(<.*>)", content, re.MULTILINE) for content in self.contents]
        return [match[1].decode() for match in found if match]

    def wait_for(self, count: int, *, seconds: float) -> None:
        """Until `count` different messages came, or fail."""
        until = time.monotonic() + seconds
        while len(set(self.message_ids)) < count:
            assert time.monotonic() < until, f"{len(set(self.message_ids))} of {count} e-mails after {seconds} s"
            time.sleep(0.05)


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def reply(self, command: str, usual: bytes) -> bytes:
        answer = self.server.sink.replies.get(command, usual)
        self.wfile.write(answer + b"\r\n")
        return answer

    def handle(self) -> None:
        sink = self.server.sink
        with sink.lock:
            sink.connections += 1
        if not self.reply("CONNECT", b"220 sink").startswith(b"2"):
            return
        while line := self.rfile.readline():
            command = line[:4].upper().decode()
            if command == "QUIT":
                self.reply(command, b"221 bye")
                return
            if command == "RCPT" and (address := re.search(rb"<(.*)>", line)) and address[1].decode() in sink.unknown:
                self.reply("UNKNOWN", b"550 no such person")
            elif command == "DATA" and self.reply(command, b"354 go on").startswith(b"3"):
                self.message()
            elif command != "DATA":
                self.reply(command, b"250 ok")

    def message(self) -> None:
        sink = self.server.sink
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        if not line:
            return
        time.sleep(sink.seconds_before_reply)
        with sink.lock:
            sink.contents.append(b"".join(lines))
            count = len(sink.contents)
        sink.before_reply(count)
        self.reply("END", b"250 kept")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100
    sink: Sink

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is what some tests are about."""


@contextmanager
def running(sink: Sink | None = None) -> Iterator[Sink]:
    """Serve on a free port of this machine, or again on the port that this sink had."""
    sink = sink or Sink()
    with _Server(("127.0.0.1", sink.port), _Session) as server:
        server.sink, sink.port = sink, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
