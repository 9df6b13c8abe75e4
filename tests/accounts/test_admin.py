"""The Django admin, behind the same two steps (Q12, S1)."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import EmailCode, TermsAcceptance, TermsVersion, User
from notifications.models import Email
from tests.accounts.factories import PASSWORD, RepresentationFactory, TermsVersionFactory, UserFactory
from tests.accounts.sessions import give_code, give_password, is_signed_in, sign_in
from tests.establishments.factories import LegalEntityFactory

pytestmark = pytest.mark.django_db
HOME = "/admin/"
USERS = "/admin/accounts/user/"


@pytest.fixture
def administrator(client):
    user = UserFactory(admin=True)
    sign_in(client, user)
    return user


def test_the_admin_has_no_sign_in_form_of_its_own(client):
    """Q12: the password alone opens nothing, wherever it is posted."""
    user = UserFactory(admin=True)
    response = client.get(HOME, follow=True)
    assert response.redirect_chain[-1][0] == "/connexion/?next=/admin/"
    credentials = {"username": user.username, "password": PASSWORD, "next": HOME}
    response = client.post("/admin/login/", credentials, follow=True)
    assert response.redirect_chain[-1][0].startswith("/connexion/?next=/admin/")
    assert "_auth_user_id" not in client.session
    assert client.get(USERS).status_code == 302


def test_password_then_code_open_the_admin(client):
    user = UserFactory(admin=True)
    code = give_password(client, user, next_url=HOME)
    assert client.get(HOME).status_code == 302
    assert give_code(client, code).url == HOME
    assert client.get(HOME).status_code == 200


def test_a_session_without_code_finds_the_admin_closed(client):
    client.force_login(UserFactory(admin=True))
    assert client.get(HOME).url == "/connexion/?next=/admin/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("role", ["referent", "verifier", "regional", "lead"])
@pytest.mark.parametrize(
    "address", [HOME, USERS, "/admin/login/", "/admin/jsi18n/", "/admin/password_change/", "/admin/x/"]
)
def test_other_roles_find_nothing(client, role, address):
    """D16."""
    sign_in(client, UserFactory(**{role: True}))
    assert client.get(address).status_code == 404


def test_the_admin_signs_out_and_changes_passwords_as_everywhere(client, administrator):
    assert client.get("/admin/password_change/").url == "/compte/mot-de-passe/"
    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/").url == "/connexion/"
    assert client.get(HOME).status_code == 302


@pytest.mark.parametrize("model", [User, TermsVersion, TermsAcceptance, EmailCode])
def test_every_list_and_page_of_the_room_is_shown(client, administrator, model):
    TermsVersionFactory(number=1)
    TermsAcceptance.objects.create(user=administrator, version=TermsVersion.objects.get())
    name = model._meta.model_name
    row = model.objects.first()
    assert client.get(f"/admin/accounts/{name}/").status_code == 200
    assert client.get(f"/admin/accounts/{name}/", {"q": "marie"}).status_code == 200
    assert client.get(f"/admin/accounts/{name}/{row.pk}/change/").status_code == 200


def test_lists_cost_the_same_whatever_they_hold(client, administrator, django_assert_max_num_queries):
    for n in range(3):
        UserFactory.create_batch(10)
        with django_assert_max_num_queries(12):
            assert client.get(USERS).status_code == 200
        assert n < 3


def test_nothing_that_is_history_can_be_deleted(client, administrator):
    version = TermsVersionFactory(number=1)
    acceptance = TermsAcceptance.objects.create(user=administrator, version=version)
    user = UserFactory()
    for row in (user, version, acceptance, EmailCode.objects.first()):
        address = reverse(f"admin:accounts_{row._meta.model_name}_delete", args=[row.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
        row.refresh_from_db()
    client.post(USERS, {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
    user.refresh_from_db()


def test_a_published_version_of_the_terms_is_frozen(client, administrator):
    version = TermsVersionFactory(number=1, body="Le texte accepté.")
    TermsAcceptance.objects.create(user=administrator, version=version)
    address = f"/admin/accounts/termsversion/{version.pk}/change/"
    assert client.post(address, {"number": 1, "body": "Un autre texte."}).status_code == 403
    version.refresh_from_db()
    assert version.body == "Le texte accepté."


def test_an_administrator_publishes_a_draft(client, administrator):
    draft = TermsVersion.objects.create(number=1, body="Nouveau texte.")
    client.post("/admin/accounts/termsversion/", {"action": "publish", "_selected_action": [draft.pk]})
    draft.refresh_from_db()
    assert draft.published_at is not None
    assert client.get(HOME).url == "/cgu/accepter/?next=/admin/"


def account(**values):
    return {
        "username": "nouvelle",
        "email": "nouvelle@exemple.fr",
        "civility": "madame",
        "last_name": "Durand",
        "first_name": "Marie",
        "phone": "",
        "role": "verifier",
        "regions": [],
        "is_active": "on",
        "representations-TOTAL_FORMS": "0",
        "representations-INITIAL_FORMS": "0",
        "terms_acceptances-TOTAL_FORMS": "0",
        "terms_acceptances-INITIAL_FORMS": "0",
    } | values


def test_a_new_member_of_staff_chooses_the_password_with_a_link(client, administrator):
    """Nobody else ever knows it."""
    response = client.post(f"{USERS}add/", account())
    assert response.status_code == 302, response.context["errors"]
    user = User.objects.get(username="nouvelle")
    assert user.role == "verifier"
    assert not user.has_usable_password()
    message = Email.objects.get()
    assert (message.kind, message.to) == ("password_reset", "nouvelle@exemple.fr")
    page = client.get(f"{USERS}{user.pk}/change/").content.decode()
    assert "password" not in page.replace("password_change", "")


@pytest.mark.parametrize(("field", "value"), [("username", "MARIE"), ("email", "Marie@exemple.fr")])
def test_what_is_taken_is_said_in_french(client, administrator, field, value):
    UserFactory(username="marie", email="marie@exemple.fr")
    response = client.post(f"{USERS}add/", account(**{field: value}))
    assert response.status_code == 200
    assert "Ce nom d" in response.content.decode() or "Cette adresse a déjà un compte." in response.content.decode()


def test_an_administrator_sends_a_link_but_not_to_a_closed_account(client, administrator):
    opened, closed = UserFactory(), UserFactory(is_active=False)
    client.post(USERS, {"action": "send_password_link", "_selected_action": [opened.pk, closed.pk]})
    assert Email.objects.get().to == opened.email


def test_an_administrator_closes_the_sessions_of_somebody_and_stays(client, administrator):
    """ASVS 7.4.5."""
    person, other = UserFactory(), UserFactory()
    theirs, spared = Client(), Client()
    sign_in(theirs, person)
    sign_in(spared, other)
    chosen = {"action": "close_sessions", "_selected_action": [person.pk, administrator.pk]}
    answer = client.post(USERS, chosen, follow=True)
    assert "Sessions fermées\xa0: 1." in answer.content.decode()
    assert [is_signed_in(each) for each in (theirs, spared, client)] == [False, True, True]


def test_nobody_gives_themselves_a_role_or_closes_their_own_account(client, administrator):
    other = UserFactory(admin=True)
    for user, role in ((administrator, "admin"), (other, "lead")):
        page = client.get(f"{USERS}{user.pk}/change/").content.decode()
        form = dict(re.findall(r'name="((?:representations|terms_acceptances)-[A-Z_]+)" value="(\d+)"', page))
        shown = {name: getattr(user, name) for name in ("username", "email", "civility", "last_name", "phone")}
        posted = {**form, **shown, "first_name": "Zoé", "role": "lead"}  # and the account closed: no `is_active`
        assert client.post(f"{USERS}{user.pk}/change/", posted).status_code == 302
        user.refresh_from_db()
        assert (user.first_name, user.role, user.is_active) == ("Zoé", role, user == administrator)


def test_an_administrator_attaches_an_account_to_an_establishment(client, administrator):
    representation = RepresentationFactory()
    address, other = f"{USERS}{representation.user.pk}/change/", LegalEntityFactory()
    page = client.get(address)
    assert f'value="{representation.legal_entity.finess}"' in page.content.decode()
    user = representation.user
    shown = {name: getattr(user, name) for name in ("username", "email", "civility", "last_name", "first_name", "role")}
    rows = [
        {"id": representation.pk, "user": user.pk, "legal_entity": representation.legal_entity.finess},
        {"user": user.pk, "legal_entity": other.finess},
    ]
    typed = {
        f"representations-{number}-{name}": value
        for number, row in enumerate(rows)
        for name, value in {**row, "establishment_type": "essms"}.items()
    }
    counts = {"representations-TOTAL_FORMS": "2", "representations-INITIAL_FORMS": "1"}
    response = client.post(address, account(**shown, **typed, **counts))
    assert response.status_code == 302, response.context["errors"]
    numbers = representation.user.representations.values_list("legal_entity__finess", flat=True)
    assert set(numbers) == {representation.legal_entity.finess, other.finess}


def test_the_list_of_entities_opened_from_a_form_gives_the_number(client, administrator):
    entity = LegalEntityFactory()
    page = client.get("/admin/establishments/legalentity/", {"_to_field": "finess", "_popup": "1"})
    assert f'data-popup-opener="{entity.finess}"' in page.content.decode()


def test_there_is_no_screen_of_groups(client, administrator):
    """docs/adr/0011: rights come from the role alone."""
    assert client.get("/admin/auth/group/").status_code == 404


def test_every_model_of_the_room_is_in_the_admin():
    for model in (User, TermsVersion, TermsAcceptance, EmailCode):
        assert admin.site.is_registered(model)
