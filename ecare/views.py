"""Legal pages: the same for everyone, no query."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "ecare/accessibility.html")


@require_safe
@login_not_required
def legal_notice(request: HttpRequest) -> HttpResponse:
    return render(request, "ecare/legal_notice.html")


@require_safe
@login_not_required
def personal_data(request: HttpRequest) -> HttpResponse:
    return render(request, "ecare/personal_data.html")


@require_safe
@login_not_required
def cookies(request: HttpRequest) -> HttpResponse:
    context = {
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "session_hours": settings.SESSION_COOKIE_AGE // 3600,
    }
    return render(request, "ecare/cookies.html", context)


@require_safe
@login_not_required
def site_map(request: HttpRequest) -> HttpResponse:
    return render(request, "ecare/site_map.html")
