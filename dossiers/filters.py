"""Filters of the instruction list; they live in the URL (I1)."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from dossiers.enums import Status
from dossiers.models import DossierStage, Guichet
from establishments import search as establishments_search
from establishments.models import Region


class InstructionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label="Rechercher",
        method="search",
        help_text="Référence, raison sociale, FINESS EJ ou EG, nom ou e-mail du référent.",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    guichet = django_filters.ModelChoiceFilter(
        field_name="dossier__guichet", queryset=Guichet.objects.all(), label="Guichet", empty_label="Tous les guichets"
    )
    statut = django_filters.ChoiceFilter(
        field_name="status",
        choices=[(status.value, status.label) for status in Status if status != Status.DRAFT],
        label="Statut",
        empty_label="Tous les statuts",
    )
    region = django_filters.ModelChoiceFilter(
        field_name="dossier__legal_entity__region",
        queryset=Region.objects.order_by("name"),
        label="Région",
        empty_label="Toutes les régions",
    )

    class Meta:
        model = DossierStage
        fields: list[str] = []

    def search(self, queryset: QuerySet[DossierStage], name: str, text: str) -> QuerySet[DossierStage]:
        """Every word of the text, in any order, case, accents and punctuation ignored."""
        for word in establishments_search.normalise(text).split():
            queryset = queryset.filter(dossier__search_text__contains=word)
        return queryset

    @property
    def active(self) -> list[tuple[str, str, str]]:
        """The filters in force, as (parameter, label, value in words)."""
        cleaned: dict[str, Any] = self.form.cleaned_data if self.form.is_valid() else {}
        names = dict(Status.choices)
        return [
            (key, str(self.filters[key].label), names.get(value, str(value)) if key == "statut" else str(value))
            for key, value in cleaned.items()
            if value
        ]
