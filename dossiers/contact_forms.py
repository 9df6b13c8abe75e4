"""« Corriger un contact » (I8). It validates, and never saves."""

from __future__ import annotations

from django import forms

from dossiers.handover_forms import reason
from dossiers.kinds.contact import ContactForm
from ecare.forms import NamedErrors


class ContactCorrectionForm(NamedErrors, ContactForm):
    #: What was read of the contact: nobody overwrites a correction that they have not seen.
    read = forms.CharField(widget=forms.HiddenInput)
    reason = reason(
        "Motif de la correction",
        help_text="Le référent lira ce texte\u00a0; l'historique le garde.",
        required="Indiquez le motif de la correction\u00a0: le référent le lira.",
    )
