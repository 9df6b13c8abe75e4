"""What instruction has made for itself, read here: exports, points of vigilance."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from dossiers.admin.dossiers import ReadOnly
from dossiers.models import Export, Flag


@admin.register(Export)
class ExportAdmin(ReadOnly):
    """Who took which list away, and when; never the file."""

    list_display = ("asked_at", "owner", "format", "state", "done", "total", "finished_at")
    list_filter = ("state", "format")
    list_select_related = ("owner",)
    search_help_text = "Nom ou adresse e-mail du demandeur"
    fields = (
        "asked_at",
        "owner",
        "format",
        "query",
        "columns",
        "state",
        "attempt",
        "done",
        "total",
        "finished_at",
        "size",
    )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        for word in search_term.split():
            named = Q(owner__last_name__icontains=word) | Q(owner__first_name__icontains=word)
            queryset = queryset.filter(named | Q(owner__email__icontains=word))
        return queryset, False


@admin.register(Flag)
class FlagAdmin(ReadOnly):
    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "kind", "raised_at", "examined_at", "examined_by")
    list_filter = ("kind",)
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "examined_by")
    fields = (*list_display, "text", "note")
