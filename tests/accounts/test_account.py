"""« Votre compte », « Vos établissements », « Vos collaborateurs » (A7 to A9, guide p. 26 to 32)."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import access, queries, workflow
from accounts.models import Representation
from tests.accounts.factories import RepresentationFactory, TermsVersionFactory, UserFactory
from tests.accounts.sessions import sign_in
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

pytestmark = pytest.mark.django_db
ACCOUNT = "/compte/"
ADD = "/compte/etablissements/ajouter/"
PICK = f"{ADD}choix/"
SITES = f"{ADD}sites/"
UNKNOWN = uuid.UUID("00000000-0000-4000-8000-000000000000")


def text(response) -> str:
    return response.content.decode().replace("&#x27;", "'").replace("&nbsp;", "\u00a0")


def colleague_of(legal_entity, **traits):
    return RepresentationFactory(user=UserFactory(**traits), legal_entity=legal_entity).user


@pytest.fixture
def legal_entity():
    return LegalEntityFactory(name="ASS.ACCUEIL FORMA INSERT PERSON SOURD")


@pytest.fixture
def user(legal_entity):
    user = UserFactory(
        first_name="ESSMS", last_name="Entité", username="Entite_ESSMS", email="entite_essms@maildrop.cc"
    )
    RepresentationFactory(user=user, legal_entity=legal_entity)
    return user


def test_account_page_shows_every_label_of_the_guide(client, user, legal_entity):
    TermsVersionFactory(number=1)
    workflow.accept_terms(queries.terms_in_force(), by=user)
    page = text(sign_in(client, user).get(ACCOUNT))
    for words in (
        "Votre compte",
        "Vos informations",
        "Modifier le mot de passe",
        "Civilité",
        "Madame",
        "Prénom",
        "ESSMS",
        "Nom",
        "Entité",
        "Username",
        "Entite_ESSMS",
        "Type d'établissement",
        "Raison sociale EJ",
        "ASS.ACCUEIL FORMA INSERT PERSON SOURD",
        "FINESS EJ",
        legal_entity.finess,
        "E-mail",
        "entite_essms@maildrop.cc",
        "Version actuelle des CGU",
        "Acceptée",
        "Vos établissements",
        "Ajouter un établissement",
        "Vos collaborateurs",
        "L'inscription sur la plateforme eCaRE est ouverte à tous les collaborateurs",
    ):
        assert words in page


def test_establishments_are_listed_the_first_choice_first(client, user, legal_entity):
    other = LegalEntityFactory(name="APF FRANCE HANDICAP")
    workflow.add_establishment(user, other, "essms", by=user)
    page = text(sign_in(client, user).get(ACCOUNT))
    listed = page[page.index('id="vos-etablissements"') :]
    assert listed.index(legal_entity.label) < listed.index(f"APF FRANCE HANDICAP ({other.finess})")
    assert [it.legal_entity for it in queries.establishments_of(user)] == [legal_entity, other]


@pytest.mark.parametrize("role", ["verifier", "regional", "lead", "admin"])
def test_staff_have_an_account_page_without_establishments_nor_colleagues(client, role, user, legal_entity):
    staff = colleague_of(legal_entity, **{role: True})
    page = text(sign_in(client, staff).get(ACCOUNT))
    assert "Vos informations" in page
    assert "Vos établissements" not in page
    assert "Vos collaborateurs" not in page
    for address in (ADD, PICK, SITES, f"/compte/collaborateurs/{user.public_id}/"):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code in (404, 405)
    with pytest.raises(workflow.Refused):
        workflow.add_establishment(staff, LegalEntityFactory(), "essms", by=staff)


def test_account_page_costs_the_same_whatever_it_lists(client, user, legal_entity):
    """Q70."""
    colleague_of(legal_entity)
    sign_in(client, user)
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(ACCOUNT).status_code == 200
        counts.append(len(captured))
        for _ in range(10):
            colleague_of(legal_entity)
            workflow.add_establishment(user, LegalEntityFactory(), "essms", by=user)
    assert len(set(counts)) == 1
    assert counts[0] <= 12


# « Ajouter un établissement »


def test_adding_an_establishment_runs_the_three_screens(client, user):
    other = LegalEntityFactory(name="HELIOS", region_codes=["11"])
    GeographicEntityFactory(legal_entity=other, name="EHPAD RESIDENCE HIPPOCRATE")
    sign_in(client, user)
    page = text(client.get(ADD))
    assert "Ajouter un établissement à votre compte" in page
    assert "Informations de l'établissement" in page
    assert client.post(ADD, {"establishment_type": "essms", "region": "11"}).url == PICK
    assert "HELIOS" in text(client.get(PICK))
    assert client.post(PICK, {"finess": other.finess}).url == SITES
    page = text(client.get(SITES))
    assert "EHPAD RESIDENCE HIPPOCRATE" in page
    assert "Ajouter l'établissement" in page
    response = client.post(SITES, follow=True)
    assert response.redirect_chain == [(ACCOUNT, 302)]
    assert f"HELIOS ({other.finess}) fait partie de vos établissements" in text(response)
    added = Representation.objects.get(legal_entity=other)
    assert (added.user, added.establishment_type, added.is_primary) == (user, "essms", False)


def test_adding_skips_no_screen(client, user):
    sign_in(client, user)
    assert client.get(PICK).url == ADD
    assert client.post(SITES).url == ADD
    client.post(ADD, {"establishment_type": "essms", "region": "11"})
    assert client.get(SITES).url == PICK
    assert client.post(SITES).url == PICK
    assert user.representations.count() == 1


def test_previous_leads_back_to_the_account(client, user):
    sign_in(client, user)
    assert client.post(ADD, {"establishment_type": "", "region": "", "previous": "1"}).url == ACCOUNT


def test_adding_what_one_already_represents_changes_nothing(client, user, legal_entity):
    before = Representation.objects.values().get()
    workflow.add_establishment(user, legal_entity, "es", by=user)
    assert Representation.objects.values().get() == before


def test_nobody_adds_an_establishment_to_somebody_else(user):
    with pytest.raises(workflow.Refused):
        workflow.add_establishment(user, LegalEntityFactory(), "essms", by=UserFactory())


def test_a_finished_addition_leaves_nothing_for_the_next_one(client, user):
    other = LegalEntityFactory()
    sign_in(client, user)
    client.post(ADD, {"establishment_type": "essms", "region": "11"})
    client.post(PICK, {"finess": other.finess})
    client.post(SITES)
    assert client.get(SITES).url == ADD


def test_the_database_refuses_the_same_establishment_twice(user, legal_entity):
    with pytest.raises(IntegrityError), transaction.atomic():
        RepresentationFactory(user=user, legal_entity=legal_entity, is_primary=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        RepresentationFactory(user=user, is_primary=True)


# « Vos collaborateurs »


def test_colleagues_are_the_activated_referents_of_the_same_establishments(client, user, legal_entity):
    second = LegalEntityFactory()
    workflow.add_establishment(user, second, "essms", by=user)
    seen = [colleague_of(legal_entity, last_name="Zola"), colleague_of(second, last_name="Aubert")]
    unseen = [
        colleague_of(legal_entity, pending=True),
        colleague_of(legal_entity, is_active=False),
        colleague_of(legal_entity, verifier=True),
        colleague_of(LegalEntityFactory()),
        UserFactory(),
        user,
    ]
    assert list(queries.colleagues(user)) == [seen[1], seen[0]]
    sign_in(client, user)
    page = text(client.get(ACCOUNT))
    assert page.index("Camille Aubert") < page.index("Camille Zola")
    for person in seen:
        assert client.get(f"/compte/collaborateurs/{person.public_id}/").status_code == 200
    for person in unseen:
        assert str(person.public_id) not in page
        assert client.get(f"/compte/collaborateurs/{person.public_id}/").status_code == 404


def test_colleagues_come_page_by_page(client, user, legal_entity):
    people = [colleague_of(legal_entity, last_name=f"Nom{number:02}") for number in range(21)]
    sign_in(client, user)
    first, second = text(client.get(ACCOUNT)), text(client.get(f"{ACCOUNT}?collaborateurs=2"))
    assert "Page 1 sur 2 (21 collaborateurs)" in first.replace("\xa0", " ")
    assert "Nom19" in first
    assert "Nom20" not in first
    assert str(people[20].public_id) in second
    assert 'href="?collaborateurs=2#vos-collaborateurs"' in first


def test_a_colleague_is_shown_by_name_only(client, user, legal_entity):
    person = colleague_of(
        legal_entity,
        first_name="Référent",
        last_name="Nouveau",
        username="identifiant-prive",
        email="prive@exemple.fr",
        phone="+33699999999",
    )
    sign_in(client, user)
    page = text(client.get(f"/compte/collaborateurs/{person.public_id}/"))
    for words in ("Référent Nouveau", "Ses informations", "Civilité", "Madame", "Prénom", "Nom"):
        assert words in page
    assert f'href="/dossiers/transferer/{person.public_id}/"' in page
    assert "Transférer mes dossiers" in page
    assert "est bien détenu par le collaborateur du même nom" in page
    for private in ("identifiant-prive", "prive@exemple.fr", "99999999"):
        assert private not in page + text(client.get(ACCOUNT))


def test_a_stranger_and_nobody_get_the_same_page(client, user):
    """Q19."""
    stranger = UserFactory()
    sign_in(client, user)
    answers = [client.get(f"/compte/collaborateurs/{it}/") for it in (stranger.public_id, UNKNOWN)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_represents_says_who_is_attached(user, legal_entity):
    assert queries.represents(user, legal_entity)
    assert not queries.represents(UserFactory(), legal_entity)
    assert not queries.represents(user, LegalEntityFactory())


def test_nobody_is_a_colleague_of_somebody_without_establishment():
    assert not access.colleagues_of(UserFactory()).exists()
