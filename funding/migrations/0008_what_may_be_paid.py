from decimal import Decimal

from django.db import migrations, models
from django.db.models import F, Q

# A parcours without objectives is paid as a whole; elsewhere nothing is payable before an objective is accepted.
FILL = """
UPDATE funding_grant AS granted
SET ceiling = amount,
    payable = CASE WHEN EXISTS (
        SELECT FROM funding_objectiveshare AS objective
        WHERE objective.schedule_id = (transmission.estimate ->> 'schedule')::bigint
          AND objective.track = transmission.estimate ->> 'track'
    ) THEN 0 ELSE amount END
FROM dossiers_transmission AS transmission
WHERE transmission.id = granted.transmission_id;
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0007_grants_are_kept")]
    operations = [
        migrations.AddField(
            model_name="grant",
            name="ceiling",
            field=models.DecimalField(
                decimal_places=2, default=Decimal(0), max_digits=12, verbose_name="montant après contrôle (€)"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="grant",
            name="payable",
            field=models.DecimalField(
                decimal_places=2, default=Decimal(0), max_digits=12, verbose_name="montant payable (€)"
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=Q(payable__gte=0, payable__lte=F("ceiling"), ceiling__lte=F("amount")),
                name="grant_payable_within_its_amount",
                violation_error_message="Ce qui est payable ne dépasse pas ce qui est accordé.",
            ),
        ),
    ]
