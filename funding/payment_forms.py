"""The schedule of a subsidy, and the list of payments (F7). They validate, and never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from ecare import forms as care_forms
from ecare.widgets import DateInput, Select
from funding.enums import PaymentKind, PaymentState
from funding.grant_forms import AmountField, DayField
from funding.models import Payment
from funding.payment_files import LONGEST_TRANSFER, TOO_LONG

A_DATE = "Saisissez une date, par exemple 15/09/2026."


class PlanForm(care_forms.Form):
    """« Ajouter au calendrier »: a payment, or money to give back. `read` is the highest number on the page."""

    read = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    kind = forms.ChoiceField(label="Nature", choices=PaymentKind.choices, widget=Select)
    amount = AmountField(label="Montant (€)")
    due_on = DayField(
        label="Échéance",
        error_messages={"required": "Choisissez la date prévue.", "invalid": A_DATE},
    )

    def __init__(self, data: QueryDict | None = None, *, payment: Payment | None = None, read: int = 0) -> None:
        initial: dict[str, Any] = {"kind": PaymentKind.PAYMENT, "read": read}
        if payment is not None:
            initial = {"amount": payment.amount, "due_on": payment.due_on}
        super().__init__(data, initial=initial, use_required_attribute=False)
        self.fields["amount"].error_messages["required"] = "Saisissez le montant, par exemple 18800,50."
        if payment is not None:
            del self.fields["kind"], self.fields["read"]  # what a payment is does not change


class PayForm(care_forms.Form):
    paid_on = DayField(
        label="Date du paiement",
        error_messages={"required": "Indiquez le jour où le paiement a été fait.", "invalid": A_DATE},
    )

    transfer = forms.CharField(
        label="Référence du virement (facultatif)",
        required=False,
        max_length=LONGEST_TRANSFER,
        help_text="Celle de l'agent comptable, par exemple VIR-2026-0412. Le référent la lira.",
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"paid_on": timezone.localdate()}, use_required_attribute=False)


class TransferForm(care_forms.Form):
    """The transfer of a payment made: added, or corrected with a reason."""

    transfer = forms.CharField(
        label="Référence du virement",
        max_length=LONGEST_TRANSFER,
        help_text="Celle de l'agent comptable, par exemple VIR-2026-0412. Le référent la lira.",
        error_messages={"required": "Indiquez la référence du virement.", "max_length": TOO_LONG},
    )
    reason = forms.CharField(
        label="Motif de la correction",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Le référent le lira dans l'historique de son dossier.",
        error_messages={"max_length": "Ce motif dépasse 2000 caractères\u00a0: raccourcissez-le."},
    )

    def __init__(self, data: QueryDict | None = None, *, payment: Payment) -> None:
        super().__init__(data, initial={"transfer": payment.transfer}, use_required_attribute=False)
        if not payment.transfer:
            del self.fields["reason"]  # nothing is corrected


class CancelForm(care_forms.Form):
    reason = forms.CharField(
        label="Motif de l'annulation",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Le référent le lira dans l'historique de son dossier.",
        error_messages={
            "required": "Indiquez le motif de l'annulation\u00a0: le référent le lira.",
            "max_length": "Ce motif dépasse 2000 caractères\u00a0: raccourcissez-le.",
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, use_required_attribute=False)


class MendForm(care_forms.Form):
    """The reason of a new computation, and what the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=100)
    reason = forms.CharField(
        label="Ce qui s'est passé",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="L'historique du dossier le garde\u00a0: le référent et ceux qui instruisent le lisent.",
        error_messages={
            "required": "Indiquez ce qui s'est passé, par exemple «\u00a0Sauvegarde restaurée en partie\u00a0».",
            "max_length": "Ce texte dépasse 2000 caractères\u00a0: raccourcissez-le.",
        },
    )

    def __init__(self, data: QueryDict | None = None, *, seen: str) -> None:
        super().__init__(data, initial={"seen": seen}, use_required_attribute=False)


class FilterForm(care_forms.Form):
    """The filters of the list; they live in the address. What is not understood is told, and left aside."""

    q = forms.CharField(
        label="Dossier ou paiement",
        required=False,
        max_length=200,
        help_text="Référence, raison sociale ou numéro FINESS",
    )
    nature = forms.ChoiceField(
        label="Nature",
        required=False,
        choices=[("", "Toutes"), *PaymentKind.choices],
        widget=Select,
        error_messages={"invalid_choice": "Cette nature n'est pas dans la liste\u00a0: ce filtre est ignoré."},
    )
    guichet = forms.ChoiceField(
        label="Guichet",
        required=False,
        widget=Select,
        error_messages={"invalid_choice": "Ce guichet n'est pas dans la liste\u00a0: ce filtre est ignoré."},
    )
    depuis = forms.DateField(
        label="Échéance à partir du", required=False, widget=DateInput(), error_messages={"invalid": A_DATE}
    )
    jusqua = forms.DateField(
        label="Échéance jusqu'au", required=False, widget=DateInput(), error_messages={"invalid": A_DATE}
    )

    def __init__(self, data: QueryDict, *, guichets: list[tuple[str, str]]) -> None:
        super().__init__(data, use_required_attribute=False)
        self.fields["guichet"].choices = [("", "Tous"), *guichets]  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        """What was understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


def state_of(text: str) -> PaymentState:
    """The tab that the address asks for; the first one otherwise."""
    return PaymentState(text) if text in PaymentState.values else PaymentState.PLANNED
