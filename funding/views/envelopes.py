"""« Enveloppes »: what the budgets become, for those who lead."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dossiers.views.scope import user_of
from funding import access, charts
from funding.queries import envelopes


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Each budget: what is paid, granted, asked and left, as a bar and as a table."""
    if not access.follows_budgets(user_of(request)):
        raise Http404
    followed = list(envelopes.followed())
    counted = [(each, getattr(each, "consumption", None)) for each in followed]
    drawn = [
        (each, found, charts.parts(found) if found else [], charts.thresholds(found) if found else [])
        for each, found in counted
    ]
    return render(request, "funding/instruction/envelopes.html", {"envelopes": drawn})
