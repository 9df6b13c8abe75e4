"""A funding call as data: guichet, étapes, revisions of their forms (G1–G3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from dossiers.enums import MilestoneColumn, RegionalRole, StageEntry, StageKind
from establishments.enums import EstablishmentType


class Guichet(models.Model):
    code = models.SlugField("code", max_length=40, unique=True)
    title = models.CharField("titre", max_length=250)
    short_title = models.CharField("titre court", max_length=80)
    presentation = models.TextField("présentation", blank=True)
    audience = ArrayField(
        models.CharField(max_length=10, choices=EstablishmentType.choices), verbose_name="types d'établissement"
    )
    links = models.JSONField("liens", default=list, blank=True, help_text="Liste de {« label », « url »}.")
    support_email = models.EmailField("adresse du support", blank=True)
    regional_role = models.CharField(
        "rôle des instructeurs régionaux", max_length=10, choices=RegionalRole.choices, default=RegionalRole.READ
    )
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "guichet"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.short_title


class StageQuerySet(models.QuerySet["Stage"]):
    def open_at(self, at: dt.datetime) -> StageQuerySet:
        """Étapes that accept a first deposit received at `at`: opening included, closing excluded (Q39). One that
        begins on request needs no opening: whoever calls it opens it."""
        opened = Q(opens_at__lte=at) | Q(opens_at__isnull=True, entry=StageEntry.ON_REQUEST)
        return self.filter(opened).filter(Q(closes_at__isnull=True) | Q(closes_at__gt=at))

    def published(self) -> StageQuerySet:
        """Étapes that have a form to fill."""
        return self.filter(Exists(FormRevision.objects.filter(stage=OuterRef("pk"), published_at__isnull=False)))


class Stage(models.Model):
    """One étape of a guichet: its form, its window."""

    guichet = models.ForeignKey(Guichet, models.PROTECT, related_name="stages", verbose_name="guichet")
    position = models.PositiveSmallIntegerField("ordre")
    code = models.SlugField("code", max_length=40)
    kind = models.CharField("nature", max_length=20, choices=StageKind.choices)
    title = models.CharField("titre", max_length=150)
    opens_at = models.DateTimeField("ouverture", null=True, blank=True)
    # The first instant refused: « jusqu'au 4 juin » is stored as 5 June 00:00, Europe/Paris.
    closes_at = models.DateTimeField("fermeture", null=True, blank=True)
    undated_text = models.CharField(
        "mention sans date", max_length=100, blank=True, default="dates communiquées ultérieurement"
    )
    entry = models.CharField(
        "commence", max_length=20, choices=StageEntry.choices, default=StageEntry.PREVIOUS_VALIDATED
    )
    # Blank: as the guichet says.
    regional_role = models.CharField(
        "rôle des instructeurs régionaux sur cette étape", max_length=10, choices=RegionalRole.choices, blank=True
    )
    opening_text = models.CharField("jalon d'ouverture (accueil)", max_length=150, blank=True)
    closing_text = models.CharField("jalon de fermeture (accueil)", max_length=150, blank=True)

    objects = StageQuerySet.as_manager()

    class Meta:
        verbose_name = "étape"
        ordering = ["guichet", "position"]
        constraints = [
            models.UniqueConstraint(fields=["guichet", "position"], name="stage_position_once"),
            models.UniqueConstraint(fields=["guichet", "code"], name="stage_code_once"),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="stage_closes_after_it_opens",
                violation_error_message="La fermeture d'une étape doit être postérieure à son ouverture.",
            ),
            models.UniqueConstraint(
                fields=["guichet"],
                condition=Q(entry=StageEntry.START),
                name="one_first_stage",
                violation_error_message="Une seule étape commence à la création du dossier.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guichet.short_title} – {self.title}"

    def is_open(self, at: dt.datetime) -> bool:
        """Whether a first deposit received at `at` is in time. Same rule as `StageQuerySet.open_at`."""
        opened = self.opens_at <= at if self.opens_at else self.entry == StageEntry.ON_REQUEST
        return opened and (self.closes_at is None or at < self.closes_at)

    def deadline(self, late_until: dt.datetime | None) -> dt.datetime | None:
        """First instant at which a first deposit is refused to an EJ that has an exception until `late_until`, or none.
        None when no date is set."""
        never_opens = self.opens_at is None and self.entry != StageEntry.ON_REQUEST
        if late_until is None or self.closes_at is None:
            return late_until if never_opens else self.closes_at
        return late_until if never_opens else max(self.closes_at, late_until)


class WindowChange(models.Model):
    """A closing that an administrator moved, with the reason. Never updated, never deleted (D15b, Q42)."""

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="window_changes", verbose_name="étape")
    closed_at = models.DateTimeField("fermeture avant", null=True)
    closes_at = models.DateTimeField("fermeture après", null=True)
    reason = models.TextField("motif")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")
    at = models.DateTimeField("le", default=timezone.now)

    class Meta:
        verbose_name = "changement de fermeture"
        verbose_name_plural = "changements de fermeture"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.stage} – {self.at:%d/%m/%Y}"


class LateAccessQuerySet(models.QuerySet["LateAccess"]):
    def granted(self) -> LateAccessQuerySet:
        """Those that nobody revoked; they may have expired."""
        return self.filter(revoked_at__isnull=True)

    def active_at(self, at: dt.datetime) -> LateAccessQuerySet:
        return self.granted().filter(until__gt=at)


class LateAccess(models.Model):
    """A named exception: one EJ may create, fill and transmit on one étape until `until` excluded, whatever its window
    (D15b). It expires by itself, or is revoked; it is never deleted."""

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="late_accesses", verbose_name="étape")
    legal_entity = models.ForeignKey(
        "establishments.LegalEntity", models.PROTECT, related_name="+", verbose_name="établissement"
    )
    until = models.DateTimeField("jusqu'au (exclu)")
    reason = models.TextField("motif")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="accordé par"
    )
    granted_at = models.DateTimeField("accordé le", default=timezone.now)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="retiré par"
    )
    revoked_at = models.DateTimeField("retiré le", null=True, blank=True)

    objects = LateAccessQuerySet.as_manager()

    class Meta:
        verbose_name = "délai exceptionnel"
        verbose_name_plural = "délais exceptionnels"
        ordering = ["-granted_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "legal_entity"],
                condition=Q(revoked_at__isnull=True),
                name="one_late_access",
                violation_error_message="Un délai exceptionnel est déjà accordé à cet établissement : retirez-le.",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="late_access_revoked_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} – {self.legal_entity_id}"


class TemplateFile(models.Model):
    """A blank model that applicants download, such as the cadre de réponse."""

    code = models.SlugField("code", max_length=80, unique=True)
    title = models.CharField("titre", max_length=150)
    file = models.FileField("fichier", upload_to="modeles/")

    class Meta:
        verbose_name = "modèle de document"
        verbose_name_plural = "modèles de documents"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class FormRevision(models.Model):
    """A version of an étape's form. Once published it never changes: the database refuses it too."""

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="revisions", verbose_name="étape")
    number = models.PositiveIntegerField("numéro")
    created_at = models.DateTimeField("créée le", default=timezone.now)
    published_at = models.DateTimeField("publiée le", null=True, blank=True)
    # Null when it came from a file of fixtures.
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="publiée par"
    )
    # What the référent should know before starting.
    minutes = models.PositiveSmallIntegerField("temps pour remplir (minutes)", null=True, blank=True)
    to_prepare = models.TextField("à préparer avant de commencer", blank=True, help_text="Une ligne par élément.")
    # Axes of a self-assessment: [{"code": …, "label": …}]. Choices of its questions carry points.
    axes = models.JSONField("axes du score", default=list, blank=True)
    # Which answers the subsidy is computed from; both blank when the étape carries no subsidy.
    track_question = models.SlugField("question du parcours", max_length=40, blank=True)
    perimeter_question = models.SlugField("question du périmètre", max_length=40, blank=True)

    class Meta:
        verbose_name = "révision de formulaire"
        verbose_name_plural = "révisions de formulaires"
        ordering = ["stage", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "number"], name="revision_number_once"),
            models.UniqueConstraint(
                fields=["stage"],
                condition=Q(published_at__isnull=True),
                name="one_draft_revision",
                violation_error_message="Un brouillon de ce formulaire existe déjà : modifiez-le ou supprimez-le.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} – révision {self.number}"


class Section(models.Model):
    revision = models.ForeignKey(FormRevision, models.CASCADE, related_name="sections", verbose_name="révision")
    position = models.PositiveSmallIntegerField("ordre")
    title = models.CharField("titre", max_length=150)
    help = models.TextField("aide", blank=True)

    class Meta:
        verbose_name = "section"
        ordering = ["revision", "position"]
        constraints = [models.UniqueConstraint(fields=["revision", "position"], name="section_position_once")]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question. `options` holds what its kind alone understands (choices, lengths, rules of a slot)."""

    revision = models.ForeignKey(FormRevision, models.CASCADE, related_name="questions", verbose_name="révision")
    section = models.ForeignKey(Section, models.CASCADE, related_name="questions", verbose_name="section")
    position = models.PositiveSmallIntegerField("ordre")
    code = models.SlugField("code", max_length=40)
    # One of `dossiers.kinds`: each file there adds one.
    kind = models.CharField("nature", max_length=20)
    label = models.CharField("libellé", max_length=400)
    short_label = models.CharField("libellé court", max_length=120)
    help = models.TextField("aide", blank=True)
    mandatory = models.BooleanField("obligatoire", default=True)
    shown_when = models.JSONField("affichée si", null=True, blank=True)
    frozen_after_transmission = models.BooleanField("figée après la première transmission", default=False)
    template_file = models.ForeignKey(
        TemplateFile, models.PROTECT, null=True, blank=True, verbose_name="modèle à télécharger"
    )
    options = models.JSONField("options", default=dict, blank=True)
    # An answer of `/aide/`, offered beside the question.
    help_anchor = models.SlugField("réponse de l'aide", max_length=60, blank=True, default="")

    class Meta:
        verbose_name = "question"
        ordering = ["revision", "section__position", "position"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "code"], name="question_code_once"),
            models.UniqueConstraint(fields=["section", "position"], name="question_position_once"),
        ]

    def __str__(self) -> str:
        return self.short_label

    @property
    def asked(self) -> str:
        """The label as the form shows it; mandatory questions carry an asterisk, the others say that they are not."""
        return self.label if self.mandatory else f"{self.label} (facultatif)"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The answers offered, as (value, label)."""
        return [(choice["value"], choice["label"]) for choice in self.options.get("choices", [])]

    def label_of(self, value: Any) -> str:
        """The label of a chosen value; the value itself if it is no longer offered."""
        return dict(self.choices).get(value, str(value))


class Milestone(models.Model):
    """A date announced on the home page for guichets that live on another portal."""

    column = models.CharField(
        "colonne", max_length=20, choices=MilestoneColumn.choices, default=MilestoneColumn.COMPANIES
    )
    text = models.CharField("jalon", max_length=200)
    on = models.DateField("date")

    class Meta:
        verbose_name = "jalon"
        ordering = ["on", "pk"]
        constraints = [models.UniqueConstraint(fields=["column", "text"], name="milestone_once")]

    def __str__(self) -> str:
        return self.text
