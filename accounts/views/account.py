"""« Votre compte » (A7 to A9)."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access, queries, sessions, workflow
from accounts.digest_form import DigestForm
from accounts.enums import Digest
from accounts.models import User
from accounts.registration import Addition
from accounts.views import establishment
from establishments.models import LegalEntity

COLLEAGUES_A_PAGE = 20


@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """« Vos informations », « Vos établissements », « Vos collaborateurs », « Vos e-mails »."""
    user = access.person(request)
    return account_page(request, DigestForm.of(user) if access.may_choose_digest(user) else None)


@never_cache
@require_POST
def digest(request: HttpRequest) -> HttpResponse:
    """« Vos e-mails », of those who instruct."""
    user = access.person(request)
    if not access.may_choose_digest(user):
        raise Http404
    form = DigestForm(request.POST)
    if not form.is_valid():
        return account_page(request, form)
    workflow.choose_digest(user, Digest(form.cleaned_data["digest"]))
    messages.success(request, "Votre choix est enregistré\u00a0: il vaut dès le prochain récapitulatif.")
    return redirect("accounts:account")


def account_page(request: HttpRequest, digest_form: DigestForm | None) -> HttpResponse:
    user = access.person(request)
    represents = access.may_represent(user)
    current = sessions.of(request).row
    establishments = list(queries.establishments_of(user)) if represents else []
    return render(
        request,
        "accounts/account.html",
        {
            "represents": represents,
            "establishments": establishments,
            "primary": establishments[0] if establishments else None,
            "colleagues": _colleagues(request) if represents else None,
            "sessions": queries.sessions_of(user),
            "current_session": current.public_id if current else None,
            "terms": queries.terms_in_force(),
            "email_change": queries.email_change_of(user),
            "digest_form": digest_form,
            "hour": settings.DAILY_EMAILS_HOUR,
        },
    )


def _colleagues(request: HttpRequest) -> Page[User]:
    """« Vos collaborateurs », a page at a time: anybody may register, and a large EJ has many."""
    found = queries.colleagues(access.person(request))
    return Paginator(found, COLLEAGUES_A_PAGE).get_page(request.GET.get("collaborateurs"))


@never_cache
@require_safe
def colleague(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One colleague, by name only; anybody else is unknown (A9, D16)."""
    _referents_only(request)
    found = get_object_or_404(access.colleagues_of(access.person(request)), public_id=public_id)
    return render(request, "accounts/colleague.html", {"colleague": found})


def _finish(request: HttpRequest, legal_entity: LegalEntity, choice: establishment.Choice) -> HttpResponse:
    user = access.person(request)
    workflow.add_establishment(user, legal_entity, choice.establishment_type, by=user)
    Addition.load(request.session).forget(request.session)
    messages.success(
        request,
        f"{legal_entity.label} fait partie de vos établissements. Vous pouvez créer un dossier en son nom.",
    )
    return redirect("accounts:account")


FLOW = establishment.Flow(
    load=Addition.load,
    registering=False,
    before="accounts:account",
    kind_and_region="accounts:add-establishment",
    pick="accounts:add-establishment-pick",
    sites="accounts:add-establishment-sites",
    finish=_finish,
)


def _referents_only(request: HttpRequest) -> None:
    if not access.may_represent(access.person(request)):
        raise Http404


@never_cache
def add_establishment(request: HttpRequest) -> HttpResponse:
    """« Ajouter un établissement », screen 1/3 (A8)."""
    _referents_only(request)
    return establishment.kind_and_region(request, FLOW)


@never_cache
def add_establishment_pick(request: HttpRequest) -> HttpResponse:
    _referents_only(request)
    return establishment.pick(request, FLOW)


@never_cache
def add_establishment_sites(request: HttpRequest) -> HttpResponse:
    _referents_only(request)
    return establishment.sites(request, FLOW)
