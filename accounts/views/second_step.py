"""The second step of whoever has more than the e-mailed code: an app, a passkey, a recovery code."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, confirmation, forms, passkeys, pending, protection, queries
from accounts.middleware import before_own_factor
from accounts.views.sign_in import after_password, open_session
from ecare import french

STATE_KEY = "passkey_sign_in"
WRONG_CODE = "Ce code est incorrect ou a déjà servi. Saisissez celui que votre application affiche à présent."
WRONG_RECOVERY = "Ce code de secours est incorrect ou a déjà servi. Saisissez-en un autre."
WRONG_PASSKEY = "La clé d'accès n'a pas été reconnue. Recommencez, ou choisissez un autre moyen."


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@after_password
def second_step(request: HttpRequest, started: pending.PendingSignIn) -> HttpResponse:
    """One of one's own second steps opens the session; `moyen` says which one is shown."""
    own = queries.own_factors(started.user)
    if not own:
        return redirect("accounts:sign-in")
    recovering = request.GET.get("moyen") == "secours" and own.recovery_left > 0
    bound = forms.posted(request)
    form = forms.RecoveryForm(bound) if recovering else forms.AuthenticatorForm(bound)
    failure = ""
    if request.method == "POST" and "answer" in request.POST:
        form = forms.AuthenticatorForm()
        answer = forms.PasskeyAnswerForm(request.POST)
        state = request.session.pop(STATE_KEY, None)
        try:
            if not state or not answer.is_valid():
                raise passkeys.Failed
            passkey = protection.verify_passkey(
                request, started.user, state=state, answer=answer.cleaned_data["answer"]
            )
            return open_session(request, started, passkey)
        except passkeys.Failed:
            failure = WRONG_PASSKEY
    elif form.is_valid():
        code = form.cleaned_data["code"]
        verify = protection.verify_recovery_code if recovering else protection.verify_authenticator
        device = verify(started.user, code=code)
        if device is not None:
            return open_session(request, started, device)
        form.add_error("code", _why_refused(own, recovering=recovering))
    context = {
        "form": form if recovering or own.authenticators else None,
        "failure": failure,
        "own": own,
        "recovering": recovering,
        "identifier": started.identifier,
        "email_possible": not access.must_have_own_factor(started.user),
    }
    return render(request, "accounts/second_step.html", context)


@login_not_required
@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to use a passkey, in JSON."""
    started = pending.current(request.session)
    if started is None:
        return redirect("accounts:sign-in")
    options, request.session[STATE_KEY] = passkeys.options_to_use(request, started.user, alone=False)
    return JsonResponse(options)


@before_own_factor
@never_cache
@require_POST
def confirmation_options(request: HttpRequest) -> HttpResponse:
    """The same, to confirm an act. 404 for whoever has none."""
    user = access.person(request)
    if not queries.own_factors(user).passkeys:
        raise Http404
    options, request.session[confirmation.PASSKEY_KEY] = passkeys.options_to_use(request, user, alone=True)
    return JsonResponse(options)


def _why_refused(own: queries.Own, *, recovering: bool) -> str:
    devices = [own.recovery] if recovering and own.recovery else own.authenticators
    waits = []
    for device in devices:
        device.refresh_from_db()
        _, reason = device.verify_is_allowed()
        if reason is not None:
            waits.append(reason["locked_until"])
    if waits:
        again = french.clock(max(waits))
        return f"Trop de codes erronés ont été saisis. Vous pourrez essayer de nouveau à partir de {again}."
    return WRONG_RECOVERY if recovering else WRONG_CODE
