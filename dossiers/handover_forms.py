"""Shapes of input of what changes the hands of a dossier. They validate, and never save."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from dossiers import queries
from dossiers.models import DossierStage
from ecare import forms as care_forms


def reason(label: str, *, help_text: str, required: str) -> forms.CharField:
    """A text that explains an act, read by those it concerns."""
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text=help_text,
        error_messages={
            "required": required,
            "max_length": "Ce texte dépasse 2000 caractères\u00a0: raccourcissez-le.",
        },
    )


class TransferForm(forms.Form):
    """« Transférer un dossier » (D13): one or several dossiers, by reference."""

    dossiers = forms.MultipleChoiceField(
        label="Dossiers à transférer",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Sélectionnez au moins un dossier à transférer.",
            "invalid_choice": "Le dossier %(value)s n'est plus le vôtre\u00a0: sélectionnez un dossier de la liste.",
        },
    )

    def __init__(self, *args: Any, user: User, colleague: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {each.dossier.reference: each for each in queries.transferable(user, colleague)}
        self.fields["dossiers"].choices = [  # type: ignore[attr-defined]
            (
                reference,
                f"{reference} – {each.dossier.guichet.short_title} – {each.dossier.legal_entity.label} – "
                + each.status_label,
            )
            for reference, each in self.stages.items()
        ]

    @property
    def chosen(self) -> list[DossierStage]:
        return [self.stages[reference] for reference in self.cleaned_data["dossiers"]]


class ClaimForm(care_forms.Form):
    """« Demander à reprendre un dossier »: which, named by its guichet and its EJ alone (D3), and why."""

    dossier = forms.ChoiceField(
        label="Dossier à reprendre",
        widget=forms.Select,
        error_messages={
            "required": "Choisissez le dossier que vous demandez à reprendre.",
            "invalid_choice": "Ce dossier ne peut pas être demandé\u00a0: choisissez-en un de la liste.",
        },
    )
    reason = reason(
        "Pourquoi reprenez-vous ce dossier\u00a0?",
        help_text="Par exemple\u00a0: son référent a quitté l'établissement. Le référent actuel et le responsable "
        "d'instruction lisent ce texte.",
        required="Indiquez pourquoi vous demandez à reprendre ce dossier.",
    )

    def __init__(self, *args: Any, stages: list[DossierStage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {f"{each.dossier.guichet.code}.{each.dossier.legal_entity.finess}": each for each in stages}
        choices = [
            (key, f"{each.dossier.guichet.short_title} – {each.dossier.legal_entity.label}")
            for key, each in self.stages.items()
        ]
        self.fields["dossier"].choices = [("", "Sélectionner une option"), *choices]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> DossierStage:
        return self.stages[self.cleaned_data["dossier"]]


class ObjectionForm(care_forms.Form):
    reason = reason(
        "Pourquoi vous opposez-vous à cette demande\u00a0?",
        help_text="Le responsable d'instruction lit ce texte avant de décider.",
        required="Expliquez pourquoi vous vous opposez à cette demande.",
    )


class TakeoverRefusalForm(care_forms.Form):
    reason = reason(
        "Motif du refus",
        help_text="Le demandeur reçoit ce texte par e-mail\u00a0: n'y nommez pas le référent.",
        required="Indiquez le motif du refus\u00a0: le demandeur le lira.",
    )


class ReassignmentForm(care_forms.Form):
    """« Remplacer le référent »: by whom, and why (I8)."""

    referent = forms.ChoiceField(
        label="Nouveau référent",
        error_messages={
            "required": "Choisissez le nouveau référent.",
            "invalid_choice": "Cette personne ne peut pas recevoir le dossier\u00a0: choisissez-en une de la liste.",
        },
    )
    reason = reason(
        "Motif du remplacement",
        help_text="Ce texte accompagne l'e-mail\u00a0; l'historique le garde.",
        required="Indiquez le motif du remplacement\u00a0: l'ancien et le nouveau référent le lisent.",
    )

    def __init__(self, *args: Any, successors: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.successors = {str(each.public_id): each for each in successors}
        people = [(key, f"{each.full_name} ({each.email})") for key, each in self.successors.items()]
        self.fields["referent"].choices = [("", "Sélectionner une option"), *people]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> User:
        return self.successors[self.cleaned_data["referent"]]
