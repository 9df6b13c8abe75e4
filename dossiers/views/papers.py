"""The whole dossier on paper, for its référent and for instruction (D15)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.models import User
from dossiers import access, dossier_pdf
from dossiers.models import Dossier
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.views import scope
from dossiers.views.instruction import instructors_only
from ecare import audit
from ecare.models import AuditKind


@require_safe
def own_paper(request: HttpRequest, reference: str) -> HttpResponse:
    """Every étape begun, the draft of the current one included."""
    dossier = scope.own_stage(request, reference).dossier
    return paper(request, dossier, access.own_passages(scope.user_of(request)))


@require_safe
def instructed_paper(request: HttpRequest, reference: str) -> HttpResponse:
    """Every étape transmitted that the instructor may read, as it was transmitted."""
    user = instructors_only(request)
    dossier = scope.instructed_stage(request, reference).dossier
    return paper(request, dossier, access.transmitted_stages(user), instructor=user)


def paper(
    request: HttpRequest, dossier: Dossier, readable: DossierStageQuerySet, *, instructor: User | None = None
) -> HttpResponse:
    """Who took it is kept (S2)."""
    stages = readable.filter(dossier=dossier).with_context().order_by("stage__position")
    content = dossier_pdf.paper(dossier, list(stages), at=scope.received_at(request), instructor=instructor)
    audit.record(AuditKind.DOWNLOADED, by=request.user, subject=dossier.reference, paper="dossier")
    return scope.pdf(content, f"dossier-{dossier.reference}.pdf")
