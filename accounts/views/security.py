"""« Sécurité de votre compte »: second steps of one's own. Each page asks who is there first."""

from typing import Any

import django_otp
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, forms, passkeys, protection, queries, workflow
from accounts.confirmation import recently_confirmed
from accounts.factors import Authenticator
from accounts.middleware import before_own_factor
from accounts.passkeys import Passkey
from accounts.qr import as_image

STATE_KEY = "passkey_registration"
USUAL_NAME = "Application du téléphone"
WRONG_CODE = "Ce code est incorrect. Vérifiez l'heure de votre téléphone, puis saisissez le code affiché à l'instant."
NOT_ADDED = "Le navigateur n'a pas créé la clé d'accès. Recommencez, ou choisissez une application d'authentification."


@before_own_factor
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What protects the account, and what could."""
    user = access.person(request)
    own = queries.own_factors(user)
    context = {
        "own": own,
        "advised": access.is_advised_own_factor(user) and not own,
        "required": access.must_have_own_factor(user),
        "owed": access.owes_own_factor(user),
        "email_still_possible": not access.must_have_own_factor(user),
    }
    return render(request, "accounts/security/security.html", context)


@before_own_factor
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def add_authenticator(request: HttpRequest) -> HttpResponse:
    """An app: « commencer » draws a secret, the QR code shows it, a first code puts it in use."""
    user = access.person(request)
    if request.method == "POST" and "start" in request.POST:
        try:
            protection.start_authenticator(user, by=user)
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
            return redirect("accounts:security")
        return redirect("accounts:add-authenticator")
    started = Authenticator.objects.filter(user=user, confirmed=False).first()
    own = queries.own_factors(user)
    usual = {} if any(app.name == USUAL_NAME for app in own.authenticators) else {"name": USUAL_NAME}
    form = forms.NewAuthenticatorForm(forms.posted(request) if started else None, initial=usual)
    if form.is_valid():
        name = form.cleaned_data["name"]
        device = protection.confirm_authenticator(user, code=form.cleaned_data["code"], name=name, by=user)
        if device is not None:
            return _added(
                request,
                device,
                f"«\u00a0{name}\u00a0» est ajoutée\u00a0: ses codes vous seront demandés à la connexion.",
            )
        form.add_error("code", WRONG_CODE)
    context = {"form": form, "started": started, "image": as_image(started.config_url) if started else ""}
    return render(request, "accounts/security/add_authenticator.html", context)


@before_own_factor
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def add_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey. The browser makes it, asked by the script of the page; the form brings it."""
    user = access.person(request)
    form = forms.PasskeyForm(forms.posted(request))
    if form.is_valid():
        state = request.session.pop(STATE_KEY, None)
        try:
            if not state or not form.cleaned_data["answer"]:
                raise passkeys.Failed
            added = protection.add_passkey(
                request, user, state=state, answer=form.cleaned_data["answer"], name=form.cleaned_data["name"], by=user
            )
        except passkeys.Failed:
            form.add_error(None, NOT_ADDED)
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _added(request, added, f"La clé d'accès «\u00a0{added.name}\u00a0» est ajoutée.")
    return render(request, "accounts/security/add_passkey.html", {"form": form})


@before_own_factor
@never_cache
@require_POST
@recently_confirmed
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to make a passkey, in JSON."""
    options, request.session[STATE_KEY] = passkeys.options_to_make(request, access.person(request))
    return JsonResponse(options)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """One passkey of one's own: its name, its removal."""
    found = get_object_or_404(Passkey, user=access.person(request), pk=pk)
    return _one(request, found, forms.PasskeyNameForm, "accounts/security/passkey.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def authenticator(request: HttpRequest, pk: int) -> HttpResponse:
    """One authenticator app of one's own: its name, its removal."""
    found = get_object_or_404(Authenticator, user=access.person(request), confirmed=True, pk=pk)
    return _one(request, found, forms.AuthenticatorNameForm, "accounts/security/authenticator.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def recovery(request: HttpRequest) -> HttpResponse:
    """Ten codes, shown once, in the answer to the button."""
    user = access.person(request)
    codes: list[str] = []
    if request.method == "POST":
        try:
            codes = protection.draw_recovery_codes(user, by=user)
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
            return redirect("accounts:security")
    context: dict[str, Any] = {"codes": codes, "own": queries.own_factors(user)}
    return render(request, "accounts/security/recovery.html", context)


def _added(request: HttpRequest, device: Any, sentence: str) -> HttpResponse:
    """From now on the session stands on what was just proved."""
    django_otp.login(request, device)
    request.session.cycle_key()
    messages.success(request, sentence)
    own = queries.own_factors(access.person(request))
    return redirect("accounts:security" if own.recovery_left else "accounts:recovery-codes")


def _one(request: HttpRequest, device: Any, form_class: type[Form], template: str) -> HttpResponse:
    form = form_class(forms.posted(request), initial={"name": device.name})
    if request.method == "POST" and "remove" in request.POST:
        return _remove(request, device)
    if form.is_valid():
        name = form.cleaned_data["name"]
        protection.rename(device, name=name, by=access.person(request))
        messages.success(request, f"«\u00a0{device.name}\u00a0» s'appelle désormais «\u00a0{name}\u00a0».")
        return redirect("accounts:security")
    return render(request, template, {"form": form, "device": device})


def _remove(request: HttpRequest, device: Any) -> HttpResponse:
    user = access.person(request)
    try:
        protection.remove(device, by=user)
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("accounts:security")
    if user.otp_device == device:
        # This session stood on it; the person has just proved who they are.
        own = queries.own_factors(user)
        left = [*own.authenticators, *own.passkeys]
        django_otp.login(request, left[0] if left else workflow.email_device(user))
    messages.success(request, f"«\u00a0{device.name}\u00a0» ne sert plus à vous connecter.")
    return redirect("accounts:security")
