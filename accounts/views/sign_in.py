"""Sign-in (A3), the code (A4), sign-out. The second steps of one's own stand in `second_step`."""

import functools
from collections.abc import Callable
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

from accounts import (
    access,
    browsers,
    codes,
    confirmation,
    forms,
    lockout,
    pending,
    protection,
    queries,
    sessions,
    workflow,
)
from accounts.middleware import before_terms
from accounts.models import User
from accounts.registration import Registration
from ecare import errors, limits

BACKEND = "accounts.backends.UsernameOrEmailBackend"
# Beside the pause of one account: wrong passwords tried on many of them. Right ones are not counted, since a whole
# administration may stand behind one address.
WRONG_PASSWORDS = limits.Rate("wrong-passwords", 50, timedelta(minutes=15))
SESSION_LIFETIME = timedelta(seconds=settings.SESSION_COOKIE_AGE)
REFUSED = (
    "Identifiant ou mot de passe incorrect. Vérifiez votre saisie, ou choisissez un nouveau mot de passe avec "
    "« Mot de passe oublié ? »."
)
ADVICE = (
    "Votre rôle donne accès aux dossiers de nombreux établissements. Ajoutez une application d'authentification ou une "
    "clé d'accès dans « Sécurité », depuis votre compte : la connexion est plus sûre et n'attend plus d'e-mail."
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
        attempt = limits.hit(WRONG_PASSWORDS, limits.address(request))
        if not attempt.accepted:
            return errors.too_many_requests(request, retry_after=attempt.retry_after)
        identifier = form.cleaned_data["username"]
        user = lockout.authenticate(request, identifier=identifier, password=form.cleaned_data["password"])
        if user is not None:
            limits.give_back(attempt)
            started = pending.begin(request.session, user, identifier=identifier, next_url=next_url)
            if queries.own_factors(user):
                return redirect("accounts:second-step")
            codes.send(request, started.user, sign_in=started.id, resend=False)
            return redirect("accounts:code")
        form.add_error(None, REFUSED)
    return render(request, "accounts/sign_in.html", {"form": form, "next": next_url})


def after_password(
    view: Callable[[HttpRequest, pending.PendingSignIn], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A page between the password and the session, given the sign-in under way. Whoever is signed in already goes where
    they work; whoever has given no password, or too long ago, to the sign-in page."""

    @functools.wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        if access.is_signed_in(request):
            return redirect(access.landing(request.user))
        started = pending.current(request.session)
        if started is None:
            if pending.SESSION_KEY in request.session:
                messages.warning(request, NO_SIGN_IN)
            return redirect("accounts:sign-in")
        return view(request, started)

    return page


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@after_password
def code(request: HttpRequest, started: pending.PendingSignIn) -> HttpResponse:
    """« Code à usage unique transmis par e-mail ». The right code opens the session."""
    own = queries.own_factors(started.user)
    if own and access.must_have_own_factor(started.user):
        return redirect("accounts:second-step")
    form = forms.CodeForm(forms.posted(request))
    if form.is_valid():
        device = workflow.verify_code(started.user, sign_in=started.id, code=form.cleaned_data["code"])
        if device is not None:
            return open_session(request, started, device)
        form.add_error("code", codes.why_refused(started.user, sign_in=started.id))
    return render(request, "accounts/code.html", {"form": form, "identifier": started.identifier, "own": own})


@login_not_required
@never_cache
@require_POST
def resend_code(request: HttpRequest) -> HttpResponse:
    """« Envoyer un nouveau code », at most once a minute and five times an hour (Q6). The `first` code of a sign-in is
    asked for here by whoever has other second steps."""
    started = pending.current(request.session)
    if started is None:
        messages.warning(request, NO_SIGN_IN)
        return redirect("accounts:sign-in")
    own = queries.own_factors(started.user)
    if own and access.must_have_own_factor(started.user):
        return redirect("accounts:second-step")
    first = bool(own) and "first" in request.POST
    codes.send(request, started.user, sign_in=started.id, resend=not first)
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


def open_session(request: HttpRequest, started: pending.PendingSignIn, device: Any) -> HttpResponse:
    """The second step is given: sign in, on `device`. A browser never seen before is told to the person."""
    user: User = started.user
    first = user.last_login is None
    pending.end(request.session)
    Registration.load(request.session).forget(request.session)
    request.second_step = {"factor": protection.WORDS[type(device)]}  # type: ignore[attr-defined]
    auth.login(request, user, backend=BACKEND)
    django_otp.login(request, device)
    confirmation.mark(request.session)
    lockout.forgive(request, user)
    request.session[sessions.OPENING] = sessions.opening(request.headers.get("User-Agent", ""))
    # From now on, whatever is written to the session meanwhile (Q14).
    request.session.set_expiry(timezone.now() + SESSION_LIFETIME)
    if access.is_advised_own_factor(user) and not access.must_have_own_factor(user) and not queries.own_factors(user):
        messages.info(request, ADVICE)
    response = redirect(started.next or access.landing(user))
    digest = browsers.digest_of(request)
    if not protection.recognise(user, digest):
        protection.note_browser(
            user,
            digest or browsers.mark(response),
            first=first,
            browser=browsers.described(request.headers.get("User-Agent", "")),
            at=timezone.now(),
        )
    return response
