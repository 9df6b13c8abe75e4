"""Closing sessions: the one thing that is done to them from outside."""

import uuid

from accounts.models import User
from accounts.sessions import Session


def close_session(public_id: uuid.UUID, *, by: User) -> bool:
    """Close a session of `by`, at once, wherever it is open. False if it is none of theirs or is over."""
    return bool(Session.objects.filter(account=by, public_id=public_id).delete()[0])


def close_sessions(user: User, *, keep: str | None = None) -> int:
    """Close every session of `user` but the one whose key is `keep`; how many."""
    return Session.objects.filter(account=user).exclude(session_key=keep or "").delete()[0]
