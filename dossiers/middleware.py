"""What the room does around its views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode

from dossiers import workflow
from dossiers.views import departure

PARKED = {"dossiers:form", "dossiers:answer", "dossiers:perimeter"}
PUT_ASIDE = (
    "Votre session est terminée\u00a0: ce que vous aviez saisi est mis de côté. Connectez-vous pour le retrouver."
)


class park:
    """Put aside what was typed in a form when the request that carries it is refused before its view: no session any
    more, a token of another session, a code or terms awaited (D6, docs/adr/0018). Stands last, so that its view is the
    one that everything else let through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if request.method != "POST" or match is None or match.view_name not in PARKED:
            return response
        if getattr(request, "was_let_through", False):
            return response
        reference = match.kwargs["reference"]
        user = workflow.park(
            request.POST.get("saisie", ""),
            request.POST,
            reference=reference,
            at=request.received_at,  # type: ignore[attr-defined]
        )
        if user is None:
            # The session is over and the dossier has left: what was typed is shown now, or never.
            mine = not request.user.is_authenticated
            return departure.refused(request, reference, anybody=mine) or response
        form = reverse("dossiers:form", args=[reference])
        if response.status_code == 302:
            door = urlsplit(response["Location"]).path
        elif request.user == user:
            door = form
        elif request.user.is_authenticated:
            return response  # somebody else sits there now
        else:
            door = resolve_url(settings.LOGIN_URL)
        address = door if door == form else f"{door}?{urlencode({'next': form})}"
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "dossiers/saving/parked.html", {"address": address}, status=401)
        messages.warning(request, PUT_ASIDE)
        return redirect(address)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        request.was_let_through = True  # type: ignore[attr-defined]
