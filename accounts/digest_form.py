"""« Vos e-mails »: what those who instruct are told every morning."""

from django import forms

from accounts.enums import Digest
from accounts.models import User


class DigestForm(forms.Form):
    digest = forms.ChoiceField(
        label="Chaque matin, un récapitulatif",
        help_text="Dossiers transmis, réponses des référents, échéances proches et dossiers qu'on vous a attribués. "
        "Rien n'est envoyé un jour où il n'y a rien à dire.",
        choices=Digest.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez sur quels dossiers vous voulez un récapitulatif.",
            "invalid_choice": "Choisissez un récapitulatif de la liste.",
        },
    )

    @classmethod
    def of(cls, user: User) -> "DigestForm":
        """As `user` chose."""
        return cls(initial={"digest": user.digest})
