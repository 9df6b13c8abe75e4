from django.db import migrations

# What people read and accepted, and that they did: whatever the door, neither changes nor goes.
KEEP = """
CREATE FUNCTION accounts_terms_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'published terms and their acceptances are kept' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER published_terms_are_kept BEFORE UPDATE OR DELETE ON accounts_termsversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION accounts_terms_are_kept();
CREATE TRIGGER acceptance_is_kept BEFORE UPDATE OR DELETE ON accounts_termsacceptance
    FOR EACH ROW EXECUTE FUNCTION accounts_terms_are_kept();
"""

FORGET = """
DROP TRIGGER acceptance_is_kept ON accounts_termsacceptance;
DROP TRIGGER published_terms_are_kept ON accounts_termsversion;
DROP FUNCTION accounts_terms_are_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_shortcuts")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
