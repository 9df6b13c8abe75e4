"""Every write of the accounts room: one function per change."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import django_otp
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import access, devices, links
from accounts.enums import Role
from accounts.models import EmailCode, Representation, TermsAcceptance, TermsVersion, User
from accounts.workflow.departure import delete_account as delete_account
from accounts.workflow.departure import remove_establishment as remove_establishment
from accounts.workflow.email_change import Confirmed as Confirmed
from accounts.workflow.email_change import ask_email_change as ask_email_change
from accounts.workflow.email_change import cancel_email_change as cancel_email_change
from accounts.workflow.email_change import confirm_email_change as confirm_email_change
from accounts.workflow.email_change import correct_email as correct_email
from accounts.workflow.email_change import drop_email_change as drop_email_change
from accounts.workflow.email_change import refuse_email_change as refuse_email_change
from accounts.workflow.preferences import choose_digest as choose_digest
from accounts.workflow.preferences import choose_shortcuts as choose_shortcuts
from accounts.workflow.refusals import MattersOpen as MattersOpen
from accounts.workflow.refusals import Refused as Refused
from accounts.workflow.refusals import TooManyCodes as TooManyCodes
from accounts.workflow.sessions import close_session as close_session
from accounts.workflow.sessions import close_sessions as close_sessions
from ecare import audit
from ecare.models import AuditKind
from establishments.enums import EstablishmentType
from establishments.models import LegalEntity
from notifications import outbox

# Asking again and again for a link sends one e-mail each time this has passed, whoever asks.
LINK_INTERVAL = timedelta(minutes=5)
NOTICE_INTERVAL = timedelta(hours=1)


@dataclass(frozen=True)
class Identity:
    """Who registers. `public_id` is drawn when the registration begins, so that sending it twice creates one account
    and tells nobody that it exists (Q32)."""

    public_id: uuid.UUID
    username: str
    email: str
    civility: str
    first_name: str
    last_name: str
    phone: str


# Registration and activation


def register(
    identity: Identity, *, password_hash: str, legal_entity: LegalEntity, establishment_type: str, next_url: str = ""
) -> None:
    """Create the account of `identity`, to be activated by the link sent to its address (A1). `next_url` is the page
    to go to once signed in, if any.

    An address or a user name already taken creates nothing and raises nothing: the answer must not tell (A1, Q8).
    The owner of the address is told by e-mail; a newcomer who chose a taken user name is told at their own address.
    """
    if User.objects.filter(public_id=identity.public_id).exists():
        return
    try:
        with transaction.atomic():
            user = User.objects.create(
                public_id=identity.public_id,
                username=User.normalize_username(identity.username),
                email=identity.email,
                civility=identity.civility,
                first_name=identity.first_name,
                last_name=identity.last_name,
                phone=identity.phone,
                password=password_hash,
            )
            Representation.objects.create(
                user=user, legal_entity=legal_entity, establishment_type=establishment_type, is_primary=True
            )
            _post_activation(user, next_url)
    except IntegrityError:
        _tell_taken(identity)


def _tell_taken(identity: Identity) -> None:
    with transaction.atomic():
        if User.objects.filter(public_id=identity.public_id).exists():
            return  # the same registration, sent twice at once
        owner = User.objects.with_email(identity.email).first()
        if owner is None:
            outbox.post(
                kind="username_taken",
                to=identity.email,
                subject="Votre inscription n'a pas abouti",
                context={"username": identity.username},
                action=("Recommencer l'inscription", outbox.absolute(reverse("accounts:register"))),
                key=f"username-taken:{identity.public_id.hex}",
            )
        elif owner.is_active:
            action = (
                ("Se connecter", outbox.absolute(reverse("accounts:sign-in")))
                if owner.is_activated
                else ("Activer mon compte", links.activation(owner))
            )
            outbox.post(
                kind="account_exists",
                to=owner.email,
                subject="Vous avez déjà un compte",
                context={
                    "user": owner,
                    "moment": timezone.now(),
                    "reset_url": outbox.absolute(reverse("accounts:password-reset")),
                },
                action=action,
                key=f"account-exists:{owner.pk}:{_period(NOTICE_INTERVAL)}",
            )


def activate(user: User) -> bool:
    """Open `user` for sign-in. False if it already was: the link works once (A2, Q9)."""
    opened = User.objects.filter(pk=user.pk, is_active=True, activated_at=None).update(activated_at=timezone.now())
    return bool(opened)


def send_activation_again(email: str, *, next_url: str = "") -> None:
    """Send a new link if `email` is that of an account waiting for its activation; otherwise nothing, silently.
    `next_url` is as for `register`."""
    with transaction.atomic():
        user = User.objects.with_email(email).filter(is_active=True, activated_at=None).first()
        if user is not None:
            _post_activation(user, next_url)


def _post_activation(user: User, next_url: str) -> None:
    outbox.post(
        kind="activation",
        to=user.email,
        subject="Activez votre compte",
        context={"user": user},
        action=("Activer mon compte", links.activation(user, next_url)),
        key=f"activation:{user.pk}:{_period(LINK_INTERVAL)}",
    )


# The code


def send_code(
    user: User, *, sign_in: str, requested_at: datetime, resend: bool = False, confirming: bool = False
) -> None:
    """Send `user` a new code for `sign_in`, which voids the former one (A4, Q4). `requested_at` is named in the
    e-mail, so that an unexpected code is noticed; so is what it serves, `confirming` an act once signed in. Raises
    `TooManyCodes`."""
    with transaction.atomic():
        device_id = email_device(user).pk
        device = EmailCode.objects.select_for_update().get(pk=device_id)
        resend = resend or device.sign_in == sign_in  # a sign-in has one first code
        allowed, reason = device.generate_is_allowed(resend=resend)
        if not allowed and reason is not None:
            raise TooManyCodes(reason["next_generation_at"])
        code = device.generate_code(sign_in=sign_in, resend=resend)
        outbox.post(
            kind="confirmation_code" if confirming else "code",
            to=user.email,
            subject="Votre code de confirmation" if confirming else "Votre code de connexion",
            context={"code": code, "requested_at": requested_at},
            key=f"code:{device.pk}:{uuid.uuid4().hex}",
            is_code=True,
        )


def email_device(user: User) -> EmailCode:
    """The device that receives the codes of `user`, made the first time."""
    device: EmailCode = EmailCode.objects.get_or_create(user=user, defaults={"name": "E-mail"})[0]
    return device


def verify_code(user: User, *, sign_in: str, code: str) -> EmailCode | None:
    """Spend `code` if it is the one sent for `sign_in`, in time; the device is then the proof to keep in the session.
    One call among many at once wins (Q1)."""
    device = EmailCode.objects.filter(user=user).first()
    if device is None:
        return None
    verified: EmailCode | None = django_otp.verify_token(user, device.persistent_id, devices.token(sign_in, code))
    if verified is None:
        audit.record(AuditKind.CODE_FAILED, by=user)
    return verified


# The terms of use


def accept_terms(version: TermsVersion, *, by: User) -> TermsAcceptance:
    """Keep that `by` accepts `version`, once, with the time (A5)."""
    return TermsAcceptance.objects.get_or_create(user=by, version=version)[0]


def publish_terms(version: TermsVersion, *, in_force_from: datetime | None = None) -> None:
    """Publish `version`: from `in_force_from` (now, by default, and never before) everyone has to accept it. Raises
    `Refused` if it already was, since a text that people accepted does not change, or if a later one applies then."""
    now = timezone.now()
    start = max(in_force_from or version.in_force_from or now, now)
    later = TermsVersion.objects.filter(number__gt=version.number).in_force(start).first()
    if later is not None:
        raise Refused(f"{later} s'applique déjà à cette date. Donnez à ce texte un numéro plus grand, puis publiez-le.")
    published = TermsVersion.objects.filter(pk=version.pk, published_at=None).update(
        published_at=now, in_force_from=start
    )
    if not published:
        raise Refused("Cette version est déjà publiée.")
    version.refresh_from_db()


# Establishments


def add_establishment(
    user: User, legal_entity: LegalEntity, establishment_type: EstablishmentType | str, *, by: User
) -> Representation:
    """Attach `user` to `legal_entity` (A8). Adding it twice changes nothing. Raises `Refused` for who may not."""
    if user != by or not access.may_represent(by):
        raise Refused("Seul un référent peut ajouter un établissement à son propre compte.")
    with transaction.atomic():
        if not User.objects.select_for_update().get(pk=user.pk).is_active:
            raise Refused("Votre compte est fermé.")
        has_primary = Representation.objects.filter(user=user, is_primary=True).exists()
        return Representation.objects.get_or_create(
            user=user,
            legal_entity=legal_entity,
            defaults={"establishment_type": establishment_type, "is_primary": not has_primary},
        )[0]


# Password


def change_password(user: User, *, new_password: str, by: User, session_key: str | None = None) -> None:
    """Replace the password, which ends every session but that of `session_key`, voids the code and the change of
    address on their way and sends a notice (A6, Q10).

    Raises `Refused` unless `by` is `user`: nobody chooses somebody else's password."""
    if user != by:
        raise Refused("Seule la personne choisit son mot de passe.")
    _set_password(user, new_password, still_valid=lambda current: current.is_active, session_key=session_key)


def request_password_reset(email: str) -> None:
    """Send a link to choose a new password, if `email` is that of an open account; otherwise nothing, silently."""
    with transaction.atomic():
        user = User.objects.with_email(email).filter(is_active=True).first()
        if user is not None:
            _post_password_reset(user)


def reset_password(user: User, *, token: str, new_password: str) -> None:
    """Replace the password of whoever received `token`. Receiving it proves the address: an account that waited for
    its activation is activated. Raises `Refused` if the link was used or is too old; two at once, one wins (Q9)."""
    _set_password(
        user, new_password, activate=True, still_valid=lambda current: links.is_password_reset(current, token)
    )


def invite(user: User, *, by: User) -> None:
    """Send the link that lets somebody else choose a password: to a new member of staff, or on request. The
    administrator `by` never knows the password. Raises `Refused` for anyone else."""
    if by.role != Role.ADMIN:
        raise Refused("Seul un administrateur envoie ce lien.")
    with transaction.atomic():
        _post_password_reset(user)


def _post_password_reset(user: User) -> None:
    outbox.post(
        kind="password_reset",
        to=user.email,
        subject="Choisissez votre mot de passe",
        context={"user": user, "moment": timezone.now()},
        action=("Choisir un mot de passe", links.password_reset(user)),
        # A link already used is no reason to keep the next one back.
        key=f"password-reset:{user.pk}:{_fingerprint(user.password)}:{_period(LINK_INTERVAL)}",
    )


def _set_password(
    user: User,
    new_password: str,
    *,
    still_valid: Callable[[User], bool],
    activate: bool = False,
    session_key: str | None = None,
) -> None:
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not still_valid(locked):
            raise Refused("Ce lien a déjà servi ou n'est plus valable.")
        locked.set_password(new_password)
        if activate and locked.activated_at is None:
            locked.activated_at = timezone.now()
        locked.save(update_fields=["password", "activated_at"])
        audit.record(AuditKind.PASSWORD_CHANGED, by=locked)
        EmailCode.objects.filter(user=locked).update(digest="")
        drop_email_change(locked)
        close_sessions(locked, keep=session_key)
        outbox.post(
            kind="password_changed",
            to=locked.email,
            subject="Votre mot de passe a changé",
            context={
                "user": locked,
                "moment": timezone.now(),
                "reset_url": outbox.absolute(reverse("accounts:password-reset")),
            },
            key=f"password-changed:{locked.pk}:{uuid.uuid4().hex}",
        )
    # The caller's own copy, from which its session is renewed.
    user.password, user.activated_at = locked.password, locked.activated_at


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def _period(length: timedelta) -> int:
    """The number of the current period of that `length`: two e-mails of one period are the same e-mail."""
    return int(timezone.now().timestamp() // length.total_seconds())
