from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import User
from dossiers import queries as dossiers
from funding import charts
from funding.forms import SimulatorForm
from funding.schedule import calculation
from funding.schedule import queries as schedules

# The one guichet whose barème the seeds publish.
SIMULATED_GUICHET = "poc-essms"


@require_safe
@login_not_required
def simulator(request: HttpRequest) -> HttpResponse:
    """An amount before any dossier, at an address that can be shared (P2)."""
    terms = schedules.current(SIMULATED_GUICHET, on=timezone.localdate())
    if terms is None:
        return render(request, "funding/simulator.html", {"terms": None})
    form = SimulatorForm(request.GET or None, terms=terms)
    estimate, columns, address = None, [], ""
    if form.is_bound:
        valid = form.is_valid()
        if form.refill:
            return redirect(f"{reverse('funding:simulator')}?{urlencode(form.refill)}")
        if valid:
            chosen = form.cleaned_data
            estimate = calculation.estimate(terms, track=chosen["parcours"], sites=chosen["eg"])
            columns = charts.growth(terms, track=chosen["parcours"])
            # Short, and the same whether the number was typed or taken from FINESS.
            query = urlencode({"parcours": chosen["parcours"], "eg": chosen["eg"]})
            address = f"{settings.PUBLIC_URL}{request.path}?{query}"
    context = {
        "form": form,
        "terms": terms,
        "estimate": estimate,
        "columns": columns,
        "address": address,
        "deposit": deposit(request, form) if estimate else None,
    }
    return render(request, "funding/simulator.html", context)


@dataclass(frozen=True)
class Deposit:
    """How to go on from a simulation: the addresses carry the parcours, and the EJ if one was named. The last two are
    blank for whoever is signed in."""

    create: str
    register: str
    sign_in: str


def deposit(request: HttpRequest, form: SimulatorForm) -> Deposit | None:
    """None while the guichet takes no dossier, and for those who file none."""
    user = request.user
    if isinstance(user, User) and not user.is_referent:
        return None
    if not dossiers.open_stages(timezone.now()).filter(guichet__code=SIMULATED_GUICHET).exists():
        return None
    named = {"finess": form.legal_entity.finess} if form.legal_entity else {}
    create = reverse("dossiers:create", query={"parcours": form.cleaned_data["parcours"]} | named)
    if isinstance(user, User):
        return Deposit(create, "", "")
    register = reverse("accounts:register", query={"next": create} | named)
    return Deposit(create, register, access.with_next("accounts:sign-in", create))
