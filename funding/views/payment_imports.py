"""The accountant's file: read, shown line by line, then confirmed (F7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from dossiers import emails
from dossiers.workflow.files import FileRefused
from funding import cells, payment_files, workflow
from funding.import_form import ImportForm
from funding.payment_files import Line
from funding.views import spreadsheets
from funding.views.payments import leads_only
from funding.workflow.payment_imports import Verdict

#: What a page shown the day before says is read again.
LASTS = dt.timedelta(days=1)
import_form = partial(ImportForm, label="Fichier de l'agent comptable", columns="de l'export")


@require_http_methods(["GET", "HEAD", "POST"])
def payments(request: HttpRequest) -> HttpResponse:
    """The file, what it would do, then what it did."""
    user = leads_only(request)
    if request.method != "POST":
        return chosen(request, import_form())
    if "lines" in request.POST:
        return done(request, user)
    form = import_form(request.POST, request.FILES)
    faults: list[cells.Fault] = []
    if form.is_valid():
        try:
            content = workflow.payment_imports.read(form.cleaned_data["file"], by=user)
        except FileRefused as error:
            form.add_error("file", str(error))
        except cells.Faulty as error:
            faults = error.faults
        else:
            return reviewed(request, content, user)
    return chosen(request, form, faults, status=422)


def chosen(
    request: HttpRequest,
    form: ImportForm,
    faults: Sequence[cells.Fault] = (),
    *,
    is_stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        **spreadsheets.told(faults),
        "is_stale": is_stale,
        "most": payment_files.MOST,
    }
    return render(request, "funding/payments/import.html", context, status=status)


def reviewed(request: HttpRequest, content: payment_files.Content, user: User) -> HttpResponse:
    verdicts = workflow.payment_imports.judged(content.lines)
    acting = [each for each in verdicts if each.acts]
    paying = [each for each in acting if not each.names]
    context = {
        "verdicts": verdicts,
        "undated": content.undated,
        "acting": acting,
        "paying": len(paying),
        "told": told(paying),
        "naming": len(acting) - len(paying),
        "refused": sum(1 for each in verdicts if each.refusal),
        "total": sum((each.line.amount for each in paying), Decimal()),
        "lines": signed([each.line for each in acting], user),
    }
    return render(request, "funding/payments/import_review.html", context)


def told(paying: Sequence[Verdict]) -> str:
    """Who is told of the payments made, in French sentences."""
    dossiers = {each.payment.grant.dossier_id: each.payment.grant.dossier for each in paying if each.payment}
    return emails.readers(len(dossiers), sum(not dossier.has_referent for dossier in dossiers.values()))


def done(request: HttpRequest, user: User) -> HttpResponse:
    """What was confirmed is done; each line says what became of it."""
    try:
        lines = unsigned(request.POST["lines"], user)
    except signing.BadSignature:
        return chosen(request, import_form(), is_stale=True, status=409)
    try:
        verdicts = workflow.payment_imports.apply(lines, by=user)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    context = {
        "verdicts": verdicts,
        "acted": sum(1 for each in verdicts if each.acts and not each.names),
        "named": sum(1 for each in verdicts if each.acts and each.names),
        "refused": sum(1 for each in verdicts if each.refusal),
    }
    return render(request, "funding/payments/import_done.html", context)


def signed(lines: Sequence[Line], user: User) -> str:
    """The lines as the page gives them back, for whoever saw them."""
    rows = [[each.row, each.reference, str(each.amount), each.paid_on.isoformat(), each.transfer] for each in lines]
    return signing.dumps(rows, salt=salt(user), compress=True)


def unsigned(text: str, user: User) -> list[Line]:
    """Raises signing.BadSignature."""
    rows = signing.loads(text, salt=salt(user), max_age=LASTS)
    return [
        Line(row, reference, Decimal(amount), dt.date.fromisoformat(day), transfer)
        for row, reference, amount, day, transfer in rows
    ]


def salt(user: User) -> str:
    return f"funding.payments.import.{user.pk}"
