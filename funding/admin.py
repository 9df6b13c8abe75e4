from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from funding.models import Bracket, Schedule, UnitAmount
from funding.schedule import calculation, workflow


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


class BracketFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        """Together, the brackets give every site exactly one rate."""
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms and form.has_changed()]
        kept += [
            {"first": form.instance.first, "last": form.instance.last, "rate": form.instance.rate}
            for form in self.initial_forms
            if form not in self.deleted_forms and not form.has_changed()
        ]
        flaws = calculation.flaws([calculation.Bracket(row["first"], row["last"], row["rate"]) for row in kept])
        if flaws:
            raise ValidationError(flaws)


class Part(admin.TabularInline):
    extra = 0

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


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    """A draft is edited and published; what is published is copied into the next version, never changed (F1)."""

    list_display = ("guichet_code", "version", "valid_from", "published_at")
    list_filter = ("guichet_code",)
    search_fields = ("guichet_code",)
    fields = ("guichet_code", "version", "valid_from", "published_at")
    readonly_fields = ("published_at",)
    inlines = (UnitAmountInline, BracketInline)
    actions = ("publish", "next_version")

    def has_change_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # a draft is deleted from its own page
        return actions

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
