"""An entity named by its FINESS number in the forms of the Django admin, looked up in its list of entities (Q61)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import ForeignKey
from django.http import HttpRequest

from establishments import finess
from establishments.models import LegalEntity

UNKNOWN = "Aucune entité juridique ne porte ce numéro. Cherchez-le par la loupe\u00a0: nom, ville ou début du numéro."


class EntityWidget(ForeignKeyRawIdWidget):
    """A number, a magnifier that opens the list, and the name of the entity: Django's, for a number that is no key."""

    def url_parameters(self) -> dict[str, str]:
        return {"_to_field": "finess"}

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        entity = LegalEntity.objects.filter(finess=value).first()
        return super().label_and_url_for_value(entity.pk) if entity else ("", "")


class EntityField(forms.ModelChoiceField):
    def prepare_value(self, value: Any) -> Any:
        """The number of what is stored, or what was typed."""
        if isinstance(value, int):
            return LegalEntity.objects.values_list("finess", flat=True).get(pk=value)
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        return super().to_python(finess.normalise_number(value) if isinstance(value, str) else value)


class TypedEntity:
    """Mixin of ModelAdmin and of its inlines: the field `legal_entity`."""

    raw_id_fields: Any = ("legal_entity",)  # no buttons beside, which would take the number for a key

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is LegalEntity:
            kwargs |= {
                "form_class": EntityField,
                "to_field_name": "finess",
                "widget": EntityWidget(db_field.remote_field, self.admin_site),  # type: ignore[attr-defined]
                "help_text": "Numéro FINESS.",
                "error_messages": {"invalid_choice": UNKNOWN},
            }
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
