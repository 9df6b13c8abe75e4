"""The explanation of a shared account named the EJ of other dossiers to whoever read it; what was examined stays so."""

from django.db import migrations

UNNAMED = r"""
UPDATE dossiers_flag
   SET text = regexp_replace(text, ' \(.*\)\. (Vérifiez le titulaire sur les RIB\.)$', '. \1')
 WHERE kind = 'shared_account'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dossiers", "0035_filters_read_indexes_alone"),
    ]

    operations = [
        migrations.RunSQL(UNNAMED, migrations.RunSQL.noop),
    ]
