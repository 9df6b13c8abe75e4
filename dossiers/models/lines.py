"""The lines of the instruction list, kept flat by PostgreSQL (I1, docs/adr/0037).

Nobody writes these tables by hand: triggers of `dossiers`, or `dossiers.workflow.lines` for what they do not see.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from accounts.models import User
from dossiers.models.dossiers import DossierStage
from dossiers.models.guichets import Stage

#: What the usual filters compare. The département is not among them: its own index leaves few lines to sort.
FILTERED = ("status", "stage", "establishment_type", "track", "verifier", "regions")

#: What is sorted on: the fields before the key.
SORTED = {
    "reference": ["reference"],
    "entity": ["entity_name"],
    "passage": ["passage"],
    "region": ["region_name"],
    "referent": ["referent_name"],
    "verifier_name": ["verifier_name"],
    "transmitted": ["transmitted_at"],
    "type": ["type_name"],
    "nearest_due": ["nearest_due"],
    "farthest_due": ["farthest_due"],
    "status": ["status", "transmitted_at"],
}


def sorted_by(fields: list[str], name: str, condition: Q | None = None) -> models.Index:
    included = [each for each in FILTERED if each not in fields]
    return models.Index(fields=[*fields, "dossier_stage"], include=included, condition=condition, name=name)


def copied(to: type[models.Model], *, null: bool = False) -> models.ForeignKey[models.Model]:
    """A key copied from a row that the database checks already: nothing is locked to copy it."""
    return models.ForeignKey(to, models.DO_NOTHING, null=null, related_name="+", db_constraint=False, db_index=False)


def in_region(code: str) -> Q:
    """The lines of the dossiers of a région."""
    return Q(regions__contains=f" {code} ")


class Line(models.Model):
    """What the list sorts and filters a dossier by: one row an étape that the back-office reads."""

    dossier_stage = models.OneToOneField(
        DossierStage, models.DO_NOTHING, primary_key=True, related_name="line", db_constraint=False
    )
    stage = copied(Stage)
    verifier = copied(User, null=True)
    status = models.CharField(max_length=30)
    establishment_type = models.CharField(max_length=10)
    departement = models.CharField(max_length=3)
    # The codes of the régions of the EJ and of its EG, each between spaces (see `in_region`): an array is three times
    # as wide in the indexes of the sorts, and longer to compare.
    regions = models.TextField(db_collation="C")
    track = models.CharField(max_length=40)
    flags = ArrayField(models.CharField(max_length=20))
    corrected = models.BooleanField()
    transmitted_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=10)
    # What is sorted is spelt without capitals or accents, and compared byte by byte, so that every server sorts alike;
    # nobody and no région come last.
    entity_name = models.CharField(max_length=250, db_collation="C")
    passage = models.TextField(db_collation="C")
    region_name = models.TextField(db_collation="C")
    referent_name = models.TextField(db_collation="C")
    verifier_name = models.TextField(db_collation="C")
    type_name = models.TextField(db_collation="C")
    # `due_at`, read from the nearest and from the farthest: without one, last both ways, never null, since a row of
    # values that holds a null is neither before nor after another.
    nearest_due = models.DateTimeField()
    farthest_due = models.DateTimeField()
    # Those of `Dossier.search_text`, spelt already: nothing is left to a dictionary.
    words = SearchVectorField()

    class Meta:
        verbose_name = "ligne de la liste"
        verbose_name_plural = "lignes de la liste"
        indexes = [
            # Each sort, in an index that the usual filters do not leave: a page far away reads nothing else. And in one
            # of the lines with something to examine, which verifiers go through.
            *(sorted_by(fields, f"line_{name}") for name, fields in SORTED.items()),
            *(sorted_by(fields, f"line_{name}_flagged", condition=~Q(flags=[])) for name, fields in SORTED.items()),
            # Each filter, with the status that its counters tell apart; the last transmitted, which the list opens on.
            models.Index(
                fields=["verifier", "status", "transmitted_at"],
                include=["dossier_stage", "corrected", "due_at"],
                name="line_of_verifier",
            ),
            models.Index(
                fields=["departement", "transmitted_at", "dossier_stage"], include=["status"], name="line_departement"
            ),
            models.Index(fields=["status"], condition=~Q(flags=[]), name="line_flagged"),
            sorted_by(SORTED["transmitted"], "line_corrected", condition=Q(corrected=True)),
            models.Index(
                fields=["due_at"],
                include=["status", "transmitted_at", "dossier_stage"],
                condition=Q(due_at__isnull=False),
                name="line_due",
            ),
            GinIndex(fields=["regions"], opclasses=["gin_trgm_ops"], name="line_regions"),
            GinIndex(fields=["flags"], name="line_flags"),
            GinIndex(fields=["words"], name="line_words"),
        ]

    def __str__(self) -> str:
        return self.reference


class LineCount(models.Model):
    """How many lines are alike, as differences that add up: rows are added, never changed, and summed up behind.

    A line is counted among all of them (`regions` null and `region` blank), among those of each of its régions
    (`region`), and among those of the same régions (`regions`), which an instructeur régional adds up: there are
    hundreds of such sets, that others need not read."""

    stage = copied(Stage)
    regions = ArrayField(models.CharField(max_length=3), null=True)
    region = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=30)
    establishment_type = models.CharField(max_length=10)
    track = models.CharField(max_length=40)
    taken = models.BooleanField()
    count = models.IntegerField()

    class Meta:
        verbose_name = "décompte de la liste"
        verbose_name_plural = "décomptes de la liste"
        indexes = [models.Index(fields=["region"], condition=Q(regions=None), name="line_count_of_region")]

    def __str__(self) -> str:
        return f"{self.status}: {self.count}"
