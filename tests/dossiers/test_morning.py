"""The home of the back-office: figures that the list confirms, for whom they are meant, at any volume."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from dossiers.models import Dossier, DossierStage
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db
URL = "/accueil/"


def give(stage: DossierStage, **fields: object) -> DossierStage:
    Dossier.objects.filter(pk=stage.dossier_id).update(assigned_at=timezone.now(), **fields)
    return stage


def test_each_figure_is_the_number_of_dossiers_that_its_link_lists() -> None:
    now = timezone.now()
    me, other = UserFactory(verifier=True), UserFactory(verifier=True)
    for _ in range(3):
        row()
    row("validated")
    give(row(), verifier=other)
    old = give(row(transmitted_at=now - dt.timedelta(days=9)), verifier=me)
    back = give(row(transmitted_at=now), verifier=me)
    DossierStage.objects.filter(pk=back.pk).update(first_transmitted_at=now - dt.timedelta(days=5))
    soon, far = (give(row("modification_requested"), verifier=me) for _ in range(2))
    DossierStage.objects.filter(pk=soon.pk).update(due_at=now + dt.timedelta(days=6))
    DossierStage.objects.filter(pk=far.pk).update(due_at=now + dt.timedelta(days=8))
    client = factories.signed_in(me)
    page = client.get(URL)
    counts = [each.count for each in page.context["waiting"]]
    assert counts == [3, 2, 1, 1]
    for each in page.context["waiting"]:
        assert client.get(f"/instruction/?{each.query}").context["page"].paginator.count == each.count
    assert [stage.pk for stage in page.context["mine"]] == [old.pk, back.pk]
    assert (page.context["news"].again, page.context["news"].validated) == (1, 1)


def test_a_regional_instructor_sees_what_waits_in_his_regions() -> None:
    row(region_codes=["84"])
    row(region_codes=["11"])
    client = factories.signed_in(UserFactory(regional=True, regions=[RegionFactory(code="84")]))
    page = client.get(URL)
    assert page.context["waiting"][0].count == 1
    assert "À prendre en charge" not in pages.text(page), "he reads some, and takes others"
    assert page.context["news"].transmitted == 1


@pytest.mark.parametrize("role", ["verifier", "regional", "lead"])
def test_the_home_costs_the_same_at_any_volume(role: str) -> None:
    user = UserFactory(**{role: True}, regions=[RegionFactory(code="11")] if role == "regional" else [])
    client = factories.signed_in(user)
    costs = []
    for size in (1, 3, 30):
        while DossierStage.objects.count() < size:
            give(row(region_codes=["11"]), verifier=user)
        costs.append(pages.cost(lambda: client.get(URL)))
    assert costs[0] == costs[1] == costs[2] <= 12
