"""E3: FINESS data is searched and read in the admin, and never written there."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from establishments import workflow
from establishments.admin import GeographicEntityAdmin, ImportRunAdmin, LegalEntityAdmin
from establishments.models import GeographicEntity, ImportRun, LegalEntity, RegisterChange
from tests.establishments import extracts
from tests.establishments.factories import (
    GeographicEntityFactory,
    HospitalGroupFactory,
    LegalEntityFactory,
    RegionFactory,
)

pytestmark = pytest.mark.django_db
Ask = Callable[..., HttpRequest]
OURS = [model for model in admin.site._registry if model._meta.app_label == "establishments"]


@pytest.fixture
def ask(rf: RequestFactory, django_user_model: type) -> Ask:
    """A request of an administrator, past the sign-in that other tests look at."""

    def asked(path: str = "/", **query: str) -> HttpRequest:
        request = rf.get(path, query)
        request.user = django_user_model(role="admin")
        request.user.is_verified = lambda: True
        return request

    return asked


@pytest.mark.parametrize("model", OURS)
def test_nothing_can_be_added_changed_or_deleted(model: type, ask: Ask) -> None:
    request = ask()
    model_admin = admin.site._registry[model]
    assert model_admin.has_view_permission(request)
    assert not model_admin.has_add_permission(request)
    assert not model_admin.has_change_permission(request)
    assert not model_admin.has_delete_permission(request)
    assert "delete_selected" not in model_admin.get_actions(request)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("association tilleuls", ["ASS. LES TILLEULS"]),
        ("Côte d’Or", ["HAUTE COTE D OR"]),
        ("", ["ASS. LES TILLEULS", "HAUTE COTE D OR"]),
    ],
)
def test_entities_are_searched_as_in_the_picker(text: str, expected: list[str], rf: RequestFactory) -> None:
    LegalEntityFactory(name="HAUTE COTE D OR")
    LegalEntityFactory(name="ASS. LES TILLEULS", closed=True)
    model_admin = LegalEntityAdmin(LegalEntity, AdminSite())
    rows, duplicates = model_admin.get_search_results(rf.get("/"), LegalEntity.objects.all(), text)
    assert sorted(row.name for row in rows) == expected
    assert not duplicates


def test_sites_are_searched_by_number_by_name_and_by_their_entity(rf: RequestFactory) -> None:
    site = GeographicEntityFactory(name="SAAD AAVS", legal_entity__name="DOMINO SERVICES 94")
    GeographicEntityFactory()
    model_admin = GeographicEntityAdmin(GeographicEntity, AdminSite())
    for text in (site.finess, site.legal_entity.finess, "aavs saad", "services domino"):
        rows, _ = model_admin.get_search_results(rf.get("/"), GeographicEntity.objects.all(), text)
        assert list(rows) == [site], text


def test_import_is_told_in_plain_words(nomenclature: None, tmp_path: Path) -> None:
    path = tmp_path / "et.csv"
    good = extracts.csv_site("010011914", "010000255")
    path.write_text("\n".join([extracts.HEADER, good, "structureet;1", ""]), encoding="utf-8")
    run = workflow.import_extracts([path])
    model_admin = ImportRunAdmin(ImportRun, AdminSite())
    assert model_admin.described(run) == "et.csv\u00a0: cs1100502 (entités géographiques), extraction du 13 août 2026"
    assert model_admin.rejected_rows(run) == "et.csv, ligne 3\u00a0: 2 champs au lieu de 32"
    assert "entités géographiques\u00a0: créations 1, modifications 0, fermetures 0" in model_admin.by_nature(run)


def moved(site: GeographicEntity, run: ImportRun) -> RegisterChange:
    return RegisterChange.objects.create(
        run=run,
        recorded_at=timezone.now(),
        day=dt.date(2026, 8, 14),
        kind="moved",
        site=site,
        from_entity=LegalEntityFactory(name="ANCIENNE"),
        to_entity=site.legal_entity,
    )


def test_history_of_a_site_and_of_an_entity_is_told(ask: Ask) -> None:
    site = GeographicEntityFactory(legal_entity__name="NOUVELLE")
    change = moved(site, ImportRun.objects.create(status="done"))
    assert change.from_entity is not None
    site_admin, entity_admin = (admin.site._registry[model] for model in (GeographicEntity, LegalEntity))
    sentence = f"Rattachée à {site.legal_entity}, et non plus à {change.from_entity}"
    assert site_admin.history(site) == f"14 août 2026\u00a0: {sentence}"
    assert site_admin.attachments(site).split("\n") == [
        f"{change.from_entity}\u00a0: depuis notre premier import ou avant, jusqu'au 14 août 2026",
        f"{site.legal_entity}\u00a0: depuis le 14 août 2026",
    ]
    for entity in (site.legal_entity, change.from_entity):
        assert entity_admin.history(entity) == f"14 août 2026\u00a0: {site}\u00a0: {sentence}"
        request = ask("/", q=entity.finess)
        changes = admin.site._registry[RegisterChange].get_changelist_instance(request)
        assert list(changes.get_queryset(request)) == [change]
    page = site_admin.change_view(ask("/"), str(site.pk))
    page.render()
    assert f"{reverse('admin:establishments_registerchange_changelist')}?q={site.finess}" in page.content.decode()


@pytest.mark.parametrize("model", OURS)
def test_pages_cost_as_many_queries_at_1_and_30_rows(
    model: type, ask: Ask, django_assert_max_num_queries: Callable
) -> None:
    """List and page of one row, with every search and filter a person may click on."""
    model_admin = admin.site._registry[model]
    counts = []
    for batch in (1, 29):
        for n in range(batch):
            group = HospitalGroupFactory(members=[LegalEntityFactory(name="TILLEULS", es=True)])
            site = GeographicEntityFactory(legal_entity=group.support, name="SAAD")
            run = ImportRun.objects.create(status="done", files=[{"name": f"{n}.csv"}])
            moved(site, run)
        with django_assert_max_num_queries(12) as captured:
            response = model_admin.changelist_view(ask("/", q="1"))
            response.render()
            assert response.status_code == 200
            response = model_admin.changelist_view(ask("/", q="tilleuls")) if model_admin.search_fields else response
        listed = len(captured)
        with django_assert_max_num_queries(12):
            first = model._default_manager.first()
            assert first is not None
            response = model_admin.change_view(ask("/"), str(first.pk))
            response.render()
            assert response.status_code == 200
        counts.append(listed)
    assert counts[0] == counts[1]


def test_filters_narrow_the_list(ask: Ask) -> None:
    ile_de_france = LegalEntityFactory()
    corsica = LegalEntityFactory(region_codes=["94"], es=True)
    RegionFactory(code="94")
    model_admin = admin.site._registry[LegalEntity]

    def listed(**query: str) -> list[LegalEntity]:
        return list(model_admin.get_changelist_instance(ask("/", **query)).get_queryset(ask("/", **query)))

    assert listed(region="11") == [ile_de_france]
    assert listed(type="es") == [corsica]
    assert listed(type="es", region="11") == []


def test_page_of_an_entity_leads_to_its_sites(ask: Ask) -> None:
    site = GeographicEntityFactory()
    GeographicEntityFactory()
    page = admin.site._registry[LegalEntity].change_view(ask("/"), str(site.legal_entity_id))
    page.render()
    address = reverse("admin:establishments_geographicentity_changelist")
    link = f"{address}?legal_entity__id__exact={site.legal_entity_id}"
    assert link in page.content.decode()
    request = ask("/", legal_entity__id__exact=str(site.legal_entity_id))
    changelist = admin.site._registry[GeographicEntity].get_changelist_instance(request)
    assert list(changelist.get_queryset(request)) == [site]
