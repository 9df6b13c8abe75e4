"""`make run`: the whole portal on one machine, from the database to the browser, until Ctrl-C.

Starts PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL name others, prepares the database, then starts the same
processes as docker-compose.yml. A process that dies is started again; one that keeps dying stops everything.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from ecare import children, embedded

PYTHON = [sys.executable, "-m"]
# Codes have a process of their own: they never wait behind a broadcast or a PDF (Q49). Threads, since e-mails and
# exports mostly wait for others, and since a killed worker then leaves no orphan.
WORKER = ["celery", "--quiet", "-A", "ecare", "worker", "--pool", "threads", "--without-gossip", "--without-mingle"]
COMMANDS: dict[str, list[str]] = {
    "web": ["gunicorn", "ecare.wsgi", "--preload", "--workers", "2", "--threads", "8", "--no-control-socket"],
    "worker": [*WORKER, "-Q", "default", "-c", "4", "-n", "worker@%h"],
    "worker-codes": [*WORKER, "-Q", "codes", "-c", "2", "-n", "codes@%h"],
    "beat": ["celery", "--quiet", "-A", "ecare", "beat", "--pidfile="],
}

CELERY_AS_ROOT = "You're running the worker with superuser privileges"

# The 19 MiB of a password's hash go back to the system when it is made, instead of staying with each thread: a server
# weighs half as much once people have signed in. Read by the C library alone.
MALLOC_MMAP_THRESHOLD = "1048576"

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 4.0
# So many deaths of one process within so many seconds, and it is hopeless.
DEATHS, WITHIN = 5, 30.0


class Stopped(Exception):
    """Somebody asked to stop."""


class Supervisor:
    def __init__(self, *, host: str, port: int, environment: Mapping[str, str]) -> None:
        self.host, self.port = host, port
        self.make = Make()
        commands = {name: list(command) for name, command in COMMANDS.items()}
        arguments = {
            "web": ["--bind", f"{host}:{port}", "--log-level", "warning"],
            "worker": ["--loglevel", "WARNING"],
            "worker-codes": ["--loglevel", "WARNING"],
            "beat": ["--loglevel", "WARNING", "--schedule", str(embedded.var() / "celerybeat-schedule")],
        }
        if environment.get("DEBUG", "") not in {"", "0", "false", "False"}:
            # What is loaded before the fork cannot be reloaded after it.
            commands["web"].remove("--preload")
            arguments["web"].append("--reload")
        # Orphans are killed: their database and their broker leave at the same time, and a worker that waits for a
        # broker to come back may not hear that it should stop. A task is acknowledged when it is done, so none is lost.
        self.children = [
            children.Child(
                name, [*PYTHON, *command, *arguments[name]], environment=environment, orphaned=signal.SIGKILL
            )
            for name, command in commands.items()
        ]
        self.deaths: dict[str, deque[float]] = {}
        self.output = selectors.DefaultSelector()

    def start(self) -> None:
        for child in self.children:
            self._start(child)

    def _start(self, child: children.Child) -> None:
        child.start()
        os.set_blocking(child.output.fileno(), False)
        self.output.register(child.output, selectors.EVENT_READ, child)

    def wait_ready(self, servers: Sequence[embedded.Server]) -> None:
        """Until the site answers. Raises embedded.Failed when it does not in time."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if time.monotonic() > deadline:
                raise embedded.Failed("Le serveur web n'a pas répondu en une minute.")
            self.watch(servers)

    def _answers(self) -> bool:
        with contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/readyz", headers={"Host": "127.0.0.1"})
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False

    def watch(self, servers: Sequence[embedded.Server]) -> None:
        """One turn of the watch: show what was said, start again what died."""
        for key, _ in self.output.select(timeout=0.3):
            if not self._show(key.data):
                self.output.unregister(key.fileobj)
        if self.make.is_stopping():
            raise Stopped
        for child in [*servers, *self.children]:
            if not child.is_running:
                self._revive(child)

    def _show(self, child: children.Child) -> bool:
        """Print what it said; False at the end of its output."""
        try:
            data = os.read(child.output.fileno(), 65536)
        except BlockingIOError:
            return False
        for line in data.decode(errors="replace").splitlines():
            print(f"{child.name} | {line}", flush=True)
        return bool(data)

    def _revive(self, child: children.Child) -> None:
        now = time.monotonic()
        deaths = self.deaths.setdefault(child.name, deque(maxlen=DEATHS))
        deaths.append(now)
        if len(deaths) == DEATHS and now - deaths[0] < WITHIN:
            raise embedded.Failed(f"« {child.name} » s'arrête sans cesse : tout est arrêté.")
        print(f"« {child.name} » s'est arrêté, il est relancé.", flush=True)
        if isinstance(child, embedded.Server):
            child.finish(until=0.0)
            child.start()
        else:
            while self._show(child):
                pass
            with contextlib.suppress(KeyError):
                self.output.unregister(child.output)
            child.finish(until=0.0)
            time.sleep(0.5)
            self._start(child)

    def stop(self) -> None:
        children.stop_all(self.children, within=STOP_TIMEOUT)
        self.output.close()


class Make:
    """The `make` that waits for us, if we were started by one."""

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.is_there = self._read("Name:") == "make"

    def _read(self, field: str) -> str:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith(field):
                    return line.split()[1]
        return ""

    def is_stopping(self) -> bool:
        """Whether it is gone, or was interrupted alone: it then blocks the signal and waits for us, without a word."""
        if not self.is_there:
            return False
        blocked = int(self._read("SigBlk:") or "0", 16)
        return os.getppid() != self.pid or bool(blocked & 1 << (signal.SIGINT - 1))


def check_port(host: str, port: int) -> None:
    """Raises embedded.Failed when something already listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise embedded.Failed(
                f"Le port {port} n'est pas libre ({error.strerror}). Choisissez-en un autre : PORT={port + 1} make run"
            ) from None


def prepare(environment: Mapping[str, str]) -> None:
    """Migrations, reference data and, on the first run, demo data. Raises embedded.Failed."""
    command = [sys.executable, "manage.py", "prepare", "--demo"]
    done = subprocess.run(children.wrapped(command, stop=signal.SIGTERM), env=environment, start_new_session=True)
    if done.returncode:
        raise embedded.Failed("La base n'a pas pu être préparée : voir le message ci-dessus.")


def welcome(address: str) -> str:
    """What the person who typed the command needs to know."""
    demo = embedded.var() / "demo.txt"
    accounts = demo.read_text().rstrip() if demo.exists() else "Aucun compte de démonstration dans cette base."
    mail = os.environ.get("EMAIL_URL") or f"{embedded.var() / 'mail'}, à lire sur {address}/dev/courriels/"
    return f"\neCaRE est prêt : {address}\n\n{accounts}\n\nE-mails : {mail}\nCtrl-C pour tout arrêter.\n"


def serve(host: str, port: int) -> None:
    address = f"http://{host}:{port}"
    print("eCaRE démarre…", flush=True)
    servers = embedded.needed(embedded.var(), lasting=True)
    with embedded.running(servers) as addresses:
        environment = {
            "DJANGO_SETTINGS_MODULE": "ecare.settings.dev",
            "PUBLIC_URL": address,
            "MALLOC_MMAP_THRESHOLD_": MALLOC_MMAP_THRESHOLD,
            **os.environ,
            **addresses,
            "VAR_DIR": str(embedded.var()),
        }
        if os.geteuid() == 0:  # containers and fresh machines: Celery's warning teaches nothing there
            said = environment.get("PYTHONWARNINGS")
            environment["PYTHONWARNINGS"] = ",".join(filter(None, [said, f"ignore:{CELERY_AS_ROOT}"]))
        prepare(environment)
        supervisor = Supervisor(host=host, port=port, environment=environment)
        try:
            supervisor.start()
            supervisor.wait_ready(servers)
            print(welcome(environment["PUBLIC_URL"]), flush=True)
            while True:
                supervisor.watch(servers)
        finally:
            with contextlib.suppress(OSError):
                print("\nArrêt…", flush=True)
            supervisor.stop()


def _stop(_number: int, _frame: object) -> None:
    for number in SIGNALS:  # once is enough: an impatient second Ctrl-C must not interrupt the stop itself
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def main() -> int:
    os.chdir(embedded.ROOT)
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise embedded.Failed(f"PORT={port} n'est pas un numéro de port.")
        with embedded.in_charge(embedded.var()):
            check_port(host, int(port))
            serve(host, int(port))
    except embedded.Taken:
        print("« make run » tourne déjà dans ce dossier.", file=sys.stderr)
        return 1
    except embedded.Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except (Stopped, BrokenPipeError):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
