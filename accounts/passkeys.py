"""Passkeys (WebAuthn), kept and verified by django-otp-webauthn. What the browser answers arrives in a form of ours.

The library refuses a signature whose count is not beyond the last one: that of a copied key."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnCredential as WebAuthnCredential
from webauthn.helpers.exceptions import WebAuthnException

from ecare import limits

Passkey = WebAuthnCredential
# A challenge answers once, even when it is posted several times at once, by an authenticator that counts nothing.
ONE_ANSWER = limits.Rate("passkey-challenge", 1, timedelta(minutes=30))
# Well within the time that one answer is remembered.
ANSWER_WITHIN = timedelta(minutes=10)


class Helper(WebAuthnHelper):
    """What is ours in a passkey: the person's name as the portal writes it."""

    def get_credential_display_name(self, user: Any) -> str:
        return str(user)


class Failed(Exception):
    """The browser's answer is not the one expected."""


def options_to_make(request: HttpRequest, user: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the browser needs to make a passkey, what to keep until it answers)."""
    return Helper(request).register_begin(user=user)


def options_to_use(request: HttpRequest, user: Any, *, alone: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the browser needs to use a passkey of `user`, what to keep until it answers). `alone`, no password goes
    with it: the key itself makes sure of the person, by a code or a fingerprint."""
    options, state = Helper(request).authenticate_begin(user=user, require_user_verification=alone)
    return options, {**state, "at": timezone.now().timestamp()}


def new_passkey(
    request: HttpRequest, user: Any, state: dict[str, Any], answer: Any, *, name: str
) -> WebAuthnCredential:
    """The passkey that the browser made. Raises `Failed`."""
    try:
        passkey = Helper(request).register_complete(user=user, state=state, data=answer)
    except (OTPWebAuthnApiError, WebAuthnException, ValueError, TypeError, KeyError) as refusal:
        raise Failed from refusal
    passkey.name = name
    passkey.save(update_fields=["name"])
    return passkey


def answered(request: HttpRequest, user: Any, state: dict[str, Any], answer: Any) -> WebAuthnCredential:
    """The passkey of `user` that signed the challenge of `state`, once, in time. Raises `Failed`."""
    if timezone.now().timestamp() - state.get("at", 0) >= ANSWER_WITHIN.total_seconds():
        raise Failed
    if not limits.hit(ONE_ANSWER, str(state.get("challenge"))).accepted:
        raise Failed
    try:
        passkey: WebAuthnCredential = Helper(request).authenticate_complete(user=user, state=state, data=answer)
    except (OTPWebAuthnApiError, WebAuthnException, ValueError, TypeError, KeyError) as refusal:
        raise Failed from refusal
    if not passkey.confirmed:
        raise Failed
    return passkey
