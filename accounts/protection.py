"""The writes on second steps of one's own and on known browsers: one function a change, as in `workflow`."""

import uuid
from datetime import datetime
from typing import Any

import django_otp
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import access, factors, passkeys, queries
from accounts.browsers import KnownBrowser
from accounts.devices import EmailCode
from accounts.enums import Role
from accounts.factors import Authenticator, RecoveryCodes
from accounts.models import User
from accounts.passkeys import Passkey
from accounts.workflow import Refused
from ecare import audit
from ecare.models import AuditKind
from notifications import outbox

APPS = 5
PASSKEYS = 10
# What the audit log calls them.
WORDS: dict[type, str] = {
    Authenticator: "application",
    EmailCode: "code par e-mail",
    Passkey: "clé d'accès",
    RecoveryCodes: "code de secours",
}


def start_authenticator(user: User, *, by: User) -> Authenticator:
    """An authenticator app to be confirmed by a first code; one that was never confirmed gives way. Raises `Refused`
    beyond five."""
    _self_only(user, by)
    with transaction.atomic():
        _lock(user)
        if Authenticator.objects.filter(user=user, confirmed=True).count() >= APPS:
            raise Refused("Vous avez déjà cinq applications. Retirez-en une avant d'en ajouter une autre.")
        Authenticator.objects.filter(user=user, confirmed=False).delete()
        started: Authenticator = Authenticator.objects.create(user=user, confirmed=False)
        return started


def confirm_authenticator(user: User, *, code: str, name: str, by: User) -> Authenticator | None:
    """The app started, from now on in use under `name`, if `code` is its code. Told by e-mail."""
    _self_only(user, by)
    with transaction.atomic():
        _lock(user)
        started = Authenticator.objects.filter(user=user, confirmed=False).first()
        if started is None or not django_otp.verify_token(user, started.persistent_id, code):
            return None
        Authenticator.objects.filter(pk=started.pk).update(confirmed=True, name=name)
        _tell(user, f"L'application «\u00a0{name}\u00a0» est ajoutée", "application ajoutée", by=by)
    started.refresh_from_db()
    return started


def add_passkey(
    request: HttpRequest, user: User, *, state: dict[str, Any], answer: Any, name: str, by: User
) -> Passkey:
    """The passkey that the browser of `request` made. Told by e-mail. Raises `passkeys.Failed`, or `Refused` beyond
    ten."""
    _self_only(user, by)
    with transaction.atomic():
        _lock(user)
        if Passkey.objects.filter(user=user).count() >= PASSKEYS:
            raise Refused("Vous avez déjà dix clés d'accès. Retirez-en une avant d'en ajouter une autre.")
        passkey = passkeys.new_passkey(request, user, state, answer, name=name)
        _tell(user, f"La clé d'accès «\u00a0{name}\u00a0» est ajoutée", "clé d'accès ajoutée", by=by)
        return passkey


def rename(device: Authenticator | Passkey, *, name: str, by: User) -> None:
    """Give a second step the name by which its owner knows it."""
    _self_only(device.user, by)
    type(device).objects.filter(pk=device.pk).update(name=name)


def remove(device: Authenticator | Passkey, *, by: User) -> None:
    """Forget a second step. Told by e-mail; with the last one go the recovery codes, and every session that it opened.
    Raises `Refused` if the portal requires one of `by` and this is the last."""
    user = device.user
    _self_only(user, by)
    with transaction.atomic():
        _lock(user)
        type(device).objects.filter(pk=device.pk).delete()
        left = queries.own_factors(user)
        if not left:
            if access.must_have_own_factor(user):
                raise Refused(
                    "Votre rôle demande un second facteur\u00a0: ajoutez-en un autre avant de retirer celui-ci."
                )
            RecoveryCodes.objects.filter(user=user).delete()
        kind = "L'application" if isinstance(device, Authenticator) else "La clé d'accès"
        _tell(user, f"{kind} «\u00a0{device.name}\u00a0» est retirée", f"{WORDS[type(device)]} retirée", by=by)


def draw_recovery_codes(user: User, *, by: User) -> list[str]:
    """Ten new recovery codes, in clear for the last time; the former ones no longer serve. Told by e-mail. Raises
    `Refused` without a second step of one's own to recover from."""
    _self_only(user, by)
    with transaction.atomic():
        _lock(user)
        if not queries.own_factors(user):
            raise Refused("Ajoutez d'abord une application d'authentification ou une clé d'accès.")
        device = RecoveryCodes.objects.get_or_create(user=user, defaults={"name": "Codes de secours", "digests": []})[0]
        codes = device.draw()
        _tell(
            user,
            "De nouveaux codes de secours sont créés, les précédents ne servent plus",
            "codes de secours renouvelés",
            by=by,
        )
        return codes


def forget_factors(user: User, *, by: User) -> bool:
    """Bring somebody who lost everything back to the e-mailed code, which an administrator alone may do; sessions that
    these second steps opened end. Told by e-mail. False if there was none."""
    if by.role != Role.ADMIN:
        raise Refused("Seul un administrateur retire les seconds facteurs d'une autre personne.")
    with transaction.atomic():
        _lock(user)
        had = bool(queries.own_factors(user))
        for model in (Authenticator, Passkey, RecoveryCodes):
            model.objects.filter(user=user).delete()
        if had:
            _tell(user, "Un administrateur a retiré vos seconds facteurs, à votre demande", "tous retirés", by=by)
        return had


def verify_authenticator(user: User, *, code: str) -> Authenticator | None:
    """The authenticator app of `user` that shows `code`, never given before. One call among many wins."""
    with transaction.atomic():
        apps = Authenticator.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk")
        found = factors.verified(apps, code)
        if apps and found is None:
            _refused(user, WORDS[Authenticator])
        return found


def verify_recovery_code(user: User, *, code: str) -> RecoveryCodes | None:
    """The recovery codes of `user` if `code` is one of those left, then spent. Told by e-mail."""
    device = RecoveryCodes.objects.filter(user=user).first()
    if device is None:
        return None
    with transaction.atomic():
        verified: RecoveryCodes | None = django_otp.verify_token(user, device.persistent_id, code)
        if verified:
            left = f"il en reste {verified.left}"
            _tell(user, f"Un code de secours a servi à se connecter, {left}", "code de secours utilisé", by=user)
        else:
            _refused(user, WORDS[RecoveryCodes])
    return verified


def verify_passkey(request: HttpRequest, user: User, *, state: dict[str, Any], answer: Any) -> Passkey:
    """The passkey of `user` that signed the challenge of `state`; a challenge answers once.
    Raises `passkeys.Failed`."""
    try:
        with transaction.atomic():
            list(Passkey.objects.select_for_update().filter(user=user))
            return passkeys.answered(request, user, state, answer)
    except passkeys.Failed:
        _refused(user, WORDS[Passkey])
        raise


def recognise(user: User, digest: str) -> bool:
    """Whether `user` already signed in from the browser `digest`, which is noted as seen."""
    return bool(digest and KnownBrowser.objects.filter(user=user, digest=digest).update(last_seen_at=timezone.now()))


def note_browser(user: User, digest: str, *, first: bool, browser: str, at: datetime) -> None:
    """Remember a browser of `user`, and tell them by e-mail that it is new, unless it is the `first` of all."""
    with transaction.atomic():
        created = KnownBrowser.objects.get_or_create(user=user, digest=digest)[1]
        if created and not first:
            outbox.post(
                kind="new_browser",
                to=user.email,
                subject="Nouvelle connexion à votre compte",
                context={"user": user, "moment": at, "browser": browser},
                action=("Choisir un nouveau mot de passe", outbox.absolute(reverse("accounts:password-reset"))),
                key=f"new-browser:{user.pk}:{digest[:32]}",
            )


def _tell(user: User, what: str, event: str, *, by: User) -> None:
    """What the owner reads in an e-mail, and the `event` for the audit log (S2), which names no device."""
    audit.record(AuditKind.FACTOR_CHANGED, by=by, subject=f"compte {user.pk}", event=event)
    outbox.post(
        kind="factor_changed",
        to=user.email,
        subject="La protection de votre compte a changé",
        context={
            "user": user,
            "what": what,
            "moment": timezone.now(),
            "reset_url": outbox.absolute(reverse("accounts:password-reset")),
        },
        key=f"factor-changed:{user.pk}:{uuid.uuid4().hex}",
    )


def _refused(user: User, what: str) -> None:
    audit.record(AuditKind.CODE_FAILED, by=user, subject=what)


def _lock(user: User) -> None:
    """Changes of one person's second steps take turns. Raises `Refused` once their account is deleted."""
    if User.objects.select_for_update().get(pk=user.pk).deleted_at is not None:
        raise Refused("Votre compte est supprimé.")


def _self_only(user: User, by: User) -> None:
    if user != by:
        raise Refused("Chacun gère ses propres moyens de connexion.")
