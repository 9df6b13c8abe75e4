"""E2: what comes with the project, loaded in one command."""

import pytest
from django.core.management import call_command

from establishments import queries
from establishments.models import (
    Category,
    Departement,
    GeographicEntity,
    ImportRun,
    LegalEntity,
    LegalStatus,
    Region,
)

pytestmark = pytest.mark.django_db


def test_reference_without_sample_loads_the_nomenclatures_only() -> None:
    call_command("load_reference", "--no-sample", verbosity=0)
    assert Region.objects.count() == 20
    assert Departement.objects.count() == 105
    assert Category.objects.filter(is_essms=True).count() == 72
    assert Category.objects.filter(essms_reading="a_verifier").count() == 13
    assert LegalStatus.objects.count() == 69
    assert not LegalEntity.objects.exists()


@pytest.mark.parametrize(
    ("code", "essms", "sanitary"),
    [
        ("500", True, False),  # EHPAD
        ("460", True, False),  # SAAD
        ("219", False, False),  # to be checked: not offered
        ("462", False, False),  # lieu de vie, L.312-1 III
        ("355", False, True),  # centre hospitalier
        ("365", False, True),  # clinic
        ("114", False, True),  # hospital of the armies
        ("620", False, False),  # pharmacy: sanitary domain, no établissement de santé
        ("124", False, False),  # centre de santé
    ],
)
def test_categories_are_essms_or_hospitals_as_the_law_reads(code: str, essms: bool, sanitary: bool) -> None:
    call_command("load_reference", "--no-sample", verbosity=0)
    category = Category.objects.get(code=code)
    assert (category.is_essms, category.is_sanitary) == (essms, sanitary)


def test_sample_holds_what_the_guide_shows_and_a_second_load_changes_nothing() -> None:
    call_command("load_reference", verbosity=0)
    assert not ImportRun.objects.exclude(status="done").exists()
    assert not ImportRun.objects.filter(rejected__gt=0).exists()

    domino = LegalEntity.objects.get(finess="130053499")
    assert (domino.label, domino.region_codes) == ("DOMINO SERVICES 94 (130053499)", ["11"])
    assert [(site.name, site.finess) for site in queries.active_sites(domino)] == [
        ("SAAD AAVS", "940025042"),
        ("SAADF AAVS", "940032121"),
    ]
    assert [entity.finess for entity in queries.picker(kind="essms", region_code="11", text="domino 94")] == [
        "130053499"
    ]
    assert LegalEntity.objects.get(finess="130013568").region_codes == ["11"]
    assert LegalEntity.objects.get(finess="750719239").sites.active().filter(category__is_essms=True).count() == 490
    for region_code in ("94", "04", "03", "01", "02", "06"):
        assert queries.picker(kind="essms", region_code=region_code).count() > 0
    for kind in ("es", "ght"):
        assert queries.picker(kind=kind).count() > 0
    queries.forget_credit()
    assert "extraction du 13 août 2026" in queries.credit()

    before = list(LegalEntity.objects.order_by("pk").values()), list(GeographicEntity.objects.order_by("pk").values())
    runs = ImportRun.objects.count()
    call_command("load_reference", verbosity=0)
    after = list(LegalEntity.objects.order_by("pk").values()), list(GeographicEntity.objects.order_by("pk").values())
    assert after == before
    assert ImportRun.objects.count() == runs


def test_an_entity_without_address_stands_in_the_region_of_its_sites() -> None:
    call_command("load_reference", verbosity=0)
    corsican = LegalEntity.objects.get(finess="2B0000269")
    assert corsican.departement is None
    assert corsican.region is not None
    assert corsican.region.name == "Corse"
