"""The sorts of the list are read from narrower indexes, and its counters from fewer rows (docs/adr/0037)."""

from typing import Any

import django.contrib.postgres.fields
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

SORTED = {
    "reference": ["reference"],
    "entity": ["entity_name"],
    "passage": ["passage"],
    "region": ["region_name"],
    "referent": ["referent_name"],
    "verifier_name": ["verifier_name"],
    "transmitted": ["transmitted_at"],
    "type": ["type_name"],
    "nearest_due": ["nearest_due"],
    "farthest_due": ["farthest_due"],
    "status": ["status", "transmitted_at"],
}
COMPARED = ("status", "stage", "establishment_type", "track", "verifier", "regions")
COMPARED_BEFORE = ("status", "stage", "establishment_type", "track", "departement", "verifier", "regions")

SPELT = "' ' || array_to_string({}, ' ') || ' '"
SPLIT = "string_to_array(btrim({}), ' ')"
TO_TEXT = f'ALTER TABLE dossiers_line ALTER regions TYPE text COLLATE "C" USING {SPELT.format("regions")}'
TO_ARRAY = f"ALTER TABLE dossiers_line ALTER regions TYPE varchar(3)[] USING {SPLIT.format('regions')}"


def lines_now(regions: str) -> str:
    """The function that says what lines should be, its columns in the order of the table, with the régions as given."""
    return f"""
-- The lines as they should stand: of these étapes, of all for NULL.
CREATE OR REPLACE FUNCTION dossiers_lines_now(keys bigint[]) RETURNS SETOF dossiers_line LANGUAGE sql STABLE AS $$
    SELECT passage.id, passage.status, dossier.establishment_type, coalesce(entity.departement_id, ''),
           {regions}, coalesce(last.estimate ->> 'track', ''),
           ARRAY(SELECT kind FROM dossiers_flag
                  WHERE dossier_stage_id = passage.id AND examined_at IS NULL ORDER BY kind),
           passage.status = 'transmitted' AND passage.transmitted_at > passage.first_transmitted_at,
           passage.transmitted_at, passage.due_at, dossier.reference, entity.sort_name,
           dossiers_sort_key(guichet.short_title || ' ' || lpad(stage.position::text, 3, '0')),
           dossiers_sort_key(region.name), dossiers_sort_key(referent.last_name || ' ' || referent.first_name),
           dossiers_sort_key(verifier.last_name || ' ' || verifier.first_name),
           to_tsvector('simple', dossier.search_text), passage.stage_id, dossier.verifier_id,
           dossiers_sort_key(CASE dossier.establishment_type
               WHEN 'essms' THEN 'ESSMS' WHEN 'es' THEN 'Établissement de santé' WHEN 'ght' THEN 'GHT' END),
           coalesce(passage.due_at, '9999-12-31 UTC'), coalesce(passage.due_at, '0001-01-01 UTC')
      FROM dossiers_dossierstage passage
      JOIN dossiers_dossier dossier ON dossier.id = passage.dossier_id
      JOIN dossiers_stage stage ON stage.id = passage.stage_id
      JOIN dossiers_guichet guichet ON guichet.id = dossier.guichet_id
      JOIN establishments_legalentity entity ON entity.id = dossier.legal_entity_id
      LEFT JOIN establishments_region region ON region.code = entity.region_id
      JOIN accounts_user referent ON referent.id = dossier.referent_id
      LEFT JOIN accounts_user verifier ON verifier.id = dossier.verifier_id
      LEFT JOIN LATERAL (SELECT estimate FROM dossiers_transmission
                          WHERE dossier_stage_id = passage.id ORDER BY number DESC LIMIT 1) last ON true
     WHERE passage.is_instructed AND (keys IS NULL OR passage.id = ANY (keys))
$$;
"""  # noqa: S608  # constants of this file


COUNTED_IN = f"""
-- Among what a line is counted: all, those of the same régions, those of each of them.
CREATE FUNCTION dossiers_counted_in(spelt text) RETURNS TABLE (regions varchar[], region text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT NULL::varchar[], '' UNION ALL SELECT {SPLIT.format("spelt")}, ''
    UNION ALL SELECT DISTINCT NULL::varchar[], unnest({SPLIT.format("spelt")})
$$;
"""


def counting(places: str, lines: str) -> str:
    """The function that counts lines as they change, then a recount: `places` are the columns that say among what, of
    `lines`."""
    alike = f"{places}, stage_id, status, establishment_type, track"
    keys = ", ".join(str(number) for number in range(1, alike.count(",") + 3))

    def changed(rows: str, by: int) -> str:
        return f"SELECT {alike}, verifier_id IS NOT NULL AS taken, {by} AS difference FROM {lines.format(rows)}"  # noqa: S608

    def added(changes: str) -> str:
        return f"""INSERT INTO dossiers_linecount ({alike}, taken, count)
        SELECT {alike}, taken, sum(difference) FROM ({changes}) changes GROUP BY {keys} HAVING sum(difference) <> 0;"""  # noqa: S608

    return f"""
-- Counted as differences: two changes at once never wait for each other.
CREATE OR REPLACE FUNCTION dossiers_lines_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {added(changed("new_rows", 1))}
    ELSIF TG_OP = 'DELETE' THEN
        {added(changed("old_rows", -1))}
    ELSE
        {added(f"{changed('new_rows', 1)} UNION ALL {changed('old_rows', -1)}")}
    END IF;
    RETURN NULL;
END $$;
DELETE FROM dossiers_linecount;
{added(changed("dossiers_line", 1))}
"""  # noqa: S608  # constants of this file


# The régions of a line are a text, those it is counted among arrays: the former stands under another name.
COUNTING = counting(
    "regions, region",
    "(SELECT stage_id, status, establishment_type, track, verifier_id, regions AS spelt FROM {}) line "
    "CROSS JOIN LATERAL dossiers_counted_in(spelt)",
)
COUNTING_BEFORE = counting("regions", "{}")


def sort_indexes(compared: tuple[str, ...]) -> list[tuple[str, models.Index]]:
    found = []
    for name, fields in SORTED.items():
        included = tuple(each for each in compared if each not in fields)
        for suffix, condition in (("", None), ("_flagged", ~models.Q(flags=[]))):
            index = models.Index(
                fields=[*fields, "dossier_stage"], include=included, condition=condition, name=f"line_{name}{suffix}"
            )
            found.append((index.name, index))
    return found


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0033_exports_of_several_tables")]
    operations: list[Any] = [
        *(migrations.RemoveIndex("line", name) for name, _ in sort_indexes(COMPARED_BEFORE)),
        migrations.RemoveIndex("line", "line_regions"),
        migrations.RunSQL(migrations.RunSQL.noop, lines_now("entity.region_codes") + COUNTING_BEFORE),
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(TO_TEXT, TO_ARRAY)],
            [migrations.AlterField("line", "regions", models.TextField(db_collation="C"))],
        ),
        migrations.AlterField(
            "linecount",
            "regions",
            django.contrib.postgres.fields.ArrayField(models.CharField(max_length=3), null=True),
        ),
        migrations.AddField(
            "linecount", "region", models.CharField(max_length=3, blank=True, default=""), preserve_default=False
        ),
        migrations.RunSQL(
            COUNTED_IN + lines_now(SPELT.format("entity.region_codes")) + COUNTING,
            "DELETE FROM dossiers_linecount; DROP FUNCTION dossiers_counted_in(text) CASCADE",
        ),
        *(migrations.AddIndex("line", index) for _, index in sort_indexes(COMPARED)),
        migrations.AddIndex("line", GinIndex(fields=["regions"], opclasses=["gin_trgm_ops"], name="line_regions")),
        migrations.AddIndex(
            "linecount",
            models.Index(fields=["region"], condition=models.Q(regions=None), name="line_count_of_region"),
        ),
    ]
