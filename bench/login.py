"""Sign-ins through gunicorn on loopback: what one core takes, ten a second for a minute, and more than it can take.

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/login.py [alone]

A sign-in is its page, the password, the code: two hashes verified and one made, with the parameters of production.
A visitor reads the home page meanwhile. Prints what was served, refused politely, and anything else; what a sign-in
costs in time of the processor, which is the capacity of a core however busy the machine is; how long the server takes
to serve again afterwards.
"""

import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.contrib.auth.hashers import check_password, make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.hashers import Argon2id  # noqa: E402
from accounts.models import User  # noqa: E402
from notifications.models import Email  # noqa: E402

PASSWORD = "cheval agrafe batterie correcte"


class Browser:
    """Cookies and one connection a request, as a visitor behind a proxy."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, {}

    def ask(self, method: str, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = urlencode(data) if data else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        page = response.read().decode()
        connection.close()
        return response.status, page


def token(page: str) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]


def sign_in(port: int, user: User) -> tuple[str, float]:
    """(« served », « refused » or what happened, seconds spent waiting for the server)."""
    browser, start = Browser(port), time.perf_counter()
    try:
        _, page = browser.ask("GET", "/connexion/")
        sent = {"csrfmiddlewaretoken": token(page), "username": user.username, "password": PASSWORD}
        status, _ = browser.ask("POST", "/connexion/", sent)
        if status in {429, 503}:
            return "refused", time.perf_counter() - start
        spent, start = time.perf_counter() - start, 0.0
        code = re.search(r":\s(\d{6})$", Email.objects.get(to=user.email).text, re.MULTILINE)[1]
        close_old_connections()
        start = time.perf_counter()
        _, page = browser.ask("GET", "/connexion/code/")
        status, _ = browser.ask("POST", "/connexion/code/", {"csrfmiddlewaretoken": token(page), "code": code})
        spent += time.perf_counter() - start
        return {302: "served", 429: "refused", 503: "refused"}.get(status, f"status {status}"), spent
    except Exception as failure:
        return type(failure).__name__, 0.0


def visit(port: int, stop: threading.Event, times: list[float]) -> None:
    while not stop.wait(0.1):
        start = time.perf_counter()
        status, _ = Browser(port).ask("GET", "/")
        times.append(time.perf_counter() - start if status == 200 else float("inf"))


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))] * 1000 if times else float("nan")


def family(master: int) -> list[int]:
    return [master, *map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())]


def processor(master: int) -> float:
    """Seconds of the processor that the whole family has used."""
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in family(master))
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def memory(master: int) -> float:
    """Mebibytes of the whole family, shared pages counted once."""
    pages = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in family(master))
    return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) for text in pages) / 1024


def rush(port: int, master: int, people: list[User], *, rate: float) -> None:
    outcomes: list[tuple[str, float]] = []
    seen: list[float] = []
    heaviest, stop = 0.0, threading.Event()
    visitor = threading.Thread(target=visit, args=(port, stop, seen))
    visitor.start()
    start = time.perf_counter()
    with ThreadPoolExecutor(64) as crowd:
        calls = []
        for n, user in enumerate(people):
            time.sleep(max(0.0, start + n / rate - time.perf_counter()))
            calls.append(crowd.submit(sign_in, port, user))
            if n % 20 == 0:
                heaviest = max(heaviest, memory(master))
        outcomes = [call.result() for call in calls]
    lasted = time.perf_counter() - start
    stop.set()
    visitor.join()
    kinds = [kind for kind, _ in outcomes]
    served = [spent for kind, spent in outcomes if kind == "served"]
    refused = [spent for kind, spent in outcomes if kind == "refused"]
    print(f"{rate:g} sign-ins a second, {len(people)} in all, over in {lasted:.1f} s:")
    print(f"  served {len(served)} ({len(served) / lasted:.1f}/s), refused politely {len(refused)}, ", end="")
    print(f"other {len(people) - len(served) - len(refused)} {set(kinds) - {'served', 'refused'} or ''}")
    median = statistics.median(served) * 1000 if served else float("nan")
    print(f"  a sign-in: median {median:.0f} ms, p95 {p95(served):.0f} ms; a refusal: p95 {p95(refused):.0f} ms")
    print(f"  the home page meanwhile: p95 {p95(seen):.0f} ms over {len(seen)}; memory {heaviest:.0f} MiB")


def capacity(port: int, master: int, people: list[User]) -> None:
    """What a sign-in costs the server, one after the other, PostgreSQL not counted."""
    used = processor(master)
    assert {sign_in(port, user)[0] for user in people} == {"served"}
    cost = (processor(master) - used) / len(people)
    print(
        f"a sign-in, its two pages included: {cost * 1000:.0f} ms of processor, that is {1 / cost:.1f} a second a core"
    )


def recovery(port: int, people: list[User]) -> None:
    """How long after a rush until ten sign-ins in a row, one after the other, are served."""
    start, last_refused = time.perf_counter(), 0.0
    in_a_row = 0
    for user in people:
        in_a_row = in_a_row + 1 if sign_in(port, user)[0] == "served" else 0
        if in_a_row == 0:
            last_refused = time.perf_counter() - start
        if in_a_row == 10:
            print(f"  afterwards: the last one refused {last_refused:.1f} s after the end, then ten in a row served")
            return
    print(f"  afterwards: still refusing after {time.perf_counter() - start:.1f} s")


def main() -> None:
    call_command("migrate", verbosity=0)
    password, now = make_password(PASSWORD), timezone.now()
    people = User.objects.bulk_create(
        User(username=f"p{n}", email=f"p{n}@exemple.fr", password=password, activated_at=now) for n in range(1400)
    )
    times = []
    for _ in range(40):
        start = time.process_time()
        check_password(PASSWORD, password)
        times.append(time.process_time() - start)
    one = statistics.median(times)
    print(f"one hash, Argon2id, {Argon2id.memory_cost // 1024} MiB, {Argon2id.time_cost} passes, ", end="")
    print(f"{Argon2id.parallelism} lane: {one * 1000:.1f} ms of processor, {1 / one:.0f} a second a core; 3 a sign-in")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "ecare.wsgi", "--preload", "--workers", "2", "--threads", "8"]
    command += ["--no-control-socket", "--log-level", "critical", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        Browser(port).ask("GET", "/connexion/")
        capacity(port, server.pid, people[1300:])
        if "alone" in sys.argv:
            return
        rush(port, server.pid, people[:600], rate=10)
        rush(port, server.pid, people[600:1200], rate=60)
        recovery(port, people[1200:])
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
