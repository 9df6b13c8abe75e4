"""Lines of the trame financière, typed. They validate, and never save."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from ecare import forms as care_forms
from ecare.widgets import DateInput
from funding.enums import ExpenseNature
from funding.expense_rules import LONGEST, Entry, Terms, flaws
from funding.grant_forms import AmountField

#: Empty lines offered at once.
LINES = 5
CHOOSE = ("", "Choisir")
TOO_LONG = {"max_length": f"Ce texte dépasse {LONGEST} caractères\u00a0: raccourcissez-le."}


class ExpenseForm(care_forms.Form):
    spent_on = forms.DateField(
        label="Date",
        widget=DateInput,
        error_messages={"required": "Indiquez la date de la dépense, par exemple 04/06/2026."},
    )
    objective = forms.ChoiceField(label="Objectif")
    nature = forms.ChoiceField(label="Nature", choices=[CHOOSE, *ExpenseNature.choices])
    label = forms.CharField(
        label="Libellé",
        max_length=LONGEST,
        error_messages={
            **TOO_LONG,
            "required": "Dites ce qui a été payé, par exemple «\u00a0Licences de sauvegarde\u00a0».",
        },
    )
    amount = AmountField(
        label="Montant TTC (€)",
        error_messages={"required": "Indiquez le montant de la dépense, par exemple 1250,50."},
    )
    justification = forms.CharField(
        label="Justificatif",
        max_length=LONGEST,
        required=False,
        error_messages=TOO_LONG,
    )
    mission_letter = forms.CharField(
        label="Lettre de mission",
        max_length=LONGEST,
        required=False,
        error_messages=TOO_LONG,
    )

    def __init__(self, *args: Any, terms: Terms, **kwargs: Any) -> None:
        self.terms = terms
        super().__init__(*args, **{**kwargs, "use_required_attribute": False})
        self.fields["objective"].choices = [CHOOSE, *terms.objectives.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and self.has_changed():
            for name, reason in flaws(self.entry, self.terms, today=timezone.localdate()).items():
                self.add_error(name, reason)
        return cleaned

    @property
    def entry(self) -> Entry:
        """The line, once valid."""
        return Entry(**{name: self.cleaned_data[name] for name in Entry.__dataclass_fields__})


class ChangeForm(ExpenseForm):
    """A line and its files."""

    read = forms.IntegerField(widget=forms.HiddenInput)
    proof_file = forms.FileField(label="Fichier du justificatif", required=False)
    letter_file = forms.FileField(label="Fichier de la lettre de mission", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["justification"].label = "Référence du justificatif"
        self.fields["justification"].help_text = "Par exemple le numéro de la facture."
        self.fields["mission_letter"].label = "Référence de la lettre de mission"
        self.fields["mission_letter"].help_text = "Pour les ressources humaines\u00a0: qui, sur quoi, depuis quand."
        for name in ("proof_file", "letter_file"):
            self.fields[name].help_text = "PDF, Word (doc, docx) ou zip, moins de 50\u00a0Mo."
            self.fields[name].widget = forms.FileInput(attrs={"accept": ".pdf,.doc,.docx,.zip"})


class Lines:
    """Several lines typed at once; those left empty are left aside."""

    def __init__(self, data: QueryDict | None = None, *, terms: Terms, read: int) -> None:
        """`read` is the key of the last line written that the page knows."""
        self.read = read
        formset = forms.formset_factory(ExpenseForm, extra=LINES, max_num=LINES, absolute_max=LINES)
        self.formset = formset(data, form_kwargs={"terms": terms}, prefix="lignes")
        self.missing = ""

    def __iter__(self) -> Iterator[ExpenseForm]:
        return iter(self.formset.forms)

    def is_valid(self) -> bool:
        """Whether each line that was typed stands, and there is one."""
        if not self.formset.is_valid():
            if self.formset.non_form_errors():  # not what this page sends
                self.missing = "Votre saisie n'est pas arrivée entière\u00a0: envoyez-la à nouveau."
            return False
        if not self.entries:
            self.missing = "Remplissez au moins une ligne."
        return not self.missing

    @property
    def management_form(self) -> forms.Form:
        form: forms.Form = self.formset.management_form
        return form

    @property
    def entries(self) -> list[Entry]:
        return [form.entry for form in self if form.has_changed()]

    @property
    def has_errors(self) -> bool:
        return bool(self.missing) or any(form.errors for form in self)
