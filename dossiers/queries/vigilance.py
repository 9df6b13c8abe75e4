"""What the points of vigilance of a dossier are worked out from, and those that a page shows (I6)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access
from dossiers.enums import FlagKind, Status
from dossiers.models import Appraisal, Dossier, DossierStage, Flag, Transmission, TransmittedFile
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.forms import questions
from dossiers.vigilance import CARE_DOMAINS, Case, Other
from ecare import encryption
from ecare.expressions import Among
from establishments import activity
from establishments.models import shown_name


def last_transmissions(keys: Collection[int]) -> list[Transmission]:
    """The last transmission of each of these étapes, with its form, its guichet and its EJ: 1 query."""
    latest = Transmission.objects.filter(dossier_stage__in=keys).order_by("dossier_stage_id", "-number")
    return list(
        latest.distinct("dossier_stage_id").select_related(
            "dossier_stage__dossier__guichet", "dossier_stage__dossier__legal_entity", "dossier_stage__revision"
        )
    )


def perimeter_of(transmission: Transmission) -> dict[str, Any]:
    """The perimeter as transmitted; empty for a form that asks for none."""
    return transmission.answers.get(transmission.dossier_stage.revision.perimeter_question) or {}


def sites_of(transmission: Transmission) -> list[dict[str, Any]]:
    return list(perimeter_of(transmission).get("sites", []))


def account_of(transmission: Transmission) -> str:
    """The fingerprint of the IBAN transmitted, as it stands before what is encrypted; blank without one."""
    values = (value for value in transmission.answers.values() if isinstance(value, dict))
    iban = next((value["iban"] for value in values if value.get("iban")), "")
    return encryption.prefix(iban) if iban else ""


def cases(transmissions: Iterable[Transmission]) -> dict[int, Case]:
    """What the functions of `dossiers.vigilance` read, by étape: 7 queries, whatever their number, and one a form that
    this process has not read yet."""
    read = list(transmissions)
    sites = {each.dossier_stage_id: sites_of(each) for each in read}
    accounts = {each.dossier_stage_id: account_of(each) for each in read}
    numbers = {site["legal_entity"] for theirs in sites.values() for site in theirs}
    numbers |= {each.dossier_stage.dossier.legal_entity.finess for each in read}
    activities = activity.activities(numbers)
    essms = activity.essms_now({site["finess"] for theirs in sites.values() for site in theirs})
    files = files_by_question(read)
    validated = care_validated({each.dossier_stage.dossier.legal_entity_id for each in read})
    met = [site for theirs in sites.values() for site in (each["finess"] for each in theirs)]
    neighbours = list(meeting(met).exclude(dossier_stage__status=Status.REJECTED)) if met else []
    by_site: dict[str, list[Appraisal]] = defaultdict(list)
    for neighbour in neighbours:
        for number in neighbour.sites:
            by_site[number].append(neighbour)
    by_account: dict[str, list[Appraisal]] = defaultdict(list)
    if paid := {account for account in accounts.values() if account}:
        for neighbour in described(Appraisal.objects.filter(account__in=paid)):
            by_account[neighbour.account].append(neighbour)
    found = {}
    for transmission in read:
        stage = transmission.dossier_stage
        dossier = stage.dossier
        theirs = sites[stage.pk]
        shared: dict[str, tuple[Appraisal, set[str]]] = {}
        for site in theirs:
            for neighbour in by_site[site["finess"]]:
                other = neighbour.dossier_stage.dossier
                if other.pk != dossier.pk and other.guichet_id == dossier.guichet_id:
                    shared.setdefault(other.reference, (neighbour, set()))[1].add(site["finess"])
        payees = {
            other.reference: other.legal_entity.label
            for other in (neighbour.dossier_stage.dossier for neighbour in by_account[accounts[stage.pk]])
            if accounts[stage.pk] and other.legal_entity_id != dossier.legal_entity_id
        }
        found[stage.pk] = Case(
            transmission=transmission,
            audience=dossier.guichet.audience,
            questions=questions(stage.revision),
            files=files[transmission.pk],
            own=dossier.legal_entity.finess,
            names={
                **perimeter_of(transmission).get("entities", {}),
                dossier.legal_entity.finess: dossier.legal_entity.display_name,
            },
            sites=theirs,
            activities=activities,
            essms_now=essms,
            same_sites=[
                Other(reference, neighbour.dossier_stage.dossier.legal_entity.label, frozenset(both))
                for reference, (neighbour, both) in sorted(shared.items())
            ],
            same_account=[Other(reference, entity) for reference, entity in sorted(payees.items())],
            care_validated=validated[dossier.legal_entity_id],
        )
    return found


def described(appraisals: QuerySet[Appraisal]) -> QuerySet[Appraisal]:
    return appraisals.select_related("dossier_stage__dossier__legal_entity")


def meeting(sites: Collection[str]) -> QuerySet[Appraisal]:
    """The étapes whose perimeter holds one of these EG, with their dossiers."""
    return described(Appraisal.objects.filter(sites__overlap=list(set(sites))))


def files_by_question(transmissions: Iterable[Transmission]) -> dict[int, dict[str, int]]:
    """How many files each transmission holds, by question: 1 query."""
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    rows = TransmittedFile.objects.filter(transmission__in=transmissions).order_by()
    for transmission, code, number in rows.values_list("transmission", "attachment__code").annotate(number=Count("pk")):
        counted[transmission][code] = number
    return counted


def care_validated(entities: Collection[int]) -> dict[int, set[str]]:
    """The CaRE guichets where each of these EJ had an étape validated: 1 query."""
    found: dict[int, set[str]] = defaultdict(set)
    dossiers = Dossier.objects.filter(
        legal_entity__in=entities, guichet__code__in=CARE_DOMAINS, stages__status=Status.VALIDATED
    )
    for entity, title in dossiers.values_list("legal_entity", "guichet__short_title").order_by():
        found[entity].add(title)
    return found


@dataclass(frozen=True)
class Met:
    """Another dossier that a point of vigilance is about, and its EJ."""

    reference: str
    finess: str
    name: str
    long_name: str

    @property
    def entity(self) -> str:
        return shown_name(self.name, self.long_name)


@dataclass(frozen=True)
class Point:
    """A point of vigilance as a page shows it: the other dossiers that it is about, those that the reader may open,
    and how many he may not."""

    kind: str
    text: str
    note: str
    raised_at: dt.datetime
    examined_at: dt.datetime | None
    examined_by: str
    others: list[Met]
    withheld: int

    @property
    def label(self) -> str:
        return str(FlagKind(self.kind).label)

    @property
    def is_examined(self) -> bool:
        return self.examined_at is not None


def with_points(stages: DossierStageQuerySet, user: User) -> DossierStageQuerySet:
    """Annotate `points`, the points of vigilance of each étape as JSON: no query more."""
    among = Among(F("dossier__reference"), OuterRef("others"))
    readable = access.instructed_stages(user).filter(among).order_by("dossier__reference")
    entity = "dossier__legal_entity__"
    met = JSONObject(
        reference="dossier__reference",
        finess=f"{entity}finess",
        name=f"{entity}name",
        long_name=f"{entity}long_name",
    )
    described = JSONObject(
        kind="kind",
        text="text",
        note="note",
        raised_at="raised_at",
        examined_at="examined_at",
        examined_by=accounts_queries.full_name("examined_by"),
        number="others__len",
        others=ArraySubquery(readable.values(met=met)),
    )
    theirs = Flag.objects.filter(dossier_stage=OuterRef("pk")).order_by("pk")
    return stages.annotate(points=ArraySubquery(theirs.values(point=described)))


def points(dossier_stage: DossierStage, user: User) -> list[Point]:
    """The points of vigilance of an étape, those to examine first; 1 query unless it came with them."""
    rows = getattr(dossier_stage, "points", None)
    if rows is None:
        own = with_points(DossierStage.objects.filter(pk=dossier_stage.pk), user)
        rows = own.values_list("points", flat=True).get()  # type: ignore[misc]  # annotated above
    return sorted((point(**row) for row in rows), key=lambda point: point.is_examined)


def point(*, raised_at: str, examined_at: str | None, others: list[dict[str, str]], number: int, **said: str) -> Point:
    """One, out of its JSON."""
    return Point(
        raised_at=dt.datetime.fromisoformat(raised_at),
        examined_at=dt.datetime.fromisoformat(examined_at) if examined_at else None,
        others=[Met(**each) for each in others],
        withheld=number - len(others),
        **said,
    )
