"""Registration in three steps (A1), activation (A2)."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import hashers
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, forms, links, workflow
from accounts.enums import Civility
from accounts.models import User
from accounts.registration import PERSON, Choice, Registration
from accounts.views import establishment as screens
from ecare import errors, limits
from establishments import queries as establishments
from establishments.models import LegalEntity

# A password's hash costs more than a page, and those who sign in wait for the same processor: two for each registration
# that `links.REQUESTS` lets one visitor send.
PASSWORDS = limits.Rate("registration-passwords", 120, timedelta(hours=1))


@login_not_required
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest) -> HttpResponse:
    """Step 1, « Informations personnelles »."""
    if access.is_signed_in(request):
        return redirect(access.landing(request.user))
    state = Registration.load(request.session)
    state.next = access.safe_next(request) or state.next
    finess = (request.POST.get("finess") or request.GET.get("finess") or "")[:30]
    form = forms.PersonForm(forms.posted(request), initial=state.person, password_kept=bool(state.password_hash))
    if request.method == "POST":
        complete = form.is_valid()
        # Even when another field is wrong, a good password is not asked for again: it cannot be shown as typed.
        if form.cleaned_data.get("new_password1") and not {"new_password1", "new_password2"} & form.errors.keys():
            counted = limits.hit(PASSWORDS, limits.address(request))
            if not counted.accepted:
                return errors.too_many_requests(request, retry_after=counted.retry_after)
            state.password_hash = hashers.make_password(form.cleaned_data["new_password1"])
            state.save(request.session)
        if complete:
            state.person = {name: form.cleaned_data[name] for name in PERSON}
            state.person_valid = True
            if finess and (legal_entity := establishments.by_finess(finess)):
                state.choice.suggest(legal_entity)
            state.save(request.session)
            return redirect("accounts:register-establishment")
    context = {"form": form, "password_kept": bool(state.password_hash), "next": state.next, "finess": finess}
    return render(request, "accounts/registration/person.html", context)


def _finish(request: HttpRequest, legal_entity: LegalEntity, choice: Choice) -> HttpResponse:
    return redirect("accounts:register-recap")


FLOW = screens.Flow(
    load=Registration.load,
    registering=True,
    before="accounts:register",
    kind_and_region="accounts:register-establishment",
    pick="accounts:register-pick",
    sites="accounts:register-sites",
    finish=_finish,
)


@login_not_required
@never_cache
def establishment(request: HttpRequest) -> HttpResponse:
    """Step 2, screen 1/3."""
    return screens.kind_and_region(request, FLOW)


@login_not_required
@never_cache
def pick(request: HttpRequest) -> HttpResponse:
    """Step 2, screen 2/3."""
    return screens.pick(request, FLOW)


@login_not_required
@never_cache
def sites(request: HttpRequest) -> HttpResponse:
    """Step 2, screen 3/3."""
    return screens.sites(request, FLOW)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits.by_address(links.REQUESTS, "POST")
def recap(request: HttpRequest) -> HttpResponse:
    """Step 3: everything but the password, then « Créer le compte »."""
    state = Registration.load(request.session)
    if not state.has_person:
        # Sent twice: the first one made the account and forgot what was typed.
        return redirect("accounts:register-done" if _just_registered(request) else "accounts:register")
    legal_entity = screens.chosen(state.choice)
    if legal_entity is None:
        return redirect("accounts:register-sites")
    if request.method == "POST":
        workflow.register(
            state.identity(),
            password_hash=state.password_hash,
            legal_entity=legal_entity,
            establishment_type=state.choice.establishment_type,
            next_url=state.next,
        )
        state.forget(request.session)
        request.session["registered"] = True
        return redirect("accounts:register-done")
    context = {
        "person": state.person,
        "civility": Civility(state.person["civility"]).label,
        **screens.described(state.choice),
    }
    return render(request, "accounts/registration/recap.html", context)


def _just_registered(request: HttpRequest) -> bool:
    return request.method == "POST" and request.session.get("registered", False)


@login_not_required
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """« Nous avons bien pris en compte votre inscription », whether or not an account was created (A1)."""
    return render(request, "accounts/registration/done.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits.by_address(links.REQUESTS, "POST")
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the e-mail. Opening it changes nothing, its button activates the account, once (A2, Q9)."""
    try:
        activation = links.read_activation(token)
    except links.Invalid:
        return render(request, "accounts/activation_void.html", status=410)
    except links.Expired as late:
        if request.method == "POST":
            workflow.send_activation_again(late.activation.user.email, next_url=late.activation.next)
            return redirect("accounts:activation-sent")
        return render(request, "accounts/activation_expired.html", status=410)
    user = activation.user
    if user.is_activated:
        return render(request, "accounts/activation_done.html", {"next": activation.next})
    if request.method == "POST":
        workflow.activate(user)
        # Purged at the same instant: there is nothing to sign in to.
        if not User.objects.filter(pk=user.pk).exists():
            return render(request, "accounts/activation_void.html", status=410)
        messages.success(request, "Votre compte est activé. Vous pouvez vous connecter.")
        return redirect(access.with_next("accounts:sign-in", activation.next))
    return render(request, "accounts/activate.html", {"person": user})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits.by_address(links.REQUESTS, "POST")
def activation_again(request: HttpRequest) -> HttpResponse:
    """Ask for a new activation link. The answer is the same for any address."""
    form = forms.EmailForm(forms.posted(request))
    if form.is_valid():
        workflow.send_activation_again(form.cleaned_data["email"])
        return redirect("accounts:activation-sent")
    return render(request, "accounts/activation_again.html", {"form": form})


@login_not_required
@require_safe
def activation_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/activation_sent.html")
