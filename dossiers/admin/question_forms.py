"""The form of a question: its words, then what its kind asks, then when it is shown."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.text import slugify

from dossiers.admin.rows import lines
from dossiers.models import FormRevision, Question, Section
from ecare import forms as care_forms

CODE = RegexValidator(
    r"^[a-z][a-z0-9_]*\Z",
    "Écrivez le code en minuscules sans accents, chiffres et traits bas, en commençant par une lettre, "
    "par exemple taille_parc.",
)
WORDS = (
    "code",
    "label",
    "short_label",
    "help",
    "help_anchor",
    "mandatory",
    "frozen_after_transmission",
    "template_file",
)


class QuestionForm(care_forms.ModelForm):
    """The words of a question. Left blank, the short label and the code are proposed from the label."""

    class Meta:
        model = Question
        fields = ("section", "label", "short_label", "code", "help", "help_anchor", "mandatory",
                  "frozen_after_transmission", "template_file")  # fmt: skip
        widgets = {"help": forms.Textarea({"rows": 3}), "label": forms.Textarea({"rows": 2})}
        help_texts = {
            "label": "La question telle que le référent la lit.",
            "short_label": "Dans le sommaire du formulaire et le récapitulatif. Vide\u00a0: le libellé.",
            "help": "Sous la question\u00a0: ce qu'on attend, où le trouver, un exemple.",
            "help_anchor": "L'ancre d'une réponse de l'aide, par exemple perimetre\u00a0: un lien y mène.",
            "mandatory": "Une question obligatoire ne compte que tant qu'elle est affichée.",
            "frozen_after_transmission": "Le référent ne la modifie plus après la première transmission.",
            "template_file": "Un document vierge à télécharger, proposé avec la question.",
        }

    def __init__(self, *args: Any, revision: FormRevision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.revision = revision
        section: Any = self.fields["section"]
        section.queryset = revision.sections.order_by("position")
        section.empty_label = None
        self.fields["short_label"].required = False
        code = self.fields["code"]
        code.required = False
        code.validators = [CODE]
        code.help_text = (
            "Identifie la question\u00a0: les réponses déjà saisies le suivent. Ne le changez pas, sauf si la question "
            "change de sens."
            if self.instance.pk
            else "Identifie la question dans les exports. Vide\u00a0: proposé d'après le libellé."
        )

    def clean_label(self) -> str:
        """On one line; its no-break spaces stay."""
        return re.sub(r"[ \t\r\n]+", " ", self.cleaned_data["label"])

    def clean_help(self) -> str:
        return lines(self.cleaned_data["help"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if label := cleaned.get("label"):
            cleaned["short_label"] = cleaned.get("short_label") or label[:120]
            if "code" not in self.errors and not cleaned.get("code"):
                cleaned["code"] = proposed_code(cleaned["short_label"], self.others())
        if cleaned.get("code") in self.others():
            self.add_error("code", "Ce code est déjà celui d'une autre question\u00a0: choisissez-en un autre.")
        return cleaned

    def others(self) -> set[str]:
        return set(self.revision.questions.exclude(pk=self.instance.pk).values_list("code", flat=True))

    def _post_clean(self) -> None:
        """Nothing is put on the question here: the workflow writes it."""

    def words(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in WORDS}


def proposed_code(label: str, taken: set[str]) -> str:
    """A free code that says the label."""
    words = label.replace("'", " ").replace("’", " ")
    code = slugify(words).replace("-", "_")[:36].strip("_")
    code = code if code[:1].isalpha() else f"question_{code}".strip("_")
    number = 2
    proposed = code
    while proposed in taken:
        proposed, number = f"{code}_{number}", number + 1
    return proposed


class SectionForm(care_forms.ModelForm):
    class Meta:
        model = Section
        fields = ("title", "help")
        labels = {"title": "Titre de la section"}
        widgets = {"help": forms.Textarea({"rows": 3})}
        help_texts = {"help": "Sous le titre\u00a0: ce qui vaut pour toutes ses questions."}

    def clean_help(self) -> str:
        return lines(self.cleaned_data["help"])
