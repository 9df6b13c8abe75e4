"""Commitments and choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from dossiers.kinds.base import VALUE, Context, Kind, Line
from dossiers.kinds.grid import Column, Grid, Rows, is_blank
from dossiers.kinds.options import Options, OptionsForm, is_number, plain
from dossiers.kinds.single import Single
from dossiers.models import Question


def choices_grid(*, text: bool) -> Grid:
    """The choices as an administrator writes them, one a row."""
    columns = [
        Column(
            "value",
            "Valeur",
            "la valeur, par exemple « public »",
            lambda label, said: forms.CharField(label=label, max_length=60),
        ),
        Column("label", "Libellé", "le libellé", lambda label, said: forms.CharField(label=label, max_length=200)),
    ]
    if text:
        columns.append(
            Column(
                "text",
                "Demander une précision",
                "",
                lambda label, said: forms.BooleanField(label=label),
                required=False,
            )
        )
    columns += [
        Column(
            "points",
            "Points",
            "",
            lambda label, said: forms.DecimalField(
                label=label,
                max_digits=7,
                decimal_places=2,
                localize=True,
                error_messages={"invalid": f"{said} : saisissez des points, par exemple 2 ou 0,5."},
            ),
            required=False,
        ),
        Column(
            "order",
            "Ordre",
            "",
            lambda label, said: forms.IntegerField(
                label=label,
                min_value=1,
                max_value=999,
                error_messages={"invalid": f"{said} : saisissez un rang, par exemple 3."},
            ),
            required=False,
        ),
    ]
    return Grid(tuple(columns), most=100)


class ChoicesOptions(OptionsForm):
    """The answers offered, in order, and the axis that their points count for."""

    keys = frozenset({"choices", "axis"})
    grid = choices_grid(text=False)

    axis = forms.ChoiceField(
        label="Axe du score",
        required=False,
        help_text="Pour une autoévaluation : les points de la réponse comptent pour cet axe.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        axes = dict(self.axes)
        if stored := self.initial.get("axis"):
            axes.setdefault(stored, stored)
        self.fields["axis"].choices = [("", "Aucun"), *axes.items()]  # type: ignore[attr-defined]
        self.grid.add_to(self)

    @classmethod
    def initial_from(cls, options: Options) -> dict[str, Any]:
        cells = {
            f"{key}_{row}": content
            for row, choice in enumerate(options.get("choices", []), start=1)
            for key, content in (*choice.items(), ("order", row))
        }
        return {**super().initial_from(options), **cells}

    def clean(self) -> dict[str, Any]:
        self.grid.check(self)
        return super().clean()

    def to_options(self) -> Options:
        # A row moved to another's rank takes it, whichever way it went; without a rank, it stays where it is.
        rows = sorted(self.grid.filled(self.cleaned_data), key=lambda each: (each[1]["order"] or each[0], -each[0]))
        choices = [
            {key: plain(cells[key]) for key in ("value", "label", "text", "points") if not is_blank(cells.get(key))}
            for _, cells in rows
        ]
        return {"choices": choices, **super().to_options()}

    @property
    def tables(self) -> list[Rows]:
        return [self.grid.table(self, "Réponses proposées")]

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        yield from flaws_of_choices(options, known={column.code for column in cls.grid.columns} - {"order"})


def flaws_of_choices(options: Any, *, known: set[str]) -> Iterator[str]:
    """What is wrong in the answers offered, each with some of the `known` properties."""
    choices = options.get("choices") if isinstance(options, Mapping) else None
    if not isinstance(choices, list) or not choices or not all(isinstance(each, Mapping) for each in choices):
        yield "chaque choix a une valeur et un libellé : il en faut au moins un"
        return
    values = [choice.get("value") for choice in choices]
    if not all(isinstance(value, str) and value for value in values):
        yield "chaque choix a une valeur, entre guillemets si c'est un nombre"
    elif len(set(values)) < len(values):
        yield "deux choix ont la même valeur"
    for choice in choices:
        for key in sorted(str(key) for key in choice.keys() - known):
            yield f"propriété de choix inconnue, « {key} »"
        if not isinstance(choice.get("label"), str) or not choice["label"]:
            yield f"le choix « {choice.get('value')} » n'a pas de libellé, entre guillemets si c'est un nombre"
        if not is_number(choice.get("points", 0)):
            yield f"les points du choix « {choice.get('value')} » sont un nombre"


def offered(options: Mapping[str, Any]) -> list[tuple[Any, str]]:
    return [(choice.get("value"), choice.get("label", "")) for choice in options.get("choices", [])]


class Commitment(Single):
    """A box that must be ticked."""

    code = "commitment"
    name = "Engagement à cocher"
    facts_offered = (VALUE,)

    def field(self, question: Question) -> forms.Field:
        return forms.BooleanField(
            error_messages={"required": f"Cochez la case « {question.short_label} » pour vous engager."}
        )

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"] or None

    def citable(self, options: Mapping[str, Any]) -> list[tuple[Any, str]]:
        return [(True, "cochée")]

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", "Oui, je m'engage")]


class SingleChoiceOptions(ChoicesOptions):
    grid = choices_grid(text=True)


class SingleChoice(Kind):
    """One answer among several, with a free text when the choice asks for it (`"text": true`)."""

    code = "single_choice"
    name = "Choix unique"
    facts_offered = (VALUE,)
    options_form = SingleChoiceOptions
    template = "dossiers/kinds/single_choice.html"

    def field_names(self, question: Question) -> frozenset[str]:
        return frozenset({"value", "text"})

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        free = [choice["value"] for choice in question.options["choices"] if choice.get("text")]
        fields: dict[str, Any] = {
            "value": forms.ChoiceField(
                label=question.asked,
                help_text=question.help,
                required=question.mandatory,
                choices=question.choices,
                widget=forms.RadioSelect,
                error_messages={
                    "required": f"Choisissez une réponse à « {question.short_label} ».",
                    "invalid_choice": f"La réponse choisie à « {question.short_label} » n'est plus proposée : "
                    "choisissez-en une de la liste.",
                },
            )
        }
        if free:
            fields["text"] = forms.CharField(label="Précisez", max_length=200, required=False)

        def clean(form: forms.Form) -> dict[str, Any]:
            cleaned = forms.Form.clean(form) or form.cleaned_data
            if cleaned.get("value") in free and not cleaned.get("text"):
                form.add_error("text", f"Précisez votre réponse à « {question.short_label} » : vous avez choisi Autre.")
            if "value" in cleaned and not cleaned["value"]:
                form.add_error(
                    "value", f"Choisissez une réponse à « {question.short_label} », ou effacez la précision."
                )
            return cleaned

        return type("SingleChoiceForm", (forms.Form,), {**fields, "clean": clean, "free_values": free})

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        free = any(choice["value"] == cleaned["value"] and choice.get("text") for choice in question.options["choices"])
        if free:
            return {"choice": cleaned["value"], "text": cleaned["text"]}
        return {"choice": cleaned["value"]}

    def lines(self, question: Question, value: Any) -> list[Line]:
        label = question.label_of(value["choice"])
        return [Line("", f"{label} : {value['text']}" if value.get("text") else label)]

    def facts(self, value: Any) -> dict[str, Any]:
        return {"value": value["choice"]}

    def citable(self, options: Mapping[str, Any]) -> list[tuple[Any, str]]:
        return offered(options)


class MultipleChoice(Single):
    """Several answers among several."""

    code = "multiple_choice"
    name = "Choix multiple"
    facts_offered = (VALUE,)
    options_form = ChoicesOptions
    list_fields = frozenset({"value"})

    def field(self, question: Question) -> forms.Field:
        return forms.MultipleChoiceField(
            choices=question.choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": f"Cochez au moins une réponse à « {question.short_label} ».",
                "invalid_choice": f"Une réponse cochée à « {question.short_label} » n'est plus proposée : "
                "cochez celles de la liste.",
            },
        )

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", ", ".join(question.label_of(each) for each in value))]

    def citable(self, options: Mapping[str, Any]) -> list[tuple[Any, str]]:
        return offered(options)
