"""Granting a subsidy, and its convention. They validate, and never save."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from ecare import forms as care_forms
from ecare import french
from ecare.widgets import DateInput
from funding.models import EARLIEST, LATEST, TOO_LATE, TOO_OLD


class AmountField(forms.DecimalField):
    """Euros to the cent, as people write them: « 18 800,50 »."""

    def __init__(self, **options: Any) -> None:
        options = {"max_digits": 12, "decimal_places": 2, "min_value": Decimal("0.01"), **options}
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options)
        self.error_messages |= {
            "invalid": "Saisissez un montant en euros, par exemple 18800,50.",
            "min_value": "Saisissez un montant supérieur à zéro, par exemple 18800.",
            "max_decimal_places": "Saisissez un montant au centime près, par exemple 18800,50.",
            "max_digits": "Ce montant est trop grand\u00a0: vérifiez-le, par exemple 18800,50.",
            "max_whole_digits": "Ce montant est trop grand\u00a0: vérifiez-le, par exemple 18800,50.",
        }

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            for noise in (" ", "\u00a0", "\u202f", "€"):
                value = value.replace(noise, "")
            value = value.replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}".replace(".", ",").removesuffix(",00") if isinstance(value, Decimal) else value


class DayField(forms.DateField):
    """A day whose year is one that the database takes."""

    widget = DateInput

    def __init__(self, **options: Any) -> None:
        super().__init__(
            validators=[MinValueValidator(EARLIEST, TOO_OLD), MaxValueValidator(LATEST, TOO_LATE)],
            **options,
        )


class GrantForm(care_forms.Form):
    """The estimate to confirm, or another amount and why."""

    amount = AmountField(label="Montant accordé (€)")
    reason = forms.CharField(
        label="Motif de la correction",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        required=False,
        help_text="Obligatoire si le montant n'est pas l'estimation\u00a0: le référent le lira.",
        error_messages={"max_length": "Ce motif dépasse 2000 caractères\u00a0: raccourcissez-le."},
    )
    with_agreement = forms.BooleanField(label="Faire signer une convention", required=False)

    def __init__(self, data: QueryDict | None = None, *, estimated: Decimal, agreement_from: Decimal) -> None:
        self.estimated, self.agreement_from = estimated, agreement_from
        super().__init__(data, initial={"amount": estimated, "with_agreement": True}, use_required_attribute=False)
        self.fields["amount"].help_text = f"Estimation transmise\u00a0: {french.euros(estimated)}."
        from_amount = french.euros(agreement_from)
        self.fields["with_agreement"].help_text = f"Obligatoire à partir de {from_amount}, case cochée ou non."

    @property
    def asked(self) -> Decimal | None:
        """The amount that was sent, once it is one."""
        return self.cleaned_data.get("amount") if self.is_bound else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        amount = cleaned.get("amount")
        if amount is not None and amount != self.estimated and not cleaned.get("reason", "").strip():
            self.add_error(
                "reason",
                f"Ce montant n'est pas l'estimation ({french.euros(self.estimated)})\u00a0: indiquez pourquoi.",
            )
        return cleaned


#: Said to who deposits a copy without the key of what was signed: the page that comes back has it.
UNNAMED = (
    "Cette page ne dit plus quelle convention vous avez signée\u00a0: relisez-la, puis déposez à nouveau le fichier."
)


class SignedCopyForm(care_forms.Form):
    """A copy of the convention that was on the page: `read` is its public key."""

    read = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), UNNAMED),
    )
    file = forms.FileField(
        label="Exemplaire signé",
        help_text="Un fichier PDF de moins de 50 Mo, avec toutes les pages de la convention.",
        widget=forms.FileInput(attrs={"accept": ".pdf"}),
        error_messages={"required": "Choisissez le fichier de la convention signée, au format PDF."},
    )

    def __init__(self, data: QueryDict | None = None, files: MultiValueDict[str, Any] | None = None) -> None:
        super().__init__(data, files, use_required_attribute=False)


class CheckForm(care_forms.Form):
    """« Accepter » or « Refuser » the copy that was on the page."""

    read = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Motif du refus",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        required=False,
        help_text="Nécessaire pour refuser\u00a0: le référent lira ce texte.",
        error_messages={"max_length": "Ce motif dépasse 2000 caractères\u00a0: raccourcissez-le."},
    )
