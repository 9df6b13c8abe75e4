"""What every signed-in request must have done: the second step, then the terms in force."""

from collections.abc import Callable
from typing import Any

from django.contrib import auth
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import access, sessions
from ecare import errors
from ecare.gate import Busy

View = Callable[..., HttpResponse]


def before_terms(view: View) -> View:
    """Mark the few views that can be reached before the terms in force are accepted: the terms and the way out."""
    view.reachable_before_terms = True  # type: ignore[attr-defined]
    return view


def before_own_factor(view: View) -> View:
    """Mark the views that add a second step of one's own, for staff who must have one."""
    view.reachable_before_own_factor = True  # type: ignore[attr-defined]
    return view


def unnoticed(view: View) -> View:
    """Mark a view that the browser calls by itself: being called does not keep a session alive."""
    view.keeps_no_session_alive = True  # type: ignore[attr-defined]
    return view


class second_step_and_terms:
    """Refuse a session that has not given its code; send to the terms whoever has not accepted those in force (A5).

    Works on the view about to be called, after `LoginRequiredMiddleware`. Costs no query: the account comes with
    `terms_due` (see `backends.UsernameOrEmailBackend.get_user`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse | None:
        if auth.SESSION_KEY not in request.session:
            return None  # nobody: not even a query
        user = request.user
        if not user.is_authenticated:
            return None
        if not user.is_verified():
            # Only a code makes a session (A4). Whatever opened this one without a code, it ends here.
            auth.logout(request)
            return redirect_to_login(_page(request), reverse("accounts:sign-in"))
        if user.terms_due and not getattr(view, "reachable_before_terms", False):
            return redirect_to_login(_page(request), reverse("accounts:accept-terms"))
        if access.owes_own_factor(user) and not any(
            getattr(view, mark, False) for mark in ("reachable_before_terms", "reachable_before_own_factor")
        ):
            return redirect("accounts:security")
        if not getattr(view, "keeps_no_session_alive", False):
            sessions.of(request).touch()
        return None


class refuse_politely:
    """503 with `Retry-After` for a sign-in that comes when too many wait for their turn (see `hashers.GATE`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Busy):
            return None
        return errors.busy(request)


def keep_nothing(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A page made for somebody is kept by no cache, nor by the browser for whoever sits there next (ASVS 14.3.2)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if auth.SESSION_KEY in request.session and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def _page(request: HttpRequest) -> str:
    """Where to come back to: never the address of an action."""
    return request.get_full_path() if request.method == "GET" else ""
