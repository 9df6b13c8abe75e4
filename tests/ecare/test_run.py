"""`make run`, as somebody who has just cloned the project meets it."""

import contextlib
import http.client
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from uuid import UUID

import pytest
import yaml
from django.conf import settings
from django.urls import reverse

from ecare import children, embedded, run
from tests.waiting import wait_until


def compose() -> dict[str, dict]:
    services: dict[str, dict] = yaml.safe_load((embedded.ROOT / "docker-compose.yml").read_text())["services"]
    return services


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("name", sorted(run.COMMANDS))
def test_containers_run_the_same_commands(name: str) -> None:
    words = shlex.split(compose()[name]["command"])
    assert words[: len(run.COMMANDS[name])] == run.COMMANDS[name]


def test_containers_prepare_the_database_with_the_same_command() -> None:
    assert shlex.split(compose()["migrate"]["command"]) == ["python", "manage.py", "prepare"]


def test_image_and_compose_start_the_same_web_server() -> None:
    command = (embedded.ROOT / "Dockerfile").read_text().rpartition("\nCMD ")[2]
    assert yaml.safe_load(command) == shlex.split(compose()["web"]["command"])


def test_files_come_through_the_same_program_and_nothing_else_does() -> None:
    services = compose()
    words = [shlex.split(services[name]["command"]) for name in ("web", "web-files")]
    differences = {(one, other) for one, other in zip(*words, strict=True) if one != other}
    assert differences == {("2", "1"), ("8", "40")}
    document = yaml.safe_load((embedded.ROOT / "docker-compose.yml").read_text())
    caddyfile = document["configs"]["caddyfile"]["content"]
    assert "@arriving header Content-Type multipart/form-data*\n  reverse_proxy @arriving web-files:8000\n" in caddyfile
    assert "reverse_proxy @leaving web-files:8000\n" in caddyfile
    assert "reverse_proxy web:8000 {\n    request_buffers 4MiB\n" in caddyfile
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < 4 * 1024 * 1024
    [line] = [line.split() for line in caddyfile.splitlines() if "@leaving path" in line]
    addresses = [
        reverse("dossiers:file", args=["ABCDEFGH23", UUID(int=1)]),
        reverse("dossiers:instructed-file", args=["ABCDEFGH23", UUID(int=1)]),
        reverse("dossiers:all-files", args=["ABCDEFGH23"]),
        reverse("dossiers:export-file", args=[UUID(int=1)]),
    ]
    assert [re.sub("ABCDEFGH23|[0-9a-f-]{36}", "*", address) for address in addresses] == line[2:]


def test_workers_speak_to_the_antivirus_of_the_compose_file() -> None:
    services = compose()
    host, _, port = services["worker"]["environment"]["CLAMAV_ADDRESS"].partition(":")
    assert "clamd" in " ".join(services[host]["healthcheck"]["test"])
    assert port == "3310"
    assert set(services[host]["networks"]) & set(services["worker"]["networks"])


def test_a_busy_port_is_told_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(embedded.Failed, match=f"PORT={port + 1} make run"):
            run.check_port("127.0.0.1", port)


def test_a_process_that_keeps_dying_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = run.Supervisor(host="127.0.0.1", port=1, environment=dict(os.environ))
    supervisor.children = [children.Child("capricieux", ["false"])]
    try:
        supervisor.start()
        with pytest.raises(embedded.Failed, match="« capricieux » s'arrête sans cesse"):
            watch(supervisor, turns=200)
    finally:
        supervisor.stop()


def watch(supervisor: run.Supervisor, *, turns: int) -> None:
    for _ in range(turns):
        supervisor.watch([])


class Portal:
    """One `python -m ecare.run` in a data folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        environment |= {"VAR_DIR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "ecare.settings.dev"}
        self.log: IO[bytes] = (folder.parent / f"{port}.log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ecare.run"],
            cwd=embedded.ROOT,
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def said(self) -> str:
        return Path(self.log.name).read_text()

    def status(self, path: str) -> int:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            try:
                connection.request("GET", path)
                return connection.getresponse().status
            except OSError:
                return 0

    def wait_until_ready(self) -> None:
        assert wait_until(lambda: self.process.poll() is not None or "eCaRE est prêt" in self.said(), 180), self.said()
        assert self.process.poll() is None, self.said()

    def wait_until_gone(self) -> int:
        code = self.process.wait(30)
        assert wait_until(lambda: not self.processes(), 30), self.processes()
        return code

    def processes(self) -> dict[int, str]:
        """What runs with our data folder in its environment or on its command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                known = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if os.fsencode(self.folder) in known:
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def pid(self, words: str) -> int:
        """The oldest process whose command line has these words."""
        return min(pid for pid, command in self.processes().items() if words in command)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Portal]]:
    """Starts the portal on one data folder, again and again: the first time prepares it."""
    folder = tmp_path_factory.mktemp("run") / "var"
    started: list[Portal] = []

    def start_one() -> Portal:
        started.append(Portal(folder, free_port()))
        return started[-1]

    yield start_one
    for portal in started:
        if portal.process.poll() is None:
            portal.process.terminate()
            portal.wait_until_gone()
        portal.log.close()


def test_first_run_serves_and_heals_what_dies(start: Callable[[], Portal]) -> None:
    portal = start()
    portal.wait_until_ready()
    assert portal.status("/readyz") == 200
    assert portal.status("/") == 200
    assert "E-mails" in portal.said()

    other = start()
    assert other.process.wait(30) == 1
    assert other.said().strip() == "« make run » tourne déjà dans ce dossier."

    for words in ("-Q codes", "bin/postgres", "valkey-server", "gunicorn"):
        former = portal.pid(words)
        os.kill(former, signal.SIGKILL)
        assert wait_until(lambda words=words, former=former: is_replaced(portal, words, former), 20), words  # type: ignore[misc]
    assert wait_until(lambda: portal.status("/readyz") == 200, 20), portal.said()
    portal.process.kill()
    portal.wait_until_gone()


def test_next_run_survives_that_one_killed_then_leaves_cleanly(start: Callable[[], Portal]) -> None:
    portal = start()
    portal.wait_until_ready()
    assert portal.status("/") == 200
    assert "Données de démonstration" not in portal.said(), "demo data is for the first run"
    os.killpg(portal.process.pid, signal.SIGINT)
    assert portal.wait_until_gone() == 0
    assert "Traceback" not in portal.said()


def is_replaced(portal: Portal, words: str, former: int) -> bool:
    with contextlib.suppress(ValueError):
        return former not in portal.processes() and portal.pid(words) > 0
    return False
