"""Tables made behind for whoever asked for them: the list (I7), and those of other rooms."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from dossiers.enums import ExportFormat, ExportState
from dossiers.exports import tables
from dossiers.models.saved_views import LONGEST_QUERY


class ExportQuerySet(models.QuerySet["Export"]):
    def of(self, owner: object) -> ExportQuerySet:
        """Those that `owner` asked for: nobody else sees them."""
        return self.filter(owner=owner)

    def under_way(self) -> ExportQuerySet:
        return self.filter(state__in=[ExportState.WAITING, ExportState.RUNNING])

    def expired(self, at: dt.datetime) -> ExportQuerySet:
        """Those that have had their time, with or without a file."""
        return self.exclude(state__in=[ExportState.WAITING, ExportState.RUNNING]).filter(
            finished_at__lte=at - settings.EXPORTS_KEPT
        )


class Export(models.Model):
    """A table as it was asked for, in a file. It is its owner's alone, for a time."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="demandé par")
    #: Of the setting `EXPORTED_TABLES`.
    table = models.SlugField("table", max_length=40, default=tables.LISTED, db_index=False)
    format = models.CharField("format", max_length=4, choices=ExportFormat.choices)
    #: What was chosen, as an address writes it: of the list, its filters and its sort.
    query = models.CharField("filtres", max_length=LONGEST_QUERY, blank=True)
    #: In order. Of the list, codes of `dossiers.exports.columns`.
    columns = ArrayField(models.CharField(max_length=200), verbose_name="colonnes")
    state = models.CharField("état", max_length=9, choices=ExportState.choices, default=ExportState.WAITING)
    asked_at = models.DateTimeField("demandé le", default=timezone.now)
    # Which try it is, and the last sign of life of the worker that makes it: another takes over from one that died.
    attempt = models.PositiveSmallIntegerField(default=0, editable=False)
    beat_at = models.DateTimeField(null=True, editable=False)
    done = models.PositiveIntegerField("lignes écrites", default=0)
    total = models.PositiveIntegerField("lignes à écrire", null=True)
    finished_at = models.DateTimeField("terminé le", null=True)
    #: What its owner could read when it was made: see `dossiers.exports.tables`.
    scope = models.CharField(max_length=200, blank=True, editable=False)
    file = models.CharField("fichier", max_length=200, blank=True)
    size = models.PositiveBigIntegerField("taille (octets)", null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = "export"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_known"),
            models.CheckConstraint(condition=Q(format__in=ExportFormat.values), name="export_format_known"),
            models.CheckConstraint(condition=~Q(columns=[]), name="export_has_columns"),
            models.CheckConstraint(
                condition=Q(state__in=[ExportState.WAITING, ExportState.RUNNING], finished_at__isnull=True)
                | (~Q(state__in=[ExportState.WAITING, ExportState.RUNNING]) & Q(finished_at__isnull=False)),
                name="export_finished_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state=ExportState.READY, size__isnull=False) & ~Q(file="")
                | ~Q(state=ExportState.READY) & Q(file="", size__isnull=True),
                name="export_has_a_file_iff_ready",
            ),
            models.CheckConstraint(condition=Q(total__isnull=True) | Q(done__lte=F("total")), name="export_progress"),
        ]
        indexes = [
            models.Index(fields=["owner", "-asked_at", "-id"], name="export_owner"),
            models.Index(
                fields=["asked_at"],
                condition=Q(state__in=[ExportState.WAITING, ExportState.RUNNING]),
                name="export_under_way",
            ),
            models.Index(fields=["file"], condition=~Q(file=""), name="export_file"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name of the file when it is downloaded."""
        day = timezone.localtime(self.asked_at)
        return f"{tables.named(self.table).stem(self)}-{day:%Y-%m-%d-%Hh%M}.{self.format}"

    @property
    def title(self) -> str:
        """What it holds, in French."""
        return tables.named(self.table).title(self)

    @property
    def noun(self) -> str:
        """What its rows are, one and several, as the filter `count` reads it."""
        return tables.named(self.table).NOUN

    @property
    def state_label(self) -> str:
        return ExportState(self.state).label

    @property
    def format_label(self) -> str:
        return ExportFormat(self.format).label

    @property
    def is_under_way(self) -> bool:
        return self.state in {ExportState.WAITING, ExportState.RUNNING}

    @property
    def expires_at(self) -> dt.datetime | None:
        """The first instant at which its file cannot be downloaded any more; None while it is not ready."""
        if self.state != ExportState.READY or self.finished_at is None:
            return None
        expires_at: dt.datetime = self.finished_at + settings.EXPORTS_KEPT
        return expires_at
