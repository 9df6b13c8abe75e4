from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dossiers", "0023_assignment_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="batchitem",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False, verbose_name="essais"),
        ),
    ]
