"""Middleware that belongs to no room."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone

from ecare import audit, health
from ecare.models import AuditKind

METHODS = ("GET", "HEAD", "POST")


def received_at(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Stamp the request with the instant the server received it, which is what a deadline is compared with (Q41)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.received_at = timezone.now()  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def client_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put the visitor's address back in place of the proxy's, for limits and for the audit log.

    Only what `TRUSTED_PROXIES` proxies of ours wrote is believed: each appends, so the visitor's own invention stands
    further to the left.
    """
    proxies = settings.TRUSTED_PROXIES

    def middleware(request: HttpRequest) -> HttpResponse:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= proxies > 0:
            request.META["REMOTE_ADDR"] = hops[-proxies]
        return get_response(request)

    return middleware


def isolation(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Close what Django and the CSP leave open: no page asks for a camera or a position, nothing here is embedded by
    another site (Q58)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    return middleware


def methods(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse what no page of the portal answers, at the door: views name the methods they take among these three."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)

    return middleware


def session_key(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Forget a session cookie that is no key: keys are letters and digits, and PostgreSQL refuses the NUL character
    that a forged one may hold."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME, "0").isalnum():
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return get_response(request)

    return middleware


def probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer probes before anything asks who is there: a session cookie would cost them a query, which fails with the
    database, and a redirection when the code or the terms of use are awaited."""
    answers = {"/healthz": health.alive, "/readyz": health.ready}

    def middleware(request: HttpRequest) -> HttpResponse:
        return answers.get(request.path_info, get_response)(request)

    return middleware


def audited(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Tell the audit log where a request comes from, and what somebody signed in was refused: a page of somebody
    else's, an action of another role. An address that leads nowhere is no line."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = audit.address.set(request.META.get("REMOTE_ADDR") or None)
        try:
            response = get_response(request)
            if response.status_code in {403, 404} and request.resolver_match and request.user.is_authenticated:
                match = request.resolver_match
                subject = str(next(iter(match.kwargs.values()), ""))
                audit.record(
                    AuditKind.REFUSED, by=request.user, subject=subject.replace("\x00", ""), view=match.view_name
                )
            return response
        finally:
            audit.address.reset(token)

    return middleware
