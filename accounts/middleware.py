"""What every signed-in request must have done: the second step, then the terms in force."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib import auth
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from accounts import access, sessions
from ecare import errors
from ecare.gate import Busy

View = Callable[..., HttpResponse]
#: The names of fields that hold a secret.
SECRETS = re.compile("password|code|token")


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


class sign_in_first(LoginRequiredMiddleware):
    """Send to the sign-in page whoever is not signed in; it leads back to a page, never to an address that only takes
    what is sent to it. Sentences sent by a page whose session is over are shown first: they are kept nowhere."""

    def handle_no_permission(  # type: ignore[override]  # any answer does: Django returns it as it is
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        sender = _sender(request)
        back, name = sender or request.get_full_path(), self.get_redirect_field_name(view_func)
        door = redirect_to_login(back, self.get_login_url(view_func), name)
        sentences = _sentences(request.POST) if sender and "HX-Request" not in request.headers else []
        if not sentences:
            return door
        context = {"sentences": sentences, "door": door.url}
        response = render(request, "accounts/session_over.html", context, status=403)
        add_never_cache_headers(response)
        return response


class second_step_and_terms:
    """Refuse a session that has not given its code; send to the terms whoever has not accepted those in force (A5).

    Works on the view about to be called, after `sign_in_first`. Costs no query: the account comes with
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


def _sentences(post: QueryDict) -> list[str]:
    """What takes time to write again: of several words, and no secret."""
    typed = [text.strip() for name, texts in post.lists() if not SECRETS.search(name) for text in texts]
    return [text for text in typed if len(text.split()) > 1]


def _sender(request: HttpRequest) -> str:
    """The page of ours that sent this, blank when it is not known."""
    with suppress(ValueError):
        sender = urlsplit(request.headers.get("Referer", ""))
        if request.method not in {"GET", "HEAD"} and sender.netloc == request.get_host():
            return urlunsplit(("", "", sender.path, sender.query, ""))
    return ""


def _page(request: HttpRequest) -> str:
    """Where to come back to: never the address of an action."""
    return request.get_full_path() if request.method == "GET" else ""
