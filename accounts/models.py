"""Accounts: who signs in (`User`), for which legal entities (`Representation`), under which terms (`TermsVersion`)."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from accounts.browsers import KnownBrowser as KnownBrowser  # Django finds models here only
from accounts.devices import EmailCode as EmailCode
from accounts.email_changes import EmailChange as EmailChange
from accounts.enums import INSTRUCTORS, Civility, Digest, Role
from accounts.factors import Authenticator as Authenticator
from accounts.factors import RecoveryCodes as RecoveryCodes
from accounts.sessions import Session as Session
from establishments.enums import EstablishmentType
from notifications.enums import NOWHERE

#: How history calls somebody whose account is deleted.
DELETED = "Compte supprimé"
#: Of accounts: activated and not disabled, they may sign in.
USABLE = Q(is_active=True, activated_at__isnull=False)

username_characters = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z",
    "Le nom d'utilisateur ne contient que des lettres sans accent, des chiffres, des points, des tirets et des tirets "
    "bas, par exemple marie.durand.",
)


class UserQuerySet(models.QuerySet["User"]):
    def known_as(self, identifier: str) -> Self:
        """The account whose user name or e-mail address is `identifier`, whatever the case. A user name holds no @,
        so that it can never be somebody else's address."""
        typed = Lower(Value(identifier.strip()))
        return self.filter(Exact(Lower("email"), typed) | Exact(Lower("username"), typed))

    def with_email(self, email: str) -> Self:
        return self.filter(Exact(Lower("email"), Lower(Value(email.strip()))))

    def with_username(self, username: str) -> Self:
        return self.filter(Exact(Lower("username"), Lower(Value(username.strip()))))

    def usable(self) -> Self:
        """Accounts that may sign in: activated and not disabled."""
        return self.filter(USABLE)

    def with_terms_due(self, at: datetime | None = None) -> Self:
        """Annotate `terms_due`: the terms in force, now or at `at`, were not accepted. In the same query as
        the account, so that it is always right, in every process, and costs no query of its own (Q17)."""
        newest = TermsVersion.objects.in_force(at).values("pk")[:1]
        accepted = TermsAcceptance.objects.filter(user=OuterRef("pk"), version__in=newest)
        return self.annotate(terms_due=Exists(newest) & ~Exists(accepted))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator, activated: the first account of an installation (`manage.py createsuperuser`)."""
        fields.setdefault("activated_at", timezone.now())
        return self.create_user(username, email, password, **{**fields, "role": Role.ADMIN})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.with_username(username or "").get()


class User(AbstractBaseUser):
    """One person. Rights come from `role` alone: no groups, no permissions that could drift away from it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField("nom d'utilisateur", max_length=60, validators=[username_characters])
    email = models.EmailField("adresse e-mail", max_length=254)
    civility = models.CharField("civilité", max_length=10, choices=Civility)
    last_name = models.CharField("nom", max_length=80)
    first_name = models.CharField("prénom", max_length=80)
    phone = PhoneNumberField("numéro de téléphone", blank=True)
    role = models.CharField("rôle", max_length=10, choices=Role, default=Role.REFERENT, db_index=True)
    regions = models.ManyToManyField("establishments.Region", verbose_name="régions", blank=True, related_name="+")
    is_active = models.BooleanField(
        "compte ouvert",
        default=True,
        help_text="Décochez pour fermer l'accès : la personne est refusée dès sa requête suivante, l'historique reste.",
    )
    activated_at = models.DateTimeField("activé le", null=True, blank=True)
    created_at = models.DateTimeField("créé le", default=timezone.now, editable=False)
    # Deleted by its owner: what named a person is gone, for good; the row stays for what it did (Q59).
    deleted_at = models.DateTimeField("supprimé le", null=True, blank=True, editable=False)
    # When the person was last told that the account goes, nobody signing in any more.
    inactivity_told_at = models.DateTimeField("prévenu de la suppression le", null=True, blank=True, editable=False)
    # For those who instruct: what the daily e-mail is about, and until when it told (N1).
    digest = models.CharField(
        "récapitulatif quotidien", max_length=10, choices=Digest, default=Digest.ALL, db_default=Digest.ALL
    )
    digested_at = models.DateTimeField("récapitulatif arrêté au", null=True, blank=True, editable=False)
    # For those who instruct: whether a letter alone acts, outside fields (WCAG 2.1.4).
    shortcuts = models.BooleanField("raccourcis clavier", default=True, db_default=True)

    objects = UserManager()

    # True when the account was read `with_terms_due()` and the terms in force are still to be accepted.
    terms_due = False
    # Set by django-otp on the account of a request: the code was given.
    is_verified: Callable[[], bool]
    otp_device: Any

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "first_name", "last_name"]

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        ordering = ["last_name", "first_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"), name="user_username_unique", violation_error_message="Ce nom d'utilisateur est pris."
            ),
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", violation_error_message="Cette adresse a déjà un compte."
            ),
            models.CheckConstraint(
                condition=~Q(username__contains="@"),
                name="user_username_is_no_address",
                violation_error_message="Un nom d'utilisateur ne contient pas de @.",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True)
                | Q(
                    is_active=False,
                    last_name=DELETED,
                    first_name="",
                    civility="",
                    phone="",
                    password__startswith=UNUSABLE_PASSWORD_PREFIX,
                    username__startswith="supprime-",
                    email__endswith=f"@{NOWHERE}",
                ),
                name="user_deleted_is_nobody",
                violation_error_message="Ce compte est supprimé\u00a0: il ne nomme plus personne et ne se rouvre pas.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="user_role_known", violation_error_message="Rôle inconnu."
            ),
            models.CheckConstraint(
                condition=Q(digest__in=Digest.values),
                name="user_digest_known",
                violation_error_message="Récapitulatif inconnu.",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def full_name(self) -> str:
        """« Prénom Nom »."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_referent(self) -> bool:
        return self.role == Role.REFERENT

    @property
    def is_instructor(self) -> bool:
        return self.role in INSTRUCTORS

    @property
    def is_lead(self) -> bool:
        return self.role == Role.LEAD

    @property
    def is_admin_role(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_activated(self) -> bool:
        return self.activated_at is not None

    # What the Django admin asks of an account. The second step is asked by the admin site itself.

    @property
    def is_staff(self) -> bool:
        return self.is_admin_role

    @property
    def is_superuser(self) -> bool:
        return self.is_admin_role

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return self.is_active and self.is_admin_role

    def has_perms(self, perm_list: list[str], obj: object | None = None) -> bool:
        return self.is_active and self.is_admin_role

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_admin_role


class Representation(models.Model):
    """A référent represents a legal entity, under the type of establishment chosen when adding it (A1, A8)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="representations", verbose_name="compte")
    legal_entity = models.ForeignKey(
        "establishments.LegalEntity", models.PROTECT, related_name="representations", verbose_name="entité juridique"
    )
    establishment_type = models.CharField("type d'établissement", max_length=10, choices=EstablishmentType)
    is_primary = models.BooleanField("choisi à l'inscription", default=False)
    created_at = models.DateTimeField("ajouté le", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "établissement représenté"
        verbose_name_plural = "établissements représentés"
        ordering = ["-is_primary", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "legal_entity"],
                name="representation_unique",
                violation_error_message="Ce compte représente déjà cet établissement.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_primary=True),
                name="representation_one_primary",
                violation_error_message="Un seul établissement est celui de l'inscription.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.legal_entity}"


@dataclass(frozen=True)
class Block:
    """A piece of the terms: « title », « paragraph » or « list » (then `items`)."""

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()


class TermsVersionQuerySet(models.QuerySet["TermsVersion"]):
    def in_force(self, at: datetime | None = None) -> Self:
        """Published versions whose time has come, the one that applies first."""
        at = at or timezone.now()
        return self.filter(published_at__lte=at, in_force_from__lte=at).order_by("-number")


class TermsVersion(models.Model):
    """A version of the terms of use (CGU). Published, it can no longer change: people accepted that text."""

    number = models.PositiveIntegerField("numéro", unique=True)
    body = models.TextField(
        "texte",
        help_text="« ## » commence un titre, « - » un élément de liste ; une ligne vide sépare les paragraphes.",
    )
    published_at = models.DateTimeField("publiée le", null=True, blank=True)
    in_force_from = models.DateTimeField("en vigueur à partir du", null=True, blank=True)

    objects = TermsVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version des CGU"
        verbose_name_plural = "versions des CGU"
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(in_force_from__isnull=False),
                name="terms_published_has_start",
                violation_error_message="Une version publiée a une date d'entrée en vigueur.",
            )
        ]

    def __str__(self) -> str:
        return f"CGU version {self.number}"

    def blocks(self) -> list[Block]:
        """The text cut into what the page shows. No markup of the text ever reaches the page as HTML."""
        blocks: list[Block] = []
        for part in self.body.replace("\r\n", "\n").split("\n\n"):
            lines = [line.strip() for line in part.splitlines() if line.strip()]
            if lines and lines[0].startswith("## "):
                blocks.append(Block("title", lines.pop(0)[3:]))
            if lines and all(line.startswith("- ") for line in lines):
                blocks.append(Block("list", items=tuple(line[2:] for line in lines)))
            elif lines:
                blocks.append(Block("paragraph", " ".join(lines)))
        return blocks


class TermsAcceptance(models.Model):
    """Who accepted which version, and when (A5). Never changed, never removed."""

    user = models.ForeignKey(User, models.PROTECT, related_name="terms_acceptances", verbose_name="compte")
    version = models.ForeignKey(TermsVersion, models.PROTECT, related_name="acceptances", verbose_name="version")
    accepted_at = models.DateTimeField("acceptée le", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "acceptation des CGU"
        verbose_name_plural = "acceptations des CGU"
        ordering = ["-accepted_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "version"],
                name="terms_acceptance_unique",
                violation_error_message="Cette version est déjà acceptée.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.version}"
