import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# A decision on an objective is made while its étape is under instruction, one version after the other, and stays.
KEEP = """
CREATE FUNCTION funding_objective_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.dossier_stage_id <> OLD.dossier_stage_id OR NEW.code <> OLD.code OR NEW.version <> OLD.version + 1 THEN
            RAISE EXCEPTION 'a decision on an objective changes one version at a time'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        IF EXISTS (SELECT FROM dossiers_dossierstage WHERE id = NEW.dossier_stage_id AND status = 'transmitted') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an objective is decided while its étape is under instruction'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER objective_is_open BEFORE INSERT OR UPDATE OR DELETE ON funding_objectivedecision
    FOR EACH ROW EXECUTE FUNCTION funding_objective_is_open();
"""

FORGET = """
DROP TRIGGER objective_is_open ON funding_objectivedecision;
DROP FUNCTION funding_objective_is_open();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dossiers", "0019_history_of_subsidies"),
        ("funding", "0012_expenses_are_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ObjectiveDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, verbose_name="code de l'objectif")),
                (
                    "state",
                    models.CharField(
                        choices=[("accepted", "Accepté"), ("refused", "Refusé")], max_length=10, verbose_name="décision"
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="motif du refus")),
                ("seen", models.CharField(max_length=64, verbose_name="empreinte")),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                ("decided_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="décidé le")),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décidé par",
                    ),
                ),
                (
                    "dossier_stage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objective_decisions",
                        to="dossiers.dossierstage",
                        verbose_name="étape",
                    ),
                ),
            ],
            options={
                "verbose_name": "décision sur un objectif",
                "verbose_name_plural": "décisions sur les objectifs",
                "ordering": ["dossier_stage_id", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("dossier_stage", "code"), name="objective_decided_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["accepted", "refused"])), name="objective_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("state", "accepted")),
                            models.Q(("state", "refused"), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="objective_refused_with_a_reason",
                        violation_error_message="Un objectif refusé porte le motif du refus, et lui seul.",
                    ),
                    models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="objective_version_from_one"),
                ],
            },
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
