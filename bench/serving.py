"""What the measures of pages share: a server as in production, on loopback, and requests one by one."""

from __future__ import annotations

import http.client
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings

if TYPE_CHECKING:
    from django.test import Client

ROOT = Path(__file__).resolve().parent.parent
#: Clients at once, on that many cores: the share of what one client's median allows, and the p95 in medians (Q71).
CLIENTS, CORES, LEAST_SHARE, WIDEST = 8, 2, 0.8, 4
#: Seconds that the clients of a crowd have to start, then ask.
READY, BURST = 3.0, 4.0
#: How many times they do, and what one of them asks before, alone.
TURNS, ALONE = 5, 15


def cookie(client: Client) -> str:
    """What a browser sends of the session of this one."""
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


@dataclass(frozen=True)
class Crowd:
    """What several clients at once were answered: pages a second, and seconds each took; and the median of one client
    alone, between them."""

    rate: float
    times: list[float]
    alone: float

    def __str__(self) -> str:
        """Beside what the median of one client allows on two cores (Q71)."""
        median, p95 = statistics.median(self.times), statistics.quantiles(self.times, n=20)[-1]
        share, spread = self.rate * self.alone / CORES, p95 / median
        over = " *" if share < LEAST_SHARE or spread > WIDEST else ""
        return (
            f"{self.rate:6.1f}/s = {share:.2f} of what {self.alone * 1000:.1f} ms allow (at least {LEAST_SHARE}), "
            f"median {median * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms = {spread:.1f} times (at most {WIDEST}){over}"
        )


def crowd(port: int, path: str, cookies: list[str]) -> Crowd:
    """One client for each of these sessions, all at once, each asking again once answered, then one alone, in turns:
    a machine slows down from a minute to the next, and what is compared must be of the same. Any answer but 200 ends
    the measure."""
    ask = asker(port, path, cookies[0])
    burst(port, path, cookies)  # so that every worker has warmed up
    alone, times = [], []
    for _ in range(TURNS):
        alone += [spent(ask) for _ in range(ALONE)]
        times += burst(port, path, cookies)
    return Crowd(len(times) / BURST / TURNS, times, statistics.median(alone))


def burst(port: int, path: str, cookies: list[str]) -> list[float]:
    """The seconds that each answer took while all these clients asked."""
    start = time.monotonic() + READY
    asked = [sys.executable, "-m", "bench.client", str(port), path, str(start), str(BURST)]
    clients = [subprocess.Popen([*asked, each], stdout=subprocess.PIPE, text=True, cwd=ROOT) for each in cookies]
    answers = [client.communicate()[0] for client in clients]
    if any(client.returncode for client in clients):
        sys.exit(f"{path}: a client was not served")
    return [float(line) for answer in answers for line in answer.split()]


def spent(act: Callable[[], object]) -> float:
    """The seconds that an act took."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def timed(acts: Mapping[str, Callable[[], object]], *, warming: int, rounds: int) -> dict[str, list[float]]:
    """The seconds that each of these acts took, done in turns, once `warming` turns are over."""
    times: dict[str, list[float]] = {name: [] for name in acts}
    for turn in range(warming + rounds):
        for name, act in acts.items():
            seconds = spent(act)
            if turn >= warming:
                times[name].append(seconds)
    return times


@contextmanager
def server(application: str, *, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Port and process of an application served as in production, by one worker unless told, ended afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", application, "--workers", str(workers), "--threads", "8"]
    command += ["--no-control-socket", "--log-level", "critical", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, cwd=ROOT)
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
