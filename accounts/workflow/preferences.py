"""What those who instruct prefer: the daily e-mail, and the keyboard."""

from django.utils import timezone

from accounts.enums import Digest
from accounts.models import User


def choose_digest(user: User, digest: Digest) -> None:
    """What `user` wants to be told from now on: who had chosen nothing is not told of what passed meanwhile."""
    User.objects.filter(pk=user.pk, digest=Digest.NONE).exclude(digest=digest).update(digested_at=timezone.now())
    User.objects.filter(pk=user.pk).update(digest=digest)


def choose_shortcuts(user: User, on: bool) -> None:
    """Whether letters alone act in the back-office, from now on and in every browser of `user`."""
    User.objects.filter(pk=user.pk).update(shortcuts=on)
