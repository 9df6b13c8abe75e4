"""Error pages. They are drawn without request context: no session, no user, hence no database (Q58)."""

import errno
import sys
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

OUTAGES = (OperationalError, InterfaceError, RedisConnectionError, RedisTimeoutError)
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
FULL = {errno.ENOSPC, errno.EDQUOT}
#: Where files are kept does not answer (`ecare.storage`).
AWAY = {errno.EIO}
RETRY_AFTER_SECONDS = 30


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; 413 when Django refused the request for its size."""
    if isinstance(exception, TOO_LARGE):
        return too_large(request)
    return _page("400", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: what is not one's own answers 404 (D16), so this page is for actions refused to a role."""
    return _page("403", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form whose token is missing or old: most often a page left open since another sign-in."""
    return _page("403_csrf", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, the same page for what does not exist and for what belongs to someone else (Q19)."""
    return _page("404", 404)


def too_large(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """413."""
    return _page("413", 413)


def too_many_requests(request: HttpRequest, *_args: Any, retry_after: int = 60, **_kwargs: Any) -> HttpResponse:
    """429; `retry_after` in seconds. Further arguments are those a lockout callable receives."""
    response = _page("429", 429, again_at=timezone.now() + timedelta(seconds=retry_after + 59))
    response["Retry-After"] = str(retry_after)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 when what failed is the database, Redis or the storage of files, which come back by themselves (Q51);
    507 when the disk on which large uploads wait is full (Q52)."""
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES) or (isinstance(error, OSError) and error.errno in AWAY):
        return unavailable(request)
    if isinstance(error, OSError) and error.errno in FULL:
        return _page("507", 507)
    return _page("500", 500)


def unavailable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """503."""
    response = _page("503", 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def busy(request: HttpRequest) -> HttpResponse:
    """503 when more people sign in at once than the machine can check."""
    response = _page("503_busy", 503)
    response["Retry-After"] = "5"
    return response


def _page(name: str, status: int, **more: Any) -> HttpResponse:
    context = {**more, "brand": settings.BRAND, "support_email": settings.SUPPORT_EMAIL}
    response = HttpResponse(loader.render_to_string(f"errors/{name}.html", context), status=status)
    response["Cache-Control"] = "no-store"
    return response
