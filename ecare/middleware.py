"""Middleware that belongs to no room."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


def received_at(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Stamp the request with the instant the server received it, which is what a deadline is compared with (Q41)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.received_at = timezone.now()  # type: ignore[attr-defined]
        return get_response(request)

    return middleware
