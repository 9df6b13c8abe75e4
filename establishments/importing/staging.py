"""Temporary tables that hold what the files say, next to ours, until the transaction ends."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from establishments.importing.rows import EntityRow, SiteRow

_BATCH = 5000
# Whole tables are compared: hash them. The planner believes that a table filled in this transaction is empty, and a
# nested loop over it takes minutes instead of a second. Compiling a statement that runs once costs more than it saves.
_SETTINGS = {"work_mem": "64MB", "enable_nestloop": "off", "jit": "off"}
_CREATE = """
    CREATE TEMP TABLE staged_entity (
        finess varchar(9), name varchar(200), long_name varchar(250), legal_status varchar(2), siren varchar(9),
        address varchar(250), postal_code varchar(5), city varchar(100), departement varchar(3),
        is_active boolean, closed_on date, sort_name varchar(250) COLLATE "C", search_text text COLLATE "C",
        search_town text COLLATE "C", reference text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE staged_site (
        finess varchar(9), entity varchar(9), name varchar(200), long_name varchar(250), category varchar(4),
        siret varchar(14), address varchar(250), postal_code varchar(5), city varchar(100), departement varchar(3),
        opened_on date, is_active boolean, closed_on date, search_text text COLLATE "C"
    ) ON COMMIT DROP
"""


@contextmanager
def settings_for_whole_tables() -> Iterator[None]:
    """For the statements of an import; put back as they were, for what the same transaction may do next."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting || coalesce(unit, '') FROM pg_settings WHERE name = ANY(%s)", [[*_SETTINGS]]
        )
        before = dict(cursor.fetchall())
    _set(_SETTINGS)
    yield
    _set(before)


def _set(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


class Stage:
    """Copies rows by batches. The same number twice in a file: the first row is kept, the second refused."""

    def __init__(self) -> None:
        self._entities: list[EntityRow] = []
        self._sites: list[SiteRow] = []
        self._seen: set[str] = set()
        self.entities = 0
        self.sites = 0
        self.statuses: dict[str, str] = {}
        """Codes met, each with the label of the file when it gives one."""
        self.categories: dict[str, str] = {}
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_entity, pg_temp.staged_site")
            cursor.execute(_CREATE)

    def entity(self, row: EntityRow, status: str = "") -> bool:
        """False when the number was already there."""
        if row.finess in self._seen:
            return False
        self._seen.add(row.finess)
        self._entities.append(row)
        if row.legal_status:
            self.statuses.setdefault(row.legal_status, status)
        self.entities += 1
        if len(self._entities) >= _BATCH:
            self._copy("staged_entity", self._entities)
        return True

    def site(self, row: SiteRow, category: str = "") -> bool:
        """False when the number was already there. EJ and EG numbers come from the same series."""
        if row.finess in self._seen:
            return False
        self._seen.add(row.finess)
        self._sites.append(row)
        if row.category:
            self.categories.setdefault(row.category, category)
        self.sites += 1
        if len(self._sites) >= _BATCH:
            self._copy("staged_site", self._sites)
        return True

    def finish(self) -> None:
        self._copy("staged_entity", self._entities)
        self._copy("staged_site", self._sites)

    def _copy(self, table: str, batch: list[Any]) -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY pg_temp.{table} FROM STDIN") as copy:
            _write(copy, batch)
        batch.clear()


def _write(copy: Any, batch: Sequence[tuple[Any, ...]]) -> None:
    for row in batch:
        copy.write_row(row)
