"""How an account is found and recognised."""

import datetime as dt
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from ecare.composed import Composed

# Read at each request (Q73).
OF_SESSION = Composed(
    lambda key, at: User.objects.usable().with_terms_due(at).filter(pk=key),
    key=-1,
    at=dt.datetime(1, 1, 1, tzinfo=dt.UTC),
)


class UsernameOrEmailBackend(BaseBackend):
    """Password check by user name or e-mail address, whatever the case (A3)."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The account, if the password is right and the account activated and open. An unknown identifier costs one
        hash like a known one, so that time tells nothing (Q8)."""
        if username is None or password is None:
            return None
        user = User.objects.known_as(username).first()
        if user is None:
            make_password(password)
            return None
        right = user.check_password(password)
        return user if right and user.is_active and user.is_activated else None

    def get_user(self, user_id: int) -> User | None:
        """The account of a session, if it is still open: read at each request, so that a disabled account is refused
        at once (Q16). Carries `terms_due` in the same query."""
        return OF_SESSION.first(key=user_id, at=timezone.now())
