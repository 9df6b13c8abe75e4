"""Working out the counts that the statistics are read from (I9): all of them again, in one transaction.

A hundred thousand dossiers are counted in seconds, every ten minutes and for everybody, rather than at each page.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from dossiers.models import DailyTally, DelayTally, Tallied, Tally

FROM = """
  FROM dossiers_dossierstage passage
  JOIN dossiers_dossier dossier ON dossier.id = passage.dossier_id
  JOIN establishments_legalentity entity ON entity.id = dossier.legal_entity_id
"""

TALLY = f"""
INSERT INTO dossiers_tally (stage_id, regions, region_id, status, track, track_label, count, amount)
SELECT passage.stage_id, entity.region_codes, entity.region_id, passage.status,
       coalesce(last.estimate ->> 'track', ''), coalesce(max(last.estimate ->> 'track_label'), ''),
       count(*), coalesce(sum((last.estimate ->> 'total')::numeric), 0)
{FROM}
  LEFT JOIN LATERAL (SELECT estimate FROM dossiers_transmission
                      WHERE dossier_stage_id = passage.id ORDER BY number DESC LIMIT 1) last ON true
 GROUP BY 1, 2, 3, 4, 5
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
 GROUP BY 1, 2, 3
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
 GROUP BY 1, 2, 3
"""


@transaction.atomic
def refresh(at: dt.datetime) -> None:
    """Write every count again, as the dossiers stand; twice at once, the second does nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('dossiers.tallies', 0))")
        if not cursor.fetchone()[0]:
            return
        for model in (Tally, DailyTally, DelayTally):
            model._default_manager.all().delete()
        for statement in (TALLY, DAILY, DELAY):
            cursor.execute(statement)
    Tallied.objects.update_or_create(pk=1, defaults={"at": at})
