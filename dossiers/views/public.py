"""Pages that need no account."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dossiers import queries
from dossiers.enums import MilestoneColumn


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Home page with the next milestones (P1)."""
    now = timezone.now()
    return render(
        request,
        "dossiers/home.html",
        {
            "milestones_companies": queries.milestones(MilestoneColumn.COMPANIES, now=now),
            "milestones_establishments": queries.milestones(MilestoneColumn.ESTABLISHMENTS, now=now),
        },
    )
