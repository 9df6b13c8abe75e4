"""Who is at the keyboard, asked again before an act that could take the account away.

A session left open is not enough. Works without JavaScript. What was typed when the question comes is carried
through it, except passwords."""

import functools
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import access, codes, forms, lockout, passkeys, protection, queries, workflow
from accounts.models import User

View = Callable[..., HttpResponse]

SESSION_KEY = "confirmed_at"
# By a password then a code sent by e-mail, both asked for since the sign-in.
WITH_CODE_KEY = "confirmed_with_code_at"
CODE_SENT_KEY = "code_sent_to_confirm"
# What a passkey was asked to sign.
PASSKEY_KEY = "passkey_confirmation"
WINDOW = timedelta(minutes=10)
# Time to find the code, and to ask for another one once or twice.
CODE_WINDOW = timedelta(minutes=30)
# The fields of the question itself.
OURS = {"csrfmiddlewaretoken", *(f"confirm-{name}" for name in ("password", "code", "answer", "again", "resume"))}
WRONG = "Ce n'est pas votre mot de passe. Saisissez-le de nouveau."
WRONG_CODE = "Ce code est incorrect ou a déjà servi. Attendez le code suivant de votre application."


def mark(session: SessionBase, key: str = SESSION_KEY) -> None:
    """Note that the person has just proved who they are."""
    session[key] = timezone.now().timestamp()


def is_recent(session: SessionBase, key: str = SESSION_KEY) -> bool:
    """Whether the person proved who they are within `WINDOW`."""
    return 0 <= timezone.now().timestamp() - session.get(key, 0) < WINDOW.total_seconds()


def recently_confirmed(view: View) -> View:
    """Decorator: the view answers if the person proved who they are in the last ten minutes; asks for the password,
    a code of the authenticator app or a passkey otherwise."""

    return _guarded(view, SESSION_KEY, _ask)


def confirmed_with_code(view: View) -> View:
    """Decorator: the same, but by the password and then a code sent by e-mail. Having just signed in is not enough."""
    return _guarded(view, WITH_CODE_KEY, _ask_with_code)


def _guarded(view: View, key: str, ask: Callable[[HttpRequest, Callable[[], HttpResponse]], HttpResponse]) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_recent(request.session, key) and "confirm-resume" not in request.POST:
            return view(request, *args, **kwargs)
        return ask(request, lambda: view(request, *args, **kwargs))

    return guarded


class ConfirmedAdmin:
    """Mixin of ModelAdmin: its forms and its actions ask who is there."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return recently_confirmed(super().changeform_view)(request, *args, **kwargs)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            return recently_confirmed(super().changelist_view)(request, *args, **kwargs)  # type: ignore[misc]
        return super().changelist_view(request, *args, **kwargs)  # type: ignore[misc]


@never_cache
@sensitive_post_parameters("confirm-password", "confirm-code")
def _ask(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    user = access.person(request)
    asked = "confirm-resume" in request.POST
    own = queries.own_factors(user)
    by_passkey = asked and "confirm-answer" in request.POST
    form = forms.ConfirmationForm(request.POST if asked and not by_passkey else None, with_app=bool(own.authenticators))
    if by_passkey and _signed(request, user):
        return _go_on(request, view)
    if form.is_valid():
        code, password = form.cleaned_data.get("code", ""), form.cleaned_data["password"]
        if password and lockout.authenticate(request, identifier=user.username, password=password) == user:
            return _go_on(request, view)
        if not password and protection.verify_authenticator(user, code=code):
            return _go_on(request, view)
        form.add_error("password" if password else "code", WRONG if password else WRONG_CODE)
    return _question(request, form, passkeys_of=own, passkey_failed=by_passkey)


def _signed(request: HttpRequest, user: User) -> bool:
    """Whether a passkey of `user` answers what it was asked to sign, for the first time."""
    state, form = request.session.pop(PASSKEY_KEY, None), forms.ConfirmationPasskeyForm(request.POST)
    if not state or not form.is_valid():
        return False
    try:
        protection.verify_passkey(request, user, state=state, answer=form.cleaned_data["answer"])
    except passkeys.Failed:
        return False
    return True


@never_cache
@sensitive_post_parameters("confirm-password", "confirm-code")
def _ask_with_code(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    user = access.person(request)
    asked = "confirm-resume" in request.POST
    sent = request.session.get(CODE_SENT_KEY, {})
    sign_in = sent.get("id", "") if timezone.now().timestamp() - sent.get("at", 0) < CODE_WINDOW.total_seconds() else ""
    if not sign_in:
        form = forms.ConfirmationForm(request.POST if asked else None, with_app=False)
        if form.is_valid():
            password = form.cleaned_data["password"]
            if lockout.authenticate(request, identifier=user.username, password=password) == user:
                sign_in = secrets.token_urlsafe(32)
                request.session[CODE_SENT_KEY] = {"id": sign_in, "at": timezone.now().timestamp()}
                codes.send(request, user, sign_in=sign_in, resend=False, confirming=True)
                return _question(request, forms.ConfirmationCodeForm(None), code_sent=True)
            form.add_error("password", WRONG)
        return _question(request, form)
    if "confirm-again" in request.POST:
        codes.send(request, user, sign_in=sign_in, resend=True, confirming=True)
        return _question(request, forms.ConfirmationCodeForm(None), code_sent=True)
    code_form = forms.ConfirmationCodeForm(request.POST if asked else None)
    if code_form.is_valid():
        if workflow.verify_code(user, sign_in=sign_in, code=code_form.cleaned_data["code"]):
            del request.session[CODE_SENT_KEY]
            mark(request.session, WITH_CODE_KEY)
            return _go_on(request, view)
        code_form.add_error("code", codes.why_refused(user, sign_in=sign_in))
    return _question(request, code_form, code_sent=True)


def _question(
    request: HttpRequest,
    form: Form,
    *,
    code_sent: bool = False,
    passkeys_of: queries.Own | None = None,
    passkey_failed: bool = False,
) -> HttpResponse:
    resume = request.POST.get("confirm-resume", "get" if request.method in {"GET", "HEAD"} else "post")
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in OURS and "password" not in name
        for value in values
    ]
    context = {
        "form": form,
        "resume": resume,
        "kept": kept,
        "code_sent": code_sent,
        "with_passkey": bool(passkeys_of and passkeys_of.passkeys),
        "passkey_failed": passkey_failed,
    }
    return render(request, "accounts/confirm.html", context)


def _go_on(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    request.session.cycle_key()
    mark(request.session)
    if request.POST["confirm-resume"] == "get":
        return redirect(request.get_full_path())
    return view()
