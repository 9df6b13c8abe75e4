"""Working out the counts that the statistics are read from (I9): all of them again, in one transaction.

A hundred thousand dossiers are counted in seconds, every ten minutes and for everybody, rather than at each page.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction

from dossiers import neighbours
from dossiers.models import DailyTally, DelayTally, Tallied, Tally

FROM = """
  FROM dossiers_dossierstage passage
  JOIN dossiers_dossier dossier ON dossier.id = passage.dossier_id
  JOIN establishments_legalentity entity ON entity.id = dossier.legal_entity_id
"""

# Each count twice: by the régions of its dossiers, and for all of them under none, which is what whoever reads
# everything adds up. With the subsidies, which another room grants: pairs of an étape and euros.
TALLY = f"""
INSERT INTO dossiers_tally (stage_id, regions, region_id, status, track, track_label, count, amount, granted)
SELECT passage.stage_id, entity.region_codes, entity.region_id, passage.status,
       coalesce(last.estimate ->> 'track', ''), coalesce(max(last.estimate ->> 'track_label'), ''),
       count(*), coalesce(sum((last.estimate ->> 'total')::numeric), 0), coalesce(sum(subsidy.amount), 0)
{FROM}
  LEFT JOIN LATERAL (SELECT estimate FROM dossiers_transmission
                      WHERE dossier_stage_id = passage.id ORDER BY number DESC LIMIT 1) last ON true
  LEFT JOIN ({{grants}}) subsidy (passage_id, amount) ON subsidy.passage_id = passage.id
 GROUP BY GROUPING SETS ((1, 2, 3, 4, 5), (1, 3, 4, 5))
"""

DAILY = f"""
INSERT INTO dossiers_dailytally (stage_id, regions, day, count, decided)
SELECT stage_id, region_codes, day, sum(transmitted), sum(decided)
  FROM (SELECT passage.stage_id, entity.region_codes,
               (passage.first_transmitted_at AT TIME ZONE 'Europe/Paris')::date AS day, 1 AS transmitted, 0 AS decided
        {FROM} WHERE passage.first_transmitted_at IS NOT NULL
        UNION ALL
        SELECT passage.stage_id, entity.region_codes,
               (passage.decided_at AT TIME ZONE 'Europe/Paris')::date, 0, 1
        {FROM} WHERE passage.decided_at IS NOT NULL) happened
 GROUP BY GROUPING SETS ((1, 2, 3), (1, 3))
"""

# What the référent took to answer is not instruction's: each modification asked for, until it was answered.
DELAY = f"""
INSERT INTO dossiers_delaytally (stage_id, regions, hours, count)
SELECT passage.stage_id, entity.region_codes,
       greatest(floor(extract(epoch FROM passage.decided_at - passage.first_transmitted_at
                                         - coalesce(waited.time, interval '0')) / 3600), 0)::int,
       count(*)
{FROM}
  LEFT JOIN LATERAL (SELECT sum(coalesce(answered_at, passage.decided_at) - at) AS time
                       FROM dossiers_modificationrequest WHERE dossier_stage_id = passage.id) waited ON true
 WHERE passage.decided_at IS NOT NULL
 GROUP BY GROUPING SETS ((1, 2, 3), (1, 3))
"""


def granted() -> tuple[str, tuple[Any, ...]]:
    """The statement that gives the subsidies granted, with its parameters."""
    found = neighbours.grants()
    return ("SELECT NULL::bigint, NULL::numeric", ()) if found is None else found.query.sql_with_params()


@transaction.atomic
def refresh(at: dt.datetime) -> None:
    """Write every count again, as the dossiers stand; twice at once, the second does nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('dossiers.tallies', 0))")
        if not cursor.fetchone()[0]:
            return
        for model in (Tally, DailyTally, DelayTally):
            model._default_manager.all().delete()
        sql, parameters = granted()
        cursor.execute(TALLY.format(grants=sql), parameters)
        for statement in (DAILY, DELAY):
            cursor.execute(statement)
    Tallied.objects.update_or_create(pk=1, defaults={"at": at})
