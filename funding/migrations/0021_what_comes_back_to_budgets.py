from decimal import Decimal

from django.db import migrations, models

KINDS = [
    ("estimate", "Estimation retenue"),
    ("ceiling", "Montant après contrôle"),
    ("payable", "Montant payable"),
    ("planned", "Échéancier au-delà de la subvention"),
    ("ordered", "Ordonnancé au-delà de l'accordé"),
    ("given_back", "Reversé au-delà du versé"),
    ("unsigned", "Ordonnancé sans convention contrôlée"),
    ("budget_in_instruction", "Enveloppe, en instruction"),
    ("budget_to_grant", "Enveloppe, à accorder"),
    ("budget_granted", "Enveloppe, accordé"),
    ("budget_released", "Enveloppe, revenu au budget"),
    ("budget_paid", "Enveloppe, versé"),
]


class Migration(migrations.Migration):
    dependencies = [("funding", "0020_transfers_named_afterwards")]
    operations = [
        # Until they are counted again, within ten minutes.
        migrations.AddField(
            model_name="consumption",
            name="released",
            field=models.DecimalField(
                decimal_places=2, default=Decimal(0), max_digits=14, verbose_name="accordé, revenu au budget (€)"
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="discrepancy",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=30, verbose_name="nature"),
        ),
        migrations.RemoveConstraint(model_name="discrepancy", name="discrepancy_kind_known"),
        migrations.AddConstraint(
            model_name="discrepancy",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=[kind for kind, _ in KINDS]), name="discrepancy_kind_known"
            ),
        ),
    ]
