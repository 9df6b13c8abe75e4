"""Dossiers: history, read here, changed by the portal's own pages alone, so that no status, référent or answer ever
moves without its event and its e-mail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from dossiers import search
from dossiers.models import (
    Answer,
    Attachment,
    Dossier,
    DossierStage,
    Event,
    ModificationRequest,
    ParkedInput,
    Remark,
    TakeoverRequest,
    Transmission,
    TransmittedFile,
)
from ecare import french
from ecare.admin import Unfilterable


class ReadOnly(admin.ModelAdmin):
    """Seen by administrators, changed by the portal alone; found by whatever names the dossier."""

    #: How to reach the dossier from the model.
    dossier_path = ""
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)
    search_fields = ("pk",)  # opens the search box; `get_search_results` does the rest
    search_help_text = "Référence, raison sociale, FINESS EJ ou EG, nom ou adresse e-mail du référent"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return queryset.filter(search.condition(search_term, path=self.dossier_path)), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DossierStageInline(ReadOnlyInline):
    model = DossierStage
    fields = ("stage", "status", "is_current", "transmitted_at", "due_at", "decided_at")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("dossier", "stage__guichet")


@admin.register(Dossier)
class DossierAdmin(ReadOnly):
    """A référent is replaced from the portal, with a reason (I8), or by a transfer (D13): never here."""

    list_display = ("reference", "guichet", "legal_entity", "referent", "created_at")
    list_filter = ("guichet", "establishment_type")
    list_select_related = ("guichet", "legal_entity", "referent")
    fields = ("reference", "guichet", "legal_entity", "establishment_type", "referent", "created_at")
    inlines = (DossierStageInline,)


@admin.register(DossierStage)
class DossierStageAdmin(ReadOnly):
    """A status changes by the portal's workflow: never here."""

    dossier_path = "dossier__"
    list_display = ("dossier", "stage", "status", "is_current", "transmitted_at", "due_at", "decided_at")
    list_filter = ("status", "stage__guichet", "is_current")
    list_select_related = ("dossier", "stage__guichet")
    fields = (
        "dossier",
        "stage",
        "revision",
        "is_current",
        "status",
        "created_at",
        "saved_at",
        "first_transmitted_at",
        "transmitted_at",
        "due_at",
        "decided_at",
    )


@admin.register(Answer)
class AnswerAdmin(Unfilterable, ReadOnly):
    """When a question was answered, and whether what was typed is understood; not what was typed, which is its
    référent's until it is transmitted, and may be an IBAN (Q60)."""

    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "code", "is_understood", "updated_at")
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage")
    unfilterable = ("raw", "value")
    fields = ("dossier_stage", "code", "is_understood", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        understood = models.ExpressionWrapper(models.Q(value__isnull=False), output_field=models.BooleanField())
        return super().get_queryset(request).defer("raw", "value").annotate(understood=understood)

    @admin.display(description="comprise", boolean=True)
    def is_understood(self, answer: Any) -> bool:
        understood: bool = answer.understood
        return understood


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly):
    dossier_path = "dossier_stage__dossier__"
    list_display = (
        "name",
        "dossier_stage",
        "code",
        "readable_size",
        "scan",
        "uploaded_by",
        "uploaded_at",
        "archived_at",
    )
    list_filter = ("scan", ("archived_at", admin.EmptyFieldListFilter), "content_type")
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "uploaded_by")
    # No link to the file: files leave by the views that check who asks for them (Q21).
    fields = (
        "name",
        "dossier_stage",
        "code",
        "readable_size",
        "sha256",
        "content_type",
        "scan",
        "scanned_at",
        "threat",
        "uploaded_by",
        "uploaded_at",
        "archived_at",
    )

    @admin.display(description="taille", ordering="size")
    def readable_size(self, attachment: Attachment) -> str:
        return french.size(attachment.size)


class TransmittedFileInline(ReadOnlyInline):
    model = TransmittedFile
    fields = ("position", "attachment")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("attachment")


@admin.register(Transmission)
class TransmissionAdmin(Unfilterable, ReadOnly):
    """Without the answers, which hold an IBAN (Q60) and are read in the instruction back-office."""

    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "number", "at", "by")
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "by")
    unfilterable = ("answers",)
    fields = ("dossier_stage", "number", "at", "by", "applicant", "estimate", "schedule")
    inlines = (TransmittedFileInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("answers")


@admin.register(TransmittedFile)
class TransmittedFileAdmin(ReadOnly):
    dossier_path = "transmission__dossier_stage__dossier__"
    list_display = ("attachment", "transmission", "position")
    list_select_related = (
        "attachment",
        "transmission__dossier_stage__dossier",
        "transmission__dossier_stage__stage",
    )
    fields = list_display


class RemarkInline(ReadOnlyInline):
    model = Remark
    fields = ("code", "text")


@admin.register(ModificationRequest)
class ModificationRequestAdmin(ReadOnly):
    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "at", "by", "due_at", "answered_at")
    list_filter = (("answered_at", admin.EmptyFieldListFilter),)
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "by")
    fields = ("dossier_stage", "transmission", "at", "by", "message", "due_at", "answered_at")
    inlines = (RemarkInline,)


@admin.register(Remark)
class RemarkAdmin(ReadOnly):
    dossier_path = "request__dossier_stage__dossier__"
    list_display = ("request", "code", "text")
    list_select_related = ("request__dossier_stage__dossier", "request__dossier_stage__stage")
    fields = list_display


@admin.register(Event)
class EventAdmin(ReadOnly):
    dossier_path = "dossier__"
    list_display = ("at", "dossier", "kind", "actor", "from_status", "to_status")
    list_filter = ("kind", "to_status")
    list_select_related = ("dossier", "actor")
    fields = (
        "at",
        "kind",
        "dossier",
        "dossier_stage",
        "actor",
        "former",
        "successor",
        "from_status",
        "to_status",
        "message",
    )


@admin.register(ParkedInput)
class ParkedInputAdmin(Unfilterable, ReadOnly):
    """That something was put aside, and for whom; not what was typed."""

    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "user", "at")
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "user")
    unfilterable = ("answers",)
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("answers")


@admin.register(TakeoverRequest)
class TakeoverRequestAdmin(ReadOnly):
    """Decided by responsables d'instruction, on their own page."""

    dossier_path = "dossier__"
    list_display = ("dossier", "asker", "former", "at", "state", "closed_at", "closed_by")
    list_filter = ("state",)
    list_select_related = ("dossier", "asker", "former", "closed_by")
    fields = (
        "dossier",
        "asker",
        "former",
        "reason",
        "at",
        "expires_at",
        "objection",
        "objected_at",
        "state",
        "answer",
        "closed_at",
        "closed_by",
    )
