"""Filters of the instruction list; they live in the URL (I1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.db.models.functions import JSONObject
from django.http import QueryDict

from accounts.enums import Role
from accounts.models import User
from dossiers import days, queries, search
from dossiers.enums import FlagKind, Status
from dossiers.models import DossierStage, Line, Stage
from dossiers.models.dossiers import DossierStageQuerySet
from ecare import french
from ecare.composed import Composed
from ecare.widgets import DateInput, Select
from establishments.enums import EstablishmentType
from establishments.models import Departement
from funding.schedule.models import UnitAmount

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


def holds_a_word(text: str) -> None:
    """Raises ValidationError for a search that would keep every dossier without a word about it: « % », « - »."""
    if not search.wanted(text):
        raise ValidationError(
            "Cette recherche ne contient aucun mot\u00a0: elle est ignorée. Saisissez une référence, un nom ou un "
            "numéro FINESS, par exemple «\u00a0résidence\u00a0»."
        )


class ChoiceFilter(django_filters.ChoiceFilter):
    """A list of a hundred départements costs a line, not a hundred templates."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"widget": Select, **kwargs})


class DateFilter(django_filters.DateFilter):
    """A day of which a dossier may be."""

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        said = f"{french.quoted(label)} n'est pas une date, par exemple 04/06/2026."
        super().__init__(
            *args,
            label=label,
            widget=DateInput,
            validators=[MinValueValidator(days.FIRST), MaxValueValidator(days.LAST)],
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), said),
            **kwargs,
        )


class InstructionFilter(django_filters.FilterSet):
    """What `user` may filter by. A value that means nothing is told and left aside: the list stays readable."""

    q = django_filters.CharFilter(
        label="Rechercher un dossier",
        help_text="Référence, raison sociale, FINESS EJ ou EG, nom ou adresse e-mail du référent",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Rechercher", "autocomplete": "off", "form": "filtres"}
        ),
        error_messages={"null_characters_not_allowed": "Cette recherche contient un caractère interdit."},
        validators=[holds_a_word],
    )
    statut = ChoiceFilter(
        choices=[(status.value, status.label) for status in Status if status != Status.DRAFT],
        label="Statut",
        empty_label=None,
        widget=forms.HiddenInput,
        error_messages=unknown("Le statut"),
    )
    guichet = ChoiceFilter(
        label="Guichet",
        empty_label="Tous les guichets",
        error_messages=unknown("Le guichet"),
    )
    region = ChoiceFilter(
        label="Région",
        help_text="Celle de l'entité juridique, ou d'une de ses entités géographiques",
        empty_label="Toutes les régions",
        error_messages=unknown("La région"),
    )
    etape = ChoiceFilter(
        label="Étape",
        empty_label="Toutes les étapes",
        error_messages=unknown("L'étape"),
    )
    departement = ChoiceFilter(
        label="Département",
        help_text="Celui de l'entité juridique",
        empty_label="Tous les départements",
        error_messages=unknown("Le département"),
    )
    type = ChoiceFilter(
        choices=EstablishmentType.choices,
        label="Type de candidat",
        empty_label="Tous les types",
        error_messages=unknown("Le type de candidat"),
    )
    verificateur = ChoiceFilter(
        label="Vérificateur",
        empty_label="Tous les vérificateurs",
        error_messages=unknown("Le vérificateur"),
    )
    depuis = DateFilter(label="Transmis depuis le")
    jusqua = DateFilter(label="Transmis jusqu'au")
    reponse = ChoiceFilter(
        choices=[("recue", "Réponse reçue à une demande de modification")],
        label="Réponse du référent",
        empty_label="Sans précision",
        error_messages=unknown("La réponse"),
    )
    echeance = ChoiceFilter(
        choices=[("proche", "Dans les sept jours"), ("passee", "Dépassée")],
        label="Échéance de la modification",
        empty_label="Sans précision",
        error_messages=unknown("L'échéance"),
    )
    parcours = ChoiceFilter(
        label="Parcours",
        help_text="Celui de la dernière transmission",
        empty_label="Tous les parcours",
        error_messages=unknown("Le parcours"),
    )
    vigilance = ChoiceFilter(
        label="Vigilance",
        help_text="Les points qui restent à examiner",
        empty_label="Sans filtre",
        choices=[("a-examiner", "Au moins un point"), *FlagKind.choices],
        error_messages=unknown("Le point de vigilance"),
    )

    class Meta:
        model = DossierStage
        fields: list[str] = []

    def __init__(self, data: QueryDict, *args: Any, user: User, **kwargs: Any) -> None:
        if data.get("verificateur") == str(user.public_id):  # an address that a colleague sent
            data = data.copy()
            data["verificateur"] = "moi"
        super().__init__(data, *args, **kwargs)
        # Read once each: to draw the lists, to check the values, and to say them in words.
        self.user = user
        stages: list[Any] = STAGES.rows()
        departements = offered_departements(user)
        holders: list[Any] = HOLDERS.rows()
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
            "parcours": {each["code"]: each["label"] for each in stages[0].tracks}.items() if stages else (),
            "verificateur": [
                ("moi", "Moi"),
                ("personne", "Personne"),
                *((str(each.public_id), called(each)) for each in holders if each != user),
            ],
        }
        for name, choices in offered.items():
            self.filters[name].extra["choices"] = list(choices)

    @cached_property
    def found(self) -> tuple[dict[str, Any], dict[str, int]]:
        """What is looked for in the end, and its counters: words near to those typed when these find nothing."""
        counts = queries.counters(self.cleaned, self.user)
        nothing = self.cleaned, counts
        return nothing if counts[""] else queries.nearer(self.cleaned, self.user) or nothing

    @property
    def is_near(self) -> bool:
        """Whether the words typed find nothing, and the list shows what others near to them find."""
        return "proche" in self.found[0]

    @property
    def counts(self) -> dict[str, int]:
        """How many dossiers the other filters leave at each status, and in all under the empty key: 1 query."""
        return self.found[1]

    @cached_property
    def lines(self) -> QuerySet[Line]:
        """The lines of the list that every filter keeps, in no order."""
        return queries.lines(self.found[0], self.user)

    def filter_queryset(self, queryset: DossierStageQuerySet) -> DossierStageQuerySet:
        return queryset.filter(pk__in=self.lines.values("pk")) if any(self.cleaned.values()) else queryset

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


def called(holder: Any) -> str:
    """The name of somebody whose dossiers may be looked for (`queries.holders`)."""
    return str(holder.full_name) if holder.instructs else f"{holder.full_name} (n'instruit plus)"


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
    codes = {region.pk for region in user.regions.all()} if user.role == Role.REGIONAL else None
    every = (Offered(*row) for row in DEPARTEMENTS.tuples())
    return [each for each in every if codes is None or each.region in codes]


def stages_with_tracks() -> QuerySet[Stage]:
    """Every étape with its guichet, and in `tracks` the parcours that a published barème pays, by code, the last label
    last."""
    amounts = UnitAmount.objects.filter(schedule__published_at__isnull=False).order_by("track", "schedule__version")
    tracks = ArraySubquery(amounts.values(offered=JSONObject(code="track", label="label")))
    return Stage.objects.select_related("guichet").annotate(tracks=tracks).order_by("guichet__position", "position")


STAGES = Composed(stages_with_tracks)
HOLDERS = Composed(lambda: queries.holders().only("public_id", "first_name", "last_name"))
DEPARTEMENTS: Composed[Departement] = Composed(
    lambda: Departement.objects.order_by("code").values_list("code", "name", "region", "region__name")
)
