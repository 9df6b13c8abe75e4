"""Dossiers, the answers being written, and what instruction asks of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.enums import Role
from dossiers.enums import EventKind, Scan, Status
from dossiers.models.guichets import FormRevision, Guichet, Stage
from ecare.encryption import SecretJSONField
from establishments.enums import EstablishmentType

#: What answers hold that no copy of the database may show (Q60). The holder and the BIC open no account.
SECRET = ("iban",)


class DossierQuerySet(models.QuerySet["Dossier"]):
    def of_referent(self, user: Any) -> DossierQuerySet:
        """The dossiers whose référent is `user`: the only ones an applicant may see or name (D16)."""
        return self.filter(referent=user)

    def open(self, at: dt.datetime | None = None) -> DossierQuerySet:
        """The dossiers that still ask something of their référent, or may (docs/adr/0025): see
        `DossierStageQuerySet.open`."""
        return self.filter(models.Exists(DossierStage.objects.open(at).filter(dossier=models.OuterRef("pk"))))

    def ownerless(self, at: dt.datetime | None = None) -> DossierQuerySet:
        """Open dossiers whose référent can no longer sign in as one: to be reassigned (Q38)."""
        return self.open(at).left()

    def left(self) -> DossierQuerySet:
        """The dossiers whose référent can no longer sign in as one, open or not: not `Dossier.has_referent`, in SQL."""
        return self.filter(Q(referent__is_active=False) | ~Q(referent__role=Role.REFERENT))


class Dossier(models.Model):
    """One application of one EJ to one guichet. It has exactly one référent at any time (guide p. 31)."""

    reference = models.CharField("référence", max_length=10, unique=True)
    guichet = models.ForeignKey(Guichet, models.PROTECT, related_name="dossiers", verbose_name="guichet")
    legal_entity = models.ForeignKey(
        "establishments.LegalEntity", models.PROTECT, related_name="dossiers", verbose_name="établissement"
    )
    establishment_type = models.CharField("type d'établissement", max_length=10, choices=EstablishmentType.choices)
    referent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="dossiers", verbose_name="référent"
    )
    created_at = models.DateTimeField("créé le", default=timezone.now)
    # Who instructs it, from one étape to the next (I5); both null while nobody does.
    verifier = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="vérificateur"
    )
    assigned_at = models.DateTimeField("attribué le", null=True, blank=True, editable=False)
    # Since when responsables know that its référent can no longer sign in (Q38); null while he can.
    vacant_since = models.DateTimeField("sans référent depuis le", null=True, blank=True, editable=False)
    # Normalised by `establishments.search`: reference, raison sociale, FINESS EJ and EG, référent's name and e-mail.
    search_text = models.TextField(editable=False, default="")

    objects = DossierQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["guichet", "legal_entity"],
                name="one_dossier_per_guichet_and_entity",
                violation_error_message="Un dossier existe déjà pour cet établissement et ce guichet.",
            ),
            models.CheckConstraint(
                condition=Q(reference__regex=r"^[A-HJ-NP-Z2-9]{10}$"),
                name="reference_shape",
                violation_error_message="Une référence compte 10 lettres majuscules ou chiffres, sans I, O, 0 ni 1.",
            ),
            models.CheckConstraint(
                condition=Q(verifier__isnull=True, assigned_at__isnull=True)
                | Q(verifier__isnull=False, assigned_at__isnull=False),
                name="assigned_on_a_day",
                violation_error_message="Un dossier attribué porte la date de son attribution, et lui seul.",
            ),
        ]
        indexes = [
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="dossier_search_trgm"),
            models.Index(fields=["vacant_since"], condition=Q(vacant_since__isnull=False), name="dossier_vacant"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def has_referent(self) -> bool:
        """Whether its référent may still sign in as one: the others are `left`, those of them that are open
        `ownerless`."""
        return self.referent.is_active and self.referent.is_referent


class DossierStageQuerySet(models.QuerySet["DossierStage"]):
    def of_referent(self, referent: int) -> DossierStageQuerySet:
        """The étapes begun of the dossiers whose référent is the account of that key."""
        return self.filter(dossier__referent=referent)

    def current(self) -> DossierStageQuerySet:
        """The étape each dossier stands at: one row a dossier."""
        return self.filter(is_current=True)

    def open(self, at: dt.datetime | None = None) -> DossierStageQuerySet:
        """The étape each open dossier stands at, the one meaning of « open » (docs/adr/0025): neither rejected, nor a
        draft never transmitted whose time is over. Moving the closing, granting an exception, reopening a decision open
        the dossier again, by themselves."""
        return self.current().filter(is_open(at or timezone.now()))

    def with_context(self) -> DossierStageQuerySet:
        """Everything a page's heading names, in the same query."""
        return self.select_related(
            "dossier__guichet", "dossier__legal_entity__region", "dossier__referent", "stage", "revision"
        )

    def with_newest_form(self) -> DossierStageQuerySet:
        """Annotate `newest_form`, the key of the last published form of the étape: what a change must follow first."""
        published = FormRevision.objects.filter(stage=models.OuterRef("stage"), published_at__isnull=False)
        return self.annotate(newest_form=models.Subquery(published.order_by("-number").values("pk")[:1]))


def is_open(at: dt.datetime) -> Q:
    """Of a current étape: see `DossierStageQuerySet.open`."""
    transmitted = DossierStage.objects.filter(dossier=models.OuterRef("dossier"), is_instructed=True)
    late = Q(late_until__isnull=True) | Q(late_until__lte=at)
    lapsed = late & Q(status=Status.DRAFT, stage__closes_at__lte=at) & Q(~models.Exists(transmitted))
    return ~Q(status=Status.REJECTED) & ~lapsed


class DossierStage(models.Model):
    """A dossier's passage through one étape: status, form revision and dates."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="stages", verbose_name="dossier")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="dossier_stages", verbose_name="étape")
    revision = models.ForeignKey(FormRevision, models.PROTECT, related_name="+", verbose_name="formulaire")
    is_current = models.BooleanField("étape en cours", default=True)
    status = models.CharField("statut", max_length=30, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField("créée le", default=timezone.now)
    saved_at = models.DateTimeField("enregistrée le", null=True, blank=True)
    first_transmitted_at = models.DateTimeField("première transmission", null=True, blank=True)
    transmitted_at = models.DateTimeField("dernière transmission", null=True, blank=True)
    # The first instant refused for a correction, as `Stage.closes_at` is for a first deposit.
    due_at = models.DateTimeField("échéance de la modification", null=True, blank=True)
    decided_at = models.DateTimeField("décision", null=True, blank=True)
    # The étape that the back-office reads: the last one transmitted.
    is_instructed = models.BooleanField("étape instruite", default=False)
    # End of the exception granted to its EJ, excluded (D15b); written with `LateAccess` alone.
    late_until = models.DateTimeField("délai exceptionnel", null=True, blank=True)

    objects = DossierStageQuerySet.as_manager()

    class Meta:
        verbose_name = "étape d'un dossier"
        verbose_name_plural = "étapes des dossiers"
        ordering = ["dossier", "stage__position"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "stage"], name="dossier_stage_once"),
            models.UniqueConstraint(fields=["dossier"], condition=Q(is_current=True), name="one_current_stage"),
            models.UniqueConstraint(fields=["dossier"], condition=Q(is_instructed=True), name="one_instructed_stage"),
            models.CheckConstraint(
                condition=Q(is_instructed=False) | Q(first_transmitted_at__isnull=False),
                name="instructed_once_transmitted",
                violation_error_message="Une étape qui n'a jamais été transmise n'est pas instruite.",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="dossier_stage_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.MODIFICATION_REQUESTED, due_at__isnull=False)
                | (~Q(status=Status.MODIFICATION_REQUESTED) & Q(due_at__isnull=True)),
                name="due_date_iff_modification_requested",
                violation_error_message="Une demande de modification a une échéance, et elle seule.",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=[Status.VALIDATED, Status.REJECTED]) & Q(decided_at__isnull=False))
                | (~Q(status__in=[Status.VALIDATED, Status.REJECTED]) & Q(decided_at__isnull=True)),
                name="decision_date_iff_decided",
                violation_error_message="Une étape validée ou rejetée porte la date de sa décision, et elle seule.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status=Status.DRAFT, first_transmitted_at__isnull=True, transmitted_at__isnull=True)
                    | (~Q(status=Status.DRAFT) & Q(first_transmitted_at__isnull=False, transmitted_at__isnull=False))
                ),
                name="transmission_date_iff_not_draft",
                violation_error_message="Seul un brouillon n'a pas de date de transmission.",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-transmitted_at", "-id"], name="dossier_stage_status"),
            models.Index(fields=["-transmitted_at", "-id"], name="dossier_stage_recent"),
            # What reminders look for, every minute.
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="dossier_stage_due"),
            # What happened since yesterday.
            models.Index(fields=["decided_at"], condition=Q(decided_at__isnull=False), name="dossier_stage_decided"),
            models.Index(fields=["late_until"], condition=Q(late_until__isnull=False), name="dossier_stage_late"),
            models.Index(fields=["stage", "id"], condition=Q(status=Status.DRAFT), name="dossier_stage_draft"),
        ]

    def __str__(self) -> str:
        return f"{self.dossier.reference} – {self.stage.title}"

    @property
    def status_label(self) -> str:
        return Status(self.status).label

    @property
    def deadline(self) -> dt.datetime | None:
        """First instant at which the référent may no longer edit or transmit: closing of the étape or end of the
        exception granted to his EJ, whichever comes last (D15b), or due date of the requested modification (D10). None
        when nothing is awaited from him, or when no date is set."""
        match self.status:
            case Status.DRAFT:
                return self.stage.deadline(self.late_until)
            case Status.MODIFICATION_REQUESTED:
                return self.due_at
            case _:
                return None

    def is_editable(self, at: dt.datetime) -> bool:
        """Whether the référent may edit and transmit with a request received at `at`: the one deadline rule, for
        buttons, texts, views and workflow alike (D10, Q39)."""
        match self.status:
            case Status.DRAFT:
                return self.stage.is_open(at) or (self.late_until is not None and at < self.late_until)
            case Status.MODIFICATION_REQUESTED:
                return self.due_at is not None and at < self.due_at
            case _:
                return False


class Answer(models.Model):
    """One answer. `raw` is what was typed, kept even when invalid (D6); `value` is null unless it is valid."""

    dossier_stage = models.ForeignKey(DossierStage, models.CASCADE, related_name="answers")
    code = models.SlugField("question", max_length=40)
    raw = SecretJSONField("saisie", secret=SECRET)
    value = SecretJSONField("valeur", null=True, secret=SECRET)
    updated_at = models.DateTimeField("modifiée le")

    class Meta:
        verbose_name = "réponse"
        ordering = ["dossier_stage", "code"]
        constraints = [models.UniqueConstraint(fields=["dossier_stage", "code"], name="answer_once")]

    def __str__(self) -> str:
        return self.code


class ParkedInput(models.Model):
    """What was typed in a form that the server could not take (session over, token too old), put aside until its
    author signs in again and finds it back (D6). Deleted when saved, dropped, or a week old."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    dossier_stage = models.ForeignKey(DossierStage, models.CASCADE, related_name="+")
    # {code: {"raw": …, "base": …}}
    answers = SecretJSONField("saisie", secret=SECRET)
    at = models.DateTimeField("le", default=timezone.now)

    class Meta:
        verbose_name = "saisie mise de côté"
        verbose_name_plural = "saisies mises de côté"
        constraints = [models.UniqueConstraint(fields=["user", "dossier_stage"], name="one_parked_input")]

    def __str__(self) -> str:
        return f"{self.dossier_stage_id} – {self.user_id}"


def attachment_path(attachment: Attachment, filename: str) -> str:
    """The name given by the user stays in the row."""
    return path_in("pieces")


def path_in(folder: str) -> str:
    """A path that says nothing of anybody and cannot collide."""
    return f"{folder}/{timezone.now():%Y/%m}/{uuid.uuid4().hex}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def active(self) -> AttachmentQuerySet:
        return self.filter(archived_at__isnull=True)

    def with_dossier(self) -> AttachmentQuerySet:
        return self.select_related("dossier_stage__dossier__guichet")


class Attachment(models.Model):
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dossier_stage = models.ForeignKey(DossierStage, models.PROTECT, related_name="attachments")
    code = models.SlugField("question", max_length=40)
    file = models.FileField("fichier", upload_to=attachment_path, max_length=200)
    name = models.CharField("nom", max_length=255)
    size = models.PositiveBigIntegerField("taille (octets)")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("type", max_length=100)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("déposée le", default=timezone.now)
    archived_at = models.DateTimeField("archivée le", null=True, blank=True)
    position = models.PositiveSmallIntegerField("ordre dans son espace", default=0)
    scan = models.CharField("antivirus", max_length=10, choices=Scan.choices, default=Scan.PENDING)
    scanned_at = models.DateTimeField("analysée le", null=True, blank=True)
    threat = models.CharField("virus", max_length=200, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"
        ordering = ["position", "uploaded_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(scan__in=Scan.values), name="attachment_scan_known"),
            models.CheckConstraint(
                condition=Q(scan=Scan.PENDING, scanned_at__isnull=True)
                | (~Q(scan=Scan.PENDING) & Q(scanned_at__isnull=False)),
                name="attachment_scan_date",
            ),
        ]
        indexes = [
            models.Index(fields=["dossier_stage", "code"], name="attachment_slot"),
            models.Index(fields=["uploaded_at"], condition=Q(scan=Scan.PENDING), name="attachment_to_scan"),
        ]

    def __str__(self) -> str:
        return self.name


class Transmission(models.Model):
    """What was transmitted, for ever: answers, files and estimate as they stood. Never updated, never deleted."""

    dossier_stage = models.ForeignKey(DossierStage, models.PROTECT, related_name="transmissions")
    number = models.PositiveIntegerField("numéro")
    at = models.DateTimeField("transmise le")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")
    answers = SecretJSONField("réponses", help_text="Valeur de chaque question affichée, par code.", secret=SECRET)
    applicant = models.JSONField("candidat", help_text="Établissement et référent tels qu'à la transmission.")
    estimate = models.JSONField("estimation", null=True, blank=True)
    schedule = models.ForeignKey("funding.Schedule", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "transmission"
        ordering = ["dossier_stage", "number"]
        constraints = [models.UniqueConstraint(fields=["dossier_stage", "number"], name="transmission_number_once")]

    def __str__(self) -> str:
        return f"{self.dossier_stage} – transmission {self.number}"


class TransmittedFile(models.Model):
    transmission = models.ForeignKey(Transmission, models.PROTECT, related_name="files")
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="transmitted_in")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "pièce transmise"
        verbose_name_plural = "pièces transmises"
        ordering = ["transmission", "position"]
        constraints = [
            models.UniqueConstraint(fields=["transmission", "attachment"], name="transmitted_file_once"),
        ]

    def __str__(self) -> str:
        return str(self.attachment)


class ModificationRequest(models.Model):
    """What a verifier asks the référent to correct, and until when (D11)."""

    dossier_stage = models.ForeignKey(DossierStage, models.PROTECT, related_name="modification_requests")
    transmission = models.ForeignKey(Transmission, models.PROTECT, related_name="+")
    message = models.TextField("message")
    due_at = models.DateTimeField("échéance")
    # Without it, only the questions remarked on, and what depends on them, can be corrected.
    opens_everything = models.BooleanField("tout le formulaire est modifiable", default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField("demandée le")
    answered_at = models.DateTimeField("répondue le", null=True, blank=True)

    class Meta:
        verbose_name = "demande de modification"
        verbose_name_plural = "demandes de modification"
        ordering = ["dossier_stage", "at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier_stage"], condition=Q(answered_at__isnull=True), name="one_pending_modification_request"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_stage} – demande du {self.at:%d/%m/%Y}"


class Remark(models.Model):
    request = models.ForeignKey(ModificationRequest, models.PROTECT, related_name="remarks")
    code = models.SlugField("question", max_length=40)
    text = models.TextField("remarque")

    class Meta:
        verbose_name = "remarque"
        constraints = [models.UniqueConstraint(fields=["request", "code"], name="remark_once")]

    def __str__(self) -> str:
        return self.code


class Event(models.Model):
    """One line of a dossier's history: who did what, when and why. Never updated, never deleted (D14)."""

    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="events")
    dossier_stage = models.ForeignKey(DossierStage, models.PROTECT, related_name="events", null=True)
    kind = models.CharField("nature", max_length=30, choices=EventKind.choices)
    at = models.DateTimeField("le", default=timezone.now)
    # Null when nobody did it: the portal itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="par"
    )
    from_status = models.CharField("de", max_length=30, choices=Status.choices, blank=True)
    to_status = models.CharField("vers", max_length=30, choices=Status.choices, blank=True)
    message = models.TextField("message", blank=True)
    # Of the question that it is about, where there is one.
    code = models.SlugField("question", max_length=40, blank=True, default="", db_default="", db_index=False)
    # The référents that a change of hands is about. Accounts, not names in the message: history is never rewritten, and
    # somebody who deletes their account is named nowhere (Q59).
    former = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="ancien référent",
    )
    successor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="nouveau référent",
    )

    class Meta:
        verbose_name = "événement"
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["dossier", "at", "id"], name="event_history")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – {self.dossier.reference}"

    #: The title of the étape that it is about, where a history tells of several (`dossiers.queries.told_apart`).
    about_stage = ""

    @property
    def author(self) -> str:
        """Who did it, in words."""
        return self.actor.full_name if self.actor else "eCaRE"

    @property
    def said(self) -> str:
        """Who it is about, then the message."""
        people = ""
        if self.former and self.successor:
            people = f"De {self.former.full_name} à {self.successor.full_name}"
        elif self.former and self.kind == EventKind.REFERENT_GONE:
            people = f"{self.former.full_name} n'a plus accès à eCaRE."
        elif self.former:
            people = self.former.full_name
        elif self.successor:
            people = f"À {self.successor.full_name}"
        return "\n\n".join(part for part in (people, self.message) if part)
