"""What instruction has made for itself: exports and points of vigilance, read here; the texts of its decisions, written
here too."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dossiers import workflow
from dossiers.admin.dossiers import ReadOnly
from dossiers.admin.windows import administrator
from dossiers.models import Absence, AssignmentRule, Batch, BatchItem, Export, Flag, TemplateText
from dossiers.text_forms import TemplateTextForm


class OfSomebody(ReadOnly):
    """Found by the name or the address of the person it is of."""

    #: The field that holds this person.
    person = ""
    search_help_text = "Nom ou adresse e-mail du demandeur"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        for word in search_term.split():
            fields = (f"{self.person}__{name}__icontains" for name in ("last_name", "first_name", "email"))
            queryset = queryset.filter(reduce(or_, (Q((field, word)) for field in fields)))
        return queryset, False


@admin.register(Export)
class ExportAdmin(OfSomebody):
    """Who took which table away, and when; never the file."""

    person = "owner"
    list_display = ("asked_at", "owner", "table", "format", "state", "done", "total", "finished_at")
    list_filter = ("table", "state", "format")
    list_select_related = ("owner",)
    fields = (
        "asked_at",
        "owner",
        "table",
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


@admin.register(Batch)
class BatchAdmin(OfSomebody):
    """Who did what to several dossiers at once; each of them is a line of the next list."""

    person = "author"
    list_display = ("prepared_at", "author", "action", "state", "confirmed_at", "finished_at")
    list_filter = ("state", "action")
    list_select_related = ("author",)
    fields = (*list_display, "parameters", "query")


@admin.register(BatchItem)
class BatchItemAdmin(ReadOnly):
    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "batch", "result", "at")
    list_filter = ("result",)
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "batch")
    fields = (*list_display, "reason", "seen_number", "seen_verifier", "to")


@admin.register(Flag)
class FlagAdmin(ReadOnly):
    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "kind", "raised_at", "examined_at", "examined_by")
    list_filter = ("kind",)
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "examined_by")
    fields = (*list_display, "text", "note")


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(OfSomebody):
    """The rules that responsables keep."""

    person = "changed_by"
    list_display = ("label", "changed_at", "changed_by")
    list_select_related = ("guichet", "region", "changed_by")
    fields = ("guichet", "region", "people", "last", "changed_at", "changed_by")


@admin.register(Absence)
class AbsenceAdmin(OfSomebody):
    person = "user"
    list_display = ("user", "first_day", "last_day", "declared_by", "declared_at")
    list_select_related = ("user", "declared_by")
    fields = list_display


@admin.register(TemplateText)
class TemplateTextAdmin(admin.ModelAdmin):
    """The same form as the back-office's page, and the same rules."""

    form = TemplateTextForm
    fields = ("name", "purpose", "guichet", "body", "read")
    list_display = ("name", "purpose", "guichet", "changed_at", "changed_by")
    list_filter = ("purpose", "guichet")
    list_select_related = ("guichet", "changed_by")
    search_fields = ("name", "body")
    actions = None

    def save_model(self, request: HttpRequest, obj: TemplateText, form: TemplateTextForm, change: bool) -> None:
        kept = workflow.texts.save(obj if change else None, by=administrator(request), **form.content)
        obj.pk, obj.public_id = kept.pk, kept.public_id

    def delete_model(self, request: HttpRequest, obj: TemplateText) -> None:
        workflow.texts.remove(obj, by=administrator(request), read=obj.version)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A text that somebody changed meanwhile is told on its page, which shows it again."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except workflow.Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(request.get_full_path())
