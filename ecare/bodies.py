"""The bodies of requests, refused when their end never came.

A browser that leaves in the middle closes its connection, and the server then reads the end of a body where there was
none: Django takes what it has for the whole form, and « 12 000 » cut on its way would be kept as « 12 ».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Cut(OSError):
    """The connection ended before the body did. Django makes it an UnreadablePostError, and refuses the request."""


class Body:
    """The stream of a body of `length` bytes, as WSGI gives it. Its methods raise Cut when it ends before."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        return self._checked(self._stream.read(wanted), wanted)

    def readline(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.readline(wanted)
        return self._checked(data, len(data) if data.endswith(b"\n") else wanted)

    def _checked(self, data: bytes, wanted: int) -> bytes:
        if len(data) < wanted:
            raise Cut(f"the connection ended {self._left - len(data)} bytes before the body")
        self._left -= len(data)
        return data


def whole(application: Application) -> Application:
    """The application, which no longer takes a body cut on its way for a whole one."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdecimal():
            environ["wsgi.input"] = Body(environ["wsgi.input"], int(length))
        return application(environ, start_response)

    return guarded
