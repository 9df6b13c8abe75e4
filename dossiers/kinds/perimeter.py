"""The EG for which a candidate applies (guichets.md, question 5)."""

from __future__ import annotations

from typing import Any

from django import forms

from dossiers.enums import QuestionKind
from dossiers.kinds.base import Context, Kind, Line
from dossiers.models import Question


class Perimeter(Kind):
    """EG ticked among those of the EJ, each with « équipée d'un DUI ou DPI référencé Ségur ».

    The value copies what FINESS said that day: an EG may move or close later, the dossier keeps its perimeter.
    """

    code = QuestionKind.PERIMETER
    template = "dossiers/kinds/perimeter.html"
    recap_template = "dossiers/kinds/perimeter_recap.html"
    list_fields = frozenset({"sites", "equipped"})

    def field_names(self, question: Question) -> frozenset[str]:
        return self.list_fields

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        choices = [(site.finess, f"{site.display_name} ({site.finess})") for site in context.sites]
        invalid = (
            "L'entité géographique %(value)s n'est plus active ou n'est plus rattachée à votre entité juridique "
            "dans FINESS : décochez-la."
        )

        def clean(form: forms.Form) -> dict[str, Any]:
            cleaned = forms.Form.clean(form) or form.cleaned_data
            if set(cleaned.get("equipped", [])) - set(cleaned.get("sites", [])) and cleaned.get("sites"):
                form.add_error(
                    "equipped",
                    "Une entité cochée « équipée » ne fait pas partie des candidates : cochez-la comme candidate, "
                    "ou décochez « équipée ».",
                )
            return cleaned

        return type(
            "PerimeterForm",
            (forms.Form,),
            {
                "sites": forms.MultipleChoiceField(
                    label="Entités géographiques candidates",
                    choices=choices,
                    widget=forms.CheckboxSelectMultiple,
                    error_messages={
                        "required": "Cochez au moins une entité géographique candidate.",
                        "invalid_choice": invalid,
                    },
                ),
                "equipped": forms.MultipleChoiceField(
                    label="Équipées d'un DUI ou DPI référencé Ségur",
                    choices=choices,
                    required=False,
                    widget=forms.CheckboxSelectMultiple,
                    error_messages={"invalid_choice": invalid},
                ),
                "clean": clean,
            },
        )

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        chosen, equipped = set(cleaned["sites"]), set(cleaned["equipped"])
        return {
            "sites": [
                {
                    "finess": site.finess,
                    "name": site.display_name,
                    "city": site.city,
                    "category": site.category.label if site.category else "",
                    "essms": site.is_essms,
                    "region": site.region_id,
                    "legal_entity": context.legal_entity.finess,
                    "equipped": site.finess in equipped,
                }
                for site in context.sites
                if site.finess in chosen
            ]
        }

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [
            Line(
                site["finess"],
                f"{site['name']} – {'équipée' if site['equipped'] else 'non équipée'} d'un DUI ou DPI référencé Ségur"
                + ("" if site["essms"] else " – hors ESSMS"),
            )
            for site in value["sites"]
        ]

    def facts(self, value: Any) -> dict[str, Any]:
        sites = value["sites"]
        return {
            "value": [site["finess"] for site in sites],
            "regions": len({site["region"] for site in sites if site["region"]}),
            "legal_entities": len({site["legal_entity"] for site in sites}),
        }


def eligible_sites(value: dict[str, Any] | None) -> int:
    """How many EG of a perimeter count for the subsidy: ESSMS, equipped with a DUI or DPI référencé Ségur (F2)."""
    return sum(1 for site in (value or {}).get("sites", []) if site["essms"] and site["equipped"])
