"""The trame financière out of a spreadsheet: the model, the file, what it changes (F6)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from dossiers import sheets
from dossiers.views.scope import user_of
from dossiers.workflow.files import FileRefused
from funding import cells, expense_files, workflow
from funding.expense_rules import Entry
from funding.import_form import ImportForm
from funding.queries import expense_imports as queries
from funding.views import spreadsheets
from funding.views.expenses import own_trame


@require_safe
def template(request: HttpRequest, reference: str, format: str) -> HttpResponseBase:
    """The model, with the lines of the trame."""
    if format not in sheets.EXTENSIONS:
        raise Http404
    trame = own_trame(request, reference)
    lines = [Entry.of(each) for each in trame.grant.expenses.in_force().order_by("spent_on", "pk")]
    return spreadsheets.leaving_as(
        f"trame-financiere-{reference}",
        format,
        lambda path: expense_files.write(path, format, trame.terms, lines),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, reference: str) -> HttpResponse:
    """The file to import. What is wrong in it is told cell by cell, and nothing is imported."""
    trame = own_trame(request, reference)
    faults: list[cells.Fault] = []
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportForm(*sent, label="Votre tableur", columns="du modèle")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                workflow.expense_imports.prepare(trame.grant, form.cleaned_data["file"], by=user_of(request))
            except workflow.NotAllowed as error:
                raise Http404 from error
            except workflow.expenses.Late as error:
                form.add_error(None, str(error))
                status = 409
            except FileRefused as error:
                form.add_error("file", str(error))
            except cells.Faulty as error:
                faults = error.faults
            else:
                return redirect("funding:review-expenses", reference)
    context = {
        "trame": trame,
        "dossier": trame.grant.dossier,
        "form": form,
        **spreadsheets.told(faults),
        "natures": expense_files.ExpenseNature,
    }
    return render(request, "funding/expenses/import.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """What the file changes, before it does: « Importer » or « Abandonner »."""
    trame = own_trame(request, reference)
    refusal = ""
    if request.method == "POST":
        try:
            if "abandon" in request.POST:
                workflow.expense_imports.abandon(trame.grant, by=user_of(request))
                messages.success(request, "L'import est abandonné\u00a0: la trame n'a pas changé.")
                return redirect("funding:own-expenses", reference)
            change = workflow.expense_imports.confirm(
                trame.grant, by=user_of(request), read=request.POST.get("read", "")
            )
        except workflow.NotAllowed as error:
            raise Http404 from error
        except workflow.expenses.Late as error:
            refusal = str(error)
        else:
            messages.success(request, f"La trame est importée\u00a0: {workflow.expense_imports.said(change)}.")
            return redirect("funding:own-expenses", reference)
    found = queries.review(trame.grant)
    if found is None:
        if refusal:
            messages.info(request, refusal)
        return redirect("funding:own-expenses", reference)
    context = {"trame": trame, "dossier": trame.grant.dossier, "review": found, "refusal": refusal}
    return render(request, "funding/expenses/review.html", context, status=409 if refusal else 200)
