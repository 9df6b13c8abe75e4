import socket
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from ecare import health

OTHERS = dict.fromkeys(health.CHECKS, "ok")


@pytest.fixture(autouse=True)
def forget_last_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last", (float("-inf"), frozenset()))
    monkeypatch.setattr(health, "_tried", None)


@pytest.fixture
def frozen_port() -> Iterator[int]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []
        thread = threading.Thread(target=lambda: held.append(server.accept()), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        # Whoever nobody asked still waits: closed under it, it would fail in the middle of another test.
        socket.create_connection(server.getsockname()).close()
        thread.join()
        for accepted, _ in held:
            accepted.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_alive_needs_neither_database_nor_broker(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port()}/0"
    response = client.get("/healthz")  # a query would fail: this test asks for no database
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_when_everything_is_there(client: Client) -> None:
    response = client.get("/readyz")
    assert response.json() == {"status": "ok", "database": "ok", "migrations": "ok", "keys": "ok", "broker": "ok"}
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_not_ready_without_broker(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port()}/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", **OTHERS, "broker": "unavailable"}


@pytest.mark.django_db
def test_frozen_broker_is_told_quickly(client: Client, settings: Settings, frozen_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{frozen_port}/0"
    started = time.monotonic()
    assert client.get("/readyz").json()["broker"] == "unavailable"
    assert time.monotonic() - started < 2.5


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["closed", "frozen"])
def test_database_away_is_told_quickly(
    client: Client, monkeypatch: pytest.MonkeyPatch, frozen_port: int, state: str
) -> None:
    port = frozen_port if state == "frozen" else closed_port()
    parameters = connection.get_connection_params() | {"host": "127.0.0.1", "port": port}
    monkeypatch.setattr(connection, "get_connection_params", lambda: parameters)
    started = time.monotonic()
    response = client.get("/readyz")
    assert time.monotonic() - started < 3
    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "database": "unavailable",
        "migrations": "unavailable",
        "keys": "unavailable",
        "broker": "ok",
    }


@pytest.mark.django_db(transaction=True)
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    last = sorted(health._expected_migrations())[0]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE (app, name) = (%s, %s)", last)
        try:
            response = client.get("/readyz")
        finally:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", last)
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", **OTHERS, "migrations": "unavailable"}


@pytest.mark.django_db
def test_answers_leak_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> psycopg.Connection:
        raise psycopg.OperationalError("password of ecare@10.1.2.3 is hunter2")

    monkeypatch.setattr(health, "_connect", refuse)
    body = client.get("/readyz").content.decode()
    assert "hunter2" not in body
    assert "10.1.2.3" not in body


@pytest.mark.django_db
def test_a_crowd_of_probes_costs_one_check(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    connect = health._connect
    monkeypatch.setattr(health, "_connect", lambda: asked.append(1) or connect())
    for _ in range(10):
        client.get("/readyz")
    assert len(asked) == 3  # one for the database, one for the migrations, one for the keys


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("key", ["k" * 32, "no key", "k\x00" * 8])
def test_alive_asks_no_session(client: Client, settings: Settings, key: str) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get("/healthz").status_code == 200  # a query would fail: this test asks for no database
