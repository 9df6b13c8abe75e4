"""Aids already received: a table of a few rows (F3, Q&A 3.4)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms

from dossiers.enums import QuestionKind
from dossiers.kinds.base import Context, Kind, Line
from dossiers.models import Question
from ecare import french
from ecare.widgets import DateInput

COLUMNS = {
    "date": "la date d'octroi",
    "amount": "le montant",
    "body": "l'organisme",
    "basis": "le fondement juridique",
}


class EurosField(forms.DecimalField):
    """An amount as people type it, or paste it from these pages: « 12 500,00 € », whatever the spaces."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = "".join(value.replace("€", "").split())
        return super().to_python(value)


class AidsForm(forms.Form):
    """Rows of fields named `<column>_<n>`. A row is either blank or complete."""

    rows = 5

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(1, self.rows + 1):
            self.fields[f"date_{row}"] = forms.DateField(
                label=f"Date d'octroi, ligne {row}",
                required=False,
                widget=DateInput(),
                error_messages={"invalid": f"Ligne {row} : saisissez une date, par exemple 15/03/2025."},
            )
            self.fields[f"amount_{row}"] = EurosField(
                label=f"Montant en euros, ligne {row}",
                required=False,
                min_value=Decimal("0.01"),
                max_digits=12,
                decimal_places=2,
                localize=True,
                error_messages={
                    "invalid": f"Ligne {row} : saisissez un montant en euros, par exemple 12 500,00.",
                    "min_value": f"Ligne {row} : le montant doit être supérieur à zéro.",
                    "max_decimal_places": f"Ligne {row} : arrondissez le montant au centime, par exemple 12 500,00.",
                    "max_digits": f"Ligne {row} : ce montant est trop élevé, vérifiez-le.",
                    "max_whole_digits": f"Ligne {row} : ce montant est trop élevé, vérifiez-le.",
                },
            )
            self.fields[f"body_{row}"] = forms.CharField(
                label=f"Organisme, ligne {row}", required=False, max_length=150
            )
            self.fields[f"basis_{row}"] = forms.CharField(
                label=f"Fondement juridique, ligne {row}", required=False, max_length=150
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for row in range(1, self.rows + 1):
            names = [f"{column}_{row}" for column in COLUMNS]
            blank = [name for name in names if cleaned.get(name) in (None, "") and name not in self.errors]
            if 0 < len(blank) < len(names):
                for name in blank:
                    missing = COLUMNS[name.rpartition("_")[0]]
                    self.add_error(name, f"Ligne {row} : renseignez {missing}, ou videz toute la ligne.")
        return cleaned

    def rows_of_fields(self) -> list[list[forms.BoundField]]:
        return [[self[f"{column}_{row}"] for column in COLUMNS] for row in range(1, self.rows + 1)]


class Aids(Kind):
    code = QuestionKind.AIDS
    template = "dossiers/kinds/aids.html"

    def field_names(self, question: Question) -> frozenset[str]:
        return frozenset(f"{column}_{row}" for column in COLUMNS for row in range(1, AidsForm.rows + 1))

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        return AidsForm

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return {
            "aids": [
                {
                    "date": cleaned[f"date_{row}"].isoformat(),
                    "amount": str(cleaned[f"amount_{row}"]),
                    "body": cleaned[f"body_{row}"],
                    "basis": cleaned[f"basis_{row}"],
                }
                for row in range(1, AidsForm.rows + 1)
                if cleaned.get(f"date_{row}")
            ]
        }

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [
            Line(
                french.day(dt.date.fromisoformat(aid["date"])),
                f"{french.euros(Decimal(aid['amount']))} – {aid['body']} – {aid['basis']}",
            )
            for aid in value["aids"]
        ]
