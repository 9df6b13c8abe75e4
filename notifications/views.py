"""The mailbox of development, where whoever tries the portal reads what it sends. Not included in production."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from notifications import mailbox

LETTERS_A_PAGE = 50


@require_safe
@login_not_required
def index(request: HttpRequest) -> HttpResponse:
    page = Paginator(mailbox.names(), LETTERS_A_PAGE).get_page(request.GET.get("page"))
    letters = [mailbox.letter(name) for name in page]
    return render(request, "notifications/mailbox.html", {"page": page, "letters": [one for one in letters if one]})


@require_safe
@login_not_required
def read(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "notifications/letter.html", {"letter": _letter_or_404(name)})


@require_safe
@login_not_required
def download(request: HttpRequest, name: str) -> HttpResponse:
    """The e-mail for a mail reader, with its headers and both its versions."""
    content = mailbox.source(name)
    if content is None:
        raise Http404
    return _attachment(content, kind="message/rfc822", filename=f"{name}.eml")


@require_safe
@login_not_required
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML version. As a file: its inline styles have no place under the portal's CSP."""
    return _attachment(_letter_or_404(name).html.encode(), kind="text/html; charset=utf-8", filename=f"{name}.html")


def _letter_or_404(name: str) -> mailbox.Letter:
    letter = mailbox.letter(name)
    if letter is None:
        raise Http404
    return letter


def _attachment(content: bytes, *, kind: str, filename: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
