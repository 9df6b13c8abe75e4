"""The trame financière as its référent writes it (F6)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dossiers.views.scope import read_of, user_of
from ecare import french
from funding import workflow
from funding.expense_forms import ChangeForm, Lines
from funding.expense_rules import Entry
from funding.models import Expense
from funding.queries import expenses as queries
from funding.queries.expenses import Trame
from funding.views import scope


@require_safe
def index(request: HttpRequest, reference: str) -> HttpResponse:
    """What was spent, by objective and by nature, and what is missing."""
    trame = own_trame(request, reference)
    page = queries.lines(trame, request.GET.get("page"))
    return render(
        request, "funding/expenses/index.html", {"trame": trame, "dossier": trame.grant.dossier, "page": page}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, reference: str) -> HttpResponse:
    """Several lines typed at once."""
    trame = own_trame(request, reference)
    data = request.POST if request.method == "POST" else None
    read = queries.last_written(trame.grant) if data is None else read_of(request)
    lines = Lines(data, terms=trame.terms, read=read)
    refusal = ""
    if request.method == "POST" and lines.is_valid():
        try:
            added = workflow.expenses.add(trame.grant, lines.entries, by=user_of(request), read=lines.read)
        except workflow.NotAllowed as error:
            raise Http404 from error
        except workflow.Refused as error:
            refusal = str(error)
        else:
            messages.success(request, f"{french.count(len(added), 'dépense ajoutée', 'dépenses ajoutées')}.")
            return redirect("funding:own-expenses", reference)
    return render(
        request,
        "funding/expenses/add.html",
        {"trame": trame, "dossier": trame.grant.dossier, "lines": lines, "refusal": refusal},
        status=409 if refusal else 422 if lines.has_errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, reference: str, line: uuid.UUID) -> HttpResponse:
    """One line and its files. What was typed over a version that is no longer the last is shown again, to be saved over
    it."""
    trame, expense = own_line(request, reference, line)
    status, refusal = 200, ""
    if request.method == "POST":
        form = ChangeForm(request.POST, request.FILES, terms=trame.terms)
        if form.is_valid():
            files = {name: form.cleaned_data[name] for name in workflow.expenses.SLOTS}
            try:
                workflow.expenses.change(
                    expense, form.entry, files, by=user_of(request), read=form.cleaned_data["read"]
                )
            except workflow.NotAllowed as error:
                raise Http404 from error
            except workflow.expenses.FlawedFile as error:
                form.add_error(error.slot, str(error))
            except workflow.Refused as error:
                refusal = str(error)
                form.data = form.data.copy()  # type: ignore[attr-defined]
                form.data["read"] = str(expense.version)  # type: ignore[index]
            else:
                messages.success(request, "La dépense est enregistrée.")
                return redirect("funding:own-expenses", reference)
        status = 409 if refusal else 422
    else:
        entry = Entry.of(expense)
        form = ChangeForm(initial={**vars(entry), "read": expense.version}, terms=trame.terms)
    return render(
        request,
        "funding/expenses/change.html",
        {"trame": trame, "dossier": trame.grant.dossier, "expense": expense, "form": form, "refusal": refusal},
        status=status,
    )


@require_POST
def remove(request: HttpRequest, reference: str, line: uuid.UUID) -> HttpResponse:
    """Take a line out. One that was changed meanwhile stays, and is shown."""
    _, expense = own_line(request, reference, line)
    try:
        workflow.expenses.remove(expense, by=user_of(request), read=read_of(request))
    except workflow.NotAllowed as error:
        raise Http404 from error
    except workflow.Refused as error:
        messages.error(request, str(error))
        return redirect("funding:change-expense", reference, line)
    messages.success(request, f"La dépense {french.quoted(expense.label)} est retirée.")
    return redirect("funding:own-expenses", reference)


def own_trame(request: HttpRequest, reference: str) -> Trame:
    return queries.trame(scope.own_grant(request, reference))


def own_line(request: HttpRequest, reference: str, line: uuid.UUID) -> tuple[Trame, Expense]:
    trame = own_trame(request, reference)
    lines = trame.grant.expenses.in_force().select_related("proof_file", "letter_file")
    expense = get_object_or_404(lines, line=line)
    expense.grant = trame.grant
    return trame, expense
