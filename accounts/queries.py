"""Reads, one function per need or screen, in a stable order."""

import uuid
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat, Trim
from django.utils import timezone

from accounts import access
from accounts.enums import INSTRUCTORS, STAFF, Role
from accounts.factors import Authenticator, RecoveryCodes
from accounts.models import USABLE, EmailChange, Representation, Session, TermsVersion, User
from accounts.passkeys import Passkey
from establishments.models import LegalEntity

#: Of accounts: those who instruct, of the ANS and of the régions, and may sign in.
INSTRUCTING = USABLE & Q(role__in=sorted(INSTRUCTORS))


def establishments_of(user: User) -> QuerySet[Representation]:
    """What `user` represents, the choice made at registration first (A8), with what a line shows."""
    return user.representations.select_related("legal_entity").order_by("-is_primary", "created_at", "pk")


def full_name(of: str) -> Trim:
    """`User.full_name` worked out by the database, of the account that the path `of` leads to; blank for nobody."""
    return Trim(Concat(f"{of}__first_name", Value(" "), f"{of}__last_name"))


def colleagues(user: User) -> QuerySet[User]:
    """« Vos collaborateurs » (A9), by name."""
    return access.colleagues_of(user).order_by("last_name", "first_name", "pk")


def represents(user: User, legal_entity: LegalEntity) -> bool:
    """Whether `user` is attached to `legal_entity`."""
    return Representation.objects.filter(user=user, legal_entity=legal_entity).exists()


def referents_of(legal_entity: LegalEntity) -> QuerySet[User]:
    """The activated référents attached to `legal_entity`."""
    attached = Representation.objects.filter(legal_entity=legal_entity).values("user")
    usable: QuerySet[User] = User.objects.usable()
    return usable.filter(role=Role.REFERENT, pk__in=attached).order_by("last_name", "first_name", "pk")


def leads() -> QuerySet[User]:
    """The responsables d'instruction who may sign in."""
    usable: QuerySet[User] = User.objects.usable()
    return usable.filter(role=Role.LEAD).order_by("pk")


def instructors() -> QuerySet[User]:
    """Those who instruct, of the ANS and of the régions, and may sign in."""
    return people().filter(INSTRUCTING)


def former_instructors() -> QuerySet[User]:
    """Those of the staff who may no longer instruct, by name: their account is closed, or plays another role."""
    return people().exclude(INSTRUCTING)


def people() -> QuerySet[User]:
    """The staff, those who left included, by name: a few accounts among tens of thousands, found by their role."""
    found: QuerySet[User] = User.objects.filter(role__in=sorted(STAFF))
    return found.order_by("last_name", "first_name", "pk")


def staff(public_id: uuid.UUID) -> User | None:
    """Whoever instructs, or did before their account was closed or played another role, by public key."""
    return people().filter(public_id=public_id).first()


def sessions_of(user: User) -> QuerySet[Session]:
    """The open sessions of `user`, the last used first; fifty are more than anybody has."""
    return Session.objects.filter(account=user, expire_date__gt=timezone.now()).order_by("-last_seen_at", "pk")[:50]


def email_change_of(user: User) -> EmailChange | None:
    """The change of address of `user` that waits for its confirmations."""
    return EmailChange.objects.pending().filter(user=user).first()


def email_change(public_id: uuid.UUID) -> EmailChange | None:
    """A change of address that may still be confirmed, with the account it is of."""
    found = EmailChange.objects.pending().filter(public_id=public_id, user__is_active=True).select_related("user")
    return found.filter(user__email=F("former_email")).first()


def terms_in_force() -> TermsVersion | None:
    """The terms that apply now; None before the first publication."""
    return TermsVersion.objects.in_force().first()


@dataclass(frozen=True)
class Own:
    """The second steps of one person, the oldest first. Recovery codes are a way back, not a step of their own."""

    authenticators: list[Authenticator]
    passkeys: list[Passkey]
    recovery: RecoveryCodes | None

    def __bool__(self) -> bool:
        return bool(self.authenticators or self.passkeys)

    @property
    def recovery_left(self) -> int:
        return self.recovery.left if self.recovery else 0


def own_factors(user: User) -> Own:
    """The second steps that `user` may use beside the e-mailed code. No secret is read."""
    return Own(
        list(Authenticator.objects.filter(user=user, confirmed=True).defer("key").order_by("created_at", "pk")),
        list(Passkey.objects.filter(user=user, confirmed=True).order_by("created_at", "pk")),
        RecoveryCodes.objects.filter(user=user).first(),
    )
