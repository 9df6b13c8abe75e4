"""What the measures of pages share: a server as in production, on loopback, and requests one by one."""

import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def server(application: str) -> Iterator[tuple[int, int]]:
    """Port and process of an application served by one worker, ended afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", application, "--workers", "1", "--threads", "8", "--no-control-socket"]
    process = subprocess.Popen([*command, "--log-level", "critical", "--bind", f"127.0.0.1:{port}"], cwd=ROOT)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def asker(port: int, path: str, cookies: str = "", *, status: int = 200) -> Callable[[], bytes]:
    """One request on a connection of its own, whose answer must have that status."""

    def ask(data: dict[str, str] | None = None, **headers: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Cookie": cookies, **headers}
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("GET" if data is None else "POST", path, urlencode(data) if data else None, headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != status:
            sys.exit(f"{path}: {response.status}")
        return body

    return ask


def memory(master: int) -> int:
    """What the only worker of a server holds, its part of what is shared, in MiB."""
    [worker] = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    held = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{worker}/smaps_rollup").read_text(), re.MULTILINE)
    return int(held[1]) // 1024 if held else 0
