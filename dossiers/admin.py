"""Guichets and dossiers in the Django admin (S1).

Guichets are settings: edited here, published forms excepted. Dossiers are history: read here, changed by the portal's
own pages alone, so that no status, référent or answer ever moves without its event and its e-mail.
"""

from __future__ import annotations

from typing import Any

from django import forms
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
    FormRevision,
    Guichet,
    Milestone,
    ModificationRequest,
    Question,
    Remark,
    Section,
    Stage,
    TemplateFile,
    Transmission,
    TransmittedFile,
)
from ecare import french
from ecare.admin import Unfilterable
from ecare.widgets import DateTimeInput
from establishments.enums import EstablishmentType

# Guichets


class GuichetForm(forms.ModelForm):
    audience = forms.MultipleChoiceField(
        label="Types d'établissement", choices=EstablishmentType.choices, widget=forms.CheckboxSelectMultiple
    )


class StageInline(admin.StackedInline):
    model = Stage
    extra = 0
    can_delete = False
    # One labelled field, with the browser's own calendar, in place of two without a label.
    formfield_overrides = {models.DateTimeField: {"form_class": forms.DateTimeField, "widget": DateTimeInput}}

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "closes_at":
            kwargs["help_text"] = (
                "Premier instant refusé, heure de Paris\u00a0: pour accepter les dossiers jusqu'au 4 juin inclus, "
                "saisissez le 5 juin à 00:00."
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Guichet)
class GuichetAdmin(admin.ModelAdmin):
    """A guichet and the windows of its étapes. Other rooms know it by its code, which therefore no longer changes."""

    form = GuichetForm
    list_display = ("short_title", "code", "title", "regional_role", "position")
    search_fields = ("code", "title", "short_title")
    fields = (
        "code",
        "title",
        "short_title",
        "presentation",
        "audience",
        "links",
        "support_email",
        "regional_role",
        "position",
    )
    inlines = (StageInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Guichet | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Guichet | None = None) -> bool:
        return False


@admin.register(TemplateFile)
class TemplateFileAdmin(admin.ModelAdmin):
    list_display = ("title", "code", "file_name")
    search_fields = ("title", "code")
    fields = ("code", "title", "file_name", "file")
    readonly_fields = ("file_name",)
    # The usual widget links to a public address, and files have none (Q21).
    formfield_overrides = {models.FileField: {"widget": forms.FileInput}}

    def get_readonly_fields(self, request: HttpRequest, obj: TemplateFile | None = None) -> tuple[str, ...]:
        return ("code", "file_name") if obj else ("file_name",)

    @admin.display(description="fichier proposé")
    def file_name(self, template_file: TemplateFile) -> str:
        return (template_file.file.name or "").rpartition("/")[2] or "–"


@admin.register(Milestone)
class MilestoneAdmin(admin.ModelAdmin):
    list_display = ("text", "column", "on")
    list_filter = ("column",)
    search_fields = ("text",)


def is_published(part: FormRevision | Section | Question | None) -> bool:
    """Whether a form, or the form of one of its parts, no longer changes: the database refuses it too."""
    revision = part.revision if isinstance(part, Section | Question) else part
    return revision is not None and revision.published_at is not None


class FrozenOnceRead(admin.options.BaseModelAdmin):
    """A part of a form can be edited as long as the form is a draft; a new form starts with the form editor."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_published(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and not is_published(obj)


class SectionInline(FrozenOnceRead, admin.TabularInline):
    model = Section
    extra = 0
    show_change_link = True
    fields = ("position", "title", "help")


class QuestionInline(FrozenOnceRead, admin.TabularInline):
    model = Question
    extra = 0
    show_change_link = True
    fields = ("position", "code", "kind", "short_label", "mandatory")


@admin.register(FormRevision)
class FormRevisionAdmin(FrozenOnceRead, admin.ModelAdmin):
    list_display = ("stage", "number", "published_at")
    list_filter = ("stage__guichet", ("published_at", admin.EmptyFieldListFilter))
    list_select_related = ("stage__guichet",)
    readonly_fields = ("stage", "number", "published_at")
    search_fields = ("stage__guichet__code", "stage__guichet__title", "stage__title")
    inlines = (SectionInline,)


@admin.register(Section)
class SectionAdmin(FrozenOnceRead, admin.ModelAdmin):
    list_display = ("title", "revision", "position")
    list_filter = ("revision__stage__guichet",)
    list_select_related = ("revision__stage__guichet",)
    readonly_fields = ("revision",)
    search_fields = ("title",)
    inlines = (QuestionInline,)


@admin.register(Question)
class QuestionAdmin(FrozenOnceRead, admin.ModelAdmin):
    list_display = ("short_label", "code", "kind", "mandatory", "section", "revision")
    list_filter = ("revision__stage__guichet", "kind", "mandatory")
    list_select_related = ("section", "revision__stage__guichet")
    readonly_fields = ("revision", "section")
    search_fields = ("code", "label", "short_label")


# Dossiers


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
    list_display = ("name", "dossier_stage", "code", "readable_size", "uploaded_by", "uploaded_at", "archived_at")
    list_filter = (("archived_at", admin.EmptyFieldListFilter), "content_type")
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "uploaded_by")
    # No link to the file: files leave by the views that check who asks for them (Q21).
    fields = (
        "name",
        "dossier_stage",
        "code",
        "readable_size",
        "sha256",
        "content_type",
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
    fields = ("at", "kind", "dossier", "dossier_stage", "actor", "from_status", "to_status", "message")
