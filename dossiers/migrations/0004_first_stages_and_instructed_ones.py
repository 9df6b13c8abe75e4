from django.db import migrations

# A moved closing stays in the log, whatever the door (Q42).
KEEP = """
CREATE TRIGGER window_change_is_kept BEFORE UPDATE OR DELETE ON dossiers_windowchange
    FOR EACH ROW EXECUTE FUNCTION dossiers_is_append_only();
"""
FORGET = "DROP TRIGGER window_change_is_kept ON dossiers_windowchange;"


def mark(apps, schema_editor):
    """Until now a dossier began at position 1, and the back-office read the étape it stood at."""
    apps.get_model("dossiers", "Stage").objects.filter(position=1).update(entry="start")
    stages = apps.get_model("dossiers", "DossierStage").objects
    stages.filter(is_current=True, first_transmitted_at__isnull=False).update(is_instructed=True)


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0003_guichet_engine")]
    operations = [
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.RunSQL(KEEP, FORGET),
    ]
