import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Limit",
            fields=[
                ("key", models.CharField(max_length=43, primary_key=True, serialize=False)),
                (
                    "moments",
                    django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "limite", "verbose_name_plural": "limites"},
        ),
        migrations.RunSQL("ALTER TABLE ecare_limit SET UNLOGGED", "ALTER TABLE ecare_limit SET LOGGED"),
    ]
