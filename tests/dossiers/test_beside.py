"""From one dossier of the list to the next (I2): its order, its filters, its ends, its cost."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers import workflow
from dossiers.enums import Status
from dossiers.models import DossierStage
from dossiers.queries.beside import with_beside
from establishments.models import LegalEntity
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.dossiers.rows import row
from tests.dossiers.test_lines import both_ways
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def verifier() -> Client:
    return factories.signed_in(UserFactory(verifier=True))


def address(stage: DossierStage, query: str) -> str:
    return f"/instruction/{stage.dossier.reference}/?{query}"


def walk(client: Client, query: str) -> list[str]:
    """The dossiers met from the first of the list to its last, then back: both ways agree."""
    [first, *_] = [each.reference for each in client.get(f"/instruction/?{query}").context["page"]]
    met = {"next": [first], "prev": []}
    for way, found in met.items():
        here = (met["prev"] or met["next"])[-1]
        while here:
            page = client.get(f"/instruction/{here}/?{query}").content.decode()
            links = re.findall(rf'rel="{way}"\s+href="/instruction/(\w+)/\?([^"]*)"', page)
            here = links[0][0] if links else ""
            found += [here] if here else []
            assert all("tri=" in kept for _, kept in links)
    assert met["prev"] == met["next"][-2::-1]
    return met["next"]


@pytest.mark.parametrize(
    "sort", ["transmission", "-transmission", "-statut", "region", "-verificateur", "echeance", "-echeance"]
)
def test_the_next_dossier_is_the_one_below_in_the_list(verifier: Client, sort: str) -> None:
    at = timezone.now()
    for number in range(4):
        row(
            [Status.TRANSMITTED, Status.MODIFICATION_REQUESTED][number % 2],
            transmitted_at=at - dt.timedelta(days=number // 2),
            region=RegionFactory(code="84") if number else None,
        )
    listed = [each.reference for each in verifier.get(f"/instruction/?tri={sort}").context["page"]]
    assert walk(verifier, f"tri={sort}") == listed


def test_filters_narrow_the_walk_and_a_decision_goes_on_from_there(verifier: Client) -> None:
    at = timezone.now()
    first, decided, last = (row(transmitted_at=at - dt.timedelta(days=each), name="ÉTOILES") for each in range(3))
    row(Status.REJECTED, transmitted_at=at - dt.timedelta(hours=30), name="ÉTOILES")
    row(transmitted_at=at - dt.timedelta(hours=31), name="TILLEULS")
    query = "q=etoiles&statut=transmitted&guichet=poc-essms&verificateur=personne&depuis=2020-01-01&page=1"
    page = verifier.get(f"/instruction/?{query}").content.decode()
    assert f"/instruction/{decided.dossier.reference}/?q=etoiles" in page
    assert walk(verifier, f"{query}&tri=-transmission") == [each.dossier.reference for each in (first, decided, last)]
    workflow.validate(decided, by=UserFactory(verifier=True))
    response = verifier.get(address(decided, f"{query}&tri=-transmission"))
    passage = response.context["dossier_stage"]
    assert (passage.previous, passage.next) == (first.dossier.reference, last.dossier.reference)
    assert (
        f'href="/instruction/?{query.replace("&", "&amp;")}&amp;tri=-transmission">Retour' in response.content.decode()
    )


@pytest.mark.parametrize("query", ["statut=%00", "verificateur=x", "depuis=hier", "q=%00", "guichet=zzz", "region=%00"])
def test_an_address_that_means_nothing_breaks_no_page(verifier: Client, query: str) -> None:
    assert verifier.get(address(row(), f"{query}&tri=zzz")).status_code == 200


def test_a_regional_instructor_is_led_to_what_he_may_read() -> None:
    at = timezone.now()
    here, gone, elsewhere, end = (
        row(transmitted_at=at - dt.timedelta(days=each), region_codes=["11" if each == 2 else "84"])
        for each in range(4)
    )
    LegalEntity.objects.filter(pk=gone.dossier.legal_entity_id).update(region_codes=["11"])
    client = factories.signed_in(UserFactory(regional=True, regions=[RegionFactory(code="84")]))
    assert client.get(address(here, "tri=-transmission")).context["dossier_stage"].next == end.dossier.reference
    assert elsewhere.pk


def test_a_dossier_opened_from_elsewhere_has_no_neighbour_and_from_the_list_costs_one_query_more(
    verifier: Client,
) -> None:
    stage, _ = row(), row()
    verifier.get(address(stage, ""))  # a form is read once a process
    with CaptureQueriesContext(connection) as alone:
        assert 'aria-label="Dossiers de la liste"' not in verifier.get(address(stage, "")).content.decode()
    with CaptureQueriesContext(connection) as listed:
        assert "Dossier précédent" in verifier.get(address(stage, "tri=-transmission")).content.decode()
    assert len(listed) == len(alone) + 1 <= 12


def test_a_neighbour_is_found_by_its_place_in_an_index() -> None:
    user, stage = UserFactory(verifier=True), row()
    row()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    for sort in both_ways():
        asked = QueryDict(f"tri={sort}&guichet=poc-essms")
        plan = with_beside(DossierStage.objects.filter(pk=stage.pk), asked, user).order_by().explain()
        assert plan.count("Index Cond: (ROW(") == 2, (sort, plan)
        assert "Sort" not in plan, (sort, plan)
