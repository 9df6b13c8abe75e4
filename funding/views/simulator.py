from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

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
    context = {"form": form, "terms": terms, "estimate": estimate, "columns": columns, "address": address}
    return render(request, "funding/simulator.html", context)
