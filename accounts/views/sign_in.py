"""Sign-in (A3), the code (A4), sign-out."""

from datetime import timedelta
from typing import Any

import django_otp
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, forms, lockout, pending, workflow
from accounts.middleware import before_terms
from accounts.models import User
from accounts.registration import Registration
from ecare import french

BACKEND = "accounts.backends.UsernameOrEmailBackend"
SESSION_LIFETIME = timedelta(seconds=settings.SESSION_COOKIE_AGE)
REFUSED = (
    "Identifiant ou mot de passe incorrect. Vérifiez votre saisie, ou choisissez un nouveau mot de passe avec "
    "« Mot de passe oublié ? »."
)
WRONG_CODE = "Ce code est incorrect. Vérifiez les six chiffres du dernier e-mail reçu."
VOID_CODE = (
    "Ce code n'est plus valable : il date de plus de dix minutes, il a été remplacé, il a déjà servi, ou trop de codes "
    "erronés ont été saisis. Demandez un nouveau code."
)
NO_SIGN_IN = "Votre connexion a pris trop de temps. Saisissez de nouveau votre identifiant et votre mot de passe."


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The password. Right, it opens nothing: a code is sent and the page of the code shown."""
    next_url = access.safe_next(request)
    if access.is_signed_in(request):
        return redirect(next_url or access.landing(request.user))
    form = forms.SignInForm(forms.posted(request))
    if form.is_valid():
        identifier = form.cleaned_data["username"]
        user = lockout.authenticate(request, identifier=identifier, password=form.cleaned_data["password"])
        if user is not None:
            started = pending.begin(request.session, user, identifier=identifier, next_url=next_url)
            _send_code(request, started, resend=False)
            return redirect("accounts:code")
        form.add_error(None, REFUSED)
    return render(request, "accounts/sign_in.html", {"form": form, "next": next_url})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """« Code à usage unique transmis par e-mail ». The right code opens the session."""
    if access.is_signed_in(request):
        return redirect(access.landing(request.user))
    started = pending.current(request.session)
    if started is None:
        if pending.SESSION_KEY in request.session:
            messages.warning(request, NO_SIGN_IN)
        return redirect("accounts:sign-in")
    form = forms.CodeForm(forms.posted(request))
    if form.is_valid():
        device = workflow.verify_code(started.user, sign_in=started.id, code=form.cleaned_data["code"])
        if device is not None:
            return _open_session(request, started, device)
        form.add_error("code", _why_refused(started))
    return render(request, "accounts/code.html", {"form": form, "identifier": started.identifier})


@login_not_required
@never_cache
@require_POST
def resend_code(request: HttpRequest) -> HttpResponse:
    """« Envoyer un nouveau code », at most once a minute and five times an hour (Q6)."""
    started = pending.current(request.session)
    if started is None:
        messages.warning(request, NO_SIGN_IN)
        return redirect("accounts:sign-in")
    _send_code(request, started, resend=True)
    return redirect("accounts:code")


@login_not_required
@before_terms
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """« Déconnexion »: the session is erased and its key with it (Q13)."""
    auth.logout(request)
    messages.success(request, "Vous êtes déconnecté.")
    return redirect("dossiers:home")


def locked(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """What django-axes answers during the pause (Q7), the same for an account that does not exist."""
    answer = render(request, "accounts/locked.html", status=429)
    answer["Retry-After"] = "900"
    return answer


def _send_code(request: HttpRequest, started: pending.PendingSignIn, *, resend: bool) -> None:
    requested_at = getattr(request, "received_at", None) or timezone.now()
    try:
        workflow.send_code(started.user, sign_in=started.id, requested_at=requested_at, resend=resend)
    except workflow.TooManyCodes as refusal:
        messages.info(
            request,
            "Un code a été demandé il y a peu. Regardez aussi dans vos courriers indésirables ; vous pourrez demander "
            f"un nouveau code à partir de {french.clock(refusal.next_at)}.",
        )
    else:
        if resend:
            messages.info(request, "Un nouveau code vient d'être envoyé. Le code précédent n'est plus valable.")


def _why_refused(started: pending.PendingSignIn) -> str:
    device = workflow.email_device(started.user)
    allowed, reason = device.verify_is_allowed()
    if not allowed and reason is not None:
        return (
            "Trop de codes erronés ont été saisis. Vous pourrez essayer de nouveau à partir de "
            f"{french.clock(reason['locked_until'])}."
        )
    return WRONG_CODE if device.is_pending(started.id) else VOID_CODE


def _open_session(request: HttpRequest, started: pending.PendingSignIn, device: Any) -> HttpResponse:
    user: User = started.user
    pending.end(request.session)
    Registration.load(request.session).forget(request.session)
    auth.login(request, user, backend=BACKEND)
    django_otp.login(request, device)
    # From now on, whatever is written to the session meanwhile (Q14).
    request.session.set_expiry(timezone.now() + SESSION_LIFETIME)
    return redirect(started.next or access.landing(user))
