"""Filters of the instruction list; they live in the URL (I1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.enums import Role
from accounts.models import User
from dossiers import queries, search
from dossiers.enums import FlagKind, Status
from dossiers.models import DossierStage, Stage, Transmission
from dossiers.models.dossiers import DossierStageQuerySet
from ecare import french
from ecare.widgets import Select
from establishments.enums import EstablishmentType
from establishments.models import Departement
from funding.schedule.models import UnitAmount

#: A due date that comes within that time is near.
SOON = dt.timedelta(days=7)
#: The filters that stand under « Plus de filtres ».
RARE = ("etape", "departement", "type", "depuis", "jusqua", "reponse", "echeance")


@dataclass(frozen=True)
class Active:
    """A filter in force: its name, its value in words, the query string of the list without it."""

    label: str
    value: str
    without: str


def unknown(subject: str) -> dict[str, str]:
    """What is said of a value that the list does not offer."""
    return {"invalid_choice": f"{subject} «\u00a0%(value)s\u00a0» n'est pas dans la liste\u00a0: ce filtre est ignoré."}


class ChoiceFilter(django_filters.ChoiceFilter):
    """A list of a hundred départements costs a line, not a hundred templates."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"widget": Select, **kwargs})


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
    statut = ChoiceFilter(
        field_name="status",
        choices=[(status.value, status.label) for status in Status if status != Status.DRAFT],
        label="Statut",
        empty_label=None,
        widget=forms.HiddenInput,
        error_messages=unknown("Le statut"),
    )
    guichet = ChoiceFilter(
        field_name="dossier__guichet__code",
        label="Guichet",
        empty_label="Tous les guichets",
        error_messages=unknown("Le guichet"),
    )
    region = ChoiceFilter(
        method="in_region",
        label="Région",
        help_text="Celle de l'entité juridique, ou d'une de ses entités géographiques",
        empty_label="Toutes les régions",
        error_messages=unknown("La région"),
    )
    etape = ChoiceFilter(
        method="on_stage",
        label="Étape",
        empty_label="Toutes les étapes",
        error_messages=unknown("L'étape"),
    )
    departement = ChoiceFilter(
        field_name="dossier__legal_entity__departement",
        label="Département",
        help_text="Celui de l'entité juridique",
        empty_label="Tous les départements",
        error_messages=unknown("Le département"),
    )
    type = ChoiceFilter(
        field_name="dossier__establishment_type",
        choices=EstablishmentType.choices,
        label="Type de candidat",
        empty_label="Tous les types",
        error_messages=unknown("Le type de candidat"),
    )
    verificateur = ChoiceFilter(
        method="instructed_by",
        label="Vérificateur",
        empty_label="Tous les vérificateurs",
        error_messages=unknown("Le vérificateur"),
    )
    depuis = django_filters.DateFilter(
        method="transmitted_from",
        label="Transmis depuis le",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "«\u00a0Transmis depuis le\u00a0» n'est pas une date, par exemple 04/06/2026."},
    )
    jusqua = django_filters.DateFilter(
        method="transmitted_until",
        label="Transmis jusqu'au",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "«\u00a0Transmis jusqu'au\u00a0» n'est pas une date, par exemple 04/06/2026."},
    )
    reponse = ChoiceFilter(
        method="answered",
        choices=[("recue", "Réponse reçue à une demande de modification")],
        label="Réponse du référent",
        empty_label="Sans précision",
        error_messages=unknown("La réponse"),
    )
    echeance = ChoiceFilter(
        method="due",
        choices=[("proche", "Dans les sept jours"), ("passee", "Dépassée")],
        label="Échéance de la modification",
        empty_label="Sans précision",
        error_messages=unknown("L'échéance"),
    )
    parcours = ChoiceFilter(
        method="on_track",
        label="Parcours",
        help_text="Celui de la dernière transmission",
        empty_label="Tous les parcours",
        error_messages=unknown("Le parcours"),
    )
    vigilance = ChoiceFilter(
        method="with_flag",
        label="Vigilance",
        help_text="Les points qui restent à examiner",
        empty_label="Sans filtre",
        choices=[("a-examiner", "Au moins un point"), *FlagKind.choices],
        error_messages=unknown("Le point de vigilance"),
    )

    class Meta:
        model = DossierStage
        fields: list[str] = []

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Read once each: to draw the lists, to check the values, and to say them in words.
        self.user = user
        stages = list(Stage.objects.select_related("guichet").order_by("guichet__position", "position"))
        departements = offered_departements(user)
        instructors = accounts_queries.instructors().only("public_id", "first_name", "last_name")
        regional = user.role == Role.REGIONAL
        regions = (
            {region.code: region.name for region in user.regions.all()}
            if regional
            else {each.region: each.region_name for each in departements}
        )
        offered = {
            "guichet": dict.fromkeys((each.guichet.code, each.guichet.short_title) for each in stages),
            "etape": [(stage_code(each), f"{each.guichet.short_title} – {each.title}") for each in stages],
            "region": sorted(regions.items(), key=lambda pair: pair[1]),
            "departement": [(each.code, f"{each.code} – {each.name}") for each in departements],
            "parcours": offered_tracks(),
            "verificateur": [
                ("moi", "Moi"),
                ("personne", "Personne"),
                *((str(each.public_id), each.full_name) for each in instructors if each != user),
            ],
        }
        for name, choices in offered.items():
            self.filters[name].extra["choices"] = list(choices)

    def search(self, stages: DossierStageQuerySet, name: str, text: str) -> DossierStageQuerySet:
        return stages.filter(search.condition(text, path="dossier__"))

    def in_region(self, stages: DossierStageQuerySet, name: str, code: str) -> DossierStageQuerySet:
        """The same reading of a région as the one that lets an instructeur régional in."""
        return stages.filter(dossier__legal_entity__region_codes__contains=[code])

    def on_stage(self, stages: DossierStageQuerySet, name: str, code: str) -> DossierStageQuerySet:
        guichet, _, stage = code.partition(".")
        return stages.filter(stage__guichet__code=guichet, stage__code=stage)

    def instructed_by(self, stages: DossierStageQuerySet, name: str, who: str) -> DossierStageQuerySet:
        if who == "personne":
            return stages.filter(dossier__verifier=None)
        if who == "moi":
            return stages.filter(dossier__verifier=self.user)
        return stages.filter(dossier__verifier__public_id=who)

    def transmitted_from(self, stages: DossierStageQuerySet, name: str, day: dt.date) -> DossierStageQuerySet:
        return stages.filter(transmitted_at__gte=midnight(day))

    def transmitted_until(self, stages: DossierStageQuerySet, name: str, day: dt.date) -> DossierStageQuerySet:
        """That day included."""
        return stages.filter(transmitted_at__lt=midnight(day + dt.timedelta(days=1)))

    def answered(self, stages: DossierStageQuerySet, name: str, value: str) -> DossierStageQuerySet:
        """Transmitted again, and waiting to be read."""
        return stages.filter(status=Status.TRANSMITTED, transmitted_at__gt=F("first_transmitted_at"))

    def due(self, stages: DossierStageQuerySet, name: str, value: str) -> DossierStageQuerySet:
        now = timezone.now()
        if value == "passee":
            return stages.filter(due_at__lte=now)
        return stages.filter(due_at__gt=now, due_at__lte=now + SOON)

    def on_track(self, stages: DossierStageQuerySet, name: str, code: str) -> DossierStageQuerySet:
        latest = Transmission.objects.filter(dossier_stage=OuterRef("pk"), at=OuterRef("transmitted_at"))
        return stages.filter(Exists(latest.filter(estimate__track=code)))

    def with_flag(self, stages: DossierStageQuerySet, name: str, kind: str) -> DossierStageQuerySet:
        return queries.with_flag(stages, "" if kind == "a-examiner" else kind)

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

    @cached_property
    def active(self) -> list[Active]:
        """The filters in force, but the status, which the counters show."""
        return [
            Active(
                "Recherche" if name == "q" else self.filters[name].label, self.in_words(name, value), self.without(name)
            )
            for name, value in self.cleaned.items()
            if value and name != "statut"
        ]

    @property
    def cleared(self) -> str:
        """The query string of the list without any filter but the status."""
        return self.without(*(name for name in self.filters if name != "statut"))

    @property
    def has_rare(self) -> bool:
        """Whether one of the filters that are folded away is in force, or in error."""
        return any(self.cleaned.get(name) or name in self.form.errors for name in RARE)

    @property
    def rare(self) -> list[forms.BoundField]:
        return [self.form[name] for name in RARE]

    def without(self, *names: str) -> str:
        kept = self.data.copy()
        for name in (*names, "page"):
            kept.pop(name, None)
        return f"?{kept.urlencode()}"

    def in_words(self, name: str, value: Any) -> str:
        if isinstance(value, dt.date):
            return french.day(value)
        choices = self.filters[name].extra.get("choices", [])
        return dict(choices).get(value, str(value))


def midnight(day: dt.date) -> dt.datetime:
    """The first instant of a day of Paris."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def stage_code(stage: Stage) -> str:
    return f"{stage.guichet.code}.{stage.code}"


class Offered(NamedTuple):
    """A département that one may filter by, with the code and the name of its région."""

    code: str
    name: str
    region: str
    region_name: str


def offered_departements(user: User) -> list[Offered]:
    """Those of the régions of an instructeur régional, all of them for the others: 1 query."""
    departements = Departement.objects.order_by("code")
    if user.role == Role.REGIONAL:
        departements = departements.filter(region__in=[region.pk for region in user.regions.all()])
    return [Offered(*row) for row in departements.values_list("code", "name", "region", "region__name")]


def offered_tracks() -> list[tuple[str, str]]:
    """The parcours that a published barème pays, by code."""
    amounts = UnitAmount.objects.filter(schedule__published_at__isnull=False)
    return list(dict(amounts.order_by("track", "schedule__version").values_list("track", "label")).items())
