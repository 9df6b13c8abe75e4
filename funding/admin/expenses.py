"""The lines of the trames financières, every version: only read."""

from __future__ import annotations

from django.contrib import admin

from dossiers.admin.dossiers import ReadOnly
from funding.models import Expense, ExpenseClosure, ExpenseImport


@admin.register(Expense)
class ExpenseAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("label", "grant", "nature", "amount", "spent_on", "version", "written_at", "ended_at")
    list_filter = ("nature",)
    list_select_related = ("grant__dossier",)
    fields = (
        *list_display,
        "objective",
        "justification",
        "proof_file",
        "mission_letter",
        "letter_file",
        "written_by",
        "ended_by",
    )


@admin.register(ExpenseClosure)
class ExpenseClosureAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("grant", "by", "at")
    list_select_related = ("grant__dossier", "by")
    fields = list_display


@admin.register(ExpenseImport)
class ExpenseImportAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("grant", "name", "by", "at")
    list_select_related = ("grant__dossier", "by")
    fields = (*list_display, "ignored")
