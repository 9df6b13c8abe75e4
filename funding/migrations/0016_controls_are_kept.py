from django.db import migrations

# A control moves from what was asked to what was concluded, and is kept.
KEEP = """
CREATE FUNCTION funding_control_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'closed_by_id', 'closed_at', 'ceiling', 'reason'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state IN ('open', 'answered') THEN
        IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a control is kept as it was' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER control_is_kept BEFORE UPDATE OR DELETE ON funding_control
    FOR EACH ROW EXECUTE FUNCTION funding_control_is_kept();
"""

FORGET = """
DROP TRIGGER control_is_kept ON funding_control;
DROP FUNCTION funding_control_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0015_controls")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
