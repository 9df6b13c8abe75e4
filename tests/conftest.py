"""What every room's tests share. Factories and fixtures of one room stand in tests/<room>/."""

import fcntl
import functools
import gc
import logging
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from celery.contrib.testing.worker import start_worker
from django.conf import settings as configured
from django.db import connection, connections, transaction
from django.test import TransactionTestCase, override_settings
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from pytest_django import DjangoDbBlocker, Settings

from ecare import bootstrap
from ecare.celery import app
from establishments import queries as establishments
from tests.browsing import once_arrived

# Playwright's synchronous interface runs inside an event loop, which Django's ORM refuses by default.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# A page that a busy machine draws late is not a page that is wrong: what is expected is waited for as long as a person
# would, and costs nothing when it comes at once.
expect.set_options(timeout=20_000)

# The same of what is drawn: a busy machine draws slowly.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    """Nothing that a test runs may reach another machine: a socket is refused before it connects (Q54, Q58)."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in LOOPBACK:
        raise PermissionError(f"a test tried to reach {arguments[1][0]}")


sys.addaudithook(_refuse_other_hosts)


def _installed_browser() -> str | None:
    """The first browser of the system that really starts."""
    return next((path for path in map(shutil.which, bootstrap.BROWSERS) if path and bootstrap.starts(path)), None)


#: The files whose one test lasts longest, after those that drive a browser.
LONG = {
    "test_every_address.py",
    "test_run.py",
    "test_crashes.py",
    "test_races.py",
    "test_closing_races.py",
    "test_web_process.py",
}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays until the end: Python looks for what may go among what tests make alone, and
    less often than in a program that lasts. It took a tenth of the processor."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


#: Files that cost much and read of the database what others read too, or start servers of their own.
ONCE = {
    "test_doors.py",
    "test_dossier_pdf.py",
    "test_embedded.py",
    "test_every_address.py",
    "test_expense_files.py",
    "test_import_bounds.py",
    "test_pdf.py",
    "test_printed.py",
    "test_production.py",
    "test_run.py",
    "test_timing.py",
    "test_viewer.py",
    "test_web_process.py",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that asks for a page is a browser test, and one that reads no database says the same whatever the servers:
    nobody has to remember the marks. Here, before `-m` chooses."""
    if {"page", "context", "browser"} & set(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.browser)
    if item.path.name in ONCE or not _reads_the_database(item):
        item.add_marker(pytest.mark.once)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that last begin first, the journeys above all: begun last, one process would end the suite alone."""
    ranks: dict[Path, int] = {}
    for item in items:
        if item.path.parent.name == "journey":
            rank = 0
        elif item.get_closest_marker("browser") or item.path.name in LONG:
            rank = 1
        else:
            rank = 2
        ranks[item.path] = min(rank, ranks.get(item.path, 2))
    items.sort(key=lambda item: ranks[item.path])


def _reads_the_database(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(asked or item.get_closest_marker("django_db"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    request: pytest.FixtureRequest,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """One of the parallel processes migrates a database, and each copies it: migrating takes ten seconds of a core."""
    if worker_id == "master" or not any(map(_reads_the_database, request.session.items)):
        yield
        return
    given = configured.DATABASES["default"]
    model = given["TEST"]["NAME"].removesuffix(worker_id) + "model"
    shared = tmp_path_factory.getbasetemp().parent
    made, users = shared / "model-made", shared / "model-users"
    users.mkdir(exist_ok=True)
    with (shared / "model-lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            named = given["NAME"], given["TEST"]
            given["TEST"] = given["TEST"] | {"NAME": model}
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.creation.destroy_test_db(named[0], verbosity=0, keepdb=True)  # leaves it, and is named as before
            given["NAME"], given["TEST"] = named
            made.touch()
        (users / worker_id).touch()
    given["TEST"] = given["TEST"] | {"TEMPLATE": model, "MIGRATE": False}
    yield
    with (shared / "model-lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        (users / worker_id).unlink()
        if not any(users.iterdir()):
            made.unlink()
            with connection.creation._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE {connection.ops.quote_name(model)}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Read what a process reads once an hour, so that each page costs the same in every test."""
    if connection.settings_dict["NAME"].startswith("test_"):
        with django_db_blocker.unblock():
            establishments.credit()


@pytest.fixture(scope="session", autouse=True)
def no_connection_left(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A thread of a worker or of the live server may outlive its test, and with it a connection: one is enough for
    PostgreSQL to keep the test database, which this run is about to drop."""
    if not connection.settings_dict["NAME"].startswith("test_"):
        yield  # no test of this run needs a database: there is none
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Emptying the tables between two tests is what these triggers refuse.
        cursor.execute("ALTER TABLE ecare_auditentry DISABLE TRIGGER audit_entry_is_not_emptied")
        cursor.execute("ALTER TABLE ecare_auditseal DISABLE TRIGGER audit_seal_is_not_emptied")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


#: What the migrations leave and no test changes: Django would write them again after each transactional test.
KEPT = {"django_content_type", "auth_permission"}


@functools.cache
def _emptying() -> str:
    """The statements that empty the tables, or nothing where the role may not leave triggers aside. Emptied by
    TRUNCATE, each table and each index is a new file, which takes many times as long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        if cursor.fetchone() != (True,):
            return ""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    quoted = [connection.ops.quote_name(table) for table in tables if table not in KEPT]
    # Locked first, as TRUNCATE does: a thread that outlives its test finishes before, and leaves no row behind.
    return ";".join(
        [f"LOCK TABLE {', '.join(quoted)}", "SET LOCAL session_replication_role = replica"]
        + [f"DELETE FROM {table}" for table in quoted]  # noqa: S608
    )


@pytest.fixture(scope="session", autouse=True)
def tables_emptied_by_row() -> Iterator[None]:
    """After a transactional test, rows are deleted: see `_emptying`."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def empty(case: TransactionTestCase) -> None:
        statements = _emptying()
        if not statements:
            flush(case)
            return
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(autouse=True)
def pages_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Pages left open by a test that ended keep drawing: twenty of them take a core from the tests that follow."""
    browser = request.getfixturevalue("browser") if "browser" in request.fixturenames else None
    yield
    for context in browser.contexts if browser else ():
        context.close()


#: Where the files of the world that lasts are kept: see `lasting`.
_worlds: list[Path] = []


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Files that a test uploads go when it ends; in a world that lasts, they stand beside its own."""
    folder = _worlds[-1] if _worlds else tmp_path / "media"
    settings.MEDIA_ROOT = folder
    return folder


@pytest.fixture(scope="session")
def lasting(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[None]]:
    """`with lasting(): yield build()`, in a fixture of a class or of a module: a world that takes longer to build than
    its tests to run is built once. Each test finds its rows as they were built, whatever the one before did; none may
    be transactional."""

    @contextmanager
    def world() -> Iterator[None]:
        folder = tmp_path_factory.mktemp("world")
        rows = transaction.atomic()
        rows._from_testcase = True  # type: ignore[attr-defined]  # as the transaction of a test: `durable` looks at it
        with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder), rows:
            _worlds.append(folder)
            try:
                yield
            finally:
                _worlds.remove(folder)
                transaction.set_rollback(True)

    return world


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Iterator[Playwright]:
    """Playwright keeps an event loop running in this thread, and Django then opens another connection than without:
    closed while it can still be found, or the test database could not be dropped."""
    yield playwright
    connections.close_all()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium when there is one, Playwright's own otherwise."""
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        "--no-first-run",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    launch = browser_type_launch_args | {"args": arguments}
    path = _installed_browser()
    return launch | {"executable_path": path} if path else launch


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"locale": "fr-FR", "timezone_id": "Europe/Paris"}


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """A browser in which a request to any other host fails the test."""
    outside: list[str] = []

    def note(request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme in {"http", "https", "ws", "wss"} and url.hostname not in LOOPBACK:
            outside.append(request.url)

    context.on("request", note)
    yield context
    assert not outside, f"the page asked other hosts: {outside}"


#: Every rule that axe runs by default. Style sheets would be read again for an experimental rule alone, which it does
#: not run by default; what passes is not asked for.
AXE_RUN = """(part) => axe.run(part || document, {resultTypes: ["violations"], preload: {assets: ["media"]}})
  .then((found) => ({violations: found.violations}))"""


@pytest.fixture
def axe() -> Callable[..., None]:
    """`axe(page)` fails with a readable list when axe-core finds anything on the page as it stands (Q61);
    `axe(page, "main")` in a part of it, for pages whose surroundings are the same."""

    def check(page: Page, part: str = "") -> None:
        def found(page: Page) -> AxeResults:
            page.evaluate(AXE_SCRIPT)
            return AxeResults(page.evaluate(AXE_RUN, part))

        results = once_arrived(page, found)
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"

    return check


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker in a thread of this process, on every queue; messages of other tests are dropped first."""
    app.control.purge()
    level = logging.root.level
    with start_worker(app, pool="threads", concurrency=2, queues=["codes", "default"], perform_ping_check=False):
        yield
    logging.root.setLevel(level)  # which the worker sets to its own: the tests that follow would read no warning
