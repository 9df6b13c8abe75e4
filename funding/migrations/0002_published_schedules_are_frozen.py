from django.db import migrations

# The amounts told to applicants come from published barèmes: whatever the door, they no longer change.
FREEZE = """
CREATE FUNCTION funding_schedule_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'a published barème no longer changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION funding_schedule_part_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[]::bigint[];
BEGIN
    IF TG_OP <> 'INSERT' THEN touched := touched || OLD.schedule_id; END IF;
    IF TG_OP <> 'DELETE' THEN touched := touched || NEW.schedule_id; END IF;
    -- Wait for a publication under way, then look.
    PERFORM 1 FROM funding_schedule WHERE id = ANY (touched) FOR KEY SHARE;
    IF EXISTS (SELECT 1 FROM funding_schedule WHERE id = ANY (touched) AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a published barème no longer changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER schedule_is_frozen BEFORE UPDATE OR DELETE ON funding_schedule
    FOR EACH ROW EXECUTE FUNCTION funding_schedule_is_frozen();
CREATE TRIGGER unit_amount_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON funding_unitamount
    FOR EACH ROW EXECUTE FUNCTION funding_schedule_part_is_frozen();
CREATE TRIGGER bracket_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON funding_bracket
    FOR EACH ROW EXECUTE FUNCTION funding_schedule_part_is_frozen();
"""

THAW = """
DROP TRIGGER bracket_is_frozen ON funding_bracket;
DROP TRIGGER unit_amount_is_frozen ON funding_unitamount;
DROP TRIGGER schedule_is_frozen ON funding_schedule;
DROP FUNCTION funding_schedule_part_is_frozen();
DROP FUNCTION funding_schedule_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0001_initial")]
    operations = [migrations.RunSQL(FREEZE, THAW)]
