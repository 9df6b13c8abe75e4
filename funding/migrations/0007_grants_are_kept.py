from django.db import migrations

# What was granted, what was sent to be signed, a text that was published: whatever the door, they no longer change. Of a
# grant, only what may be paid moves; of a convention, only how far it is.
KEEP = """
CREATE FUNCTION funding_grant_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - ARRAY['ceiling', 'payable'] = to_jsonb(OLD) - ARRAY['ceiling', 'payable'] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a grant is kept as it was' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION funding_agreement_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'signed_copy_id', 'signed_at', 'checked_by_id', 'checked_at', 'reason'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state NOT IN ('accepted', 'replaced') THEN
        IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a convention is kept as it was sent' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION funding_template_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'a published text no longer changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER grant_is_kept BEFORE UPDATE OR DELETE ON funding_grant
    FOR EACH ROW EXECUTE FUNCTION funding_grant_is_kept();
CREATE TRIGGER agreement_is_kept BEFORE UPDATE OR DELETE ON funding_agreement
    FOR EACH ROW EXECUTE FUNCTION funding_agreement_is_kept();
CREATE TRIGGER agreement_template_is_frozen BEFORE UPDATE OR DELETE ON funding_agreementtemplate
    FOR EACH ROW EXECUTE FUNCTION funding_template_is_frozen();
"""

FORGET = """
DROP TRIGGER agreement_template_is_frozen ON funding_agreementtemplate;
DROP TRIGGER agreement_is_kept ON funding_agreement;
DROP TRIGGER grant_is_kept ON funding_grant;
DROP FUNCTION funding_template_is_frozen();
DROP FUNCTION funding_agreement_is_kept();
DROP FUNCTION funding_grant_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0006_grants_and_agreements")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
