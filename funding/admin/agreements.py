"""Texts of conventions: a draft is written, seen as a PDF, published; conventions themselves are only read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join

from dossiers.admin.dossiers import ReadOnly
from dossiers.views.scope import pdf
from funding import agreement_pdf, agreement_text, workflow
from funding.models import Agreement, AgreementTemplate, Grant, ObjectiveDecision

HOW_TO_WRITE = (
    "Une ligne qui commence par «\u00a0#\u00a0» est le titre d'un article, par «\u00a0-\u00a0» un élément de liste. "
    "Une ligne vide sépare deux paragraphes. Un champ s'écrit entre accolades, par exemple {montant}."
)


class TemplateForm(ModelForm):
    class Meta:
        model = AgreementTemplate
        fields = ("guichet", "version", "title", "body")
        widgets = {"body": forms.Textarea(attrs={"rows": 24, "cols": 80})}
        help_texts = {"body": HOW_TO_WRITE}

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"].replace("\r\n", "\n").strip()
        if found := agreement_text.flaws(body):
            raise ValidationError(found)
        return body


@admin.register(AgreementTemplate)
class AgreementTemplateAdmin(admin.ModelAdmin):
    """A draft is edited and published; what is published is copied into the next version, never changed (F4)."""

    form = TemplateForm
    list_display = ("title", "guichet", "version", "published_at", "preview")
    list_filter = ("guichet",)
    list_select_related = ("guichet",)
    search_fields = ("title", "guichet__code")
    fields = ("guichet", "version", "title", "body", "known_fields", "preview", "published_at")
    readonly_fields = ("known_fields", "preview", "published_at")
    actions = ("publish", "next_version")

    @admin.display(description="Champs utilisables")
    def known_fields(self, template: AgreementTemplate) -> str:
        rows = ((f"{{{name}}}", what) for name, (what, _) in agreement_text.FIELDS.items())
        return format_html("<ul>{}</ul>", format_html_join("", "<li><code>{}</code>\u00a0: {}</li>", rows))

    @admin.display(description="Aperçu")
    def preview(self, template: AgreementTemplate) -> str:
        if template.pk is None:
            return "Enregistrez d'abord le texte."
        address = reverse("admin:funding_agreementtemplate_preview", args=[template.pk])
        return format_html('<a href="{}">Aperçu de la version {} (PDF)</a>', address, template.version)

    def get_urls(self) -> list[Any]:
        address = path(
            "<int:pk>/apercu.pdf",
            self.admin_site.admin_view(self.preview_page),
            name="funding_agreementtemplate_preview",
        )
        return [address, *super().get_urls()]

    def preview_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(AgreementTemplate, pk=pk)
        return pdf(agreement_pdf.preview(template), f"apercu-convention-{template.version}.pdf")

    def has_change_permission(self, request: HttpRequest, obj: AgreementTemplate | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: AgreementTemplate | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # a draft is deleted from its own page
        return actions

    @admin.action(description="Publier", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[AgreementTemplate]) -> None:
        for template in queryset.filter(published_at=None):
            try:
                published = workflow.templates.publish(template.pk)
            except workflow.Refused as refusal:
                self.message_user(request, f"{template}\u00a0: {refusal}", messages.ERROR)
            else:
                self.log_change(request, published, "Publié")
                self.message_user(request, f"{published}\u00a0: publié. Il ne change plus.")

    @admin.action(description="Préparer la version suivante", permissions=["add"])
    def next_version(self, request: HttpRequest, queryset: QuerySet[AgreementTemplate]) -> HttpResponse | None:
        if queryset.count() != 1:
            self.message_user(request, "Choisissez un seul modèle.", messages.WARNING)
            return None
        draft = workflow.templates.next_version(queryset.get().pk)
        self.log_addition(request, draft, "Copié de la version précédente")
        return redirect("admin:funding_agreementtemplate_change", draft.pk)


@admin.register(Grant)
class GrantAdmin(ReadOnly):
    dossier_path = "dossier__"
    list_display = ("dossier", "amount", "ceiling", "payable", "needs_agreement", "granted_by", "granted_at")
    list_filter = ("needs_agreement",)
    list_select_related = ("dossier", "granted_by")
    fields = (*list_display, "estimated", "reason")


@admin.register(Agreement)
class AgreementAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("grant", "number", "state", "sent_at", "signed_at", "checked_at")
    list_filter = ("state",)
    list_select_related = ("grant__dossier",)
    fields = (*list_display, "template", "signatory", "values", "sent_by", "checked_by", "reason")


@admin.register(ObjectiveDecision)
class ObjectiveDecisionAdmin(ReadOnly):
    dossier_path = "dossier_stage__dossier__"
    list_display = ("dossier_stage", "code", "state", "decided_by", "decided_at", "version")
    list_filter = ("state",)
    list_select_related = ("dossier_stage__dossier", "dossier_stage__stage", "decided_by")
    fields = (*list_display, "reason")
