import datetime as dt

from django.db import migrations, models

INCLUDED = ("status", "stage", "establishment_type", "track", "departement", "verifier", "regions")
BEFORE = (
    "dossier_stage_id, status, establishment_type, departement, regions, track, flags, corrected, transmitted_at, "
    "due_at, reference, entity_name, passage, region_name, referent_name, verifier_name, words, stage_id, "
    "verifier_id"
)
# In the order of the table: a column added to it is added here, by a migration that replaces both functions.
COLUMNS = f"{BEFORE}, type_name, nearest_due, farthest_due"
# The words of `establishments.enums.EstablishmentType`.
ADDED = """,
           dossiers_sort_key(CASE dossier.establishment_type
               WHEN 'essms' THEN 'ESSMS' WHEN 'es' THEN 'Établissement de santé' WHEN 'ght' THEN 'GHT' END),
           coalesce(passage.due_at, '9999-12-31 UTC'), coalesce(passage.due_at, '0001-01-01 UTC')"""


def functions(columns: str, added: str) -> str:
    """Those that say what lines should be, and write some of them: as in 0022, with `added` for the last columns."""
    updated = columns.removeprefix("dossier_stage_id, ")
    return f"""
-- The lines as they should stand: of these étapes, of all for NULL.
CREATE OR REPLACE FUNCTION dossiers_lines_now(keys bigint[]) RETURNS SETOF dossiers_line LANGUAGE sql STABLE AS $$
    SELECT passage.id, passage.status, dossier.establishment_type, coalesce(entity.departement_id, ''),
           entity.region_codes, coalesce(last.estimate ->> 'track', ''),
           ARRAY(SELECT kind FROM dossiers_flag
                  WHERE dossier_stage_id = passage.id AND examined_at IS NULL ORDER BY kind),
           passage.status = 'transmitted' AND passage.transmitted_at > passage.first_transmitted_at,
           passage.transmitted_at, passage.due_at, dossier.reference, entity.sort_name,
           dossiers_sort_key(guichet.short_title || ' ' || lpad(stage.position::text, 3, '0')),
           dossiers_sort_key(region.name), dossiers_sort_key(referent.last_name || ' ' || referent.first_name),
           dossiers_sort_key(verifier.last_name || ' ' || verifier.first_name),
           to_tsvector('simple', dossier.search_text), passage.stage_id, dossier.verifier_id{added}
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

-- Locked in the order of their keys, then read: of two changes at once, the second sees the first.
CREATE OR REPLACE FUNCTION dossiers_write_lines(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(keys) = 0 THEN RETURN; END IF;
    PERFORM FROM dossiers_line WHERE dossier_stage_id = ANY (keys) ORDER BY dossier_stage_id FOR UPDATE;
    DELETE FROM dossiers_line line WHERE dossier_stage_id = ANY (keys) AND NOT EXISTS (
        SELECT FROM dossiers_dossierstage WHERE id = line.dossier_stage_id AND is_instructed);
    INSERT INTO dossiers_line ({columns}) SELECT {columns} FROM dossiers_lines_now(keys)
        ON CONFLICT (dossier_stage_id) DO UPDATE
        SET ({updated}) = ROW ({", ".join(f"excluded.{name}" for name in updated.split(", "))})
        WHERE (dossiers_line.*) IS DISTINCT FROM (excluded.*);
END $$;
"""  # noqa: S608  # constants of this file


def index(field: str, name: str) -> migrations.AddIndex:
    fields = [field, "dossier_stage"]
    return migrations.AddIndex("line", models.Index(fields=fields, include=INCLUDED, name=name))


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0028_events_name_their_question")]
    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, functions(BEFORE, "")),
        migrations.AddField(
            "line", "type_name", models.TextField(db_collation="C", default=""), preserve_default=False
        ),
        *(
            migrations.AddField(
                "line",
                name,
                models.DateTimeField(default=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)),
                preserve_default=False,
            )
            for name in ("nearest_due", "farthest_due")
        ),
        migrations.RunSQL(functions(COLUMNS, ADDED), migrations.RunSQL.noop),
        migrations.RunSQL(
            "SELECT dossiers_write_lines(ARRAY(SELECT dossier_stage_id FROM dossiers_line))", migrations.RunSQL.noop
        ),
        index("type_name", "line_type"),
        index("nearest_due", "line_nearest_due"),
        index("farthest_due", "line_farthest_due"),
    ]
