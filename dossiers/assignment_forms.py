"""To whom dossiers are given (I5). They validate, and never save."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from dossiers.models import AssignmentRule, Guichet
from ecare import forms as care_forms
from ecare.widgets import DateInput
from establishments.models import Region

#: No account has this key: somebody who has the dossier no longer.
NOBODY_NOW = -1
#: Beyond it, a day of absence is a year mistyped. Who is away longer says it again.
FURTHEST = dt.timedelta(days=366)


class RecipientForm(care_forms.Form):
    """« Attribuer »: to whom."""

    to = forms.ChoiceField(
        label="Attribuer à",
        error_messages={
            "required": "Choisissez la personne qui instruira ces dossiers.",
            "invalid_choice": "Cette personne n'instruit pas de dossiers\u00a0: choisissez-en une de la liste.",
        },
    )

    def __init__(self, data: QueryDict | None = None, *, people: list[User], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.people = {str(each.public_id): each for each in people}
        self.fields["to"].choices = [("", "Sélectionner une personne"), *named(people)]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> User:
        return self.people[self.cleaned_data["to"]]


class AssignmentForm(RecipientForm):
    """« Attribuer » one dossier, that `holder` instructs, or nobody, on the page that was read."""

    #: Public key of who had it; blank for nobody.
    seen = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict | None = None, *, people: list[User], holder: User | None) -> None:
        others = [each for each in people if holder is None or each.pk != holder.pk]
        super().__init__(data, people=others, initial={"seen": holder and holder.public_id})
        self.holder = holder
        self.fields["to"].error_messages["required"] = "Choisissez la personne qui instruira ce dossier."

    @property
    def seen_key(self) -> int | None:
        """Key of who had it on the page; NOBODY_NOW when it is no longer the one who has it."""
        said = self.cleaned_data["seen"]
        if said is None:
            return None
        return self.holder.pk if self.holder and self.holder.public_id == said else NOBODY_NOW


class PeopleField(forms.MultipleChoiceField):
    """Some of these people, ticked; `chosen_from` gives them back."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": "Choisissez au moins une personne.",
                "invalid_choice": "Cette personne ne peut pas recevoir de dossiers\u00a0: choisissez-en d'autres.",
            },
            **kwargs,
        )


def named(people: Sequence[User]) -> list[tuple[str, str]]:
    return [(str(each.public_id), f"{each.full_name}, {each.get_role_display()}") for each in people]


class RuleForm(care_forms.ModelForm):
    """A rule: of which dossiers, to whom."""

    #: The version that was on the page.
    read = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    guichet = forms.ModelChoiceField(
        Guichet.objects.order_by("position"), label="Guichet", required=False, empty_label="Tous les guichets"
    )
    region = forms.ModelChoiceField(
        Region.objects.order_by("name"),
        label="Région",
        required=False,
        empty_label="Toutes les régions",
        help_text="Celle de l'entité juridique, ou d'une de ses entités géographiques.",
    )
    to = PeopleField(label="Attribuer à", help_text="À plusieurs, les dossiers sont attribués à tour de rôle.")

    class Meta:
        model = AssignmentRule
        fields = ("guichet", "region")

    def __init__(self, data: QueryDict | None = None, *, people: list[User], rule: AssignmentRule | None) -> None:
        super().__init__(data, instance=rule)
        self.people = {str(each.public_id): each for each in people}
        self.fields["to"].choices = named(people)  # type: ignore[attr-defined]
        self.fields["read"].initial = rule.version if rule else 0
        self.fields["to"].initial = [str(each.public_id) for each in rule.people.all()] if rule else []

    @property
    def content(self) -> dict[str, Any]:
        """What `workflow.assignment_rules.save` writes."""
        cleaned = self.cleaned_data
        return {
            "guichet": cleaned["guichet"],
            "region": cleaned["region"],
            "people": [self.people[key] for key in cleaned["to"]],
            "read": cleaned["read"] or 0,
        }


class AbsenceForm(care_forms.Form):
    """« Absent du … au … »; of whom, for those who may say it of others."""

    user = forms.ChoiceField(label="Personne", error_messages={"required": "Choisissez la personne absente."})
    first_day = forms.DateField(label="Premier jour d'absence", widget=DateInput)
    last_day = forms.DateField(label="Dernier jour d'absence", widget=DateInput, help_text="Ce jour est compris.")

    def __init__(self, data: QueryDict | None = None, *, by: User, people: list[User]) -> None:
        super().__init__(data, initial={"user": str(by.public_id)})
        self.by = by
        self.people = {str(each.public_id): each for each in people}
        self.fields["user"].choices = [  # type: ignore[attr-defined]
            (key, "Vous" if each.pk == by.pk else each.full_name) for key, each in self.people.items()
        ]
        if not people:
            del self.fields["user"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "Le dernier jour vient avant le premier\u00a0: corrigez l'un des deux.")
        today = timezone.localdate()
        if first and first < today - FURTHEST:
            self.add_error("first_day", "Ce jour est passé depuis plus d'un an\u00a0: vérifiez l'année.")
        if last and last > today + FURTHEST:
            self.add_error("last_day", "Ce jour est dans plus d'un an\u00a0: vérifiez l'année.")
        return cleaned

    @property
    def absent(self) -> User:
        return self.people[self.cleaned_data["user"]] if self.people else self.by


class SpreadForm(care_forms.Form):
    """« Répartir ses dossiers »: among whom."""

    to = PeopleField(label="Répartir entre", help_text="À plusieurs, les dossiers sont attribués à tour de rôle.")

    def __init__(self, data: QueryDict | None = None, *, people: list[User]) -> None:
        super().__init__(data)
        self.people = {str(each.public_id): each for each in people}
        self.fields["to"].choices = named(people)  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[User]:
        return [self.people[key] for key in self.cleaned_data["to"]]
