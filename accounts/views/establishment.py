"""The three screens that choose an establishment: step 2 of the registration (A1), and adding one to an account (A8).

Each POST ends with a redirect; a GET writes nothing; a screen reached too early leads to the first incomplete one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.sessions.backends.base import SessionBase
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import forms
from accounts.registration import Addition, Choice, Registration
from ecare import limits
from establishments import queries as establishments
from establishments.enums import EstablishmentType
from establishments.models import LegalEntity, Region

PAGE_SIZE = 10  # guide p. 10: « Page 1 sur 209 (2 082 entrées au total) »
SITE_SIZES = (10, 25, 50, 100)
SEARCHES = limits.Rate("picker", 60, timedelta(minutes=1))  # Q22


@dataclass(frozen=True)
class Flow:
    """How the two journeys differ: where their state lives, the names of their pages, and what ends them."""

    load: Callable[[SessionBase], Registration | Addition]
    registering: bool
    before: str
    kind_and_region: str
    pick: str
    sites: str
    finish: Callable[[HttpRequest, LegalEntity, Choice], HttpResponse]

    def render(self, request: HttpRequest, template: str, choice: Choice, **context: Any) -> HttpResponse:
        context |= {"flow": self, "choice": choice, **described(choice)}
        return render(request, f"accounts/establishment/{template}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def kind_and_region(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Screen 1/3: « Type d'établissement » and « Région »."""
    state = flow.load(request.session)
    if redirection := _too_early(state):
        return redirection
    form = forms.KindAndRegionForm(
        forms.posted(request),
        initial={"establishment_type": state.choice.establishment_type, "region": state.choice.region},
    )
    if request.method == "POST":
        complete = form.is_valid()
        if complete or "previous" in request.POST:
            state.choice.set_kind_and_region(
                form.cleaned_data.get("establishment_type", ""), form.cleaned_data.get("region", "")
            )
            state.save(request.session)
            return redirect(flow.before if "previous" in request.POST else flow.pick)
    return flow.render(request, "kind_and_region", state.choice, form=form)


def _refusal_seen(view: Callable[[HttpRequest, Flow], HttpResponse]) -> Callable[[HttpRequest, Flow], HttpResponse]:
    """Decorator: a search refused while one types leads to the page that says so, where htmx would show nothing."""

    @wraps(view)
    def shown(request: HttpRequest, flow: Flow) -> HttpResponse:
        response = view(request, flow)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and request.htmx:  # type: ignore[attr-defined]
            response["HX-Redirect"] = request.get_full_path()
        return response

    return shown


@require_http_methods(["GET", "HEAD", "POST"])
@_refusal_seen
@limits.by_address(SEARCHES, "GET", "HEAD")
def pick(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Screen 2/3: search, then « Sélectionner »."""
    state = flow.load(request.session)
    if redirection := _too_early(state) or _without(state.choice.has_kind_and_region, flow.kind_and_region):
        return redirection
    choice = state.choice
    if request.method == "POST":
        legal_entity = _offered(choice, request.POST.get("finess", ""))
        if legal_entity is None:
            return redirect(flow.pick)
        choice.set_legal_entity(legal_entity.finess)
        state.save(request.session)
        return redirect(flow.sites)
    text = request.GET.get("q", choice.finess).strip()[:200]
    found = establishments.picker(kind=choice.establishment_type, region_code=choice.region, text=text)
    # `Found` counts and slices, which is all a paginator asks of it.
    page: Page[LegalEntity] = Paginator(cast(Sequence[LegalEntity], found), PAGE_SIZE).get_page(request.GET.get("page"))
    return flow.render(
        request,
        "found_live" if request.htmx else "pick",  # type: ignore[attr-defined]
        choice,
        page=page,
        pick_url=reverse(flow.pick),
        approximate=found.approximate,
        text=text,
        query=urlencode({"q": text} if text or choice.finess else {}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def sites(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Screen 3/3: the sites of the EJ chosen, to be checked."""
    state = flow.load(request.session)
    if redirection := _too_early(state) or _without(state.choice.has_kind_and_region, flow.kind_and_region):
        return redirection
    legal_entity = _offered(state.choice, state.choice.finess)
    if legal_entity is None:
        return redirect(flow.pick)
    if request.method == "POST":
        state.choice.sites_seen = True
        state.save(request.session)
        return flow.finish(request, legal_entity, state.choice)
    text = request.GET.get("q", "").strip()[:200]
    size = _size(request.GET.get("size"))
    page = Paginator(establishments.active_sites(legal_entity, text=text), size).get_page(request.GET.get("page"))
    return flow.render(
        request,
        "sites",
        state.choice,
        page=page,
        text=text,
        size=size,
        sizes=SITE_SIZES,
        query=urlencode({"q": text, "size": size}),
    )


def described(choice: Choice) -> dict[str, Any]:
    """What the screens recall of a choice, in words."""
    return {
        "type_label": EstablishmentType(choice.establishment_type).label if choice.establishment_type else "",
        "region": Region.objects.filter(pk=choice.region).first() if choice.region else None,
        "legal_entity": LegalEntity.objects.filter(finess=choice.finess).first() if choice.finess else None,
    }


def chosen(choice: Choice) -> LegalEntity | None:
    """The EJ of a complete choice, if it is still offered; None otherwise."""
    return _offered(choice, choice.finess) if choice.sites_seen else None


def _offered(choice: Choice, finess: str) -> LegalEntity | None:
    """The EJ `finess` if it is offered under the type and région chosen: nothing else can be attached (Q20)."""
    if not finess or "\x00" in finess:
        return None
    return LegalEntity.objects.active().offered(choice.establishment_type, choice.region).filter(finess=finess).first()


def _too_early(state: Registration | Addition) -> HttpResponse | None:
    return _without(not isinstance(state, Registration) or state.has_person, "accounts:register")


def _without(condition: bool, page: str) -> HttpResponse | None:
    return None if condition else redirect(page)


def _size(typed: str | None) -> int:
    return next((size for size in SITE_SIZES if str(size) == typed), SITE_SIZES[0])
