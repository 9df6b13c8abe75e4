"""Amounts in euros, exact to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from dossiers.kinds.base import Cell, Line
from dossiers.kinds.number import BoundsOptions, Number, NumberField, bound
from dossiers.models import Question
from ecare import french

CENT = Decimal("0.01")
EXAMPLE = "12 500,00"


def amount(label: str, said: str, options: Mapping[str, Any] | None = None) -> NumberField:
    """The field of an amount, zero or more unless its options say otherwise; `said` begins its errors."""
    options = {"min": 0, **(options or {})}
    least, most = bound(options, "min") or Decimal(), bound(options, "max")
    too_high = f"{said} : ce montant est trop élevé, vérifiez-le."
    return NumberField(
        label=label,
        unit="€",
        min_value=least,
        max_value=most,
        max_digits=12,
        decimal_places=2,
        error_messages={
            "required": f"Renseignez {said}, en euros, par exemple {EXAMPLE}.",
            "invalid": f"{said} : saisissez un montant en euros, par exemple {EXAMPLE}.",
            "min_value": f"{said} : saisissez au moins {french.euros(least)}.",
            "max_decimal_places": f"{said} : arrondissez le montant au centime, par exemple {EXAMPLE}.",
            "max_digits": too_high,
            "max_whole_digits": too_high,
            **({"max_value": f"{said} : saisissez au plus {french.euros(most)}."} if most is not None else {}),
        },
    )


class Amount(Number):
    code = "amount"
    name = "Montant en euros"
    options_form = BoundsOptions

    def example(self, question: Question) -> str:
        return f"En euros, par exemple {EXAMPLE}."

    def field(self, question: Question) -> forms.Field:
        return amount("", french.quoted(question.short_label), question.options)

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Any) -> Any:
        return f"{cleaned['value'].quantize(CENT):f}"

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", french.euros(Decimal(value)))]

    def columns(self, question: Question) -> list[str]:
        return [f"{question.short_label} (€)"]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        return [None if value is None else Decimal(value)]
