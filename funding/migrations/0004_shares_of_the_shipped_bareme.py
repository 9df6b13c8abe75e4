from decimal import Decimal

from django.db import migrations

# What `fixtures/schedules/poc-essms.yaml` says from now on: an installation that had published its version 1 before
# objectives had shares receives them once, before they are frozen like the rest.
COMMON = [
    ("inventory", "Inventaire du système d'information", False, 5),
    ("updates", "Mises à jour des postes et des serveurs", False, 5),
    ("suppliers", "Exigences de sécurité envers les fournisseurs", False, 5),
]
DIAGNOSIS = ("diagnosis", "Diagnostic OPSSIMS mis à jour en fin de projet", True, 20)
SHARES = {
    "1": [
        DIAGNOSIS,
        ("backups", "Sauvegardes protégées et testées", True, 40),
        ("awareness", "Professionnels sensibilisés", True, 25),
        *COMMON,
    ],
    "2": [
        DIAGNOSIS,
        ("accounts", "Comptes et droits d'accès maîtrisés", True, 35),
        ("remote", "Accès à distance et messagerie protégés", True, 30),
        *COMMON,
    ],
    "3": [
        DIAGNOSIS,
        ("continuity", "Plan de continuité d'activité écrit et approuvé", True, 40),
        ("exercise", "Exercice de crise cyber réalisé", True, 25),
        *COMMON,
    ],
}


def add_shares(apps, schema_editor):
    Schedule = apps.get_model("funding", "Schedule")
    ObjectiveShare = apps.get_model("funding", "ObjectiveShare")
    for schedule in Schedule.objects.filter(guichet_code="poc-essms", version=1):
        paid = set(schedule.unit_amounts.values_list("track", flat=True))
        ObjectiveShare.objects.bulk_create(
            ObjectiveShare(
                schedule=schedule, track=track, code=code, label=label, mandatory=mandatory, share=Decimal(share)
            )
            for track, theirs in SHARES.items()
            if track in paid
            for code, label, mandatory, share in theirs
        )


class Migration(migrations.Migration):
    dependencies = [("funding", "0003_objective_shares")]
    operations = [migrations.RunPython(add_shares, migrations.RunPython.noop)]
