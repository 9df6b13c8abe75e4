"""The EG for which a candidate applies (guichets.md, question 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from django import forms
from django.http import QueryDict

from dossiers.kinds.base import TALL, VALUE, AnswerTable, Cell, Context, Fact, Kind, Line, Raw, TableCell
from dossiers.kinds.options import OptionsForm
from dossiers.models import Question
from ecare import french
from establishments import finess
from establishments.models import GeographicEntity, LegalEntity

#: How many EJ may be added to a dossier's own.
MOST_OTHERS = 50


class PerimeterOptions(OptionsForm):
    keys = frozenset({"other_entities", "without_equipment"})

    other_entities = forms.BooleanField(
        label="D'autres entités juridiques peuvent être ajoutées",
        required=False,
        help_text="Pour les groupements : leurs entités géographiques rejoignent la liste à cocher.",
    )
    without_equipment = forms.BooleanField(
        label="L'équipement en DUI ou DPI référencé Ségur n'est pas demandé",
        required=False,
        help_text="Pour les guichets où il ne compte pas.",
    )

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        for key in sorted(cls.keys):
            if isinstance(options, Mapping) and not isinstance(options.get(key, False), bool):
                yield f"« {key} » vaut true ou false"


@dataclass(frozen=True)
class SiteRow:
    """An EG that may be ticked, and what was ticked."""

    entity: GeographicEntity
    chosen: bool
    equipped: bool
    #: No longer active, or no longer an EG of these EJ.
    gone: bool = False


@dataclass(frozen=True)
class SiteGroup:
    """The EG of one EJ, for the form: `name` is blank when FINESS no longer knows an open EJ of that number."""

    finess: str
    name: str
    rows: list[SiteRow]
    is_added: bool = False


class PerimeterForm(forms.Form):
    """EG ticked among those of the dossier's EJ, and of the EJ added to it when the question allows it."""

    context: Context
    takes_others = False
    asks_equipment = True

    sites = forms.MultipleChoiceField(
        label="Entités géographiques candidates",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez au moins une entité géographique candidate."},
    )
    equipped = forms.MultipleChoiceField(
        label="Équipées d'un DUI ou DPI référencé Ségur", required=False, widget=forms.CheckboxSelectMultiple
    )
    entities = forms.MultipleChoiceField(
        label="Autres entités juridiques",
        required=False,
        widget=forms.MultipleHiddenInput,
        error_messages={
            "invalid_choice": "L'entité juridique %(value)s n'est pas ouverte dans FINESS : vérifiez son numéro, "
            "ou retirez-la du périmètre."
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = self.typed("entities") if self.takes_others else []
        self.offered = self.context.entities(frozenset(self.numbers[:MOST_OTHERS]))
        sites = [site for _, theirs in self.offered for site in theirs]
        choices = [(site.finess, f"{site.display_name} ({site.finess})") for site in sites]
        own = "votre entité juridique" if len(self.offered) == 1 else "une entité juridique du périmètre"
        invalid = (
            f"L'entité géographique %(value)s n'est plus active ou n'est plus rattachée à {own} dans FINESS : "
            "décochez-la."
        )
        if not self.asks_equipment:
            del self.fields["equipped"]
        for name in self.fields.keys() & {"sites", "equipped"}:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = invalid
        known = [(entity.finess, entity.label) for entity, _ in self.offered]
        self.fields["entities"].choices = known  # type: ignore[attr-defined]

    def typed(self, name: str) -> list[str]:
        data: Any = self.data
        return list(data.getlist(self.add_prefix(name))) if self.is_bound else []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if set(cleaned.get("equipped", [])) - set(cleaned.get("sites", [])) and cleaned.get("sites"):
            self.add_error(
                "equipped",
                "Une entité cochée « équipée » ne fait pas partie des candidates : cochez-la comme candidate, "
                "ou décochez « équipée ».",
            )
        if len(self.numbers) > MOST_OTHERS:
            self.add_error(
                "entities", f"Un périmètre réunit au plus {MOST_OTHERS} autres entités juridiques : retirez-en."
            )
        return cleaned

    @cached_property
    def groups(self) -> list[SiteGroup]:
        """Every EG that may be ticked, by EJ, with what was ticked; and those ticked before they left FINESS, which
        would otherwise be dropped from the perimeter without a word."""
        chosen, equipped = set(self.typed("sites")), set(self.typed("equipped"))

        def rows(sites: list[GeographicEntity], *, gone: bool = False) -> list[SiteRow]:
            return [SiteRow(each, each.finess in chosen, each.finess in equipped, gone) for each in sites]

        offered = {number for number, _ in self.fields["sites"].choices}  # type: ignore[attr-defined]
        gone = rows(self.context.gone((chosen | equipped) - offered), gone=True)
        known = {entity.finess for entity, _ in self.offered}
        groups = [
            SiteGroup(entity.finess, entity.display_name, rows(sites), is_added=place > 0)
            for place, (entity, sites) in enumerate(self.offered)
        ]
        groups[0].rows.extend(gone)
        unknown = [SiteGroup(number, "", [], is_added=True) for number in self.numbers if number not in known]
        return groups + unknown

    @property
    def height(self) -> int:
        return sum(len(group.rows) for group in self.groups)

    @property
    def is_tall(self) -> bool:
        """See `AnswerTable.is_tall`."""
        return self.height > TALL


class Perimeter(Kind):
    """EG ticked among those of the EJ, each with « équipée d'un DUI ou DPI référencé Ségur » unless it does not count.

    The value copies what FINESS said that day: an EG may move or close later, the dossier keeps its perimeter.
    """

    code = "perimeter"
    name = "Périmètre d'entités géographiques"
    template = "dossiers/kinds/perimeter.html"
    is_drawn_once = False
    list_fields = frozenset({"sites", "equipped", "entities"})
    facts_offered = (
        VALUE,
        Fact("regions", "nombre de régions", is_number=True),
        Fact("legal_entities", "nombre d'entités juridiques", is_number=True),
    )
    options_form = PerimeterOptions

    def field_names(self, question: Question) -> frozenset[str]:
        asked = {"entities": takes_others(question), "equipped": asks_equipment(question)}
        return frozenset(name for name in self.list_fields if asked.get(name, True))

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        attributes = {
            "context": context,
            "takes_others": takes_others(question),
            "asks_equipment": asks_equipment(question),
        }
        return type("PerimeterForm", (PerimeterForm,), attributes)

    def raw_from(self, question: Question, post: QueryDict) -> Raw:
        """What was ticked; `<code>-add` adds EJ by their numbers, `<code>-remove` takes them out with their EG."""
        raw = super().raw_from(question, post)
        if not takes_others(question):
            return raw
        typed = (finess.normalise_number(text) for text in post.getlist(f"{question.code}-add"))
        removed = set(post.getlist(f"{question.code}-remove"))
        numbers = {*raw.pop("entities", []), *(text for text in typed if finess.has_shape(text))} - removed
        if numbers:
            raw["entities"] = sorted(numbers)
        if removed:
            theirs = set(
                GeographicEntity.objects.filter(legal_entity__finess__in=removed).values_list("finess", flat=True)
            )
            for name in ("sites", "equipped"):
                if kept := [number for number in raw.pop(name, []) if number not in theirs]:
                    raw[name] = kept
        return raw

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        chosen, equipped = set(cleaned["sites"]), set(cleaned.get("equipped", []))
        entities = context.entities(frozenset(cleaned["entities"]))
        sites = [
            described(site, entity, equipped=site.finess in equipped)
            for entity, theirs in entities
            for site in theirs
            if site.finess in chosen
        ]
        numbers = {site["legal_entity"] for site in sites}
        if numbers <= {context.legal_entity.finess}:
            return {"sites": sites}
        names = {entity.finess: entity.display_name for entity, _ in entities if entity.finess in numbers}
        return {"sites": sites, "entities": names}

    def lines(self, question: Question, value: Any) -> list[Line]:
        names = value.get("entities", {})
        return [
            Line(
                site["finess"],
                site["name"]
                + (equipment(site) if asks_equipment(question) else "")
                + (f" – {names[site['legal_entity']]} ({site['legal_entity']})" if names else ""),
            )
            for site in value["sites"]
        ]

    def table(self, question: Question, value: Any) -> AnswerTable:
        """On paper as on screen: the commune too, since names repeat; by EJ when there are several."""
        count = french.count(len(value["sites"]), "entité géographique candidate", "entités géographiques candidates")
        names = value.get("entities", {})
        groups = [
            (f"{names[number]} ({number})" if names else "", [row_of(site, question) for site in sites])
            for number, sites in groupby(value["sites"], key=lambda site: site["legal_entity"])
        ]
        return AnswerTable(count, groups)

    def columns(self, question: Question) -> list[str]:
        counts = ["entités candidates", *(["entités équipées"] if asks_equipment(question) else [])]
        return [question.short_label, *(f"{question.short_label} – {count}" for count in counts)]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        if value is None:
            return [None] * len(self.columns(question))
        equipped = Decimal(sum(1 for site in value["sites"] if site["equipped"]))
        return [
            *super().field_cells(question, value),
            Decimal(len(value["sites"])),
            *([equipped] if asks_equipment(question) else []),
        ]

    def facts(self, value: Any) -> dict[str, Any]:
        sites = value["sites"]
        return {
            "value": [site["finess"] for site in sites],
            "regions": len({site["region"] for site in sites if site["region"]}),
            "legal_entities": len({site["legal_entity"] for site in sites}),
        }


def takes_others(question: Question) -> bool:
    return question.options.get("other_entities") is True


def asks_equipment(question: Question) -> bool:
    return question.options.get("without_equipment") is not True


def equipment(site: dict[str, Any]) -> str:
    said = f" – {'équipée' if site['equipped'] else 'non équipée'} d'un DUI ou DPI référencé Ségur"
    return said if site["essms"] else f"{said} – hors ESSMS"


def described(site: GeographicEntity, entity: LegalEntity, *, equipped: bool) -> dict[str, Any]:
    return {
        "finess": site.finess,
        "name": site.display_name,
        "city": site.city,
        "category": site.category.label if site.category else "",
        "essms": site.is_essms,
        "region": site.region_id,
        "legal_entity": entity.finess,
        "equipped": equipped,
    }


def row_of(site: dict[str, Any], question: Question) -> list[TableCell]:
    asked = asks_equipment(question)
    cells = [
        TableCell("Raison sociale", site["name"] + ("" if site["essms"] or not asked else " (hors ESSMS)")),
        TableCell("Commune", site["city"]),
        TableCell("Finess EG", site["finess"]),
    ]
    return [*cells, TableCell("DUI ou DPI Ségur", "Équipée" if site["equipped"] else "Non équipée")] if asked else cells
