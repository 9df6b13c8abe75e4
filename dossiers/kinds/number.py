"""Numbers, exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from dossiers.kinds.base import Cell, Fact, Line
from dossiers.kinds.options import OptionsForm, is_number, whole
from dossiers.kinds.single import Single
from dossiers.models import Question
from ecare import french

MOST_DIGITS = 15


class NumberField(forms.DecimalField):
    """A number as people type it, or paste it from these pages: « 12 500,5 postes », whatever the spaces."""

    def __init__(self, *, unit: str = "", **kwargs: Any) -> None:
        self.unit = unit
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, localize=True, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = "".join(value.split()).removesuffix("".join(self.unit.split()))
        return super().to_python(value)


def number(label: str, said: str, options: Mapping[str, Any] | None = None) -> NumberField:
    """The field of a number; `said` begins its errors: « Effectif » or « Ligne 1 »."""
    options = options or {}
    decimals, unit = options.get("decimals", 0), options.get("unit", "")
    least, most = (bound(options, key) for key in ("min", "max"))
    figures = french.count(decimals, "chiffre", "chiffres")
    shape = f"un nombre avec au plus {figures} après la virgule" if decimals else "un nombre entier"
    example = example_of(options)
    too_long = f"{said} : ce nombre est trop long, vérifiez-le."
    return NumberField(
        label=label,
        unit=unit,
        min_value=least,
        max_value=most,
        max_digits=MOST_DIGITS,
        decimal_places=decimals,
        error_messages={
            "required": f"Renseignez {said}, par exemple {example}.",
            "invalid": f"{said} : saisissez {shape}, par exemple {example}.",
            "max_decimal_places": f"{said} : saisissez {shape}, par exemple {example}.",
            "max_digits": too_long,
            "max_whole_digits": too_long,
            **({"min_value": f"{said} : saisissez au moins {written(least, unit)}."} if least is not None else {}),
            **({"max_value": f"{said} : saisissez au plus {written(most, unit)}."} if most is not None else {}),
        },
    )


def example_of(options: Mapping[str, Any]) -> str:
    decimals = options.get("decimals", 0)
    return written(Decimal("12.5").quantize(Decimal(1).scaleb(-decimals)), options.get("unit", ""))


def bound(options: Mapping[str, Any], key: str) -> Decimal | None:
    return Decimal(str(options[key])) if key in options else None


def written(value: Decimal, unit: str) -> str:
    return f"{french.number(value)}{french.NBSP}{unit}" if unit else french.number(value)


class BoundsOptions(OptionsForm):
    """A minimum and a maximum."""

    keys = frozenset({"min", "max"})

    min = forms.DecimalField(label="Minimum", required=False, max_digits=MOST_DIGITS, localize=True)
    max = forms.DecimalField(label="Maximum", required=False, max_digits=MOST_DIGITS, localize=True)

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        if not isinstance(options, Mapping):
            return
        if not all(is_number(options.get(key, 0)) for key in ("min", "max")):
            yield "le minimum et le maximum sont des nombres"
        elif "min" in options and "max" in options and options["min"] > options["max"]:
            yield "le minimum dépasse le maximum"


class NumberOptions(BoundsOptions):
    keys = frozenset({"min", "max", "decimals", "unit"})

    decimals = forms.IntegerField(
        label="Chiffres après la virgule", required=False, min_value=0, max_value=6, help_text="Vide : nombre entier."
    )
    unit = forms.CharField(label="Unité", required=False, max_length=30, help_text="Par exemple : postes, jours, %.")

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        if not isinstance(options, Mapping):
            return
        if not whole(options, "decimals", least=0, most=6):
            yield "un nombre a entre 0 et 6 chiffres après la virgule"
        if not isinstance(options.get("unit", ""), str):
            yield "l'unité est un texte"


class Number(Single):
    """A number, with its unit when it has one. The value is its exact writing: « 12.50 » stays « 12.50 »."""

    code = "number"
    name = "Nombre"
    facts_offered = (Fact("value", "réponse", is_number=True),)
    options_form: ClassVar[type[OptionsForm]] = NumberOptions

    def example(self, question: Question) -> str:
        return f"Par exemple {example_of(question.options)}."

    def field(self, question: Question) -> forms.Field:
        return number("", french.quoted(question.short_label), question.options)

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Any) -> Any:
        return f"{cleaned['value']:f}"

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", written(Decimal(value), question.options.get("unit", "")))]

    def facts(self, value: Any) -> dict[str, Any]:
        return {"value": Decimal(value)}

    def columns(self, question: Question) -> list[str]:
        unit = question.options.get("unit")
        return [f"{question.short_label} ({unit})" if unit else question.short_label]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        return [None if value is None else Decimal(value)]
