"""The lines of the instruction list where PostgreSQL's triggers do not see that they change (docs/adr/0037)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

BATCH = 200

# Both are read by one statement, so that nothing that happens meanwhile looks like a difference.
DIFFERENT = """
SELECT coalesce(now.dossier_stage_id, line.dossier_stage_id)
  FROM dossiers_lines_now(NULL) now FULL JOIN dossiers_line line USING (dossier_stage_id)
 WHERE now IS DISTINCT FROM line ORDER BY 1
"""

SUM_UP = """
WITH gone AS (DELETE FROM dossiers_linecount RETURNING *)
INSERT INTO dossiers_linecount (stage_id, regions, region, status, establishment_type, track, taken, count)
SELECT stage_id, regions, region, status, establishment_type, track, taken, sum(count)
  FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(count) <> 0
"""


def rewrite(keys: Iterable[int]) -> None:
    """Write again the lines of these étapes, as their dossiers stand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT dossiers_write_lines(%s::bigint[])", [sorted(set(keys))])


def mend() -> int:
    """Write again the lines that differ from their dossiers, and sum up what counts them; returns how many differed.

    What changes seldom, and belongs to other rooms, reaches the list that way: names of people, the register, titles.
    Few at a time: whoever acts on a dossier waits for none of the others.
    """
    wrong = different()
    for start in range(0, len(wrong), BATCH):
        rewrite(wrong[start : start + BATCH])
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP)
    return len(wrong)


def different() -> list[int]:
    """The étapes whose line is missing, is one too many, or says otherwise than their dossier."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT)
        return [key for (key,) in cursor.fetchall()]
