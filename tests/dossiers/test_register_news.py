"""A dossier keeps its perimeter; instruction is told what FINESS has said otherwise since (E1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dossiers import queries
from dossiers.models import DossierStage
from establishments import queries as establishments
from establishments import workflow as register
from establishments.models import GeographicEntity, LegalEntity
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.establishments.extracts import plus, plus_entity, plus_site
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> DossierStage:
    register.load_reference(settings.BASE_DIR / "fixtures" / "reference")
    LegalEntityFactory(name="FONDATION VOISINE")
    return factories.transmitted(legal_entity=factories.entity(sites=4, name="ASSOCIATION"))


def imported(path: Path, *, day: int, moved: str = "", closed: str = "", renamed: str = "", entity: str = "A") -> None:
    """A FINESS+ extract of all that we hold, but for one site that moved, one closed, one renamed."""
    neighbour = LegalEntity.objects.get(name="FONDATION VOISINE")
    told: dict[str, list] = {legal_entity.finess: [] for legal_entity in LegalEntity.objects.all()}
    for site in GeographicEntity.objects.select_related("legal_entity"):
        name = "NOUVEAU NOM" if site.finess == renamed else site.name
        row = plus_site(site.finess, state="I" if site.finess == closed else "A", name=name, category="500")
        told[neighbour.finess if site.finess == moved else site.legal_entity.finess].append(row)
    entities = [
        plus_entity(
            legal_entity.finess,
            *told[legal_entity.finess],
            name=legal_entity.name,
            state="A" if legal_entity == neighbour else entity,
        )
        for legal_entity in LegalEntity.objects.all()
    ]
    file = path / f"{day}.json"
    file.write_bytes(plus(*entities, generatedAt=f"2026-08-{day}T02:00:00Z"))
    register.import_extracts([file], accept_closures=True)


def news(stage: DossierStage) -> list[tuple[str, str]]:
    instructed = queries.instructed(factories.fresh(stage), UserFactory.build(verifier=True))
    return [(each.subject, each.text) for each in instructed.register_news]


def test_nothing_is_said_while_the_register_says_the_same(stage: DossierStage, tmp_path: Path) -> None:
    imported(tmp_path, day=13)
    assert news(stage) == []
    page = pages.text(factories.signed_in(UserFactory(verifier=True)).get(pages.url("instruction-dossier", stage)))
    assert "a changé depuis la transmission" not in page


def test_instruction_is_told_what_moved_closed_and_was_renamed(stage: DossierStage, tmp_path: Path) -> None:
    imported(tmp_path, day=13)
    first, second, third, _ = stage.dossier.legal_entity.sites.order_by("finess")
    transmitted = stage.transmissions.get().answers
    imported(tmp_path, day=14, moved=first.finess, closed=second.finess, renamed=third.finess)
    own, neighbour = stage.dossier.legal_entity, LegalEntity.objects.get(name="FONDATION VOISINE")
    joined = f"est désormais rattachée à {neighbour.label}, et non plus à l'entité juridique {own.finess}"
    assert news(stage) == [
        (str(first), f"{joined} (extraction du 14 août 2026)."),
        (str(second), "est fermée depuis le 30 juin 2025."),
        (str(third), "s'appelle désormais «\u00a0NOUVEAU NOM\u00a0»."),
    ]
    page = pages.text(factories.signed_in(UserFactory(verifier=True)).get(pages.url("instruction-dossier", stage)))
    assert "Le répertoire FINESS a changé depuis la transmission n° 1" in page
    assert f"{second} est fermée depuis le 30 juin 2025." in page
    assert stage.transmissions.get().answers == transmitted
    assert {site["finess"] for site in transmitted["perimeter"]["sites"]} >= {first.finess, second.finess}

    imported(tmp_path, day=15, moved="")  # the neighbour keeps what joined it
    back = [text for _, text in news(stage)]
    assert len(back) == 2, "the one that closed has reopened"


def test_pages_credit_finess_with_the_day_of_the_latest_extract(stage: DossierStage, tmp_path: Path) -> None:
    imported(tmp_path, day=14)
    imported(tmp_path, day=13)
    establishments.forget_credit()
    credit = "Source : FINESS - ANS / ministère chargé de la santé, extraction du 14 août 2026."
    draft = factories.draft()
    own = factories.signed_in(draft.dossier.referent)
    shown = {
        own: ["dossiers:dashboard", "dossiers:create", "dossiers:claims", "accounts:account", "funding:simulator"],
        factories.signed_in(UserFactory(lead=True)): ["dossiers:instruction-list", "dossiers:takeovers-to-decide"],
        factories.signed_in(UserFactory(admin=True)): ["admin:establishments_legalentity_changelist"],
        Client(): ["accounts:register"],
    }
    found = {name: pages.text(client.get(reverse(name))) for client, names in shown.items() for name in names}
    found |= {name: pages.text(own.get(pages.url(name, draft))) for name in ("form", "recap")}
    verifier = factories.signed_in(UserFactory(verifier=True))
    found["dossier"] = pages.text(verifier.get(pages.url("instruction-dossier", stage)))
    assert {name: page.count(credit) for name, page in found.items()} == dict.fromkeys(found, 1)
    assert credit not in pages.text(own.get("/nulle-part/")), "an error page asks the database nothing"


def test_instruction_is_told_that_the_entity_closed_or_was_renamed(stage: DossierStage, tmp_path: Path) -> None:
    imported(tmp_path, day=13)
    imported(tmp_path, day=14, entity="I")
    subject = f"Entité juridique {stage.dossier.legal_entity.label}"
    assert news(stage) == [(subject, "est fermée depuis le 30 juin 2025.")]
    LegalEntity.objects.filter(pk=stage.dossier.legal_entity_id).update(name="ASSOCIATION NOUVELLE")
    assert news(stage)[0] == (subject, "s'appelle désormais «\u00a0ASSOCIATION NOUVELLE\u00a0».")


def test_what_had_closed_before_the_transmission_is_no_news(tmp_path: Path) -> None:
    register.load_reference(settings.BASE_DIR / "fixtures" / "reference")
    LegalEntityFactory(name="FONDATION VOISINE")
    entity = factories.entity(sites=4, name="ASSOCIATION")
    draft = factories.fill(factories.draft(legal_entity=entity))
    imported(tmp_path, day=13)
    imported(tmp_path, day=14, entity="I")
    factories.transmit(draft)
    assert not LegalEntity.objects.get(pk=entity.pk).is_active
    assert news(draft) == []
    imported(tmp_path, day=15)
    imported(tmp_path, day=16, entity="I")
    assert [text for _, text in news(draft)] == ["est fermée depuis le 30 juin 2025."]


def test_it_costs_one_query_whatever_the_perimeter(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for sites in (1, 3, 30):
        stage = factories.transmitted(sites=sites)
        GeographicEntity.objects.update(name="AUTRE NOM")
        instructed = queries.instructed(factories.fresh(stage), UserFactory.build(verifier=True))
        with django_assert_num_queries(1):
            assert len(instructed.register_news) == sites
        GeographicEntityFactory()
