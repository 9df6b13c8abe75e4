"""Ends: accounts that nobody ever activated, accounts that their owner deletes, establishments that one leaves."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import access, composition, lockout
from accounts.models import DELETED, Representation, User, UserQuerySet
from accounts.workflow.refusals import MattersOpen, Refused
from ecare import audit
from ecare.models import AuditKind
from establishments.models import LegalEntity
from notifications import outbox
from notifications.enums import NOWHERE


def never_activated(now: datetime) -> UserQuerySet:
    """The accounts that waited 30 days, by default, for their activation (A2)."""
    found: UserQuerySet = User.objects.filter(activated_at=None, created_at__lte=now - settings.NEVER_ACTIVATED_KEPT)
    return found


def purge_never_activated(keys: Collection[int], now: datetime) -> int:
    """Delete these accounts, with what was written to them; how many. Each is locked and looked at again: whoever
    activates meanwhile keeps their account."""
    purged = 0
    for pk in keys:
        with transaction.atomic():
            user = never_activated(now).filter(pk=pk).select_for_update().first()
            if user is not None:
                outbox.forget(user.email)
                lockout.forget(user.username, user.email)
                user.delete()
                purged += 1
    return purged


def delete_account(user: User, *, by: User) -> None:
    """Delete the account of `user`, for good: nothing names the person any more, their dossiers and what they did there
    stay (Q59). The farewell goes to their address, which goes with it. Deleting it twice deletes it once.

    Raises `MattersOpen` while a dossier awaits them, `Refused` unless `by` is a référent and deletes their own.
    """
    if user != by or not access.may_delete_account(by):
        raise Refused("Seul un référent supprime son propre compte.")
    with transaction.atomic():
        # Whoever gives them a dossier at the same instant has given it, or waits and is refused.
        leaving = User.objects.select_for_update().get(pk=user.pk)
        if leaving.deleted_at is not None:
            return
        if matters := composition.open_matters(leaving):
            raise MattersOpen(matters)
        erase(leaving, by=leaving, at=timezone.now())


def erase(leaving: User, *, by: User | None, at: datetime) -> None:
    """Empty an account that its caller locked: who asked, None for the portal itself, and when."""
    was = composition.FormerIdentity(
        leaving.full_name,
        leaving.username,
        leaving.email,
        tuple(leaving.email_changes.applied().values_list("former_email", flat=True)),
    )
    leaving.username = f"supprime-{leaving.public_id.hex}"
    leaving.email = f"{leaving.username}@{NOWHERE}"
    leaving.last_name, leaving.first_name, leaving.civility, leaving.phone = DELETED, "", "", ""
    leaving.is_active, leaving.deleted_at, leaving.inactivity_told_at = False, at, None
    leaving.set_unusable_password()
    leaving.save()
    composition.forget(leaving, was)
    audit.record(AuditKind.ACCOUNT_DELETED, by=by, subject="" if by else f"compte {leaving.pk}")
    outbox.post(
        kind="account_deleted",
        to=was.email,
        subject="Votre compte est supprimé",
        context={"moment": at, "asked": by is not None},
        key=f"account-deleted:{leaving.pk}",
        is_farewell=True,
    )


def remove_establishment(user: User, legal_entity: LegalEntity, *, by: User) -> None:
    """Detach `user` from `legal_entity`; the oldest of the others becomes the one shown first if it was (A8). Removing
    it twice changes nothing.

    Raises `MattersOpen` while a dossier of it awaits them, `Refused` for the last one, and for anybody else.
    """
    if user != by or not access.may_represent(by):
        raise Refused("Seul un référent retire un établissement de son propre compte.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        own = Representation.objects.filter(user=user)
        leaving = own.filter(legal_entity=legal_entity).first()
        if leaving is None:
            return
        others = own.exclude(pk=leaving.pk).order_by("created_at", "pk")
        if not others:
            raise Refused(
                "C'est votre seul établissement\u00a0: ajoutez d'abord celui qui le remplace, ou supprimez votre "
                "compte."
            )
        if matters := composition.open_matters(user, legal_entity):
            raise MattersOpen(matters)
        leaving.delete()
        if leaving.is_primary:
            Representation.objects.filter(pk=others[0].pk).update(is_primary=True)
