"""What a first import leaves aside until its rows are in.

An index built once costs less than half of what it costs row by row, and so does a foreign key checked as a whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Below that share of what the files describe, what we hold is a sample.
_SAMPLE = 0.10
_HELD = (
    "SELECT (SELECT count(*) FROM establishments_legalentity) + (SELECT count(*) FROM establishments_geographicentity)"
)
_KEYS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE contype = 'f'
      AND conrelid IN ('establishments_legalentity'::regclass, 'establishments_geographicentity'::regclass)
    UNION ALL
    SELECT 'DROP INDEX legal_entity_picker', pg_get_indexdef('legal_entity_picker'::regclass)
"""
# Holds nothing, and tells PostgreSQL that these columns are indexed: a row updated in place under an index still to be
# built would keep that index unused until every transaction of that time has ended.
_MARK = "CREATE INDEX legal_entity_loading ON establishments_legalentity (region_codes, kinds, words) WHERE false"


@contextmanager
def of(rows: int) -> Iterator[None]:
    """Write that many rows: with neither the index of the picker nor the foreign keys, put back at the end, when what
    we hold is next to nothing. Nobody reads the directory meanwhile; there was nothing to read.

    In the transaction of the import: nothing of it shows if it breaks off.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        if cursor.fetchone()[0] > rows * _SAMPLE:
            yield
            return
        # A table whose rows are still to be checked cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(_KEYS)
        aside = cursor.fetchall()
        for remove, _ in aside:
            cursor.execute(remove)
        cursor.execute(_MARK)
        yield
        for _, restore in aside:
            cursor.execute(restore)
        cursor.execute("DROP INDEX legal_entity_loading")
