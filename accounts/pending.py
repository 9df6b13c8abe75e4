"""Between the password and the code: the session holds a sign-in under way, and nobody is signed in (A4)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User

SESSION_KEY = "pending_sign_in"
# Time to find the e-mail, and to ask for another code once or twice.
VALIDITY = timedelta(minutes=30)


@dataclass(frozen=True)
class PendingSignIn:
    """`id` binds the code to this sign-in (Q2); `next` is where to go afterwards."""

    user: User
    id: str
    identifier: str
    next: str


def begin(session: SessionBase, user: User, *, identifier: str, next_url: str) -> PendingSignIn:
    """Note that `user` gave the right password, typed as `identifier`. The session changes its key (Q13)."""
    session.cycle_key()
    sign_in = secrets.token_urlsafe(32)
    session[SESSION_KEY] = {
        "user": user.pk,
        "id": sign_in,
        "identifier": identifier,
        "next": next_url,
        "started_at": timezone.now().isoformat(),
        # A password changed meanwhile ends this sign-in as it ends sessions (Q10).
        "auth_hash": user.get_session_auth_hash(),
    }
    return PendingSignIn(user, sign_in, identifier, next_url)


def current(session: SessionBase) -> PendingSignIn | None:
    """The sign-in under way, if it is still valid and the account still open."""
    kept = session.get(SESSION_KEY)
    if not kept or timezone.now() - datetime.fromisoformat(kept["started_at"]) >= VALIDITY:
        return None
    user = User.objects.usable().filter(pk=kept["user"]).first()
    if user is None or not constant_time_compare(kept["auth_hash"], user.get_session_auth_hash()):
        return None
    return PendingSignIn(user, kept["id"], kept["identifier"], kept["next"])


def end(session: SessionBase) -> None:
    session.pop(SESSION_KEY, None)
