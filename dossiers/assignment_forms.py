"""To whom dossiers are given (I5). They validate, and never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from ecare import forms as care_forms

#: No account has this key: somebody who has the dossier no longer.
NOBODY_NOW = -1


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
        named = [(key, f"{each.full_name}, {each.get_role_display()}") for key, each in self.people.items()]
        self.fields["to"].choices = [("", "Sélectionner une personne"), *named]  # type: ignore[attr-defined]

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
