"""One-time links sent by e-mail: signed, dated, void once used. Opening one changes nothing, only its button does,
because mail scanners open links (Q9). Addresses are built from the PUBLIC_URL setting (Q10)."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.urls import reverse

from accounts.email_changes import EmailChange, Side
from accounts.models import User
from ecare import limits
from notifications import outbox

ACTIVATION_VALIDITY = timedelta(hours=48)  # A2
# E-mails that one visitor may cause, to any addresses; a whole training room may stand behind one address.
REQUESTS = limits.Rate("links", 60, timedelta(hours=1))
ACTIVATION_SALT = "accounts.activation"
LONGEST_NEXT = 200
EMAIL_CHANGE_SALT = "accounts.email-change"


class Invalid(Exception):
    """The link is not one of ours, or was already used."""


@dataclass(frozen=True)
class Activation:
    """What an activation link says: the account, and the page of this site to go to once signed in, if any."""

    user: User
    next: str


class Expired(Exception):
    """The link was ours; its time is over. Holds what it said."""

    def __init__(self, activation: Activation) -> None:
        super().__init__(activation)
        self.activation = activation


def activation(user: User, next_url: str = "") -> str:
    """The address that activates `user`, for 48 hours, and then leads to `next_url` (too long, it is left out: programs
    that show e-mails cut long links)."""
    carried = [next_url] if 0 < len(next_url) <= LONGEST_NEXT else []
    token = signing.dumps([user.public_id.hex, user.email, *carried], salt=ACTIVATION_SALT)
    return outbox.absolute(reverse("accounts:activate", args=[token]))


def read_activation(token: str) -> Activation:
    """What `token` says. Raises `Invalid` (forged, or the address changed since) or `Expired`. An account already
    activated is returned too: the caller says so."""
    try:
        return _addressee(signing.loads(token, salt=ACTIVATION_SALT, max_age=ACTIVATION_VALIDITY))
    except signing.SignatureExpired:
        raise Expired(_addressee(signing.loads(token, salt=ACTIVATION_SALT))) from None
    except signing.BadSignature:
        raise Invalid from None


def password_reset(user: User) -> str:
    """The address where `user` chooses a new password, for PASSWORD_RESET_TIMEOUT seconds, once."""
    token = default_token_generator.make_token(user)
    return outbox.absolute(reverse("accounts:password-reset-confirm", args=[user.public_id, token]))


def is_password_reset(user: User, token: str) -> bool:
    """Whether `token` still lets `user` choose a password: it holds the hash of the one it replaces."""
    return user.is_active and default_token_generator.check_token(user, token)


def email_change(change: EmailChange, side: Side) -> str:
    """The address that confirms `change` from one of its two e-mail addresses, or refuses it."""
    token = signing.dumps([change.public_id.hex, side.value], salt=EMAIL_CHANGE_SALT)
    return outbox.absolute(reverse("accounts:confirm-email", args=[token]))


def read_email_change(token: str) -> tuple[uuid.UUID, Side]:
    """Which change, and from which side. Raises `Invalid`. Whether it still waits is for its row to say."""
    try:
        public_id, side = signing.loads(token, salt=EMAIL_CHANGE_SALT)
    except signing.BadSignature:
        raise Invalid from None
    return uuid.UUID(public_id), Side(side)


def _addressee(content: list[str]) -> Activation:
    public_id, email, *carried = content
    user = User.objects.filter(public_id=public_id, email=email, is_active=True).first()
    if user is None:
        raise Invalid
    return Activation(user, carried[0] if carried else "")
