"""A funding call as data: guichet, étapes, revisions of their forms (G1–G3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from dossiers.enums import MilestoneColumn, QuestionKind, RegionalRole, StageKind
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
        """Étapes that accept a first deposit received at `at`: opening included, closing excluded (Q39)."""
        return self.filter(opens_at__lte=at).filter(Q(closes_at__isnull=True) | Q(closes_at__gt=at))


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
        ]

    def __str__(self) -> str:
        return f"{self.guichet.short_title} – {self.title}"

    def is_open(self, at: dt.datetime) -> bool:
        """Whether a first deposit received at `at` is in time. Same rule as `StageQuerySet.open_at`."""
        return self.opens_at is not None and self.opens_at <= at and (self.closes_at is None or at < self.closes_at)


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
    published_at = models.DateTimeField("publiée le", null=True, blank=True)
    # Which answers the subsidy is computed from; both blank when the étape carries no subsidy.
    track_question = models.SlugField("question du parcours", max_length=40, blank=True)
    perimeter_question = models.SlugField("question du périmètre", max_length=40, blank=True)

    class Meta:
        verbose_name = "révision de formulaire"
        verbose_name_plural = "révisions de formulaires"
        ordering = ["stage", "-number"]
        constraints = [models.UniqueConstraint(fields=["stage", "number"], name="revision_number_once")]

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
    kind = models.CharField("nature", max_length=20, choices=QuestionKind.choices)
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
