"""How every view finds a subsidy: through what the user may see, or a page that does not exist (D16)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from dossiers.models import Dossier
from dossiers.views.instruction import instructors_only
from dossiers.views.scope import user_of
from funding import access, queries
from funding.models import ExpenseImport, Grant
from funding.models.grants import GrantQuerySet
from funding.queries import Subsidy


def own_subsidy(request: HttpRequest, reference: str) -> Subsidy:
    """The subsidy of the référent's dossier. Raises Http404 for anything else."""
    grants = access.own_grants(user_of(request)).filter(dossier__reference=reference)
    return found(grants)


def readable_subsidy(request: HttpRequest, reference: str) -> Subsidy:
    """The subsidy of a dossier that the instructor may read. Raises Http404 for anything else."""
    grants = access.readable_grants(instructors_only(request)).filter(dossier__reference=reference)
    return found(grants)


def own_grant(request: HttpRequest, reference: str) -> Grant:
    """The grant of the référent's dossier, without its convention, and whether an import of its trame waits for him
    (`import_waits`): 1 query. Raises Http404 for anything else."""
    waiting = Exists(ExpenseImport.objects.filter(grant=OuterRef("pk")))
    return granted(access.own_grants(user_of(request)).annotate(import_waits=waiting), reference)


def readable_grant(request: HttpRequest, reference: str) -> Grant:
    """The grant of a dossier that the instructor may read, likewise. Raises Http404 for anything else."""
    return granted(access.readable_grants(instructors_only(request)), reference)


def granted(grants: GrantQuerySet, reference: str) -> Grant:
    whole = grants.select_related("dossier__guichet", "transmission", "dossier_stage__stage")
    return get_object_or_404(whole, dossier__reference=reference)


def found(grants: Any) -> Subsidy:
    dossiers = Dossier.objects.select_related("guichet", "legal_entity", "referent", "verifier")
    dossier = get_object_or_404(dossiers, pk__in=grants.values("dossier"))
    subsidy = queries.subsidy(dossier)
    if subsidy is None:
        raise Http404
    return subsidy
