from django.db import migrations, models
from django.db.models import Q

# As in 0010, with the transfer among what moves when a payment is made.
KEPT = """
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
    END IF;
    RAISE EXCEPTION 'a payment is kept as it was' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

KEPT_BEFORE = KEPT.replace("'paid_on', 'transfer'", "'paid_on'")


class Migration(migrations.Migration):
    dependencies = [("funding", "0018_expense_imports")]
    operations = [
        migrations.AddField(
            "payment",
            "transfer",
            models.CharField(blank=True, default="", max_length=50, verbose_name="référence du virement"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "payment",
            models.CheckConstraint(
                condition=Q(transfer="") | Q(state="paid"),
                name="payment_transfer_once_paid",
                violation_error_message="Seul un paiement versé a la référence d'un virement.",
            ),
        ),
        migrations.RunSQL(KEPT, KEPT_BEFORE),
    ]
