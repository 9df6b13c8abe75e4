"""Commitments and choices."""

from __future__ import annotations

from typing import Any

from django import forms

from dossiers.enums import QuestionKind
from dossiers.kinds.base import Context, Kind, Line
from dossiers.models import Question


class Commitment(Kind):
    """A box that must be ticked."""

    code = QuestionKind.COMMITMENT

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        return type(
            "CommitmentForm",
            (forms.Form,),
            {
                "value": forms.BooleanField(
                    label=question.asked,
                    help_text=question.help,
                    required=question.mandatory,
                    error_messages={"required": f"Cochez la case « {question.short_label} » pour vous engager."},
                )
            },
        )

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"] or None

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", "Oui, je m'engage")]


class SingleChoice(Kind):
    """One answer among several, with a free text when the choice asks for it (`"text": true`)."""

    code = QuestionKind.SINGLE_CHOICE
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
                error_messages={"required": f"Choisissez une réponse à « {question.short_label} »."},
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


class MultipleChoice(Kind):
    """Several answers among several."""

    code = QuestionKind.MULTIPLE_CHOICE
    list_fields = frozenset({"value"})

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        return type(
            "MultipleChoiceForm",
            (forms.Form,),
            {
                "value": forms.MultipleChoiceField(
                    label=question.asked,
                    help_text=question.help,
                    required=question.mandatory,
                    choices=question.choices,
                    widget=forms.CheckboxSelectMultiple,
                    error_messages={"required": f"Cochez au moins une réponse à « {question.short_label} »."},
                )
            },
        )

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"]

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", ", ".join(question.label_of(each) for each in value))]
