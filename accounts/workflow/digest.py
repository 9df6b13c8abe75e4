"""The daily e-mail that those who instruct choose to have. `dossiers` writes it."""

from django.utils import timezone

from accounts.enums import Digest
from accounts.models import User


def choose_digest(user: User, digest: Digest) -> None:
    """What `user` wants to be told from now on: who had chosen nothing is not told of what passed meanwhile."""
    User.objects.filter(pk=user.pk, digest=Digest.NONE).exclude(digest=digest).update(digested_at=timezone.now())
    User.objects.filter(pk=user.pk).update(digest=digest)
