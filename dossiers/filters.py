"""Filters of the instruction list; they live in the URL (I1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef

from accounts.enums import Role
from accounts.models import User
from dossiers import search
from dossiers.enums import Status
from dossiers.models import DossierStage, Guichet, Transmission
from dossiers.models.dossiers import DossierStageQuerySet
from establishments.models import Region
from funding.schedule.models import UnitAmount


@dataclass(frozen=True)
class Active:
    """A filter in force: its parameter in the URL, its name, its value in words."""

    parameter: str
    label: str
    value: str


def unknown(subject: str) -> dict[str, str]:
    """What is said of a value that the list does not offer."""
    return {"invalid_choice": f"{subject} «\u00a0%(value)s\u00a0» n'est pas dans la liste\u00a0: ce filtre est ignoré."}


class InstructionFilter(django_filters.FilterSet):
    """What `user` may filter by. A value that means nothing is told and left aside: the list stays readable."""

    q = django_filters.CharFilter(
        label="Rechercher un dossier",
        method="search",
        help_text="Référence, raison sociale, FINESS EJ ou EG, nom ou adresse e-mail du référent",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Rechercher", "autocomplete": "off", "form": "filtres"}
        ),
        error_messages={"null_characters_not_allowed": "Cette recherche contient un caractère interdit."},
    )
    statut = django_filters.ChoiceFilter(
        field_name="status",
        choices=[(status.value, status.label) for status in Status if status != Status.DRAFT],
        label="Statut",
        empty_label=None,
        widget=forms.HiddenInput,
        error_messages=unknown("Le statut"),
    )
    guichet = django_filters.ChoiceFilter(
        field_name="dossier__guichet__code",
        label="Guichet",
        empty_label="Tous les guichets",
        error_messages=unknown("Le guichet"),
    )
    region = django_filters.ChoiceFilter(
        method="in_region",
        label="Région",
        help_text="Celle de l'entité juridique, ou d'une de ses entités géographiques",
        empty_label="Toutes les régions",
        error_messages=unknown("La région"),
    )
    parcours = django_filters.ChoiceFilter(
        method="on_track",
        label="Parcours",
        help_text="Celui de la dernière transmission",
        empty_label="Tous les parcours",
        error_messages=unknown("Le parcours"),
    )

    class Meta:
        model = DossierStage
        fields: list[str] = []

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Read once each: to draw the lists, to check the values, and to say them in words.
        guichets = Guichet.objects.values_list("code", "short_title")
        self.filters["guichet"].extra["choices"] = list(guichets)
        self.filters["region"].extra["choices"] = [(region.code, region.name) for region in offered_regions(user)]
        self.filters["parcours"].extra["choices"] = offered_tracks()

    def search(self, stages: DossierStageQuerySet, name: str, text: str) -> DossierStageQuerySet:
        return stages.filter(search.condition(text, path="dossier__"))

    def in_region(self, stages: DossierStageQuerySet, name: str, code: str) -> DossierStageQuerySet:
        """The same reading of a région as the one that lets an instructeur régional in."""
        return stages.filter(dossier__legal_entity__region_codes__contains=[code])

    def on_track(self, stages: DossierStageQuerySet, name: str, code: str) -> DossierStageQuerySet:
        latest = Transmission.objects.filter(dossier_stage=OuterRef("pk"), at=OuterRef("transmitted_at"))
        return stages.filter(Exists(latest.filter(estimate__track=code)))

    @cached_property
    def of_any_status(self) -> DossierStageQuerySet:
        """What all the filters but that of status keep: what the counters count."""
        stages: DossierStageQuerySet = self.queryset.all()
        for name, value in self.cleaned.items():
            if name != "statut":
                stages = self.filters[name].filter(stages, value)
        return stages

    def filter_queryset(self, queryset: DossierStageQuerySet) -> DossierStageQuerySet:
        stages: DossierStageQuerySet = self.filters["statut"].filter(self.of_any_status, self.status)
        return stages

    @property
    def cleaned(self) -> dict[str, Any]:
        """What was understood: fields in error are not there."""
        _ = self.form.errors
        cleaned: dict[str, Any] = self.form.cleaned_data
        return cleaned

    @property
    def status(self) -> str:
        """The status asked for; blank for all."""
        return self.cleaned.get("statut") or ""

    @property
    def status_label(self) -> str:
        """The status asked for, in words; blank for all."""
        return Status(self.status).label if self.status else ""

    @property
    def active(self) -> list[Active]:
        """The filters in force, but the status, which the counters show."""
        return [
            Active(name, "Recherche" if name == "q" else self.filters[name].label, self.in_words(name, value))
            for name, value in self.cleaned.items()
            if value and name != "statut"
        ]

    def in_words(self, name: str, value: Any) -> str:
        choices = self.filters[name].extra.get("choices", [])
        return dict(choices).get(value, str(value))


def offered_regions(user: User) -> Iterable[Region]:
    """Those of an instructeur régional, all of them for the others."""
    if user.role == Role.REGIONAL:
        return sorted(user.regions.all(), key=lambda region: region.name)
    return Region.objects.order_by("name")


def offered_tracks() -> list[tuple[str, str]]:
    """The parcours that a published barème pays, by code."""
    amounts = UnitAmount.objects.filter(schedule__published_at__isnull=False)
    return list(dict(amounts.order_by("track", "schedule__version").values_list("track", "label")).items())
