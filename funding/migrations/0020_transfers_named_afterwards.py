from django.db import migrations

# As in 0019; and once paid, the transfer alone may be named, or named better: never blanked, nothing else with it.
NAMED = """\
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'paid' AND NEW.transfer <> '' THEN
        IF to_jsonb(NEW) - 'transfer' = to_jsonb(OLD) - 'transfer' THEN
            RETURN NEW;
        END IF;
"""
KEPT = f"""
CREATE OR REPLACE FUNCTION funding_payment_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'paid_on', 'transfer'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'planned' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND OLD.state IN ('planned', 'ordered') THEN
        IF OLD.state = 'planned' AND NEW.state = 'planned' THEN
            moving := moving || ARRAY['amount', 'due_on'];
        END IF;
        IF (OLD.state, NEW.state) IN (
            ('planned', 'planned'), ('planned', 'ordered'), ('planned', 'cancelled'),
            ('ordered', 'ordered'), ('ordered', 'paid'), ('ordered', 'cancelled')
        ) AND to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
            RETURN NEW;
        END IF;
{NAMED}    END IF;
    RAISE EXCEPTION 'a payment is kept as it was' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

KEPT_BEFORE = KEPT.replace(NAMED, "")


class Migration(migrations.Migration):
    dependencies = [("funding", "0019_transfers")]
    operations = [migrations.RunSQL(KEPT, KEPT_BEFORE)]
