from django.db import migrations

# A line of a trame is never rewritten: a version ends, once, and the next one is another row.
KEEP = """
CREATE FUNCTION funding_expense_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL THEN
        IF to_jsonb(NEW) - ARRAY['ended_at', 'ended_by_id'] = to_jsonb(OLD) - ARRAY['ended_at', 'ended_by_id'] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an expense is kept as it was' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER expense_is_kept BEFORE UPDATE OR DELETE ON funding_expense
    FOR EACH ROW EXECUTE FUNCTION funding_expense_is_kept();
"""

FORGET = """
DROP TRIGGER expense_is_kept ON funding_expense;
DROP FUNCTION funding_expense_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0011_expenses")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
