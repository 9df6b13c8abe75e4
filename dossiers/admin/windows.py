"""Closings moved and exceptions made to them (D15b, Q42): written through the workflow, kept as a log."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.models import User
from dossiers import emails, workflow
from dossiers.models import Dossier, LateAccess, Stage, WindowChange
from ecare import forms as care_forms
from ecare import french
from establishments.admin_fields import TypedEntity

FIRST_REFUSED = (
    "Premier instant refusé, heure de Paris\u00a0: pour accepter les dossiers jusqu'au 4 juin inclus, saisissez le "
    "5 juin à 00:00."
)


class StageForm(forms.ModelForm):
    """An étape inside its guichet. Once it has dossiers, its nature stays, and its closing moves by
    `WindowChangeAdmin`, which keeps why and tells those concerned."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.dossier_stages.exists():
            for name, why in (
                ("closes_at", "ajoutez un changement de fermeture, avec son motif, pour la déplacer."),
                ("kind", "la nature de l'étape ne change plus."),
            ):
                self.fields[name].disabled = True
                self.fields[name].help_text = f"Des dossiers en dépendent\u00a0: {why}"


class StageChoice(forms.ModelChoiceField):
    """Étapes with the closing that they have now."""

    def label_from_instance(self, stage: Model) -> str:
        assert isinstance(stage, Stage)
        if stage.closes_at is None:
            return f"{stage} (sans date de fermeture)"
        last = french.last_instant(stage.closes_at)
        return f"{stage} (jusqu'au {french.day(last)}, {french.clock(last)})"


class Logged(admin.ModelAdmin):
    """Added by an administrator with a reason, then read for ever."""

    asked: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else self.asked

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "stage":
            stages = Stage.objects.select_related("guichet").order_by("guichet__position", "position")
            kwargs |= {"form_class": StageChoice, "queryset": stages}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A change that the rules refuse is told on the page one comes from."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except workflow.Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(request.get_full_path())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def administrator(request: HttpRequest) -> User:
    """The admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


class WindowChangeForm(care_forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        stage, closes_at = cleaned.get("stage"), cleaned.get("closes_at")
        if stage is not None and "closes_at" in cleaned and (flaw := workflow.closing_flaw(stage, closes_at)):
            self.add_error("closes_at", flaw)
        return cleaned


@admin.register(WindowChange)
class WindowChangeAdmin(Logged):
    form = WindowChangeForm
    list_display = ("stage", "closed_at", "closes_at", "by", "at")
    list_filter = ("stage__guichet",)
    list_select_related = ("stage__guichet", "by")
    search_fields = ("stage__guichet__title", "stage__title", "reason")
    asked = ("stage", "closes_at", "reason")
    fields = ("stage", "closed_at", "closes_at", "reason", "by", "at")

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "closes_at":
            kwargs |= {"label": "Nouvelle fermeture", "help_text": FIRST_REFUSED, "required": True}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: WindowChange, form: Any, change: bool) -> None:
        moved = workflow.move_closing(obj.stage, obj.closes_at, by=administrator(request), reason=obj.reason)
        obj.pk = moved.pk


class LateAccessForm(care_forms.ModelForm):
    def clean_until(self) -> dt.datetime:
        until: dt.datetime = self.cleaned_data["until"]
        if until <= timezone.now():
            raise forms.ValidationError("Cette échéance est passée\u00a0: choisissez-en une à venir.")
        return until


@admin.register(LateAccess)
class LateAccessAdmin(TypedEntity, Logged):
    form = LateAccessForm
    list_display = ("stage", "legal_entity", "until", "granted_by", "granted_at", "revoked_at")
    list_filter = ("stage__guichet", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("stage__guichet", "legal_entity", "granted_by")
    search_fields = ("legal_entity__finess", "legal_entity__name", "reason")
    search_help_text = "Numéro FINESS ou raison sociale de l'établissement, mots du motif"
    asked = ("stage", "legal_entity", "until", "reason")
    fields = ("stage", "legal_entity", "until", "reason", "granted_by", "granted_at", "revoked_by", "revoked_at")
    actions = ("revoke",)

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "until":
            kwargs |= {"help_text": FIRST_REFUSED}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: LateAccess, form: Any, change: bool) -> None:
        granted = workflow.grant_late_access(
            obj.stage, obj.legal_entity, obj.until, by=administrator(request), reason=obj.reason
        )
        obj.pk = granted.pk

    @admin.action(description="Retirer les délais sélectionnés")
    def revoke(self, request: HttpRequest, lates: QuerySet[LateAccess]) -> HttpResponse | None:
        running = lates.granted().select_related("stage__guichet", "legal_entity")  # type: ignore[attr-defined]
        of_one = running.filter(stage__guichet=OuterRef("guichet"), legal_entity=OuterRef("legal_entity"))
        dossiers = Dossier.objects.filter(Exists(of_one))
        readers = emails.readers(dossiers.count(), dossiers.left().count())
        for late in running:
            workflow.revoke_late_access(late, by=administrator(request))
        revoked = french.count(len(running), "délai retiré", "délais retirés")
        self.message_user(request, f"{revoked}. {readers}".strip())
        return None
