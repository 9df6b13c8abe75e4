"""The embedded servers, as `make run` and `make test` start them: real processes, in folders of their own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from ecare import embedded
from ecare.settings import redis_urls
from tests.waiting import wait_until

EMBEDDED = [sys.executable, "-m", "ecare.embedded"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for servers of our own, whatever the suite itself runs on."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    folder = tmp_path / "var"
    monkeypatch.setenv("VAR_DIR", str(folder))
    yield folder
    assert wait_until(lambda: not processes_about(folder)), f"left behind: {processes_about(folder)}"


def processes_about(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            directory = str((entry / "cwd").readlink())
            if "--pdeathsig" not in command and (str(folder) in command or directory.startswith(str(folder))):
                found.append(f"{entry.name} {command}")
    return found


def test_servers_answer_on_sockets_keep_their_data_and_leave(root: Path) -> None:
    for attempt in ("first", "second"):
        with embedded.running(embedded.needed(root, lasting=True)) as addresses:
            with psycopg.connect(addresses["DATABASE_URL"]) as database:
                assert database.execute("SELECT lower('ÉVÊQUE'), 'Élan' ILIKE 'éLAN'").fetchone() == ("évêque", True)
                assert database.execute("SHOW listen_addresses").fetchone() == ("",)
                # The application is an ordinary role, which may nevertheless bring the extensions it needs.
                assert database.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone() == (
                    False,
                )
                database.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                database.execute("CREATE TABLE IF NOT EXISTS kept (attempt text)")
                database.execute("INSERT INTO kept VALUES (%s)", [attempt])
                rows = database.execute("SELECT count(*) FROM kept").fetchone()
            with redis.Redis.from_url(redis_urls.for_client(addresses["REDIS_URL"])) as broker:
                kept = broker.rpush("kept", attempt)
                assert broker.config_get("port")["port"] == "0"
                assert broker.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert rows == (2,)
    assert kept == 2


def test_addresses_of_the_environment_win(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/ecare")
    assert [server.variable for server in embedded.needed(root, lasting=True)] == ["REDIS_URL"]
    monkeypatch.setenv("REDIS_URL", "redis://broker.example/0")
    assert embedded.needed(root, lasting=True) == []


def test_starts_again_after_being_killed(root: Path) -> None:
    launcher = subprocess.Popen([*EMBEDDED, "exec", "--", "sleep", "60"], cwd=embedded.ROOT)
    assert wait_until(lambda: (root / "postgresql" / "postmaster.pid").exists() and len(processes_about(root)) > 3)
    launcher.kill()
    launcher.wait()
    # At once, while the former servers may still be leaving.
    done = subprocess.run([*EMBEDDED, "exec", "--", "true"], cwd=embedded.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pid_file_that_names_another_process_is_no_obstacle(root: Path) -> None:
    servers = embedded.needed(root, lasting=True)
    with embedded.running(servers[:1]):
        pass
    (root / "postgresql" / "postmaster.pid").write_text(f"{os.getpid()}\n{root / 'postgresql'}\n")
    with embedded.running(servers[:1]) as addresses, psycopg.connect(addresses["DATABASE_URL"]) as database:
        assert database.execute("SELECT 1").fetchone() == (1,)


def test_an_interrupted_creation_is_made_again(root: Path) -> None:
    draft = root / "postgresql.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("half of it")
    with embedded.running(embedded.needed(root, lasting=True)[:1]) as addresses:
        psycopg.connect(addresses["DATABASE_URL"]).close()
    assert not draft.exists()


def test_data_of_another_version_is_refused_and_kept(root: Path) -> None:
    data = root / "postgresql"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.Failed, match="PostgreSQL 9"), embedded.running(embedded.needed(root, lasting=True)):
        pass
    assert (data / "PG_VERSION").read_text() == "9\n"


def test_a_server_that_cannot_start_says_why(root: Path) -> None:
    server = embedded.needed(root, lasting=True)[1]
    server.command += ["--no-such-option", "1"]
    with pytest.raises(embedded.Failed, match="valkey n'a pas démarré"), embedded.running([server]):
        pass


def test_a_long_path_is_no_obstacle(root: Path) -> None:
    deep = root / ("long" * 30)
    servers = embedded.needed(deep, lasting=False)
    assert all(server.sockets.parent == Path("/tmp") for server in servers)
    assert embedded.socket_folder(deep.resolve()) == servers[0].sockets
    with embedded.running(servers) as addresses:
        psycopg.connect(addresses["DATABASE_URL"]).close()
    assert not servers[0].sockets.exists()


def test_only_one_is_in_charge(root: Path) -> None:
    with embedded.in_charge(root), pytest.raises(embedded.Taken), embedded.in_charge(root):
        pass


def test_a_command_finds_the_servers_that_already_run(root: Path) -> None:
    with embedded.in_charge(root), embedded.running(embedded.needed(root, lasting=True)) as addresses:
        command = ["sh", "-c", "echo $DATABASE_URL; echo $REDIS_URL"]
        done = subprocess.run([*EMBEDDED, "exec", "--", *command], cwd=embedded.ROOT, capture_output=True, text=True)
    assert done.stdout.split() == [addresses["DATABASE_URL"], addresses["REDIS_URL"]]


@pytest.mark.parametrize("end", ["success", "failure", "SIGTERM", "SIGKILL"])
def test_throwaway_leaves_nothing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    endings = {"success": "exit 0", "failure": "exit 3"}
    command = f'echo "$DATABASE_URL" >&2; echo; {endings.get(end, "exec sleep 60")}'
    launcher = subprocess.Popen(
        [*EMBEDDED, "throwaway", "--", "sh", "-c", command],
        cwd=embedded.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    launcher.stdout.readline()
    if end.startswith("SIG"):
        launcher.send_signal(signal.Signals[end])
    _, errors = launcher.communicate(timeout=20)
    assert launcher.returncode == {"success": 0, "failure": 3, "SIGTERM": 143, "SIGKILL": -9}[end]
    assert len(errors.splitlines()) == 1, "nothing but the address: no traceback"
    if end == "SIGKILL":  # could not clean up: the next one does
        subprocess.run([*EMBEDDED, "throwaway", "--", "true"], cwd=embedded.ROOT, check=True)
    assert not list(tmp_path.glob("ecare-*"))
    assert wait_until(lambda: not processes_about(tmp_path))
