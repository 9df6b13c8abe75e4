import datetime as dt

from django.db import migrations, models
from django.db.models import Q

FIRST, LAST = dt.date(2020, 1, 1), dt.date(2099, 12, 31)


def plausible(field: str) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": FIRST, f"{field}__lte": LAST})


class Migration(migrations.Migration):
    dependencies = [("funding", "0025_interviews_of_controls")]
    operations = [
        migrations.AddConstraint(
            "payment",
            models.CheckConstraint(
                condition=plausible("due_on") & plausible("paid_on"),
                name="payment_days_plausible",
                violation_error_message="L'année d'un paiement est comprise entre 2020 et 2099.",
            ),
        ),
        migrations.AddConstraint(
            "control",
            models.CheckConstraint(
                condition=plausible("due_on"),
                name="control_due_day_plausible",
                violation_error_message="L'année d'une échéance est comprise entre 2020 et 2099.",
            ),
        ),
    ]
