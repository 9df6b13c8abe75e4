from django.db import migrations

# In the order of the table: a column added to it is added here, by a migration that replaces both functions.
COLUMNS = (
    "dossier_stage_id, status, establishment_type, departement, regions, track, flags, corrected, transmitted_at, "
    "due_at, reference, entity_name, passage, region_name, referent_name, verifier_name, words, stage_id, "
    "verifier_id"
)
UPDATED = COLUMNS.removeprefix("dossier_stage_id, ")
ALIKE = "stage_id, regions, status, establishment_type, track, verifier_id IS NOT NULL"
ACCENTED = "ÀÂÄÁÃÅÇÉÈÊËÎÏÍÔÖÓÕÙÛÜÚŸÑàâäáãåçéèêëîïíôöóõùûüúÿñ-’"
PLAIN = "AAAAAACEEEEIIIOOOOUUUUYNaaaaaaceeeeiiioooouuuuyn  "

KEEP = f"""
-- As people read names: without capitals or accents; what has no name comes last.
CREATE FUNCTION dossiers_sort_key(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(nullif(lower(translate(name, '{ACCENTED}', '{PLAIN}')), ''), '~')
$$;

-- The lines as they should stand: of these étapes, of all for NULL.
CREATE FUNCTION dossiers_lines_now(keys bigint[]) RETURNS SETOF dossiers_line LANGUAGE sql STABLE AS $$
    SELECT passage.id, passage.status, dossier.establishment_type, coalesce(entity.departement_id, ''),
           entity.region_codes, coalesce(last.estimate ->> 'track', ''),
           ARRAY(SELECT kind FROM dossiers_flag
                  WHERE dossier_stage_id = passage.id AND examined_at IS NULL ORDER BY kind),
           passage.status = 'transmitted' AND passage.transmitted_at > passage.first_transmitted_at,
           passage.transmitted_at, passage.due_at, dossier.reference, entity.sort_name,
           dossiers_sort_key(guichet.short_title || ' ' || lpad(stage.position::text, 3, '0')),
           dossiers_sort_key(region.name), dossiers_sort_key(referent.last_name || ' ' || referent.first_name),
           dossiers_sort_key(verifier.last_name || ' ' || verifier.first_name),
           to_tsvector('simple', dossier.search_text), passage.stage_id, dossier.verifier_id
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
CREATE FUNCTION dossiers_write_lines(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(keys) = 0 THEN RETURN; END IF;
    PERFORM FROM dossiers_line WHERE dossier_stage_id = ANY (keys) ORDER BY dossier_stage_id FOR UPDATE;
    DELETE FROM dossiers_line line WHERE dossier_stage_id = ANY (keys) AND NOT EXISTS (
        SELECT FROM dossiers_dossierstage WHERE id = line.dossier_stage_id AND is_instructed);
    INSERT INTO dossiers_line ({COLUMNS}) SELECT {COLUMNS} FROM dossiers_lines_now(keys)
        ON CONFLICT (dossier_stage_id) DO UPDATE
        SET ({UPDATED}) = ROW ({", ".join(f"excluded.{name}" for name in UPDATED.split(", "))})
        WHERE (dossiers_line.*) IS DISTINCT FROM (excluded.*);
END $$;

CREATE FUNCTION dossiers_passages_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        PERFORM dossiers_write_lines(ARRAY(SELECT id FROM new_rows WHERE is_instructed));
    WHEN 'DELETE' THEN
        PERFORM dossiers_write_lines(ARRAY(SELECT id FROM old_rows WHERE is_instructed));
    ELSE
        PERFORM dossiers_write_lines(ARRAY(
            SELECT after.id FROM new_rows after JOIN old_rows before ON before.id = after.id
             WHERE (before.is_instructed OR after.is_instructed)
               AND (before.is_instructed, before.status, before.transmitted_at, before.first_transmitted_at,
                    before.due_at, before.stage_id)
                   IS DISTINCT FROM (after.is_instructed, after.status, after.transmitted_at,
                    after.first_transmitted_at, after.due_at, after.stage_id)));
    END CASE;
    RETURN NULL;
END $$;

CREATE FUNCTION dossiers_dossiers_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dossiers_write_lines(ARRAY(
        SELECT passage.id FROM new_rows after JOIN old_rows before ON before.id = after.id
          JOIN dossiers_dossierstage passage ON passage.dossier_id = after.id AND passage.is_instructed
         WHERE (before.verifier_id, before.referent_id, before.legal_entity_id, before.guichet_id,
                before.establishment_type, before.reference, before.search_text)
               IS DISTINCT FROM (after.verifier_id, after.referent_id, after.legal_entity_id, after.guichet_id,
                after.establishment_type, after.reference, after.search_text)));
    RETURN NULL;
END $$;

CREATE FUNCTION dossiers_transmissions_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dossiers_write_lines(ARRAY(
        SELECT DISTINCT dossier_stage_id FROM new_rows JOIN dossiers_line USING (dossier_stage_id)));
    RETURN NULL;
END $$;

CREATE TRIGGER line_of_passage_added AFTER INSERT ON dossiers_dossierstage
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dossiers_passages_changed();
CREATE TRIGGER line_of_passage_changed AFTER UPDATE ON dossiers_dossierstage
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dossiers_passages_changed();
CREATE TRIGGER line_of_passage_deleted AFTER DELETE ON dossiers_dossierstage
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dossiers_passages_changed();
CREATE TRIGGER line_of_dossier_changed AFTER UPDATE ON dossiers_dossier
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dossiers_dossiers_changed();
CREATE TRIGGER line_of_transmission_added AFTER INSERT ON dossiers_transmission
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dossiers_transmissions_added();

-- Counted as differences: two changes at once never wait for each other.
CREATE FUNCTION dossiers_lines_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO dossiers_linecount (stage_id, regions, status, establishment_type, track, taken, count)
        SELECT {ALIKE}, count(*) FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO dossiers_linecount (stage_id, regions, status, establishment_type, track, taken, count)
        SELECT {ALIKE}, -count(*) FROM old_rows GROUP BY 1, 2, 3, 4, 5, 6;
    ELSE
        INSERT INTO dossiers_linecount (stage_id, regions, status, establishment_type, track, taken, count)
        SELECT a, b, c, d, e, f, sum(n)
          FROM (SELECT {ALIKE}, 1 FROM new_rows UNION ALL SELECT {ALIKE}, -1 FROM old_rows)
            AS changes (a, b, c, d, e, f, n)
         GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER line_added AFTER INSERT ON dossiers_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dossiers_lines_counted();
CREATE TRIGGER line_changed AFTER UPDATE ON dossiers_line
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dossiers_lines_counted();
CREATE TRIGGER line_deleted AFTER DELETE ON dossiers_line
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dossiers_lines_counted();

SELECT dossiers_write_lines(ARRAY(SELECT id FROM dossiers_dossierstage WHERE is_instructed));
"""  # noqa: S608  # constants of this file

FORGET = """
DROP FUNCTION dossiers_lines_counted() CASCADE;
DROP FUNCTION dossiers_transmissions_added() CASCADE;
DROP FUNCTION dossiers_dossiers_changed() CASCADE;
DROP FUNCTION dossiers_passages_changed() CASCADE;
DROP FUNCTION dossiers_write_lines(bigint[]);
DROP FUNCTION dossiers_lines_now(bigint[]);
DROP FUNCTION dossiers_sort_key(text);
"""


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0021_lines")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
