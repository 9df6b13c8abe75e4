"""What finds a dossier in the back-office (I1), and what a filter that means nothing does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from dossiers import access, search, workflow
from dossiers.filters import InstructionFilter
from dossiers.models import Dossier, DossierStage
from establishments.models import SearchWord
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import DepartementFactory, RegionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True)
    return user


def filters(query: str, user: User) -> InstructionFilter:
    return InstructionFilter(QueryDict(query), queryset=access.instructed_stages(user), user=user)


def references(query: str, user: User) -> set[str]:
    found: set[str] = set(filters(query, user).qs.values_list("dossier__reference", flat=True))
    return found


@pytest.fixture(scope="class")
def built(lasting: Callable[[], AbstractContextManager[None]]) -> Iterator[DossierStage]:
    with lasting():
        yield one_and_another()


@pytest.fixture
def sought(built: DossierStage) -> DossierStage:
    return factories.fresh(built)


def one_and_another() -> DossierStage:
    """The dossier that the searches look for; another one stands beside it."""
    entity = factories.entity(name="ASS. LES ÉTOILES DE ST-MAUR", finess="750000093")
    referent = factories.referent(entity, first_name="Anaïs", last_name="Lefèvre", email="anais.lefevre@etoiles.fr")
    factories.transmitted()
    return factories.transmitted(by=referent, legal_entity=entity)


class TestSearch:
    """On one world: the dossier sought, and another."""

    @pytest.mark.parametrize(
        "text",
        [
            "750000093",
            "7500000",
            "75 000 009 3",
            "étoiles",
            "ETOILES",
            "etoile maur",
            "saint maur étoiles",
            "association etoiles",
            "lefevre",
            "Anaïs Lefèvre",
            "anais.lefevre@etoiles.fr",
            "ANAIS.LEFEVRE@ETOILES.FR",
        ],
    )
    def test_a_dossier_is_found_by_what_names_it(self, sought: DossierStage, verifier: User, text: str) -> None:
        query = QueryDict(mutable=True)
        query["q"] = text
        assert references(query.urlencode(), verifier) == {sought.dossier.reference}

    def test_a_dossier_is_found_by_its_reference_in_any_case(self, sought: DossierStage, verifier: User) -> None:
        reference = sought.dossier.reference
        assert references(f"q={reference}", verifier) == {reference}
        assert references(f"q={reference.lower()}", verifier) == {reference}
        assert references(f"q={reference[:7]}", verifier) == {reference}

    def test_a_dossier_is_found_by_a_site_of_its_perimeter_only(self, sought: DossierStage, verifier: User) -> None:
        applying = sought.dossier.legal_entity.sites.first()
        assert applying
        assert references(f"q={applying.finess}", verifier) == {sought.dossier.reference}
        entity = factories.entity(sites=2)
        kept, left = entity.sites.order_by("finess")
        narrow = factories.transmitted(
            legal_entity=entity, overrides={"perimeter": {"sites": [kept.finess], "equipped": [kept.finess]}}
        )
        assert references(f"q={kept.finess}", verifier) == {narrow.dossier.reference}
        assert references(f"q={left.finess}", verifier) == set()

    def test_words_that_stand_nowhere_find_nothing(self, sought: DossierStage, verifier: User) -> None:
        assert references("q=étoiles+inconnues", verifier) == set()
        # A word is found by its beginning, not by its middle.
        assert references("q=toiles", verifier) == set()

    def test_a_slip_of_the_keyboard_finds_what_is_near_and_says_so(self, sought: DossierStage, verifier: User) -> None:
        for word in ("etoiles", "association", "saint"):
            SearchWord.objects.create(word=word, uses=3)
        client = factories.signed_in(verifier)
        for text, near in (("étoilles", True), ("assciation étoiles", True), ("etoiles", False)):
            response = client.get("/instruction/", {"q": text, "statut": "transmitted"})
            assert [each.reference for each in response.context["page"]] == [sought.dossier.reference], text
            assert (f"Aucun dossier ne contient «&nbsp;{text}&nbsp;»" in response.content.decode()) is near
        assert references("q=zzzzzz", verifier) == set()
        assert references("q=étoilles&statut=validated", verifier) == set()

    @pytest.mark.parametrize("text", ["%", "_", "\\", "'", "    ", "«»", "a" * 3000, "un deux " * 200])
    def test_no_text_breaks_a_search(self, sought: DossierStage, verifier: User, text: str) -> None:
        query = QueryDict(mutable=True)
        query["q"] = text
        list(filters(query.urlencode(), verifier).qs)

    def test_the_search_text_follows_the_new_referent(self, sought: DossierStage) -> None:
        colleague = factories.referent(sought.dossier.legal_entity, last_name="Quesnel")
        dossiers = type(sought.dossier).objects
        assert not dossiers.filter(search.condition("quesnel")).exists()
        from_here = sought.dossier.referent
        workflow.transfer([sought], by=from_here, to=colleague)
        assert dossiers.filter(search.condition("quesnel")).exists()
        assert not dossiers.filter(search.condition("lefevre")).exists()

    def test_values_that_mean_nothing_are_told_and_left_aside(self, sought: DossierStage, verifier: User) -> None:
        found = filters("guichet=zzz&region=99&parcours=9&statut=draft&q=etoiles", verifier)
        assert set(found.form.errors) == {"guichet", "region", "parcours", "statut"}
        for errors in found.form.errors.values():
            assert "n'est pas dans la liste" in errors[0]
            assert "est ignoré" in errors[0]
        assert {stage.dossier.reference for stage in found.qs} == {sought.dossier.reference}
        assert [(each.label, each.value) for each in found.active] == [("Recherche", "etoiles")]


def test_a_nul_character_is_told(verifier: User) -> None:
    found = filters("q=a%00b&region=%00&guichet=%00&statut=%00&parcours=%00", verifier)
    assert set(found.form.errors) == {"q", "region", "guichet", "statut", "parcours"}
    list(found.qs)


def test_status_guichet_and_track_narrow_the_list(verifier: User) -> None:
    first = factories.transmitted(overrides={"track": {"value": "1"}})
    second = factories.validated(verifier=verifier, overrides={"track": {"value": "2"}})
    assert references("statut=validated", verifier) == {second.dossier.reference}
    assert references("parcours=1", verifier) == {first.dossier.reference}
    assert references("parcours=2&statut=transmitted", verifier) == set()
    assert references("guichet=poc-essms", verifier) == {first.dossier.reference, second.dossier.reference}
    factories.guichet()
    assert references("guichet=essai", verifier) == set()


def test_the_track_is_the_one_transmitted_not_the_one_being_corrected(verifier: User) -> None:
    stage = factories.modification_requested(verifier=verifier, overrides={"track": {"value": "1"}})
    factories.save(stage, track={"value": "3"})
    assert references("parcours=1", verifier) == {stage.dossier.reference}
    assert references("parcours=3", verifier) == set()
    factories.transmit(stage, at=timezone.now() + dt.timedelta(seconds=1))
    assert references("parcours=1", verifier) == set()
    assert references("parcours=3", verifier) == {stage.dossier.reference}


def test_a_region_holds_the_entities_that_have_a_site_there(verifier: User) -> None:
    corsica = RegionFactory(code="94")
    ajaccio = DepartementFactory(code="2A", region=corsica)
    here = factories.transmitted(legal_entity=factories.entity(departement=ajaccio))
    spread = factories.entity()
    spread.region_codes = ["11", "94"]
    spread.save()
    there = factories.transmitted(legal_entity=spread)
    factories.transmitted()
    assert references("region=94", verifier) == {here.dossier.reference, there.dossier.reference}


def test_a_regional_instructor_is_offered_his_regions_only() -> None:
    for code in ("11", "84", "94"):
        RegionFactory(code=code)
    regional = UserFactory(regional=True, regions=[RegionFactory(code="84"), RegionFactory(code="94")])
    choices = dict(filters("", regional).filters["region"].extra["choices"])
    assert list(choices) == ["84", "94"]
    assert "region" in filters("region=11", regional).form.errors


def test_active_filters_are_said_in_words(verifier: User) -> None:
    factories.poc()
    DepartementFactory(code="2A", region=RegionFactory(code="94"))
    found = filters("q=abc&guichet=poc-essms&region=94&parcours=1&statut=validated", verifier)
    assert [(each.label, each.value) for each in found.active] == [
        ("Recherche", "abc"),
        ("Guichet", "POC AAP ESSMS"),
        ("Région", "Corse"),
        ("Parcours", "Parcours 1"),
    ]
    assert found.status == "validated"


def test_each_filter_keeps_what_it_says_and_nothing_else(verifier: User) -> None:
    """One dossier that answers to every filter, one beside it that answers to none."""
    now = timezone.now()
    other = UserFactory(verifier=True, last_name="Autre")
    reunion = DepartementFactory(code="974", region=RegionFactory(code="04"))
    wanted = row(
        "modification_requested",
        legal_entity=factories.entity(departement=reunion),
        transmitted_at=now - dt.timedelta(days=40),
    )
    DossierStage.objects.filter(pk=wanted.pk).update(due_at=now + dt.timedelta(days=3))
    again = row(transmitted_at=now)
    DossierStage.objects.filter(pk=again.pk).update(first_transmitted_at=now - dt.timedelta(days=9))
    late = row("modification_requested", transmitted_at=now)
    DossierStage.objects.filter(pk=late.pk).update(due_at=now - dt.timedelta(seconds=1))
    given = row(transmitted_at=now)
    Dossier.objects.filter(pk=given.dossier_id).update(verifier=other, assigned_at=now)
    Dossier.objects.filter(pk=again.dossier_id).update(verifier=verifier, assigned_at=now)
    Dossier.objects.filter(pk=late.dossier_id).update(establishment_type="ght")
    day = (now - dt.timedelta(days=40)).date()
    for query, stages in {
        "departement=974": [wanted],
        "type=ght": [late],
        "verificateur=moi": [again],
        "verificateur=personne": [wanted, late],
        f"verificateur={other.public_id}": [given],
        f"depuis={day + dt.timedelta(days=2)}": [again, late, given],
        f"jusqua={day + dt.timedelta(days=2)}": [wanted],
        "reponse=recue": [again],
        "echeance=proche": [wanted],
        "echeance=passee": [late],
        "etape=poc-essms.candidature": [wanted, again, late, given],
        "etape=poc-essms.objectifs": [],
    }.items():
        found = filters(query, verifier)
        assert not found.form.errors, query
        assert references(query, verifier) == {each.dossier.reference for each in stages}, query
        [active] = found.active
        assert active.without == "?"
    assert "date" in filters("depuis=hier", verifier).form.errors["depuis"][0]


def test_a_day_of_transmission_is_one_of_paris(verifier: User) -> None:
    row(transmitted_at=dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC))  # half past midnight on the 2nd
    assert references("depuis=2026-07-02&jusqua=2026-07-02", verifier)
    assert not references("jusqua=2026-07-01", verifier)


def test_an_address_sent_to_the_verifier_whom_it_names_shows_them_the_same() -> None:
    paul, lead = UserFactory(verifier=True), UserFactory(lead=True)
    mine = row()
    workflow.assignment.take(mine, by=paul)
    row()
    for reader in (lead, paul):
        page = factories.signed_in(reader).get("/instruction/", {"verificateur": str(paul.public_id)})
        assert [each.reference for each in page.context["page"]] == [mine.dossier.reference]
        assert "n'est pas dans la liste" not in pages.text(page)
