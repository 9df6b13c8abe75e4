from django.db import migrations

# The log only grows, whatever the door; what is older than a year may be let go of.
KEEP = """
CREATE FUNCTION ecare_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'ecare_auditentry' THEN
        IF OLD.at < now() - interval '365 days' THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON ecare_auditentry
    FOR EACH ROW EXECUTE FUNCTION ecare_audit_is_kept();
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON ecare_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION ecare_audit_is_kept();
CREATE TRIGGER audit_seal_is_kept BEFORE UPDATE OR DELETE ON ecare_auditseal
    FOR EACH ROW EXECUTE FUNCTION ecare_audit_is_kept();
CREATE TRIGGER audit_seal_is_not_emptied BEFORE TRUNCATE ON ecare_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION ecare_audit_is_kept();
"""

FORGET = """
DROP TRIGGER audit_seal_is_not_emptied ON ecare_auditseal;
DROP TRIGGER audit_seal_is_kept ON ecare_auditseal;
DROP TRIGGER audit_entry_is_not_emptied ON ecare_auditentry;
DROP TRIGGER audit_entry_is_kept ON ecare_auditentry;
DROP FUNCTION ecare_audit_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("ecare", "0002_audit_log")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
