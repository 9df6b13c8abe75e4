"""Another e-mail address for an account: asked again who is there, confirmed from both addresses (A7)."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import links, workflow
from accounts.email_changes import EmailChange, Side
from accounts.models import Session, User
from dossiers.models import Dossier
from ecare.models import AuditEntry
from notifications.enums import State
from notifications.models import Email
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.registering import text
from tests.accounts.sessions import give_code, give_password, is_signed_in, sign_in
from tests.accounts.test_races import at_once
from tests.dossiers import factories
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db
ACCOUNT, CHANGE, CANCEL = "/compte/", "/compte/adresse/", "/compte/adresse/abandonner/"
FORMER, NEW = "ancienne@exemple.fr", "Nouvelle@exemple.fr"
ASKED = "Confirmez que c'est bien vous"


def page(response) -> str:
    return text(response.content.decode())


def code_sent() -> str:
    letter = Email.objects.filter(kind="confirmation_code").latest("pk")
    return re.search(r"^Votre code de confirmation\s*:\s*(\d{6})$", letter.text, re.MULTILINE)[1]


def proved(client: Client) -> Client:
    client.post(CHANGE, {"confirm-resume": "get", "confirm-password": PASSWORD})
    assert client.post(CHANGE, {"confirm-resume": "get", "confirm-code": code_sent()}).url == CHANGE
    return client


def asked(user: User, email: str = NEW) -> EmailChange:
    workflow.ask_email_change(user, new_email=email, by=user)
    return EmailChange.objects.get(user=user, applied_at=None)


def link(kind: str) -> str:
    """The path of the link in the newest e-mail of that kind."""
    address = re.search(r"https?://\S+/adresse/\S+", Email.objects.filter(kind=kind).latest("pk").text)[0]
    return urlsplit(address).path


def path(change: EmailChange, side: Side) -> str:
    return urlsplit(links.email_change(change, side)).path


def said() -> list[str]:
    """What the audit log keeps of it: no address."""
    lines = AuditEntry.objects.filter(kind="email_changed").order_by("pk")
    assert not any(line.detail or "@" in line.subject for line in lines)
    return [line.subject for line in lines]


def sent(*to: str) -> None:
    """These letters, or all, have left."""
    letters = Email.objects.filter(to__in=to) if to else Email.objects.all()
    letters.update(state=State.SENT, sent_at=timezone.now(), next_attempt_at=None)


@pytest.fixture
def user():
    return UserFactory(email=FORMER, first_name="Camille", last_name="Durand", username="cdurand")


# Who is there


def test_the_password_then_a_code_are_asked_again_even_just_after_signing_in(client, user):
    give_code(client, give_password(client, user))
    key = client.session.session_key
    assert ASKED in page(client.get(CHANGE))
    assert "Saisissez-le de nouveau" in page(
        client.post(CHANGE, {"confirm-resume": "get", "confirm-password": "une erreur"})
    )
    assert not Email.objects.filter(kind="confirmation_code").exists()
    # A code without the password is nothing, nor is the other question of this portal.
    assert ASKED in page(client.post(CHANGE, {"confirm-resume": "get", "confirm-code": "123456"}))
    sent = page(client.post(CHANGE, {"confirm-resume": "get", "confirm-password": PASSWORD}))
    assert "Code transmis" in sent
    assert ASKED in page(client.get(CHANGE))
    wrong = f"{(int(code_sent()) + 1) % 1_000_000:06d}"
    assert "Ce code est incorrect" in page(client.post(CHANGE, {"confirm-resume": "get", "confirm-code": wrong}))
    refused = page(client.post(CHANGE, {"confirm-resume": "get", "confirm-again": "1"}))
    assert "vous pourrez demander un nouveau code à partir de" in refused
    right = client.post(CHANGE, {"confirm-resume": "get", "confirm-code": code_sent()})
    assert right.url == CHANGE
    assert client.session.session_key != key
    assert "Nouvelle adresse e-mail" in page(client.get(CHANGE))


def test_that_proof_lasts_ten_minutes_and_what_was_typed_goes_through_it(client, user):
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        proved(sign_in(client, user))
        clock.shift(timedelta(minutes=9, seconds=59))
        assert ASKED not in page(client.get(CHANGE))
        clock.shift(1)
        assert f'name="email" value="{NEW}"' in page(client.post(CHANGE, {"email": NEW}))
        assert f'name="email" value="{NEW}"' in page(
            client.post(CHANGE, {"email": NEW, "confirm-resume": "post", "confirm-password": PASSWORD})
        )
        assert not EmailChange.objects.exists()
        code = {"email": NEW, "confirm-resume": "post", "confirm-code": code_sent()}
        assert client.post(CHANGE, code).url == ACCOUNT
        assert EmailChange.objects.get().new_email == NEW


def test_a_code_asked_for_in_one_browser_proves_nothing_in_another(client, user):
    """Q2."""
    sign_in(client, user).post(CHANGE, {"confirm-resume": "get", "confirm-password": PASSWORD})
    code, other = code_sent(), sign_in(Client(), user)
    other.post(CHANGE, {"confirm-resume": "get", "confirm-password": PASSWORD})
    assert ASKED in page(other.post(CHANGE, {"confirm-resume": "get", "confirm-code": code}))


# From both addresses


@pytest.mark.parametrize("first", ["former", "new"])
def test_the_address_changes_once_both_have_confirmed_in_any_order(client, user, first):
    proved(sign_in(client, user))
    elsewhere = sign_in(Client(), user)
    answer = client.post(CHANGE, {"email": NEW}, follow=True)
    assert f"Nouvelle adresse\u00a0: {NEW}" in page(answer)
    kinds = {"former": "email_change_asked", "new": "email_change_to_confirm"}
    paths = {side: link(kind) for side, kind in kinds.items()}
    assert {letter.to for letter in Email.objects.filter(kind__in=kinds.values())} == {FORMER, NEW}
    to_new = Email.objects.get(kind=kinds["new"])
    assert not {"Camille", "cdurand", FORMER} & set(re.findall(r"[\w.@-]+", to_new.text))  # maybe a stranger
    second = "new" if first == "former" else "former"

    for side in (first, second):  # mail scanners open links: nothing is confirmed by it (Q9)
        opened = Client().get(paths[side])
        assert opened.status_code == 200
        assert ("cdurand" in page(opened)) == (side == "former")
    waiting = Client().post(paths[first])
    assert "il reste une confirmation" in page(waiting)
    assert "il reste une confirmation" in page(Client().post(paths[first]))  # sent twice: no second step
    user.refresh_from_db()
    assert user.email == FORMER
    assert is_signed_in(elsewhere)
    give_password(Client(), user)  # still signs in by the former one

    done = client.post(paths[second])

    assert "L'adresse e-mail du compte est changée" in page(done)
    user.refresh_from_db()
    assert user.email == NEW
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert {letter.to for letter in Email.objects.filter(kind="email_changed")} == {FORMER, NEW}
    assert said() == ["demandé", "fait"]
    for used in paths.values():
        assert Client().get(used).status_code == Client().post(used).status_code == 410
    fresh = Client()
    assert fresh.post("/connexion/", {"username": NEW.lower(), "password": PASSWORD}).url == "/connexion/code/"
    assert Client().post("/connexion/", {"username": FORMER, "password": PASSWORD}).status_code == 200


def test_a_code_and_a_link_sent_to_the_former_address_no_longer_serve(user):
    browser = Client()
    code = give_password(browser, user)
    reset = urlsplit(links.password_reset(user)).path
    change = asked(user)
    for side in Side:
        Client().post(path(change, side))
    assert give_code(browser, code).status_code == 200
    assert Client().get(reset).status_code == 410


def test_links_are_void_after_a_day_or_once_asked_again_and_the_purge_forgets_them(user):
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        first = asked(user)
        change = asked(user, "Autre@exemple.fr")
        assert Client().post(path(first, Side.NEW)).status_code == 410
        assert not Email.objects.filter(to=NEW).exists()
        clock.shift(timedelta(hours=23, minutes=59, seconds=59))
        assert purged("email-changes") == 0
        assert Client().post(path(change, Side.FORMER)).status_code == 200
        clock.shift(1)
        for side in Side:
            assert Client().get(path(change, side)).status_code == Client().post(path(change, side)).status_code == 410
        assert "attend sa confirmation" not in page(sign_in(Client(), user).get(ACCOUNT))
        sent("Autre@exemple.fr")
        call_command("purge")
        assert not EmailChange.objects.exists()
        assert not Email.objects.filter(to="Autre@exemple.fr").exists()
        assert purged("email-changes") == 0
    forged = reverse("accounts:confirm-email", args=["faux"])
    assert Client().get(forged).status_code == Client().post(forged).status_code == 410


def test_the_former_address_refuses_even_after_confirming_and_the_new_one_cannot(user):
    change = asked(user)
    Client().post(path(change, Side.FORMER))
    assert "Ce n'est pas moi" in page(Client().get(path(change, Side.FORMER)))
    assert "Ce n'est pas moi" not in page(Client().get(path(change, Side.NEW)))
    refused = Client().post(path(change, Side.FORMER), {"refuse": "1"})
    assert "Le changement est annulé" in page(refused)
    assert Client().post(path(change, Side.NEW)).status_code == 410
    user.refresh_from_db()
    assert user.email == FORMER
    assert said() == ["demandé", "refusé de l'ancienne adresse"]


def test_it_is_given_up_from_the_account_and_void_once_the_password_changes(client, user):
    sign_in(client, user)
    change = asked(user)
    assert "Abandonner ce changement" in page(client.get(ACCOUNT))
    assert client.post(CANCEL).url == client.post(CANCEL).url == ACCOUNT  # twice, once
    assert said() == ["demandé", "abandonné"]
    assert Client().post(path(change, Side.NEW)).status_code == 410
    change = asked(user)
    workflow.change_password(user, new_password="tout autre chose ici", by=user)
    assert not EmailChange.objects.exists()
    assert Client().get(path(change, Side.FORMER)).status_code == 410


def test_a_closed_account_confirms_nothing(user):
    change = asked(user)
    User.objects.update(is_active=False)
    assert Client().post(path(change, Side.NEW)).status_code == 410
    with pytest.raises(workflow.Refused):
        workflow.ask_email_change(user, new_email=NEW, by=user)


# An address that is somebody's


def test_an_address_that_is_somebody_s_is_answered_alike_and_its_owner_is_told(user):
    """Q8: same page, same state afterwards, as many statements; no link that could confirm it."""
    other = UserFactory(email="prise@exemple.fr")
    seen = []
    for email in ("libre@exemple.fr", "PRISE@exemple.fr"):
        browser = proved(sign_in(Client(), user))
        with CaptureQueriesContext(connection) as captured:
            answer = browser.post(CHANGE, {"email": email})
        shown = page(browser.get(ACCOUNT)).replace(email, "x").partition("<h3")[2].partition("<form")[0]
        seen.append((answer.status_code, answer.url, re.sub(r"\d", "0", shown), len(captured)))
        former = page(Client().get(link("email_change_asked")))
        seen[-1] += (re.sub(r"\d", "0", former.replace(email, "x").partition("<main")[2].partition("csrf")[0]),)
    assert seen[0][:3] == seen[1][:3]
    assert seen[0][4] == seen[1][4]
    assert abs(seen[0][3] - seen[1][3]) <= 3  # the second one replaces the first
    assert "x" in seen[0][2]
    told = Email.objects.get(kind="email_wanted")
    assert told.to == other.email
    assert user.last_name not in told.text
    assert not Email.objects.filter(kind="email_change_to_confirm", to__iexact=other.email).exists()
    assert "il reste une confirmation" in page(Client().post(link("email_change_asked")))
    user.refresh_from_db()
    assert user.email == FORMER


def test_one_s_own_address_or_a_wrong_one_is_refused_with_a_sentence(client, user):
    proved(sign_in(client, user))
    assert "C'est déjà l'adresse de votre compte" in page(client.post(CHANGE, {"email": FORMER.upper()}))
    assert "par exemple nom@exemple.fr" in page(client.post(CHANGE, {"email": "nom@"}))
    assert not EmailChange.objects.exists()
    with pytest.raises(workflow.Refused):
        workflow.ask_email_change(user, new_email=FORMER.upper(), by=user)
    with pytest.raises(workflow.Refused):
        workflow.ask_email_change(user, new_email=NEW, by=UserFactory())
    for n in range(6):
        answer = client.post(CHANGE, {"email": f"n{n}@exemple.fr"})
    assert answer.status_code == 429
    assert EmailChange.objects.get().new_email == "n4@exemple.fr"


def test_an_address_registered_meanwhile_is_left_to_who_registered_it(user):
    change = asked(user)
    Client().post(path(change, Side.FORMER))
    UserFactory(email=NEW.lower())
    assert "a désormais un autre compte" in page(Client().post(path(change, Side.NEW)))
    user.refresh_from_db()
    assert user.email == FORMER
    assert not EmailChange.objects.exists()
    assert said() == ["demandé", "refusé, adresse prise"]


@pytest.mark.django_db(transaction=True)
def test_two_accounts_that_confirm_the_same_new_address_at_once_one_has_it():
    """And one account confirmed from both sides at once changes once."""
    for n in range(4):
        people = [UserFactory(), UserFactory()]
        changes = [asked(person, f"commune{n}@exemple.fr") for person in people]
        for change in changes:
            workflow.confirm_email_change(change.public_id, Side.FORMER)
        outcomes = at_once(
            [lambda change=change: workflow.confirm_email_change(change.public_id, Side.NEW) for change in changes]
        )
        assert set(outcomes) == {workflow.Confirmed.DONE, workflow.Confirmed.TAKEN}
        assert User.objects.filter(email=f"commune{n}@exemple.fr").count() == 1
        change = asked(people[0], f"seule{n}@exemple.fr")
        outcomes = at_once(
            [lambda side=side, change=change: workflow.confirm_email_change(change.public_id, side) for side in Side]
        )
        assert set(outcomes) == {workflow.Confirmed.WAITING, workflow.Confirmed.DONE}
        assert Email.objects.filter(kind="email_changed", to=f"seule{n}@exemple.fr").count() == 1


def test_the_database_refuses_a_change_confirmed_once_and_two_that_wait(user):
    change = asked(user)
    for refused in (
        lambda: EmailChange.objects.update(applied_at=timezone.now(), new_confirmed_at=timezone.now()),
        lambda: EmailChange.objects.create(user=user, former_email=FORMER, new_email=change.new_email),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            refused()


# What else knew the address


def test_dossiers_are_found_by_the_new_address_and_the_deletion_forgets_all_of_them():
    entity = factories.entity()
    person = factories.referent(entity, email=FORMER)
    stage = factories.rejected(by=person, legal_entity=entity)
    change = asked(person)
    for side in Side:
        Client().post(path(change, side))
    found = Dossier.objects.get(pk=stage.dossier_id).search_text
    assert ("nouvelle" in found, "ancienne" in found) == (True, False)
    asked(User.objects.get(pk=person.pk), "troisieme@exemple.fr")

    client = sign_in(Client(), User.objects.get(pk=person.pk))
    data = json.loads(client.post("/compte/donnees/").content)
    steps = [
        (each["ancienne"], each["nouvelle"], bool(each["fait le"])) for each in data["changements d'adresse e-mail"]
    ]
    assert steps == [(FORMER, NEW, True), (NEW, "troisieme@exemple.fr", False)]
    subjects = {each["objet"] for each in data["e-mails reçus"]}
    assert {"Confirmez le changement de votre adresse e-mail", "Confirmez votre nouvelle adresse e-mail"} <= subjects
    assert any(stage.dossier.reference in subject for subject in subjects)  # written to the former address

    sent()
    # Who has the former address from now on keeps what they are sent.
    UserFactory(email=FORMER)
    workflow.request_password_reset(FORMER)
    client.post("/compte/suppression/", {"password": PASSWORD, "understood": "on"})
    assert not EmailChange.objects.exists()
    left = Email.objects.exclude(kind__in=["account_deleted", "password_reset"])
    assert {letter.to for letter in left.filter(about=stage.dossier.reference, kind="dossier_rejected")} == {
        "adresse supprimée"
    }
    for letter in left:
        assert not re.search(r"ancienne@|nouvelle@|troisieme@", f"{letter.to} {letter.text}", re.IGNORECASE)
    assert Email.objects.get(kind="password_reset").to == FORMER


def test_an_address_corrected_by_an_administrator_is_told_to_both_and_closes_sessions(user):
    admin = sign_in(Client(), UserFactory(admin=True))
    elsewhere, waiting = sign_in(Client(), user), asked(user, "attendue@exemple.fr")
    address = reverse("admin:accounts_user_change", args=[user.pk])
    form = {
        "username": user.username,
        "email": NEW,
        "civility": "madame",
        "last_name": "Durand",
        "first_name": "Camille",
        "phone": "0101010101",
        "role": "referent",
        "is_active": "on",
        **{
            f"{prefix}-{name}": "0"
            for prefix in ("representations", "terms_acceptances")
            for name in ("TOTAL_FORMS", "INITIAL_FORMS")
        },
    }
    assert admin.post(address, form).status_code == 302
    change = EmailChange.objects.get()
    assert (change.former_email, change.new_email, change.is_correction) == (FORMER, NEW, True)
    assert {letter.to for letter in Email.objects.filter(kind="email_changed")} == {FORMER, NEW}
    assert Client().get(path(waiting, Side.FORMER)).status_code == 410
    assert not is_signed_in(elsewhere)
    assert Session.objects.filter(account=user).count() == 0
    assert said() == ["demandé", f"compte {user.pk}"]
    with pytest.raises(workflow.Refused):
        workflow.correct_email(user, former_email=FORMER, by=UserFactory(lead=True))
