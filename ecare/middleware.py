"""Middleware that belongs to no room."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ecare import health


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
