"""The sessions of an account: how long this one lasts, and closing the others."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, sessions, workflow
from accounts.middleware import before_own_factor, before_terms, unnoticed


@login_not_required
@before_terms
@before_own_factor
@unnoticed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remaining(request: HttpRequest) -> HttpResponse:
    """How many seconds the session lasts, 0 when there is none. Asking does not lengthen it; « Rester connecté », a
    POST, does."""
    if request.method == "POST" and access.is_signed_in(request):
        sessions.of(request).touch(at_once=True)
    return JsonResponse({"seconds": sessions.of(request).seconds_left if access.is_signed_in(request) else 0})


@require_POST
def close(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Déconnecter » one session."""
    user = access.person(request)
    row = sessions.of(request).row
    if row is not None and row.public_id == public_id:
        raise Http404  # the one in use ends with « Déconnexion »
    if not workflow.close_session(public_id, by=user):
        raise Http404
    messages.success(request, "La session est déconnectée\u00a0: elle ne donne plus accès à votre compte.")
    return redirect("accounts:account")


@require_POST
def close_others(request: HttpRequest) -> HttpResponse:
    """« Déconnecter toutes les autres sessions »."""
    workflow.close_sessions(access.person(request), keep=request.session.session_key)
    messages.success(request, "Vos autres sessions sont déconnectées.")
    return redirect("accounts:account")
