from django.db import migrations, models


class Migration(migrations.Migration):
    """The lines themselves are worked out by `load_reference`, which `prepare` runs."""

    dependencies = [("establishments", "0003_words_of_sites")]

    operations = [
        migrations.AlterField(
            model_name="legalentity",
            name="words",
            field=models.TextField(
                blank=True,
                db_collation="C",
                db_default="",
                editable=False,
                help_text=(
                    "`search_text` et la commune, puis une ligne par site ouvert\u00a0: ce que ses noms et sa commune "
                    "ajoutent, et son numéro après un croisillon."
                ),
                verbose_name="mots recherchés, sites compris",
            ),
        ),
    ]
