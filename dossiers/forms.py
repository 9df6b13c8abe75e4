"""Shapes of input. They validate, and never save."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Representation
from dossiers import catalog, emails, queries, steps, template_texts
from dossiers.models import DossierStage, Event, ModificationRequest, Section, Stage
from dossiers.neighbours import Refusal
from ecare import forms as care_forms
from ecare import french
from ecare.widgets import DateInput


class CreateDossierForm(forms.Form):
    """« Candidater à un domaine ou à un dispositif » (D2): only what is open now for the user's establishments."""

    stage = forms.ChoiceField(
        label="Sélectionnez dans la liste ci-dessous le domaine ou le dispositif auquel vous souhaitez candidater :",
        error_messages={
            "required": "Sélectionnez le domaine ou le dispositif auquel vous souhaitez candidater.",
            "invalid_choice": "Ce guichet n'est plus ouvert : sélectionnez-en un dans la liste.",
        },
    )
    establishment = forms.ChoiceField(
        label="Sélectionnez dans la liste ci-dessous l'établissement pour lequel vous souhaitez créer un dossier :",
        error_messages={
            "required": "Sélectionnez l'établissement pour lequel vous souhaitez créer un dossier.",
            "invalid_choice": "Vous ne représentez pas cet établissement : sélectionnez-en un dans la liste.",
        },
    )

    def __init__(self, *args: Any, pairs: list[tuple[Stage, Representation]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {str(stage.pk): stage for stage, _ in pairs}
        self.representations = {str(each.pk): each for _, each in pairs}
        self.pairs = {(str(stage.pk), str(each.pk)) for stage, each in pairs}
        self.fields["stage"].choices = choices(  # type: ignore[attr-defined]
            [(key, stage.guichet.title) for key, stage in self.stages.items()]
        )
        self.fields["establishment"].choices = choices(  # type: ignore[attr-defined]
            [(key, each.legal_entity.label) for key, each in self.representations.items()]
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = (cleaned.get("stage"), cleaned.get("establishment"))
        if all(chosen) and chosen not in self.pairs:
            self.add_error(
                "establishment",
                "Ce guichet ne s'adresse pas à cet établissement, ou vous y avez déjà un dossier : "
                "choisissez un autre établissement.",
            )
        return cleaned

    @property
    def chosen(self) -> tuple[Stage, Representation]:
        return self.stages[self.cleaned_data["stage"]], self.representations[self.cleaned_data["establishment"]]


def choices(items: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The items of a list, preselected when there is only one."""
    return items if len(items) == 1 else [("", "Sélectionner une option"), *items]


class DecisionForm(care_forms.Form):
    """A decision says which transmission it is about: the one that was on the page."""

    #: Whether its e-mail can be read before it leaves.
    has_email = False
    #: The field of what the référent reads.
    text_name = "reason"

    read = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=1,
        error_messages={
            "required": "Ouvrez à nouveau cette page depuis le dossier\u00a0: "
            "elle ne dit pas quelle transmission vous avez lue.",
        },
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        instructed: queries.Instructed,
        draft: Mapping[str, str] | None = None,
        kept_at: dt.datetime | None = None,
        refused: Sequence[Refusal] = (),
    ) -> None:
        """`draft` is what the same person had typed, by field, and `kept_at` when (I3). Remarks start from why a thing
        was `refused`, unless the draft came after: what it left blank was meant so."""
        self.refused = refused
        reasons: dict[str, str] = {}
        for each in refused:
            if kept_at is None or each.at > kept_at:
                before = reasons.get(f"remark_{each.code}")
                reasons[f"remark_{each.code}"] = f"{before}\n\n{each.reason}" if before else each.reason
        said = {name: text for name, text in (draft or {}).items() if text or name not in reasons}
        initial = {"read": instructed.transmission.number, **reasons, **said}
        super().__init__(data, initial=initial, use_required_attribute=False)

    @property
    def typed(self) -> dict[str, str]:
        """What was sent, valid or not, by field: what a draft keeps."""
        return {name: str(self.data.get(name, "")) for name in self.fields if name != "read"}

    @property
    def text(self) -> forms.BoundField:
        """What the référent reads."""
        return self[self.text_name]

    def email(self, dossier_stage: DossierStage) -> tuple[str, str] | None:
        """The subject and the text of the e-mail that the decision sends, once valid; None when it says nothing of
        one's own."""
        return None


class ModificationForm(DecisionForm):
    """« Demander une modification » (I3): a message, remarks by question, a due date."""

    has_email = True
    text_name = "message"

    message = forms.CharField(
        label="Message au référent",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
        help_text="Dites ce qui manque ou ne convient pas, et ce que vous attendez.",
        error_messages={"required": "Expliquez au référent ce qu'il doit modifier."},
    )
    due_on = forms.DateField(
        label="À corriger au plus tard le",
        widget=DateInput(),
        help_text="Jusqu'à 23 h 59 ce jour-là, heure de Paris. L'échéance peut dépasser la fermeture du guichet.",
        error_messages={
            "required": "Choisissez la date limite de la correction.",
            "invalid": "Saisissez une date, par exemple 15/09/2026.",
        },
    )

    opens_everything = forms.BooleanField(
        label="Ouvrir tout le formulaire à la correction",
        required=False,
        help_text="Sinon, le référent ne peut modifier que les réponses remarquées et celles qui en dépendent. "
        "Sans remarque, tout le formulaire est ouvert.",
    )

    def __init__(self, data: QueryDict | None = None, **keywords: Any) -> None:
        super().__init__(data, **keywords)
        instructed = keywords["instructed"]
        self.read_sections = instructed.sections
        self.codes = [entry.code for entry in instructed.entries]
        for entry in instructed.entries:
            name = f"remark_{entry.code}"
            self.fields[name] = forms.CharField(
                label=f"Remarque sur {french.quoted(entry.question.short_label)}",
                widget=forms.Textarea(attrs={"rows": 5 if self.initial.get(name) else 2}),
                max_length=2000,
                required=False,
                error_messages={"max_length": "Cette remarque dépasse 2000 caractères\u00a0: raccourcissez-la."},
                help_text="Le référent ne peut plus modifier ces coordonnées\u00a0: le support les corrige."
                if entry.question.frozen_after_transmission
                else "",
            )

    def clean_due_on(self) -> dt.date:
        due_on: dt.date = self.cleaned_data["due_on"]
        if due_on < timezone.localdate():
            raise forms.ValidationError("Cette date est passée\u00a0: choisissez-en une à venir.")
        if due_on > timezone.localdate() + dt.timedelta(days=366):
            raise forms.ValidationError("Cette date est dans plus d'un an\u00a0: vérifiez l'année.")
        return due_on

    @property
    def due_at(self) -> dt.datetime:
        """The first instant refused: midnight at the end of the day, Europe/Paris."""
        due_at = catalog.closing(self.cleaned_data["due_on"])
        assert due_at is not None
        return due_at

    def clean(self) -> dict[str, Any]:
        """The texts of the team name the due date, wherever they were inserted before it was chosen."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("due_on"):
            texts = {name: text for name, text in cleaned.items() if isinstance(text, str)}
            cleaned |= {name: template_texts.dated(text, self.due_at) for name, text in texts.items()}
        return cleaned

    @property
    def sections(self) -> list[tuple[Section, list[tuple[queries.InstructedEntry, forms.BoundField]]]]:
        """Each answer with the field of its remark, section by section."""
        return [
            (section, [(entry, self[f"remark_{entry.code}"]) for entry in entries])
            for section, entries in self.read_sections
        ]

    @property
    def left_closed(self) -> list[tuple[Refusal, str]]:
        """What was refused and could not be corrected as the form now stands, with the id of the remark that would open
        it: the other remarks open their questions alone."""
        if self["opens_everything"].value() or not any(self[f"remark_{code}"].value() for code in self.codes):
            return []
        fields = [(each, self[f"remark_{each.code}"]) for each in self.refused if each.code in self.codes]
        return [(each, field.id_for_label) for each, field in fields if not field.value()]

    @property
    def remarks(self) -> dict[str, str]:
        return {code: self.cleaned_data[f"remark_{code}"] for code in self.codes}

    def email(self, dossier_stage: DossierStage) -> tuple[str, str]:
        request = ModificationRequest(message=self.cleaned_data["message"].strip(), due_at=self.due_at)
        count = sum(1 for text in self.remarks.values() if text.strip())
        return emails.preview(dossier_stage, emails.MODIFICATION, request=request, remarks=count)


class ValidationForm(DecisionForm):
    """« Valider »: a word for the référent, if there is one to say."""

    has_email = True
    text_name = "message"

    message = forms.CharField(
        label="Message au référent (facultatif)",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
        required=False,
        help_text="Le référent lira ce texte.",
        error_messages={"max_length": "Ce message dépasse 5000 caractères\u00a0: raccourcissez-le."},
    )

    def email(self, dossier_stage: DossierStage) -> tuple[str, str]:
        letter, context = emails.validation(
            dossier_stage, steps.after(dossier_stage, once_validated=True), timezone.now()
        )
        event = Event(message=self.cleaned_data["message"].strip())
        return emails.preview(dossier_stage, letter, event=event, **context)


class RejectionForm(DecisionForm):
    """« Rejeter »: the reason."""

    has_email = True

    reason = forms.CharField(
        label="Motif du rejet",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
        help_text="Le référent lira ce texte.",
        error_messages={"required": "Indiquez le motif du rejet\u00a0: le référent le lira."},
    )

    def email(self, dossier_stage: DossierStage) -> tuple[str, str]:
        event = Event(message=self.cleaned_data["reason"].strip())
        return emails.preview(dossier_stage, emails.REJECTION, event=event, **emails.rejection(dossier_stage))


class ReopeningForm(DecisionForm):
    """« Rouvrir l'étape »: the reason."""

    reason = forms.CharField(
        label="Motif de la réouverture",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
        help_text="Le référent lira ce texte.",
        error_messages={"required": "Indiquez le motif de la réouverture\u00a0: le référent le lira."},
    )


class CallForm(care_forms.Form):
    """« Ouvrir l'étape »: what the référent is asked."""

    message = forms.CharField(
        label="Message au référent (facultatif)",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
        required=False,
        help_text="Dites ce que vous attendez\u00a0: le référent lira ce texte.",
        error_messages={"max_length": "Ce message dépasse 5000 caractères\u00a0: raccourcissez-le."},
    )
