import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What was transmitted is kept, but for who sent it once their account is deleted: that, and nothing beside.
KEEP = """
CREATE FUNCTION dossiers_transmission_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'applicant' = to_jsonb(OLD) - 'applicant'
            AND NEW.applicant = OLD.applicant || '{"referent": "Compte supprimé", "referent_email": ""}'::jsonb
            AND EXISTS (SELECT 1 FROM accounts_user WHERE id = OLD.by_id AND deleted_at IS NOT NULL)
        THEN RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

DROP TRIGGER transmission_is_kept ON dossiers_transmission;
CREATE TRIGGER transmission_is_kept BEFORE UPDATE OR DELETE ON dossiers_transmission
    FOR EACH ROW EXECUTE FUNCTION dossiers_transmission_is_kept();
"""

BACK = """
DROP TRIGGER transmission_is_kept ON dossiers_transmission;
CREATE TRIGGER transmission_is_kept BEFORE UPDATE OR DELETE ON dossiers_transmission
    FOR EACH ROW EXECUTE FUNCTION dossiers_is_append_only();
DROP FUNCTION dossiers_transmission_is_kept();
"""


def account(label: str) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        verbose_name=label,
    )


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0008_encrypt_secrets"), ("accounts", "0004_deleted_accounts")]
    operations = [
        migrations.AddField("event", "former", account("ancien référent")),
        migrations.AddField("event", "successor", account("nouveau référent")),
        migrations.RunSQL(KEEP, BACK),
    ]
