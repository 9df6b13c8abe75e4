"""The convention as its signatory reads it, without an account."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dossiers.views.scope import pdf
from ecare import audit
from ecare.models import AuditKind
from funding import agreement_pdf, links


@require_safe
@login_not_required
def to_sign(request: HttpRequest, token: str) -> HttpResponse:
    """The PDF, to who holds the link that the signatory received; a page that does not exist once it is settled."""
    agreement = links.read_agreement(token)
    if agreement is None:
        raise Http404
    reference = agreement.grant.dossier.reference
    content = agreement_pdf.of(agreement)
    audit.record(AuditKind.DOWNLOADED, subject=reference, paper="convention", number=agreement.number)
    return pdf(content, f"convention-{reference}.pdf")
