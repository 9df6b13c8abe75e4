"""The tables of the ground floor: what limits count; the help; what was done, by whom, from where, and the chain that
seals it (S2, Q57, docs/adr/0028)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Limit(models.Model):
    """The recent hits of one visitor on one limit. See `ecare.limits`, which alone writes it.

    The table is UNLOGGED (migration 0001): counting costs no write-ahead log, and a crash of the server, which empties
    it, gives back at most one period."""

    key = models.CharField(max_length=43, primary_key=True)  # a keyed digest: no address is kept
    moments = ArrayField(models.DateTimeField())
    expires_at = models.DateTimeField(db_index=True)
    # When the audit log was last told that this visitor had reached it.
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "limite"
        verbose_name_plural = "limites"

    def __str__(self) -> str:
        return f"{len(self.moments)} jusqu'à {self.expires_at}"


class AuditKind(models.TextChoices):
    SIGNED_IN = "signed_in", "Connexion"
    SIGN_IN_FAILED = "sign_in_failed", "Mot de passe refusé"
    CODE_FAILED = "code_failed", "Code refusé"
    SIGNED_OUT = "signed_out", "Déconnexion"
    PASSWORD_CHANGED = "password_changed", "Mot de passe changé"
    FACTOR_CHANGED = "factor_changed", "Second facteur"
    EMAIL_CHANGED = "email_changed", "Changement d'adresse e-mail"
    ACCOUNT_DELETED = "account_deleted", "Compte supprimé"
    DOSSIER = "dossier", "Changement d'un dossier"
    CLOSING_MOVED = "closing_moved", "Fermeture d'une étape déplacée"
    DOWNLOADED = "downloaded", "Fichier téléchargé"
    VIEWED = "viewed", "Fichier lu à l'écran"
    EXPORTED = "exported", "Export de la liste"
    ADMINISTERED = "administered", "Administration"
    REFUSED = "refused", "Accès refusé"
    LIMIT_REACHED = "limit_reached", "Limite atteinte"
    FILE_REFUSED = "file_refused", "Pièce refusée"
    LATE_ACCESS = "late_access", "Délai exceptionnel"
    PURGED = "purged", "Purge"


class AuditEntry(models.Model):
    """One line of the log. It names an account by its key alone: deleting an account leaves no identity here."""

    at = models.DateTimeField("le", default=timezone.now, db_index=True)
    kind = models.CharField("nature", max_length=20, choices=AuditKind)
    actor_id = models.BigIntegerField("compte", null=True)
    actor_role = models.CharField("rôle", max_length=20, blank=True)
    address = models.GenericIPAddressField("adresse IP", null=True)
    subject = models.CharField("objet", max_length=200, blank=True)
    detail = models.JSONField("détail", default=dict)

    class Meta:
        verbose_name = "ligne du journal d'audit"
        verbose_name_plural = "journal d'audit"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["actor_id", "-at", "-id"], name="audit_actor"),
            models.Index(fields=["subject", "-at", "-id"], name="audit_subject"),
            models.Index(fields=["kind", "-at", "-id"], name="audit_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – {self.subject}"


class AuditSeal(models.Model):
    """The place of a line in the chain. Kept when the line is purged: it holds nothing of anybody."""

    position = models.BigIntegerField(primary_key=True)
    # Nullable so that a line that was removed is found missing, not skipped.
    entry = models.OneToOneField(
        AuditEntry, models.DO_NOTHING, null=True, db_constraint=False, related_name="seal", verbose_name="ligne"
    )
    digest = models.CharField("empreinte", max_length=64)
    sealed_at = models.DateTimeField("scellée le")

    class Meta:
        verbose_name = "sceau"
        verbose_name_plural = "sceaux"
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


class HelpEntry(models.Model):
    """A question of the help and its answer, in our own words (P3). `anchor` is its address for ever: forms name it."""

    anchor = models.SlugField("ancre", max_length=60, unique=True)
    category = models.CharField("rubrique", max_length=80)
    position = models.PositiveSmallIntegerField("ordre")
    question = models.CharField("question", max_length=200)
    answer = models.TextField(
        "réponse", help_text="Une ligne vide sépare les paragraphes\u00a0; « - » ouvre une liste."
    )
    published = models.BooleanField("publiée", default=True)

    class Meta:
        verbose_name = "question de l'aide"
        verbose_name_plural = "questions de l'aide"
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.question
