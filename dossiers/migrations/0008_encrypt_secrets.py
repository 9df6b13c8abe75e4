from django.db import migrations

FIELDS = {"Answer": ["raw", "value"], "ParkedInput": ["answers"], "Transmission": ["answers"]}
BATCH = 500


def encrypt(apps, schema_editor):
    """What was stored in clear is read as it is, and written encrypted. A transmission says the same afterwards: its
    trigger, which cannot know it, is put back in the same transaction."""
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name, fields in FIELDS.items():
        model = apps.get_model("dossiers", name)
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        last = 0
        while rows := list(model.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
            model.objects.bulk_update(rows, fields)
            last = rows[-1].pk
        schema_editor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0007_secrets_in_answers")]
    operations = [migrations.RunPython(encrypt, migrations.RunPython.noop)]
