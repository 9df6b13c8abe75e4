"""Sign-ins, failures and sign-outs in the audit log, heard at Django's own door: whatever way opens a session (S2)."""

from typing import Any

from django.contrib.auth import signals
from django.dispatch import receiver

from accounts.models import User
from ecare import audit
from ecare.models import AuditKind


@receiver(signals.user_logged_in)
def signed_in(sender: Any, request: Any, user: User, **_: Any) -> None:
    """With the second step that was given, when pages of ours asked for it."""
    audit.record(AuditKind.SIGNED_IN, by=user, **getattr(request, "second_step", {}))


@receiver(signals.user_logged_out)
def signed_out(sender: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record(AuditKind.SIGNED_OUT, by=user)


@receiver(signals.user_login_failed)
def refused(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    """Of an identifier without account nothing is kept: it may be a password typed in the wrong field."""
    known = User.objects.known_as(str(credentials.get("username") or "").replace("\x00", "")).first()
    audit.record(AuditKind.SIGN_IN_FAILED, by=known)
