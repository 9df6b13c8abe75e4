"""Forms in the admin: the list of revisions, and the addresses of their editor."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from dossiers.admin import editor, preview, questions
from dossiers.admin.pages import address
from dossiers.models import FormRevision, Question, Section


class Read(admin.ModelAdmin):
    """Looked up here; written on the editor, through the workflow."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(FormRevision)
class FormRevisionAdmin(Read):
    list_display = ("stage", "number", "published_at", "published_by")
    list_filter = ("stage__guichet", ("published_at", admin.EmptyFieldListFilter))
    list_select_related = ("stage__guichet", "published_by")
    search_fields = ("stage__guichet__code", "stage__guichet__title", "stage__title")

    def get_urls(self) -> list[URLPattern]:
        return [
            address("<int:pk>/apercu/", preview.preview, "form_preview"),
            address("<int:pk>/reglages/", editor.settings, "form_settings"),
            address("<int:pk>/publier/", editor.publish, "form_publish"),
            address("<int:pk>/abandonner/", editor.discard, "form_discard"),
            address("<int:pk>/sections/ajouter/", editor.add_section, "form_section_add"),
            address("<int:pk>/questions/ajouter/", questions.add, "form_question_add"),
            address("sections/<int:pk>/", editor.change_section, "form_section"),
            address("sections/<int:pk>/deplacer/", editor.move_section, "form_section_move"),
            address("sections/<int:pk>/supprimer/", editor.delete_section, "form_section_delete"),
            address("questions/<int:pk>/", questions.change, "form_question"),
            address("questions/<int:pk>/deplacer/", questions.move, "form_question_move"),
            address("questions/<int:pk>/supprimer/", questions.delete, "form_question_delete"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The editor; read-only once published."""
        if request.method == "POST":
            raise PermissionDenied
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return editor.form_page(request, editor.revision_of(int(object_id)))


@admin.register(Section)
class SectionAdmin(Read):
    list_display = ("title", "revision", "position")
    list_filter = ("revision__stage__guichet",)
    list_select_related = ("revision__stage__guichet",)
    search_fields = ("title",)


@admin.register(Question)
class QuestionAdmin(Read):
    list_display = ("short_label", "code", "kind", "mandatory", "section", "revision")
    list_filter = ("revision__stage__guichet", "kind", "mandatory")
    list_select_related = ("section", "revision__stage__guichet")
    search_fields = ("code", "label", "short_label")
