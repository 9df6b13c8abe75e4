from django.db import migrations

# Whatever the door: a payment begins as planned, moves as `workflow.payments` says, and is kept once paid or cancelled.
# What is ordered never exceeds what is payable, what is planned never exceeds what the subsidy may reach, and nobody
# gives back more than what was paid. A payment ordered may still be paid once the subsidy was lowered: that money has
# left, it is then an overpayment to give back. The lock is that of a change that touches no key: rows that refer to a
# subsidy are written meanwhile, and two payments of one subsidy follow one another.
FIT = """
CREATE FUNCTION funding_payment_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'paid_on'];
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

CREATE FUNCTION funding_payments_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    granted funding_grant;
    planned numeric;
    engaged numeric;
    paid numeric;
    given_back numeric;
BEGIN
    SELECT * INTO granted FROM funding_grant WHERE id = NEW.grant_id FOR NO KEY UPDATE;
    SELECT
        coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND state = 'planned'), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND state IN ('ordered', 'paid')), 0)
            - coalesce(sum(amount) FILTER (WHERE kind = 'repayment' AND state = 'paid'), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND state = 'paid'), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'repayment' AND state <> 'cancelled'), 0)
    INTO planned, engaged, paid, given_back
    FROM funding_payment WHERE grant_id = NEW.grant_id;
    IF NEW.kind = 'payment' AND NEW.state = 'planned' AND engaged + planned > granted.ceiling THEN
        RAISE EXCEPTION 'more is planned than the subsidy may reach' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind = 'payment' AND NEW.state = 'ordered' AND engaged > granted.payable THEN
        RAISE EXCEPTION 'more is ordered than what is payable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind = 'repayment' AND given_back > paid THEN
        RAISE EXCEPTION 'more is given back than what was paid' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION funding_grant_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    planned numeric;
    engaged numeric;
BEGIN
    SELECT
        coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND state = 'planned'), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND state IN ('ordered', 'paid')), 0)
            - coalesce(sum(amount) FILTER (WHERE kind = 'repayment' AND state = 'paid'), 0)
    INTO planned, engaged
    FROM funding_payment WHERE grant_id = NEW.id;
    IF planned > 0 AND engaged + planned > NEW.ceiling THEN
        RAISE EXCEPTION 'more is planned than the subsidy may reach' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER payment_is_kept BEFORE INSERT OR UPDATE OR DELETE ON funding_payment
    FOR EACH ROW EXECUTE FUNCTION funding_payment_is_kept();
CREATE CONSTRAINT TRIGGER payments_fit AFTER INSERT OR UPDATE ON funding_payment
    FOR EACH ROW EXECUTE FUNCTION funding_payments_fit();
CREATE CONSTRAINT TRIGGER grant_fits AFTER UPDATE ON funding_grant
    FOR EACH ROW EXECUTE FUNCTION funding_grant_fits();
"""

UNFIT = """
DROP TRIGGER grant_fits ON funding_grant;
DROP TRIGGER payments_fit ON funding_payment;
DROP TRIGGER payment_is_kept ON funding_payment;
DROP FUNCTION funding_grant_fits();
DROP FUNCTION funding_payments_fit();
DROP FUNCTION funding_payment_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0009_payments")]
    operations = [migrations.RunSQL(FIT, UNFIT)]
