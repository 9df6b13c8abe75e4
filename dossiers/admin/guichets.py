"""Guichets and their étapes: settings, and the doors to what is written elsewhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse

from dossiers import workflow
from dossiers.admin import checks, rows, transfers
from dossiers.admin.pages import address, administrator, number
from dossiers.admin.rows import lines
from dossiers.admin.windows import FIRST_REFUSED, StageForm
from dossiers.models import FormRevision, Guichet, Milestone, Stage, TemplateFile
from ecare import forms as care_forms
from establishments.enums import EstablishmentType


class GuichetForm(care_forms.ModelForm):
    """The settings of a guichet; its links are typed as rows."""

    audience = forms.MultipleChoiceField(
        label="Types d'établissement", choices=EstablishmentType.choices, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        links = kwargs["instance"].links if kwargs.get("instance") else []
        initial = rows.initial(links, link_label="label", link_url="url")
        kwargs["initial"] = {**initial, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        rows.LINKS.add_to(self)

    def clean_presentation(self) -> str:
        return lines(self.cleaned_data["presentation"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        rows.LINKS.check(self)
        return cleaned

    @property
    def links_table(self) -> Any:
        return rows.LINKS.table(self, "Liens")

    def links(self) -> list[dict[str, Any]]:
        return rows.stored(rows.LINKS, self.cleaned_data, link_label="label", link_url="url")


@admin.register(Guichet)
class GuichetAdmin(admin.ModelAdmin):
    """A guichet and the list of its étapes. Other rooms know it by its code, which therefore no longer changes."""

    form = GuichetForm
    change_form_template = "admin/dossiers/guichet.html"
    change_list_template = "admin/dossiers/guichets.html"
    list_display = ("short_title", "code", "title", "regional_role", "position")
    search_fields = ("code", "title", "short_title")
    fields = (
        "code",
        "title",
        "short_title",
        "presentation",
        "audience",
        "support_email",
        "regional_role",
        "position",
    )

    def get_urls(self) -> list[URLPattern]:
        return [
            address("importer/", transfers.import_guichet, "guichet_import"),
            address("<int:pk>/exporter/", transfers.export, "guichet_export"),
            address("<int:pk>/dupliquer/", transfers.duplicate, "guichet_duplicate"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Guichet | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Guichet | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Guichet, form: GuichetForm, change: bool) -> None:
        obj.links = form.links()
        workflow.publication.save_guichet(obj, by=administrator(request))

    def response_add(self, request: HttpRequest, obj: Guichet, post_url_continue: str | None = None) -> HttpResponse:
        """A new guichet needs étapes: its page is where they are added."""
        self.message_user(request, "Le guichet est créé. Ajoutez maintenant sa première étape.")
        return redirect("admin:dossiers_guichet_change", obj.pk)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if guichet := kwargs.get("obj"):
            context |= overview(guichet)
        return super().render_change_form(request, context, *args, **kwargs)


def overview(guichet: Guichet) -> dict[str, Any]:
    """The étapes of a guichet with their forms, and what to look at before it opens: 2 queries."""
    revisions = FormRevision.objects.order_by("-number")
    stages = list(guichet.stages.order_by("position").prefetch_related(Prefetch("revisions", revisions)))
    published: dict[int, FormRevision] = {}
    listed = []
    for stage in stages:
        known = list(stage.revisions.all())
        newest = next((each for each in known if each.published_at is not None), None)
        draft = next((each for each in known if each.published_at is None), None)
        if newest is not None:
            published[stage.pk] = newest
        listed.append({"stage": stage, "published": newest, "draft": draft, "revisions": known})
    return {"stages": listed, "flaws": checks.of_guichet(guichet, stages, published)}


@admin.register(Stage)
class StageAdmin(admin.ModelAdmin):
    """An étape on a page of its own, reached from its guichet."""

    form = StageForm
    change_form_template = "admin/dossiers/stage.html"
    list_display = ("title", "guichet", "kind", "opens_at", "closes_at", "position")
    list_filter = ("guichet",)
    list_select_related = ("guichet",)
    search_fields = ("title", "code", "guichet__title", "guichet__code")
    fields = (
        "guichet",
        "position",
        "code",
        "kind",
        "title",
        "entry",
        "opens_at",
        "closes_at",
        "undated_text",
        "regional_role",
        "opening_text",
        "closing_text",
    )

    def get_urls(self) -> list[URLPattern]:
        return [address("<int:pk>/brouillon/", transfers.start_draft, "stage_draft"), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Stage | None = None) -> tuple[str, ...]:
        return ("guichet", "code") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Stage | None = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The next étape of the guichet one comes from."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        guichet = Guichet.objects.filter(pk=number(request.GET.get("guichet"))).first()
        if guichet is not None:
            rank = guichet.stages.count() + 1
            first = {"kind": "application", "entry": "start"} if rank == 1 else {"kind": "objectives"}
            initial |= {"guichet": guichet.pk, "position": rank, **first}
        return initial

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "closes_at":
            kwargs["help_text"] = FIRST_REFUSED
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Stage, form: forms.ModelForm, change: bool) -> None:
        workflow.publication.save_stage(obj, by=administrator(request))

    def response_add(self, request: HttpRequest, obj: Stage, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, "L'étape est enregistrée.")
        return redirect(reverse("admin:dossiers_guichet_change", args=[obj.guichet_id]) + "#etapes")

    def response_change(self, request: HttpRequest, obj: Stage) -> HttpResponse:
        return self.response_add(request, obj)


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
