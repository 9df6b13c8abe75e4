import django.contrib.postgres.indexes
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def begin_with_own_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The names of the sites follow at the next import, or at `import_finess --spell-again`."""
    apps.get_model("establishments", "LegalEntity").objects.update(words=F("search_text"))


class Migration(migrations.Migration):
    dependencies = [("establishments", "0002_register_changes")]

    operations = [
        migrations.RemoveIndex(model_name="legalentity", name="legal_entity_picker"),
        migrations.AddField(
            model_name="legalentity",
            name="words",
            field=models.TextField(
                blank=True,
                db_collation="C",
                db_default="",
                editable=False,
                help_text="`search_text`, puis une ligne par nom de site ouvert qui y ajoute un mot.",
                verbose_name="mots recherchés, sites compris",
            ),
        ),
        migrations.RunPython(begin_with_own_names, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="legalentity",
            index=django.contrib.postgres.indexes.GinIndex(
                models.F("region_codes"),
                models.F("kinds"),
                django.contrib.postgres.indexes.OpClass(models.F("words"), name="gin_trgm_ops"),
                name="legal_entity_picker",
            ),
        ),
    ]
