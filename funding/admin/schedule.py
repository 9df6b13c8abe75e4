from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from funding.models import Bracket, ObjectiveShare, Schedule, UnitAmount
from funding.schedule import calculation, checks, queries, workflow
from funding.schedule.terms import Bracket as Step
from funding.schedule.terms import Objective, Terms

#: How many EG the preview of a barème goes up to.
PREVIEWED = 30


class BracketForm(forms.ModelForm):
    class Meta:
        model = Bracket
        fields = ("first", "last", "rate")

    def validate_constraints(self) -> None:
        """Overlaps are looked for among the brackets as typed: those of the database are about to change."""
        exclude = {*self._get_validation_exclusions(), "schedule"}  # type: ignore[attr-defined]
        try:
            self.instance.validate_constraints(exclude=exclude)
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]


class PartFormSet(BaseInlineFormSet):
    def kept(self, *names: str) -> list[dict[str, Any]]:
        """The rows as they will be once saved, whether touched or not, without what is wrong in them: one save tells of
        each row and of all of them together."""
        rows = []
        for form in self.forms:
            if form.cleaned_data.get(DELETION_FIELD_NAME):  # `deleted_forms` has none as long as a row is wrong
                continue
            if form.has_changed():
                rows.append({name: form.cleaned_data[name] for name in names if name in form.cleaned_data})
            elif form in self.initial_forms:
                rows.append({name: getattr(form.instance, name) for name in names})
        return rows


class BracketFormSet(PartFormSet):
    def clean(self) -> None:
        """Together, the brackets give every site exactly one rate, whatever the rates are."""
        super().clean()
        rows = self.kept("first", "last")
        if any(len(row) < 2 for row in rows):
            return
        flaws = checks.of_brackets([Step(**row, rate=Decimal(0)) for row in rows])
        if flaws:
            raise ValidationError(flaws)


class ShareFormSet(PartFormSet):
    def clean(self) -> None:
        """Together, the shares of a parcours make up the whole subsidy."""
        super().clean()
        rows = self.kept("track", "share")
        if any("track" not in row for row in rows):
            return
        doubtful = {row["track"] for row in rows if "share" not in row}
        sure = [row for row in rows if row["track"] not in doubtful]
        flaws = checks.of_objectives([Objective(**row, code="", label="", mandatory=True) for row in sure])
        if flaws:
            raise ValidationError(flaws)


class Part(admin.TabularInline):
    extra = 1  # a row can be added without JavaScript
    # Several columns stand side by side: codes are short.
    formfield_overrides = {models.SlugField: {"widget": forms.TextInput(attrs={"size": 12})}}

    def has_add_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_add_permission(request, obj) and not (obj and obj.is_published)

    def has_change_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)


class UnitAmountInline(Part):
    model = UnitAmount
    min_num = 1


class BracketInline(Part):
    model = Bracket
    form = BracketForm
    formset = BracketFormSet
    min_num = 1


class ShareInline(Part):
    model = ObjectiveShare
    formset = ShareFormSet


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    """A draft is edited and published; what is published is copied into the next version, never changed (F1)."""

    list_display = ("guichet_code", "version", "valid_from", "published_at")
    list_filter = ("guichet_code",)
    search_fields = ("guichet_code",)
    fields = ("guichet_code", "version", "valid_from", "published_at")
    readonly_fields = ("published_at",)
    inlines = (UnitAmountInline, BracketInline, ShareInline)
    change_form_template = "admin/funding/schedule/change_form.html"
    actions = ("publish", "next_version")

    def has_change_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # a draft is deleted from its own page
        return actions

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        terms = queries.of_schedule(int(object_id)) if object_id.isdigit() else None
        extra = {"terms": terms, "preview": preview(terms) if terms else []}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | extra)

    def response_change(self, request: HttpRequest, obj: Schedule) -> HttpResponse:
        """« Enregistrer et publier »: what was typed is saved either way; the page says what is missing."""
        if "_publish" not in request.POST:
            return super().response_change(request, obj)
        self.publish(request, Schedule.objects.filter(pk=obj.pk))
        return redirect("admin:funding_schedule_change", obj.pk)

    @admin.action(description="Publier", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        for schedule in queryset.filter(published_at=None):
            try:
                published = workflow.publish(schedule.pk)
            except workflow.Refused as refusal:
                self.message_user(request, f"{schedule}\u00a0: {refusal}", messages.ERROR)
            else:
                self.log_change(request, published, "Publié")
                self.message_user(request, f"{published}\u00a0: publié. Il ne change plus.")

    @admin.action(description="Préparer la version suivante", permissions=["add"])
    def next_version(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> HttpResponse | None:
        if queryset.count() != 1:
            self.message_user(request, "Choisissez un seul barème.", messages.WARNING)
            return None
        draft = workflow.next_version(queryset.get().pk)
        self.log_addition(request, draft, "Copié de la version précédente")
        return redirect("admin:funding_schedule_change", draft.pk)


def preview(terms: Terms) -> list[tuple[int, list[Decimal]]]:
    """What 1, 2 … 30 EG bring, on each parcours."""
    totals = [calculation.growth(terms, track=track.code, most=PREVIEWED) for track in terms.tracks]
    return [(sites, list(row)) for sites, row in enumerate(zip(*totals, strict=True), start=1)]
