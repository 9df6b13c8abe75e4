"""One's own data, and the ways out: an establishment that one leaves, an account that one deletes (A7, A8, Q59)."""

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, composition, forms, lockout, queries, workflow
from accounts.confirmation import recently_confirmed
from ecare import audit
from ecare.models import AuditKind


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_confirmed
def own_data(request: HttpRequest) -> HttpResponse:
    """What the file holds; the button gives it. That it was taken is kept (S2)."""
    if request.method != "POST":
        return render(request, "accounts/own_data.html")
    user = access.person(request)
    response = JsonResponse(composition.export(user), json_dumps_params={"ensure_ascii": False, "indent": 2})
    audit.record(AuditKind.DOWNLOADED, by=user, subject="données personnelles")
    name = f"donnees-personnelles-{timezone.localdate():%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """The password and a box to tick, unless dossiers await the person: then which, and where to hand them over."""
    user = access.person(request)
    if not access.may_delete_account(user):
        raise Http404
    matters = composition.open_matters(user)
    if matters:
        return render(request, "accounts/delete_account.html", {"matters": matters}, status=_refused(request))
    form = forms.DeletionForm(forms.posted(request))
    if form.is_valid():
        password = form.cleaned_data["password"]
        if lockout.authenticate(request, identifier=user.username, password=password) == user:
            try:
                workflow.delete_account(user, by=user)
            except workflow.MattersOpen as refusal:  # a dossier received meanwhile
                context = {"matters": refusal.matters}
                return render(request, "accounts/delete_account.html", context, status=409)
            auth.logout(request)
            return redirect("accounts:account-deleted")
        form.add_error("password", "Ce n'est pas votre mot de passe. Saisissez-le de nouveau.")
    return render(request, "accounts/delete_account.html", {"form": form})


@login_not_required
@require_safe
def account_deleted(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/account_deleted.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove_establishment(request: HttpRequest, finess: str) -> HttpResponse:
    """« Retirer » an establishment, after a question; refused while a dossier of it awaits the person."""
    user = access.person(request)
    if not access.may_represent(user):
        raise Http404
    own = queries.establishments_of(user)
    legal_entity = get_object_or_404(own, legal_entity__finess=finess).legal_entity
    matters = composition.open_matters(user, legal_entity)
    context = {"legal_entity": legal_entity, "matters": matters, "is_last": own.count() == 1}
    if request.method == "POST" and not matters:
        try:
            workflow.remove_establishment(user, legal_entity, by=user)
        except workflow.Refused as refusal:
            context["matters"] = getattr(refusal, "matters", [])
        else:
            messages.success(request, f"{legal_entity.label} ne fait plus partie de vos établissements.")
            return redirect("accounts:account")
    return render(request, "accounts/remove_establishment.html", context, status=_refused(request))


def _refused(request: HttpRequest) -> int:
    return 409 if request.method == "POST" else 200
