"""Accounts that nobody signs in to any more: told, then deleted as their owner would have done (Q59).

A dossier that such an account still holds keeps what it says, and is vacant: responsables are told, as for any référent
who can no longer sign in (Q38). The staff is left to its administrators: who decided stays known.
"""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.enums import Role
from accounts.models import User, UserQuerySet
from accounts.workflow.departure import erase
from notifications import outbox


def unseen(since: datetime) -> UserQuerySet:
    """The référents who have not signed in since then, with `seen_at`, the last time."""
    referents: UserQuerySet = User.objects.filter(role=Role.REFERENT, deleted_at=None, activated_at__isnull=False)
    return referents.annotate(seen_at=Coalesce("last_login", "activated_at")).filter(seen_at__lte=since)


def to_tell(now: datetime) -> UserQuerySet:
    """Those whose account comes to its end, and who were not told of it since they last came."""
    nearly = unseen(now - settings.INACTIVE_KEPT + settings.INACTIVE_NOTICE)
    return nearly.filter(Q(inactivity_told_at=None) | Q(inactivity_told_at__lte=F("seen_at")))


def inactive(now: datetime) -> UserQuerySet:
    """Those whose account has to go: told long enough ago, and not seen since."""
    gone = unseen(now - settings.INACTIVE_KEPT)
    return gone.filter(inactivity_told_at__gt=F("seen_at"), inactivity_told_at__lte=now - settings.INACTIVE_NOTICE)


def tell(keys: Collection[int], now: datetime) -> int:
    """Write to each, once, when the account goes unless they sign in; how many."""
    told = 0
    for pk in keys:
        with transaction.atomic():
            user = to_tell(now).filter(pk=pk).select_for_update().first()
            if user is not None:
                User.objects.filter(pk=pk).update(inactivity_told_at=now)
                seen_at: datetime = user.__dict__["seen_at"]
                end = max(seen_at + settings.INACTIVE_KEPT, now + settings.INACTIVE_NOTICE)
                outbox.post(
                    kind="inactive",
                    to=user.email,
                    subject="Votre compte sera bientôt supprimé",
                    context={"user": user, "seen_at": seen_at, "end": end, "support": settings.SUPPORT_EMAIL},
                    action=("Se connecter", outbox.absolute(reverse("accounts:sign-in"))) if user.is_active else None,
                    key=f"inactive:{user.pk}:{now:%Y%m%d%H%M}",
                )
                told += 1
    return told


def close(keys: Collection[int], now: datetime) -> int:
    """Delete each account, unless its owner came back; how many."""
    closed = 0
    for pk in keys:
        with transaction.atomic():
            user = inactive(now).filter(pk=pk).select_for_update().first()
            if user is not None:
                erase(user, by=None, at=now)
                closed += 1
    return closed
