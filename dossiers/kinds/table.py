"""Tables of rows, whose columns administrators declare."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from django import forms

from dossiers.kinds.amount import CENT, amount
from dossiers.kinds.base import AnswerTable, Cell, Context, Fact, Kind, Line, TableCell
from dossiers.kinds.date import day
from dossiers.kinds.grid import Column, Grid, Rows, is_blank
from dossiers.kinds.number import number
from dossiers.kinds.options import Options, OptionsForm, whole
from dossiers.models import Question
from ecare import french

MOST_ROWS = 30
DEFAULT_ROWS = 10
COLUMN_KINDS = {
    "text": "Texte",
    "number": "Nombre",
    "amount": "Montant en euros",
    "date": "Date",
    "choice": "Choix",
}
COLUMN_KEYS = frozenset({"code", "label", "kind", "choices", "optional"})
SUMMED = ("amount", "number")
CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


def field_of(column: Mapping[str, Any]) -> Callable[[str, str], forms.Field]:
    """What makes the field of a column, row after row."""

    def words(label: str, said: str) -> forms.Field:
        too_long = f"{said} : raccourcissez ce texte à 250 caractères."
        return forms.CharField(label=label, max_length=250, error_messages={"max_length": too_long})

    def choice(label: str, said: str) -> forms.Field:
        return forms.ChoiceField(
            label=label,
            choices=[("", "–"), *((each, each) for each in column["choices"])],
            error_messages={"invalid_choice": f"{said} : choisissez une réponse de la liste."},
        )

    fields: dict[str, Callable[..., forms.Field]] = {
        "text": words,
        "number": partial(number, options={"decimals": 2}),
        "amount": partial(amount, options={"min": column.get("min", 0)}),
        "date": day,
        "choice": choice,
    }
    make = fields[column["kind"]]
    return lambda label, said: make(label, f"{said}, {french.quoted(column['label'])}")


def stored(kind: str, cell: Any) -> Any:
    """A cell as JSON keeps it; None when it was left blank."""
    if is_blank(cell):
        return None
    if kind == "amount":
        cell = cell.quantize(CENT)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, dt.date) else cell


def shown(kind: str, cell: Any) -> str:
    if cell is None:
        return "–"
    match kind:
        case "amount":
            return french.euros(Decimal(cell))
        case "number":
            return french.number(Decimal(cell))
        case "date":
            return french.day(dt.date.fromisoformat(cell))
        case _:
            return str(cell)


class TableOptions(OptionsForm):
    """The columns, one a row, and how many rows may be filled."""

    keys = frozenset({"columns", "max_rows"})
    grid = Grid(
        (
            Column(
                "code",
                "Code",
                "le code, par exemple « date_debut »",
                lambda label, said: forms.RegexField(
                    CODE,
                    label=label,
                    error_messages={
                        "invalid": f"{said} : un code est fait de minuscules, de chiffres et de _, "
                        "par exemple « date_debut »."
                    },
                ),
            ),
            Column("label", "Libellé", "le libellé", lambda label, said: forms.CharField(label=label, max_length=80)),
            Column(
                "kind",
                "Nature",
                "la nature",
                lambda label, said: forms.ChoiceField(label=label, choices=[("", "–"), *COLUMN_KINDS.items()]),
            ),
            Column(
                "choices",
                "Choix, un par ligne",
                "",
                lambda label, said: forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 2})),
                required=False,
            ),
            Column("optional", "Facultative", "", lambda label, said: forms.BooleanField(label=label), required=False),
        ),
        most=12,
    )

    max_rows = forms.IntegerField(
        label="Nombre de lignes au maximum",
        required=False,
        min_value=1,
        max_value=MOST_ROWS,
        help_text=f"Vide : {DEFAULT_ROWS}.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid.add_to(self)

    @classmethod
    def initial_from(cls, options: Options) -> dict[str, Any]:
        cells = {
            f"{key}_{row}": "\n".join(content) if key == "choices" else content
            for row, column in enumerate(options.get("columns", []), start=1)
            for key, content in column.items()
        }
        return {**super().initial_from(options), **cells}

    def clean(self) -> dict[str, Any]:
        self.grid.check(self)
        return super().clean()

    def to_options(self) -> Options:
        columns = []
        for _, cells in self.grid.filled(self.cleaned_data):
            column = {key: cell for key, cell in cells.items() if not is_blank(cell)}
            if "choices" in column:
                column["choices"] = [text.strip() for text in column["choices"].splitlines() if text.strip()]
            columns.append(column)
        return {"columns": columns, **super().to_options()}

    @property
    def tables(self) -> list[Rows]:
        return [self.grid.table(self, "Colonnes")]

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        if not isinstance(options, Mapping):
            return
        if not whole(options, "max_rows", most=MOST_ROWS):
            yield f"un tableau compte entre 1 et {MOST_ROWS} lignes"
        columns = options.get("columns")
        if not isinstance(columns, list) or not columns or not all(isinstance(each, Mapping) for each in columns):
            yield "un tableau a au moins une colonne"
            return
        if len({each.get("code") for each in columns if isinstance(each.get("code"), str)}) < len(columns):
            yield "chaque colonne a un code à elle"
        if all(each.get("optional") for each in columns):
            yield "au moins une colonne est obligatoire"
        for each in columns:
            yield from flaws_of_column(each)


def flaws_of_column(column: Mapping[str, Any]) -> Iterator[str]:
    name = f"colonne « {column.get('code')} »"
    for key in sorted(str(key) for key in column.keys() - COLUMN_KEYS):
        yield f"{name} : propriété inconnue, « {key} »"
    if not isinstance(column.get("code"), str) or not CODE.fullmatch(column["code"]):
        yield f"{name} : un code est fait de minuscules, de chiffres et de _"
    if not isinstance(column.get("label"), str) or not column["label"]:
        yield f"{name} : il manque un libellé"
    if column.get("kind") not in COLUMN_KINDS:
        yield f"{name} : nature inconnue, « {column.get('kind')} »"
    if not isinstance(column.get("optional", False), bool):
        yield f"{name} : « optional » vaut true ou false"
    choices = column.get("choices")
    if column.get("kind") == "choice":
        if not isinstance(choices, list) or not choices or not all(isinstance(each, str) and each for each in choices):
            yield f"{name} : écrivez les choix, un par ligne"
        elif len(set(choices)) < len(choices):
            yield f"{name} : deux choix sont les mêmes"
    elif choices is not None:
        yield f"{name} : seule une colonne de choix a des choix"


class Table(Kind):
    """Rows, each blank or complete. The value keeps each cell as its kind writes it: exact numbers, ISO days."""

    code = "table"
    name = "Tableau de lignes"
    template = "dossiers/kinds/table.html"
    facts_offered: ClassVar[tuple[Fact, ...]] = (Fact("rows", "nombre de lignes", is_number=True),)
    options_form: ClassVar[type[OptionsForm]] = TableOptions
    #: Where the value holds its rows, and how one and several are called.
    key: ClassVar[str] = "rows"
    nouns: ClassVar[tuple[str, str]] = ("ligne", "lignes")

    def declared(self, question: Question) -> list[dict[str, Any]]:
        """The columns."""
        return list(question.options["columns"])

    def most_rows(self, question: Question) -> int:
        return int(question.options.get("max_rows", DEFAULT_ROWS))

    def grid(self, question: Question) -> Grid:
        columns = tuple(
            Column(
                each["code"],
                each["label"],
                french.quoted(each["label"]),
                field_of(each),
                required=not each.get("optional", False),
            )
            for each in self.declared(question)
        )
        return Grid(columns, most=self.most_rows(question))

    def field_names(self, question: Question) -> frozenset[str]:
        return self.grid(question).names

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        grid = self.grid(question)

        def start(form: forms.Form, *args: Any, **kwargs: Any) -> None:
            forms.Form.__init__(form, *args, **kwargs)
            grid.add_to(form)

        def clean(form: forms.Form) -> dict[str, Any]:
            cleaned = forms.Form.clean(form) or form.cleaned_data
            grid.check(form)
            return cleaned

        def table(form: forms.Form) -> Rows:
            return grid.table(form, question.label)

        return type("TableForm", (forms.Form,), {"__init__": start, "clean": clean, "table": table})

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        natures = {column["code"]: column["kind"] for column in self.declared(question)}
        rows = self.grid(question).filled(cleaned)
        return {self.key: [{code: stored(natures[code], cell) for code, cell in cells.items()} for _, cells in rows]}

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [
            Line(
                f"Ligne {number}",
                " – ".join(
                    f"{column['label']} : {shown(column['kind'], row[column['code']])}"
                    for column in self.declared(question)
                    if row.get(column["code"]) is not None
                ),
            )
            for number, row in enumerate(value[self.key], start=1)
        ]

    def table(self, question: Question, value: Any) -> AnswerTable:
        rows = [
            [
                TableCell(
                    column["label"],
                    shown(column["kind"], row.get(column["code"])),
                    is_number=column["kind"] in SUMMED,
                )
                for column in self.declared(question)
            ]
            for row in value[self.key]
        ]
        return AnswerTable(french.count(len(rows), *self.nouns), [("", rows)])

    def facts(self, value: Any) -> dict[str, Any]:
        return {"rows": len(value[self.key])}

    def columns(self, question: Question) -> list[str]:
        totals = (f"{question.short_label} – total {each['label']}" for each in self.summed(question))
        return [question.short_label, f"{question.short_label} – {self.nouns[1]}", *totals]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        summed = self.summed(question)
        if value is None:
            return [None] * (2 + len(summed))
        rows = value[self.key]
        totals = (sum((Decimal(row.get(each["code"]) or 0) for row in rows), Decimal()) for each in summed)
        return [*super().field_cells(question, value), Decimal(len(rows)), *totals]

    def summed(self, question: Question) -> list[dict[str, Any]]:
        """The columns that an export adds up."""
        return [each for each in self.declared(question) if each["kind"] in SUMMED]
