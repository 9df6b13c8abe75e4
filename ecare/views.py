"""Legal pages: the same for everyone, no query. The help."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ecare import help_texts
from ecare.models import HelpEntry


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
    days = {
        "never_activated": settings.NEVER_ACTIVATED_KEPT,
        "inactive": settings.INACTIVE_KEPT,
        "notice": settings.INACTIVE_NOTICE,
        "audit": settings.AUDIT_KEPT,
        "emails": settings.EMAILS_KEPT,
    }
    return render(request, "ecare/personal_data.html", {name: kept.days for name, kept in days.items()})


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
def help_page(request: HttpRequest) -> HttpResponse:
    """Questions and answers, by category or by what is searched (P3): 1 query."""
    text = request.GET.get("q", "").strip()[:200]
    entries = list(HelpEntry.objects.filter(published=True))
    found = help_texts.search(entries, text) if text else entries
    context = {"text": text, "count": len(found), "categories": help_texts.by_category(found)}
    return render(request, "ecare/help.html", context)


@require_safe
@login_not_required
def security_contact(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116). Good for half a year from the day it is read: the address is a setting."""
    context = {
        "contact": settings.SECURITY_EMAIL,
        "expires": timezone.now() + timedelta(days=180),
        "public_url": settings.PUBLIC_URL,
    }
    return render(request, "ecare/security.txt", context, content_type="text/plain; charset=utf-8")


@require_safe
@login_not_required
def site_map(request: HttpRequest) -> HttpResponse:
    return render(request, "ecare/site_map.html")
