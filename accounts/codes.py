"""A code sent by e-mail, as the pages ask for it: at sign-in, and before an act."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from accounts import workflow
from accounts.models import User
from ecare import french

WRONG = "Ce code est incorrect. Vérifiez les six chiffres du dernier e-mail reçu."
VOID = (
    "Ce code n'est plus valable : il date de plus de dix minutes, il a été remplacé, il a déjà servi, ou trop de codes "
    "erronés ont été saisis. Demandez un nouveau code."
)


def send(request: HttpRequest, user: User, *, sign_in: str, resend: bool, confirming: bool = False) -> None:
    """Send `user` a code for `sign_in`, and tell them of it, or of when the next one may be asked for (Q6)."""
    requested_at = getattr(request, "received_at", None) or timezone.now()
    try:
        workflow.send_code(user, sign_in=sign_in, requested_at=requested_at, resend=resend, confirming=confirming)
    except workflow.TooManyCodes as refusal:
        messages.info(
            request,
            "Un code a été demandé il y a peu. Regardez aussi dans vos courriers indésirables ; vous pourrez demander "
            f"un nouveau code à partir de {french.clock(refusal.next_at)}.",
        )
    else:
        if resend:
            messages.info(request, "Un nouveau code vient d'être envoyé. Le code précédent n'est plus valable.")


def why_refused(user: User, *, sign_in: str) -> str:
    """What to say of a code that was not accepted for `sign_in`."""
    device = workflow.email_device(user)
    allowed, reason = device.verify_is_allowed()
    if not allowed and reason is not None:
        return (
            "Trop de codes erronés ont été saisis. Vous pourrez essayer de nouveau à partir de "
            f"{french.clock(reason['locked_until'])}."
        )
    return WRONG if device.is_pending(sign_in) else VOID
