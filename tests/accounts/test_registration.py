"""Registration, its five screens and its end (A1, guide p. 8 to 13)."""

import base64
import json
import zlib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Representation, Session, User
from notifications.models import Email
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.registering import DONE, PERSON, RECAP, SCREEN_1, SCREEN_2, SCREEN_3, SCREENS, STEP_1, fill, text
from tests.accounts.sessions import give_code, give_password, is_signed_in, sign_in
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db

SENTENCE = "Nous avons bien pris en compte votre inscription"


def test_each_screen_says_the_words_of_the_guide(client, legal_entity):
    expected = {
        STEP_1: [
            "Inscrivez-vous en tant qu'établissement",
            "* Champs obligatoires",
            "Informations personnelles",
            "Nom d'utilisateur",
            "Civilité",
            "Madame",
            "Monsieur",
            "Nom",
            "Prénom",
            "Numéro de téléphone",
            "Adresse e-mail",
            "Mot de passe",
            "Confirmation du mot de passe",
            "Suivant",
            "Précédent",
        ],
        SCREEN_1: [
            "Informations de l'établissement",
            "Merci de sélectionner le type d'établissement ainsi que la région de rattachement de votre établissement.",
            "Dans le cas des GHT, sélectionnez la région de rattachement de l'établissement support de votre GHT.",
            "Type d'établissement",
            "Région",
            "Établissement de santé",
            "GHT",
        ],
        SCREEN_2: [
            "Type d'établissement\u00a0: <strong>ESSMS</strong>",
            "Région\u00a0: <strong>Île-de-France</strong>",
            "Rechercher",
            "Finess EJ de l'établissement",
            "Raison sociale de l'établissement",
            "Action",
            "Sélectionner",
            "DOMINO SERVICES 94",
        ],
        SCREEN_3: [
            f"Finess EJ de l'établissement\u00a0: <strong>{legal_entity.finess}</strong>",
            "Raison sociale de l'établissement\u00a0: <strong>DOMINO SERVICES 94</strong>",
            "la liste des entités géographiques identifiées et rattachées à votre établissement.",
            "Afficher",
            "10 entrées",
            "Rechercher\u00a0:",
            "Raison sociale",
            "Finess EG",
            "SAAD AAVS",
            "SAADF AAVS",
            "Page 1 sur 1",
            "Pour toute remarque concernant cette liste, veuillez contacter l'équipe support à l'adresse",
            "ans-support-convergence@esante.gouv.fr",
        ],
        RECAP: [
            "Récapitulatif",
            "Merci de valider le récapitulatif de votre saisie avant de confirmer la création de votre compte.",
            "testtest",
            "Madame",
            "Demo",
            "+33101010101",
            "EJ_test1111@maildrop.cc",
            "ESSMS",
            "Île-de-France",
            "DOMINO SERVICES 94",
            legal_entity.finess,
            "Créer le compte",
            "Précédent",
        ],
    }
    fill(client, legal_entity)
    for screen, words in expected.items():
        page = text(client.get(screen).content.decode())
        for expression in words:
            assert expression in page, (screen, expression)
    end = text(client.post(RECAP, follow=True).content.decode())
    for expression in (SENTENCE, "activation", "Retourner à la page d'accueil"):
        assert expression in end


def test_the_whole_registration_creates_one_account_to_be_activated(client, legal_entity):
    fill(client, legal_entity)
    assert client.post(RECAP).url == DONE
    user = User.objects.get()
    assert (user.username, user.email, user.first_name, user.last_name) == (
        "testtest",
        "EJ_test1111@maildrop.cc",
        "Demo",
        "Test",
    )
    assert user.civility == "madame"
    assert user.phone == "+33101010101"
    assert user.role == "referent"
    assert user.activated_at is None
    assert user.check_password(PASSWORD)
    representation = Representation.objects.get()
    assert (representation.user, representation.legal_entity) == (user, legal_entity)
    assert representation.establishment_type == "essms"
    assert representation.is_primary
    message = Email.objects.get()
    assert (message.kind, message.to) == ("activation", "EJ_test1111@maildrop.cc")
    assert not is_signed_in(client)


def test_nothing_is_left_in_the_session_at_the_end(client, legal_entity):
    fill(client, legal_entity)
    client.post(RECAP)
    assert "registration" not in client.session
    assert client.get(RECAP).url == STEP_1


def test_the_account_is_created_by_the_last_button_only(client, legal_entity):
    fill(client, legal_entity)
    for screen in SCREENS:
        client.get(screen)
    assert not User.objects.exists()
    assert not Email.objects.exists()


def test_creating_twice_ends_on_the_same_page_with_one_account_and_one_message(client, legal_entity):
    """Q32: double click, or Back then again."""
    fill(client, legal_entity)
    assert client.post(RECAP).url == DONE
    assert client.post(RECAP).url == DONE
    assert User.objects.count() == Email.objects.count() == 1


def test_the_password_is_never_kept_in_clear(client, legal_entity):
    """Neither in the session row, decoded as far as it goes, nor in a page shown again."""
    fill(client, legal_entity)
    for session in Session.objects.all():
        payload = session.session_data.split(":")[0].removeprefix(".")
        content = zlib.decompress(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert "registration" in json.loads(content)
        assert PASSWORD not in content.decode()
        assert json.loads(content)["registration"]["password_hash"].startswith("argon2$argon2id$")
    assert PASSWORD not in client.get(STEP_1).content.decode()
    page = client.post(STEP_1, PERSON | {"phone": "x"}).content.decode()
    assert PASSWORD not in page


@pytest.mark.parametrize("until", SCREENS[:-1])
def test_a_screen_reached_too_early_leads_to_the_first_incomplete_one(client, legal_entity, until):
    fill(client, legal_entity, until=until)
    for later in SCREENS[SCREENS.index(until) + 1 :]:
        assert client.get(later, follow=True).redirect_chain[-1][0] == until
        assert client.post(later, {}, follow=True).redirect_chain[-1][0] == until
    assert not User.objects.exists()


def test_reading_a_screen_writes_nothing(client, legal_entity):
    fill(client, legal_entity)
    before = Session.objects.values_list("session_key", "session_data", "expire_date").get()
    for screen in [*SCREENS, DONE]:
        client.get(screen)
    assert Session.objects.values_list("session_key", "session_data", "expire_date").get() == before


# « Précédent » loses nothing


def test_what_was_typed_is_still_there_on_every_screen(client, legal_entity):
    fill(client, legal_entity)
    page = text(client.get(STEP_1).content.decode())
    for value in ("testtest", "Test", "Demo", "EJ_test1111@maildrop.cc"):
        assert f'value="{value}"' in page
    assert 'value="madame"' in page
    assert "checked" in page
    assert "Votre mot de passe est déjà enregistré\u00a0; laissez vide pour le conserver." in page
    page = client.get(SCREEN_1).content.decode()
    assert '<option value="essms" selected>' in page
    assert '<option value="11" selected>' in page
    assert legal_entity.finess in client.get(SCREEN_3).content.decode()


def test_an_empty_password_keeps_the_one_already_typed(client, legal_entity):
    fill(client, legal_entity)
    changed = PERSON | {"first_name": "Autre", "new_password1": "", "new_password2": ""}
    assert client.post(STEP_1, changed).url == SCREEN_1
    assert client.post(RECAP).url == DONE
    user = User.objects.get()
    assert user.first_name == "Autre"
    assert user.check_password(PASSWORD)


def test_a_retyped_password_replaces_the_former_one(client, legal_entity):
    fill(client, legal_entity)
    other = "tout autre chose, mais vraiment"
    client.post(STEP_1, PERSON | {"new_password1": other, "new_password2": other})
    client.post(RECAP)
    assert User.objects.get().check_password(other)


@pytest.mark.parametrize(("first", "second"), [("", PASSWORD), (PASSWORD, ""), (PASSWORD, PASSWORD + "!")])
def test_a_password_kept_is_replaced_only_when_typed_twice(client, legal_entity, first, second):
    fill(client, legal_entity)
    page = client.post(STEP_1, PERSON | {"new_password1": first, "new_password2": second})
    assert page.status_code == 200
    assert "<title>Erreur" in page.content.decode()


def test_previous_keeps_what_was_selected_even_incomplete(client, legal_entity):
    fill(client, legal_entity, until=SCREEN_1)
    response = client.post(SCREEN_1, {"establishment_type": "essms", "region": "", "previous": "1"})
    assert response.url == STEP_1
    assert '<option value="essms" selected>' in client.get(SCREEN_1).content.decode()


def test_the_same_type_and_region_keep_the_establishment_chosen(client, legal_entity):
    fill(client, legal_entity)
    client.post(SCREEN_1, {"establishment_type": "essms", "region": "11"})
    assert client.get(RECAP).status_code == 200


def test_another_region_asks_for_the_establishment_again(client, legal_entity):
    RegionFactory(code="84")
    fill(client, legal_entity)
    client.post(SCREEN_1, {"establishment_type": "essms", "region": "84"})
    assert client.get(RECAP, follow=True).redirect_chain[-1][0] == SCREEN_2


def test_a_good_password_is_not_asked_for_again_when_another_field_is_wrong(client):
    page = text(client.post(STEP_1, PERSON | {"phone": "bonjour"}).content.decode())
    assert "Saisissez un numéro de téléphone valable, par exemple 01 01 01 01 01." in page
    assert 'value="testtest"' in page
    corrected = PERSON | {"new_password1": "", "new_password2": ""}
    assert client.post(STEP_1, corrected).url == SCREEN_1


# Nothing says whether an account exists


@pytest.mark.parametrize("taken", ["email", "username", "both", "email_case", "username_case", "pending", "disabled"])
def test_what_is_taken_gets_the_same_pages(legal_entity, taken):
    reference = Client()
    fill(reference, legal_entity, username="libre", email="libre@exemple.fr")
    expected = reference.post(RECAP, follow=True)
    values = {"username": "prise", "email": "prise@exemple.fr"}
    existing = {"username": "autre", "email": "autre@exemple.fr"}
    if taken not in ("username", "username_case"):
        existing["email"] = "PRISE@exemple.fr" if taken == "email_case" else values["email"]
    if taken in ("username", "both", "username_case"):
        existing["username"] = "Prise" if taken == "username_case" else values["username"]
    UserFactory(pending=taken == "pending", is_active=taken != "disabled", **existing)
    accounts = User.objects.count()
    client = Client()
    fill(client, legal_entity, **values)
    answer = client.post(RECAP, follow=True)
    assert answer.redirect_chain == expected.redirect_chain == [(DONE, 302)]
    assert answer.content == expected.content
    assert User.objects.count() == accounts


def test_the_owner_of_a_taken_address_is_told_by_email(client, legal_entity):
    owner = UserFactory(email="Marie@exemple.fr", username="marie")
    fill(client, legal_entity, email="marie@EXEMPLE.fr")
    client.post(RECAP)
    message = Email.objects.get()
    assert (message.kind, message.to) == ("account_exists", owner.email)
    assert "http://127.0.0.1:8000/connexion/" in message.text
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    assert owner.first_name == "Camille"


def test_the_owner_of_an_address_not_activated_yet_gets_a_link(client, legal_entity):
    owner = UserFactory(email="marie@exemple.fr", pending=True)
    fill(client, legal_entity, email="marie@exemple.fr")
    client.post(RECAP)
    message = Email.objects.get(to=owner.email)
    assert "/inscription/activation/" in message.text


def test_registering_again_and_again_does_not_flood_the_owner(legal_entity):
    UserFactory(email="marie@exemple.fr")
    for n in range(5):
        client = Client()
        fill(client, legal_entity, email="marie@exemple.fr", username=f"marie{n}")
        client.post(RECAP)
    assert Email.objects.count() == 1


def test_a_newcomer_whose_user_name_is_taken_is_told_at_their_own_address(client, legal_entity):
    """The owner of the user name is nobody's business: only the newcomer can do something about it."""
    UserFactory(username="marie", email="marie@exemple.fr")
    fill(client, legal_entity, username="Marie", email="autre@exemple.fr")
    client.post(RECAP)
    message = Email.objects.get()
    assert (message.kind, message.to) == ("username_taken", "autre@exemple.fr")
    assert "«\u00a0Marie\u00a0»" in message.text
    assert "http://127.0.0.1:8000/inscription/" in message.text


def test_step_1_never_looks_for_accounts(client):
    """What is not asked cannot be told, nor timed (Q8)."""
    UserFactory(username="testtest", email=PERSON["email"])
    with CaptureQueriesContext(connection) as queries:
        assert client.post(STEP_1, PERSON).url == SCREEN_1
    assert not [query for query in queries if "accounts_user" in query["sql"]]


def test_extra_fields_change_nothing(client, legal_entity):
    """Q20."""
    extra = {"role": "admin", "is_active": "1", "activated_at": "2020-01-01", "is_staff": "1", "public_id": "x"}
    fill(client, legal_entity, **extra)
    client.post(RECAP, extra)
    user = User.objects.get()
    assert user.role == "referent"
    assert user.activated_at is None


def test_whoever_is_signed_in_does_not_register(client):
    sign_in(client, UserFactory())
    assert client.get(STEP_1).url == "/tableau-de-bord/"


def test_signing_in_forgets_a_registration_left_unfinished(client, legal_entity):
    fill(client, legal_entity)
    give_code(client, give_password(client, UserFactory()))
    assert "registration" not in client.session
