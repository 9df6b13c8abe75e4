"""Several dossiers, one action: prepared, confirmed, then done behind, one dossier after the other (I4b)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from dossiers.enums import BatchAction, BatchResult, BatchState
from dossiers.models.dossiers import DossierStage
from dossiers.models.saved_views import LONGEST_QUERY

#: Nothing is to be said with these: they are prepared complete.
WITHOUT_WORDS = frozenset({BatchAction.TAKE, BatchAction.RELEASE, BatchAction.VALIDATE})
#: Nothing can be said with these: nobody else is told.
SILENT = frozenset({BatchAction.TAKE, BatchAction.RELEASE})
#: The référent is told of these, and they are not taken back by oneself.
DECISIONS = frozenset({BatchAction.REQUEST_MODIFICATION, BatchAction.VALIDATE, BatchAction.REJECT})
OVER = [BatchState.DONE, BatchState.STOPPED]


class BatchQuerySet(models.QuerySet["Batch"]):
    def of(self, author: object) -> BatchQuerySet:
        """Those that `author` prepared: nobody else sees them."""
        return self.filter(author=author)

    def under_way(self) -> BatchQuerySet:
        return self.filter(state__in=[BatchState.WAITING, BatchState.RUNNING])

    def with_counts(self) -> BatchQuerySet:
        """Annotate `total`, `done` and `refused`, in dossiers."""
        return self.annotate(
            total=Count("items"),
            done=Count("items", filter=Q(items__result=BatchResult.DONE)),
            refused=Count("items", filter=Q(items__result=BatchResult.REFUSED)),
        )


class Batch(models.Model):
    """One action on several dossiers, by one person. Its dossiers, and what was seen of each, are those of the instant
    it was prepared."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="demandé par")
    action = models.CharField("action", max_length=30, choices=BatchAction.choices)
    # The filters of the list it was prepared from, as its address writes them: the way back.
    query = models.CharField("filtres", max_length=LONGEST_QUERY, blank=True)
    # What is said to the référent: `message` and `due_on`, or `reason`. To whom dossiers are given stands on each item.
    parameters = models.JSONField("paramètres", default=dict, blank=True)
    # Everything the action asks for was said: nothing is left but to confirm.
    is_complete = models.BooleanField("prêt à confirmer", default=False)
    state = models.CharField("état", max_length=9, choices=BatchState.choices, default=BatchState.PREPARED)
    prepared_at = models.DateTimeField("préparé le", default=timezone.now)
    confirmed_at = models.DateTimeField("confirmé le", null=True, blank=True)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)
    # Which try it is, and the last sign of life of the worker that does it: another goes on after one that died.
    attempt = models.PositiveIntegerField(default=0, editable=False)
    beat_at = models.DateTimeField(null=True, editable=False)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = "lot"
        ordering = ["-prepared_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(action__in=BatchAction.values), name="batch_action_known"),
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state_known"),
            models.CheckConstraint(
                condition=Q(state=BatchState.PREPARED, confirmed_at__isnull=True)
                | (~Q(state=BatchState.PREPARED) & Q(confirmed_at__isnull=False, is_complete=True)),
                name="batch_confirmed_once_complete",
                violation_error_message="Un lot n'est confirmé que complet, et porte la date de sa confirmation.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OVER, finished_at__isnull=False)
                | (~Q(state__in=OVER) & Q(finished_at__isnull=True)),
                name="batch_finished_on_a_day",
                violation_error_message="Un lot terminé porte la date de sa fin, et lui seul.",
            ),
        ]
        indexes = [
            models.Index(fields=["author", "-prepared_at", "-id"], name="batch_author"),
            models.Index(
                fields=["confirmed_at"],
                condition=Q(state__in=[BatchState.WAITING, BatchState.RUNNING]),
                name="batch_under_way",
            ),
            models.Index(fields=["prepared_at"], condition=Q(state=BatchState.PREPARED), name="batch_unconfirmed"),
        ]

    def __str__(self) -> str:
        return f"{self.action_label}, {self.prepared_at:%d/%m/%Y}"

    @property
    def action_label(self) -> str:
        return BatchAction(self.action).label

    @property
    def state_label(self) -> str:
        return BatchState(self.state).label

    @property
    def is_prepared(self) -> bool:
        """Whether it still waits to be confirmed."""
        return self.state == BatchState.PREPARED

    @property
    def is_under_way(self) -> bool:
        return self.state in {BatchState.WAITING, BatchState.RUNNING}

    @property
    def is_decision(self) -> bool:
        return self.action in DECISIONS

    @property
    def asks_words(self) -> bool:
        """Whether a person, a message or a reason goes with the action, or may."""
        return self.action not in SILENT

    def said(self, name: str) -> Any:
        return self.parameters.get(name, "")

    @property
    def due_on(self) -> dt.date | None:
        """The last day on which the référents may correct, if that is what is asked."""
        return dt.date.fromisoformat(self.parameters["due_on"]) if "due_on" in self.parameters else None

    # Of a batch read `with_counts()`, in dossiers.

    @property
    def treated(self) -> int:
        treated: int = self.done + self.refused  # type: ignore[attr-defined]
        return treated

    @property
    def left(self) -> int:
        left: int = self.total - self.treated  # type: ignore[attr-defined]
        return left


class BatchItem(models.Model):
    """One dossier of a batch: what was seen of it, and what became of it, with why."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    dossier_stage = models.ForeignKey(DossierStage, models.PROTECT, related_name="+", verbose_name="étape")
    # The transmission that was there to be read, and who instructed, when the batch was prepared.
    seen_number = models.PositiveIntegerField("transmission vue")
    seen_verifier = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="vérificateur vu",
    )
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="attribué à"
    )
    # How often a worker began it: see `workflow.batch_work`.
    tries = models.PositiveSmallIntegerField("essais", default=0, db_default=0, editable=False)
    result = models.CharField("résultat", max_length=7, choices=BatchResult.choices, default=BatchResult.WAITING)
    reason = models.TextField("motif", blank=True)
    at = models.DateTimeField("traité le", null=True, blank=True)

    class Meta:
        verbose_name = "dossier d'un lot"
        verbose_name_plural = "dossiers des lots"
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "dossier_stage"], name="batch_item_once"),
            models.UniqueConstraint(fields=["batch", "position"], name="batch_item_position_once"),
            models.CheckConstraint(
                condition=Q(result=BatchResult.WAITING, at__isnull=True, reason="")
                | Q(result=BatchResult.DONE, at__isnull=False, reason="")
                | (Q(result=BatchResult.REFUSED, at__isnull=False) & ~Q(reason="")),
                name="batch_item_result",
                violation_error_message="Un dossier non traité dit pourquoi, et lui seul.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_stage_id} – {self.result}"

    @property
    def result_label(self) -> str:
        return BatchResult(self.result).label
