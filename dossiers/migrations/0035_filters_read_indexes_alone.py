"""Filters that are counted line by line are found and counted in indexes alone (docs/adr/0037), and the counts of all
dossiers are read without those of their régions (docs/adr/0046)."""

from typing import Any

from django.db import migrations, models

REPLACED = [
    models.Index(
        fields=["transmitted_at", "dossier_stage"],
        include=("status", "stage", "establishment_type", "track", "verifier", "regions"),
        condition=models.Q(("corrected", True)),
        name="line_corrected",
    ),
    models.Index(
        fields=["departement", "transmitted_at", "dossier_stage"], include=("status",), name="line_departement"
    ),
    models.Index(
        fields=["due_at"],
        include=("status", "transmitted_at", "dossier_stage"),
        condition=models.Q(("due_at__isnull", False)),
        name="line_due",
    ),
]


def of_all(tally: str) -> migrations.AddIndex:
    condition = models.Q(("regions", None))
    return migrations.AddIndex(tally, models.Index(fields=["stage"], condition=condition, name=f"{tally}_of_all"))


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0034_lines_read_faster")]
    operations: list[Any] = [
        *(migrations.RemoveIndex("line", index.name) for index in REPLACED),
        *(migrations.AddIndex("line", index) for index in REPLACED),
        *(of_all(tally) for tally in ("tally", "dailytally", "delaytally")),
    ]
