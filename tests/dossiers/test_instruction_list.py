"""The list of the back-office: who sees what, counters, sort, pages, and what it costs (I1, Q70)."""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from dossiers import catalog, list_columns, queries
from dossiers.enums import RegionalRole, Status
from dossiers.exports.columns import FIXED
from dossiers.models import Dossier, DossierStage, Guichet, Transmission
from dossiers.queries.beside import with_beside
from establishments.enums import EstablishmentType
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.dossiers.rows import row
from tests.establishments.factories import DepartementFactory, LegalEntityFactory, RegionFactory

pytestmark = pytest.mark.django_db

URL = "/instruction/"


@pytest.fixture
def verifier() -> Client:
    return factories.signed_in(UserFactory(verifier=True))


def references(response: HttpResponse) -> list[str]:
    """The dossiers of a page, in its order."""
    assert response.status_code == 200
    return [each.reference for each in response.context["page"]]


def counters(response: HttpResponse) -> dict[str, int]:
    return {tab.status: tab.count for tab in response.context["tabs"]}


def reference(stage: DossierStage) -> str:
    return stage.dossier.reference


# Who sees what


@pytest.mark.parametrize("role", ["verifier", "lead"])
def test_staff_of_the_ans_sees_every_region(role: str) -> None:
    rows = [row(region_codes=["11"]), row(region_codes=["84"]), row(region_codes=[])]
    response = factories.signed_in(UserFactory(**{role: True})).get(URL)
    assert set(references(response)) == {reference(each) for each in rows}


def test_a_regional_instructor_sees_his_regions_only() -> None:
    mine = [row(region_codes=["84"]), row(region_codes=["11", "94"])]
    row(region_codes=["11"])
    user = UserFactory(regional=True, regions=[RegionFactory(code="84"), RegionFactory(code="94")])
    response = factories.signed_in(user).get(URL)
    assert set(references(response)) == {reference(each) for each in mine}
    assert counters(response)[""] == 2
    assert "Auvergne-Rhône-Alpes, Corse" in response.content.decode()


def test_a_regional_instructor_does_not_see_the_guichets_closed_to_regions() -> None:
    row(region_codes=["84"])
    Guichet.objects.update(regional_role=RegionalRole.NONE)
    user = UserFactory(regional=True, regions=[RegionFactory(code="84")])
    assert references(factories.signed_in(user).get(URL)) == []


def test_a_regional_instructor_without_region_is_told_whom_to_ask() -> None:
    row()
    response = factories.signed_in(UserFactory(regional=True)).get(URL)
    assert references(response) == []
    assert "Aucune région ne vous est attribuée" in response.content.decode()


def test_a_draft_is_invisible(verifier: Client) -> None:
    row(Status.DRAFT)
    response = verifier.get(URL)
    assert references(response) == []
    assert set(counters(response).values()) == {0}
    assert "Aucun dossier transmis pour le moment" in response.content.decode()


@pytest.mark.parametrize("role", ["referent", "admin"])
def test_the_list_does_not_exist_for_those_who_do_not_instruct(role: str) -> None:
    row()
    assert factories.signed_in(UserFactory(**{role: True})).get(URL).status_code == 404


def test_the_list_is_read_only(verifier: Client) -> None:
    assert verifier.post(URL).status_code == 405


# Counters


def test_counters_apply_every_filter_but_the_status(verifier: Client) -> None:
    for status, number in ((Status.TRANSMITTED, 3), (Status.VALIDATED, 2), (Status.MODIFICATION_REQUESTED, 1)):
        for _ in range(number):
            row(status, name="ÉTOILES")
    row(Status.TRANSMITTED, name="TILLEULS")
    row(Status.REJECTED, name="TILLEULS")
    response = verifier.get(URL, {"q": "etoiles", "statut": "validated"})
    assert len(references(response)) == 2
    assert counters(response) == {
        "": 6,
        "transmitted": 3,
        "modification_requested": 1,
        "validated": 2,
        "rejected": 0,
    }
    current = [tab.status for tab in response.context["tabs"] if tab.is_current]
    assert current == ["validated"]


def test_a_counter_is_a_link_that_keeps_the_other_filters(verifier: Client) -> None:
    row(name="ÉTOILES")
    page = verifier.get(URL, {"q": "étoiles", "tri": "reference", "page": "1"}).content.decode()
    assert 'href="?q=%C3%A9toiles&amp;tri=reference&amp;statut=rejected"' in page


def test_an_active_filter_is_a_link_that_removes_it(verifier: Client) -> None:
    row(name="ÉTOILES", region_codes=[RegionFactory(code="11").code])
    page = verifier.get(URL, {"q": "étoiles", "region": "11", "statut": "transmitted"}).content.decode()
    tags = re.findall(r'<a class="fr-tag [^"]*"\s+href="([^"]*)"', page)
    assert tags == ["?region=11&amp;statut=transmitted", "?q=%C3%A9toiles&amp;statut=transmitted"]


# Filters that mean nothing


def test_values_that_mean_nothing_give_a_sentence_and_the_list(verifier: Client) -> None:
    each = row()
    response = verifier.get(URL, {"guichet": "zzz", "statut": "nope", "region": "\x00", "page": "abc", "tri": "zzz"})
    assert references(response) == [reference(each)]
    page = response.content.decode()
    assert "<title>Erreur – Instruction des dossiers" in " ".join(page.split())
    assert "Le guichet «\xa0zzz\xa0» n&#x27;est pas dans la liste" in page
    assert "Le statut «\xa0nope\xa0» n&#x27;est pas dans la liste" in page


def test_a_search_that_finds_nothing_offers_the_whole_list(verifier: Client) -> None:
    row()
    page = verifier.get(URL, {"q": "introuvable"}).content.decode()
    assert "Aucun dossier ne correspond à ces filtres." in page
    assert 'href="/instruction/?vue=toutes">Voir tous les dossiers' in page


# Sort


def test_the_last_transmitted_comes_first(verifier: Client) -> None:
    now = timezone.now()
    days = (3, 1, 2)
    rows = {day: row(transmitted_at=now - dt.timedelta(days=day)) for day in days}
    response = verifier.get(URL)
    assert references(response) == [reference(rows[day]) for day in (1, 2, 3)]
    assert references(verifier.get(URL, {"tri": "transmission"})) == [reference(rows[day]) for day in (3, 2, 1)]
    assert re.findall(r'aria-sort="(\w+)"', response.content.decode()) == ["descending"]


def plain(text: str) -> str:
    """As people read names: without capitals or accents."""
    bare = unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()
    return bare.lower().replace("-", " ")


def last_if_blank(text: str) -> tuple[bool, str]:
    return not text, plain(text)


#: What each column sorts by, read from the dossier: another reading than that of the list.
READ: dict[str, Callable[[DossierStage], Any]] = {
    "reference": reference,
    "etablissement": lambda each: plain(each.dossier.legal_entity.name),
    "guichet": lambda each: (plain(each.dossier.guichet.short_title), each.stage.position),
    "type": lambda each: plain(each.dossier.get_establishment_type_display()),
    "region": lambda each: last_if_blank(
        each.dossier.legal_entity.region.name if each.dossier.legal_entity.region else ""
    ),
    "referent": lambda each: plain(f"{each.dossier.referent.last_name} {each.dossier.referent.first_name}"),
    "statut": lambda each: (plain(each.get_status_display()), each.transmitted_at),
    "echeance": lambda each: each.due_at,
    "verificateur": lambda each: last_if_blank(each.dossier.verifier.last_name if each.dossier.verifier else ""),
    "transmission": lambda each: each.transmitted_at,
}


def sorted_by_hand(column: str, *, descending: bool) -> list[str]:
    """Equals by their keys; a dossier without a due date after all those that have one, both ways."""
    stages = list(DossierStage.objects.select_related("stage", "dossier__guichet", "dossier__legal_entity__region"))
    read = READ[column]
    stages.sort(key=lambda each: each.pk, reverse=descending)
    blank = [each for each in stages if read(each) is None]
    told = [each for each in stages if read(each) is not None]
    return [reference(each) for each in sorted(told, key=read, reverse=descending) + blank]


@pytest.fixture
def varied() -> None:
    """A page and a bit, of everything that a column shows, each several times."""
    at = timezone.now().replace(microsecond=0)
    regions = [RegionFactory(code="11"), RegionFactory(code="84"), None]
    referents = [UserFactory(last_name=name) for name in ("Zola", "Élie", "d'Arc", "Le Goff")]
    verifiers = [UserFactory(verifier=True, last_name="Âtre"), None, UserFactory(verifier=True, last_name="Bord")]
    statuses = [each for each in Status if each != Status.DRAFT]
    for number in range(56):
        stage = row(
            statuses[number % 4],
            name=["ÉTOILES", "Abeille", "zèbre", "étang-long", "Étang court"][number % 5],
            region=regions[number % 3],
            referent=referents[number // 3 % 4],
            transmitted_at=at - dt.timedelta(days=number // 2 % 5),
        )
        Dossier.objects.filter(pk=stage.dossier_id).update(
            establishment_type=EstablishmentType.values[number // 2 % 3],
            verifier=(verifier := verifiers[number // 5 % 3]),
            assigned_at=at if verifier else None,
        )


SORTED = [key for key in list_columns.COLUMNS if key not in list_columns.UNSORTED]


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("column", ["reference", *SORTED])
def test_every_column_sorts_both_ways_as_a_sort_by_hand(verifier: Client, varied: None, column: str, sign: str) -> None:
    asked = {"tri": f"{sign}{column}", "colonne": [*list_columns.COLUMNS]}
    first, second = verifier.get(URL, asked), verifier.get(URL, {**asked, "page": "2"})
    assert references(first) + references(second) == sorted_by_hand(column, descending=bool(sign))
    page = first.content.decode()
    assert re.findall(r'aria-sort="(\w+)"', page) == ["descending" if sign else "ascending"]
    assert f"tri={'' if sign else '-'}{column}" in page
    assert len(re.findall('class="care-sort"', page)) == len(SORTED) + 1  # no head that sorts by something else


def test_a_due_date_is_the_last_day_that_the_referent_has(verifier: Client) -> None:
    stage = row(Status.MODIFICATION_REQUESTED)
    DossierStage.objects.filter(pk=stage.pk).update(due_at=catalog.closing(dt.date(2030, 12, 10)))
    shown = verifier.get(URL, {"colonne": "echeance"}).content.decode()
    assert '<time datetime="2030-12-10">' in shown.split('data-label="Échéance"')[1].split("</td>")[0]
    exported = FIXED["echeance"].read(factories.fresh(stage).due_at)
    assert str(exported) == "2030-12-10 23:59:59"


OPTIONAL = ["departement", "parcours", "montant"]


@pytest.mark.parametrize("role", ["verifier", "regional"])
def test_the_parcours_the_departement_and_the_amount_are_those_last_transmitted(role: str) -> None:
    region = RegionFactory(code="11")
    user = UserFactory(**{role: True}, regions=[region] if role == "regional" else [])
    paris = DepartementFactory(code="75", name="Paris", region=region)
    told = row(region=region, departement=paris, estimate={"total": "18800.00", "track_label": "Parcours 1"})
    blank = row(region=region, departement=None)
    for stage, estimate in ((told, {"track_label": "Parcours 2", "total": "102000.00"}), (blank, None)):
        again = Transmission.objects.get(dossier_stage=stage)
        again.pk, again.number, again.estimate = None, 2, estimate
        again.save(force_insert=True)
    page = factories.signed_in(user).get(URL, {"colonne": OPTIONAL, "tri": "reference"}).content.decode()
    cells = {
        label: sorted(html.unescape(re.sub(r"\s*<[^>]*>", "", each)) for each in found)
        for label in ("Parcours", "Montant estimé", "Département")
        if (found := re.findall(rf'<td[^>]* ?data-label="{label}">(.*?)</td>', page, re.DOTALL))
    }
    assert cells == {
        "Parcours": ["Parcours 2", "–"],
        "Montant estimé": ["102\u202f000\xa0€", "–"],
        "Département": ["75 – Paris", "–"],
    }


def test_the_usual_list_does_not_read_the_transmissions(verifier: Client) -> None:
    row()
    with CaptureQueriesContext(connection) as captured:
        verifier.get(URL)
    assert not [each for each in captured if "dossiers_transmission" in each["sql"]]


@pytest.mark.parametrize("column", sorted(list_columns.UNSORTED))
def test_a_column_that_does_not_sort_asked_for_as_a_sort_is_ignored(verifier: Client, column: str) -> None:
    row()
    response = verifier.get(URL, {"tri": column, "colonne": column})
    assert response.context["sort"] == "-transmission"
    assert "tri=" + column not in response.content.decode().split("<thead>")[1].split("</thead>")[0]


def test_every_sort_is_offered_without_the_head_of_its_column(verifier: Client) -> None:
    """On a narrow screen, where rows are cards, and for a column left out."""
    row(name="ÉTOILES")
    page = verifier.get(URL, {"q": "etoiles", "tri": "-echeance", "colonne": "statut", "page": "1"})
    assert [order for order, _, _ in page.context["sorts"]] == [
        f"{sign}{column}" for column in ["reference", *SORTED] for sign in ("", "-")
    ]
    assert [label for _, label, is_in_force in page.context["sorts"] if is_in_force] == [
        "Échéance, la plus lointaine d'abord"
    ]
    assert page.context["resorted"] == [("q", "etoiles"), ("colonne", "statut")]
    assert '<option value="-echeance" selected>' in page.content.decode()


def test_the_next_dossier_of_every_sort_is_the_one_below(verifier: Client, varied: None) -> None:
    user = UserFactory(verifier=True)
    for column in queries.INSTRUCTION_SORTS:
        for sign in ("", "-"):
            order = sorted_by_hand(column, descending=bool(sign))
            beside = with_beside(DossierStage.objects.all(), QueryDict(f"tri={sign}{column}"), user)
            found = {each.dossier.reference: (each.previous, each.next) for each in beside.select_related("dossier")}
            assert found == {
                each: (above, below) for above, each, below in zip(["", *order], order, [*order[1:], ""], strict=False)
            }, (sign, column)


def test_names_sort_as_people_read_them(verifier: Client) -> None:
    names = ["Zèbre", "ÉTOILES", "ABEILLE"]
    for name in names:
        row(name=name)
    page = verifier.get(URL, {"tri": "etablissement"})
    assert [each.entity for each in page.context["page"]] == ["ABEILLE", "ÉTOILES", "Zèbre"]


# Pages


@pytest.fixture
def many() -> list[DossierStage]:
    """One page and three rows, all transmitted at the same instant, so that only their keys tell them apart."""
    at = timezone.now()
    entities = LegalEntityFactory.create_batch(53)
    referent = UserFactory()
    return [row(legal_entity=entity, referent=referent, transmitted_at=at) for entity in entities]


def test_pages_hold_every_dossier_once_and_keep_the_filters(verifier: Client, many: list[DossierStage]) -> None:
    first = verifier.get(URL, {"tri": "statut", "q": "tilleuls"})
    second = verifier.get(URL, {"tri": "statut", "q": "tilleuls", "page": "2"})
    seen = references(first) + references(second)
    assert len(references(first)) == 50
    assert sorted(seen) == sorted(reference(each) for each in many)
    assert 'href="?tri=statut&amp;q=tilleuls&amp;page=2"' in first.content.decode()
    assert "53\xa0dossiers" in first.content.decode()
    # The links that filter or sort go back to the first page.
    assert "page=2&amp;tri" not in second.content.decode()
    assert "page=2&amp;statut" not in second.content.decode()


@pytest.mark.parametrize(("asked", "shown"), [("0", 2), ("-1", 2), ("99", 2), ("abc", 1), ("", 1)])
def test_a_page_that_does_not_exist_gives_the_nearest(
    verifier: Client, many: list[DossierStage], asked: str, shown: int
) -> None:
    assert verifier.get(URL, {"page": asked}).context["page"].number == shown


# Cost


@pytest.mark.parametrize("role", ["verifier", "regional"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=tilleuls&statut=transmitted&region=11&parcours=1&guichet=poc-essms&page=1",
        "?colonne=parcours&colonne=montant&colonne=departement",
    ],
)
def test_the_list_costs_the_same_at_1_3_and_30_rows(
    django_assert_num_queries: DjangoAssertNumQueries, role: str, query: str
) -> None:
    regions = [RegionFactory(code="11")]
    user: User = UserFactory(**{role: True}, regions=regions if role == "regional" else [])
    client = factories.signed_in(user)
    # Session, account, second step; étapes with parcours, départements, instructors; counters; keys of the page, then
    # its rows. And the régions of a regional instructor, read once.
    total = 0
    for number in (1, 2, 27):
        for _ in range(number):
            row()
        total += number
        with django_assert_num_queries(11 if regions and role == "regional" else 10):
            response = client.get(f"{URL}{query}")
        assert len(references(response)) == total
