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

from accounts.models import User
from dossiers import workflow
from dossiers.views import departure

PARKED = {"dossiers:form", "dossiers:answer", "dossiers:perimeter"}
#: The decision of each page where one is written.
DECISIONS = {
    "dossiers:request-modification": "request_modification",
    "dossiers:validate": "validate",
    "dossiers:reject": "reject",
    "dossiers:reopen": "reopen",
}
PUT_ASIDE = (
    "Votre session est terminée\u00a0: ce que vous aviez saisi est mis de côté. Connectez-vous pour le retrouver."
)


class park:
    """Put aside what was typed in a form, or in a decision, when the request that carries it is refused before its
    view: no session any more, a token of another session, a code or terms awaited (D6, docs/adr/0018). Stands last, so
    that its view is the one that everything else let through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if request.method != "POST" or match is None or getattr(request, "was_let_through", False):
            return response
        if match.view_name in PARKED:
            return self.form(request, match.kwargs["reference"], response)
        # A page that saves by itself says that it could not.
        if match.view_name in DECISIONS and not request.htmx:  # type: ignore[attr-defined]
            return self.decision(request, match.kwargs["reference"], DECISIONS[match.view_name], response)
        return response

    def form(self, request: HttpRequest, reference: str, response: HttpResponse) -> HttpResponse:
        """The form of a référent."""
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
        return self.back(request, user, reverse("dossiers:form", args=[reference]), response)

    def decision(self, request: HttpRequest, reference: str, move: str, response: HttpResponse) -> HttpResponse:
        """The page of a decision, kept as a draft of it."""
        user = workflow.drafts.put_aside(
            request.POST.get("saisie", ""),
            request.POST,
            reference=reference,
            move=move,
            at=request.received_at,  # type: ignore[attr-defined]
        )
        return self.back(request, user, request.get_full_path(), response) if user else response

    def back(self, request: HttpRequest, user: User, page: str, response: HttpResponse) -> HttpResponse:
        """The way to where `user` finds again what was put aside from that page."""
        address = self.address(request, user, page, response)
        if not address:
            return response
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "dossiers/saving/parked.html", {"address": address}, status=401)
        messages.warning(request, PUT_ASIDE)
        return redirect(address)

    @staticmethod
    def address(request: HttpRequest, user: User, page: str, response: HttpResponse) -> str:
        """The address of that page, by the sign-in if need be; blank when somebody else sits there now."""
        if response.status_code == 302:
            door = urlsplit(response["Location"]).path
        elif request.user == user:
            return page
        elif request.user.is_authenticated:
            return ""
        else:
            door = resolve_url(settings.LOGIN_URL)
        return page if door == urlsplit(page).path else f"{door}?{urlencode({'next': page})}"

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        request.was_let_through = True  # type: ignore[attr-defined]
