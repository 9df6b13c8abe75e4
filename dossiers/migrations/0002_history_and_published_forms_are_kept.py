from django.db import migrations

# What was transmitted and what was done are never rewritten; a published form no longer changes. Whatever the door.
KEEP = """
CREATE FUNCTION dossiers_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER transmission_is_kept BEFORE UPDATE OR DELETE ON dossiers_transmission
    FOR EACH ROW EXECUTE FUNCTION dossiers_is_append_only();
CREATE TRIGGER transmitted_file_is_kept BEFORE UPDATE OR DELETE ON dossiers_transmittedfile
    FOR EACH ROW EXECUTE FUNCTION dossiers_is_append_only();
CREATE TRIGGER event_is_kept BEFORE UPDATE OR DELETE ON dossiers_event
    FOR EACH ROW EXECUTE FUNCTION dossiers_is_append_only();
CREATE TRIGGER remark_is_kept BEFORE UPDATE OR DELETE ON dossiers_remark
    FOR EACH ROW EXECUTE FUNCTION dossiers_is_append_only();

CREATE FUNCTION dossiers_revision_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'a published form no longer changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION dossiers_revision_part_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[]::bigint[];
BEGIN
    IF TG_OP <> 'INSERT' THEN touched := touched || OLD.revision_id; END IF;
    IF TG_OP <> 'DELETE' THEN touched := touched || NEW.revision_id; END IF;
    -- Wait for a publication under way, then look.
    PERFORM 1 FROM dossiers_formrevision WHERE id = ANY (touched) FOR KEY SHARE;
    IF EXISTS (SELECT 1 FROM dossiers_formrevision WHERE id = ANY (touched) AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a published form no longer changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER revision_is_frozen BEFORE UPDATE OR DELETE ON dossiers_formrevision
    FOR EACH ROW EXECUTE FUNCTION dossiers_revision_is_frozen();
CREATE TRIGGER section_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON dossiers_section
    FOR EACH ROW EXECUTE FUNCTION dossiers_revision_part_is_frozen();
CREATE TRIGGER question_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON dossiers_question
    FOR EACH ROW EXECUTE FUNCTION dossiers_revision_part_is_frozen();
"""

FORGET = """
DROP TRIGGER question_is_frozen ON dossiers_question;
DROP TRIGGER section_is_frozen ON dossiers_section;
DROP TRIGGER revision_is_frozen ON dossiers_formrevision;
DROP FUNCTION dossiers_revision_part_is_frozen();
DROP FUNCTION dossiers_revision_is_frozen();
DROP TRIGGER remark_is_kept ON dossiers_remark;
DROP TRIGGER event_is_kept ON dossiers_event;
DROP TRIGGER transmitted_file_is_kept ON dossiers_transmittedfile;
DROP TRIGGER transmission_is_kept ON dossiers_transmission;
DROP FUNCTION dossiers_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
