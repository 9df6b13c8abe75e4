"""Another e-mail address for an account: where its codes and its links go, hence the account itself.

Asked for by the person, confirmed from both addresses in any order, void after a day or once the password changes
(docs/adr/0034). Whoever writes here holds the account, so that two confirmations follow one another.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import composition, links
from accounts.email_changes import VALIDITY, EmailChange, Side
from accounts.enums import Role
from accounts.models import EmailCode, User
from accounts.workflow.refusals import Refused
from accounts.workflow.sessions import close_sessions
from ecare import audit
from ecare.models import AuditKind
from notifications import outbox

NOTICE_INTERVAL = timedelta(hours=1)


class Confirmed(Enum):
    """What a confirmation led to."""

    WAITING = "waiting"  # for the other address
    DONE = "done"
    TAKEN = "taken"  # the new address became somebody else's meanwhile


def ask_email_change(user: User, *, new_email: str, by: User) -> None:
    """Send a link to both addresses; the former request of `user`, if any, is void.

    An address that is already somebody's answers the same: its owner is told, and no link leaves (Q8). Raises `Refused`
    for anybody else's account, a closed one, or the address that it has already.
    """
    if user != by:
        raise Refused("Chacun change sa propre adresse.")
    with transaction.atomic():
        asker = _held(user)
        if not asker.is_active:
            raise Refused("Votre compte est fermé.")
        if asker.email.lower() == new_email.lower():
            raise Refused("C'est déjà l'adresse de votre compte.")
        drop_email_change(asker)
        change = EmailChange.objects.create(user=asker, former_email=asker.email, new_email=new_email)
        audit.record(AuditKind.EMAIL_CHANGED, by=asker, subject="demandé")
        outbox.post(
            kind="email_change_asked",
            to=asker.email,
            subject="Confirmez le changement de votre adresse e-mail",
            context={
                "user": asker,
                "change": change,
                "reset_url": outbox.absolute(reverse("accounts:password-reset")),
            },
            action=("Confirmer ou refuser", links.email_change(change, Side.FORMER)),
            key=_key(change, Side.FORMER),
        )
        holder = User.objects.with_email(new_email).first()
        if holder is None:
            outbox.post(
                kind="email_change_to_confirm",
                to=new_email,
                subject="Confirmez votre nouvelle adresse e-mail",
                context={"change": change},
                action=("Confirmer cette adresse", links.email_change(change, Side.NEW)),
                key=_key(change, Side.NEW),
            )
        elif holder.is_active:
            outbox.post(
                kind="email_wanted",
                to=holder.email,
                subject="Votre adresse e-mail a été demandée",
                context={"user": holder, "moment": change.asked_at},
                key=f"email-wanted:{holder.pk}:{int(change.asked_at.timestamp() // NOTICE_INTERVAL.total_seconds())}",
            )


def confirm_email_change(public_id: uuid.UUID, side: Side, *, session_key: str | None = None) -> Confirmed:
    """Confirm a change from one address; from both, it takes place, and every session of the account ends but the one
    whose key is `session_key`. Raises `Refused` once it is over, cancelled, or replaced."""
    with transaction.atomic():
        change = _opened(public_id)
        if not change.is_confirmed_from(side):
            setattr(change, f"{side.value}_confirmed_at", timezone.now())
            change.save(update_fields=[f"{side.value}_confirmed_at"])
        if not all(change.is_confirmed_from(each) for each in Side):
            return Confirmed.WAITING
        try:
            with transaction.atomic():
                User.objects.filter(pk=change.user_id).update(email=change.new_email)
        except IntegrityError:
            drop_email_change(change.user)
            audit.record(AuditKind.EMAIL_CHANGED, by=change.user, subject="refusé, adresse prise")
            return Confirmed.TAKEN
        change.user.email = change.new_email
        _applied(change, by=change.user, session_key=session_key)
        return Confirmed.DONE


def refuse_email_change(public_id: uuid.UUID) -> None:
    """« Ce n'est pas moi », said from the address that the account has. Raises `Refused` once it is over."""
    with transaction.atomic():
        change = _opened(public_id)
        drop_email_change(change.user)
        audit.record(AuditKind.EMAIL_CHANGED, by=change.user, subject="refusé de l'ancienne adresse")


def cancel_email_change(user: User, *, by: User) -> None:
    """Give up a change that waits; without any, nothing. Raises `Refused` for anybody else's."""
    if user != by:
        raise Refused("Chacun change sa propre adresse.")
    with transaction.atomic():
        if drop_email_change(_held(user)):
            audit.record(AuditKind.EMAIL_CHANGED, by=user, subject="abandonné")


def correct_email(user: User, *, former_email: str, by: User) -> None:
    """What follows an address changed by an administrator, for whoever lost theirs: the same as one that the person
    changed. In the transaction of the change; raises `Refused` for anybody else."""
    if by.role != Role.ADMIN:
        raise Refused("Seul un administrateur corrige l'adresse d'une autre personne.")
    drop_email_change(user)
    change = EmailChange(user=user, former_email=former_email, new_email=user.email, is_correction=True)
    _applied(change, by=by, session_key=None)


def drop_email_change(user: User) -> bool:
    """Forget the change of `user` that waits, whether it can still be confirmed or not, and the new address with the
    letter that it was sent. False if there was none. In the transaction of what makes it void."""
    change = EmailChange.objects.filter(user=user, applied_at=None).first()
    if change is None:
        return False
    outbox.forget(change.new_email, key=_key(change, Side.NEW))
    change.delete()
    return True


def never_confirmed(now: datetime) -> QuerySet[EmailChange]:
    """The changes that nobody confirmed in time."""
    return EmailChange.objects.filter(applied_at=None, asked_at__lte=now - VALIDITY)


def purge_email_changes(keys: Collection[int], now: datetime) -> int:
    """Forget these changes, unless they were confirmed or asked for again meanwhile; how many."""
    purged = 0
    for change in EmailChange.objects.filter(pk__in=keys).select_related("user"):
        with transaction.atomic():
            user = _held(change.user)
            purged += never_confirmed(now).filter(pk=change.pk).exists() and drop_email_change(user)
    return purged


def _applied(change: EmailChange, *, by: User, session_key: str | None) -> None:
    """The address of the account is new: whatever opened it by the former one is void, both are told."""
    user = change.user
    EmailCode.objects.filter(user=user).update(digest="")
    close_sessions(user, keep=session_key)
    audit.record(AuditKind.EMAIL_CHANGED, by=by, subject=f"compte {user.pk}" if change.is_correction else "fait")
    composition.follow(user)
    now = timezone.now()
    for address in (change.former_email, change.new_email):
        outbox.post(
            kind="email_changed",
            to=address,
            subject="L'adresse e-mail de votre compte a changé",
            context={"user": user, "moment": now, "is_new": address == change.new_email, "change": change},
            key=f"email-changed:{change.public_id.hex}:{'new' if address == change.new_email else 'former'}",
        )
    # After the letters: all that this address was sent before is of this person.
    change.applied_at = timezone.now()
    change.save()


def _opened(public_id: uuid.UUID) -> EmailChange:
    """A change that may be confirmed, the account being held. Raises `Refused`."""
    over = Refused("Ce lien n'est plus valable.")
    found = EmailChange.objects.pending().filter(public_id=public_id).select_related("user").first()
    if found is None:
        raise over
    user = _held(found.user)
    change = EmailChange.objects.pending().filter(pk=found.pk).first()
    if change is None or not user.is_active or user.email != change.former_email:
        raise over
    change.user = user
    return change


def _held(user: User) -> User:
    """The account read again, which nobody else changes before the end of the transaction. A lock that lets history
    name it: dossiers are taken afterwards, as everywhere."""
    held: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return held


def _key(change: EmailChange, side: Side) -> str:
    return f"email-change:{change.public_id.hex}:{side.value}"
