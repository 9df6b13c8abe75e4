"""Leaving the portal: one's own data, the deletion of the account, an establishment that one leaves (A7, A8, Q59)."""

from __future__ import annotations

import datetime as dt
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.sql import SQL, Identifier

from accounts import protection
from accounts import workflow as accounts_workflow
from accounts.models import Representation, Session, User
from dossiers import workflow
from dossiers.models import Dossier, DossierStage, ParkedInput, TakeoverRequest, Transmission
from ecare.models import AuditEntry
from notifications import delivery, outbox
from notifications.enums import State
from notifications.models import Email
from notifications.transport import Transport
from tests.accounts.factories import PASSWORD, RepresentationFactory, TermsVersionFactory, UserFactory
from tests.accounts.sessions import give_password
from tests.dossiers import factories, pages
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db
DATA, DELETE, DELETED = "/compte/donnees/", "/compte/suppression/", "/compte/supprime/"
WHO = {
    "first_name": "Zéphyrine",
    "last_name": "D'Ozouf",
    "username": "zdozouf",
    "email": "Zephyrine.Dozouf@exemple.fr",
    "phone": "+33655443322",
}
SURE = {"password": PASSWORD, "understood": "on"}


def links(response: HttpResponse) -> list[str]:
    return re.findall(r'href="([^"]*)"', response.content.decode())


def remove(finess: str) -> str:
    return f"/compte/etablissements/{finess}/retirer/"


def places(*words: str) -> list[str]:
    """The tables of the database that hold one of these words, in any column, whatever the case."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for word in words:
                statement = SQL("SELECT count(*) FROM {} t WHERE strpos(lower(t::text), lower(%s)) > 0")
                cursor.execute(statement.format(Identifier(table)), [word])
                if cursor.fetchone()[0]:
                    found.append(f"{table}: {word}")
    return found


def traces() -> list[str]:
    return places("zephyrine", "zéphyrine", "ozouf", "655443322", "6 55 44 33 22")


def administered(person: User, *, by: User) -> None:
    """An administrator changes the phone and the type of an establishment: Django keeps both names in its history."""
    client, address = factories.signed_in(by), reverse("admin:accounts_user_change", args=[person.pk])
    page = client.get(address)
    form = {**WHO, "civility": "madame", "role": "referent", "is_active": "on", "phone": "0655443322"}
    for inline in page.context["inline_admin_formsets"]:
        forms = [inline.formset.management_form, *inline.formset.initial_forms]
        for each in forms:
            form |= {each.add_prefix(name): each[name].value() or "" for name in each.fields}
    form["representations-0-establishment_type"] = "es"
    response = client.post(address, form)
    assert response.status_code == 302, [inline.formset.errors for inline in response.context["inline_admin_formsets"]]
    assert LogEntry.objects.filter(change_message__contains="Ozouf").exists()


@pytest.fixture
def person() -> User:
    return factories.referent(factories.entity(), **WHO)


def live(person: User) -> tuple[DossierStage, DossierStage, User]:
    """A whole life on the portal: a dossier rejected, that stays theirs; one transferred; what was written of them."""
    home = person.representations.get().legal_entity
    colleague = factories.referent(home, first_name="Karim", last_name="Benali")
    lead, admin = UserFactory(lead=True), UserFactory(admin=True)
    terms = TermsVersionFactory(number=1)
    for each in (person, colleague, admin):
        accounts_workflow.accept_terms(terms, by=each)
    kept = factories.rejected(by=person, legal_entity=home)

    away = factories.entity()
    RepresentationFactory(user=person, legal_entity=away, is_primary=False)
    RepresentationFactory(user=colleague, legal_entity=away, is_primary=False)
    given = factories.transmitted(by=person, legal_entity=away)
    workflow.transfer([given], by=person, to=colleague)
    workflow.reassign(factories.fresh(given), by=lead, to=person, reason="Retour de congé.")
    workflow.transfer([factories.fresh(given)], by=person, to=colleague)
    workflow.takeovers.ask(factories.fresh(given), by=person, reason="Je m'en occupe.", at=timezone.now())

    protection.start_authenticator(person, by=person)
    protection.note_browser(person, "a" * 64, first=False, browser="Firefox", at=timezone.now())
    ParkedInput.objects.create(user=person, dossier_stage=kept, answers={"comment": {"raw": {"value": "Un mot"}}})
    give_password(Client(), person)
    administered(person, by=admin)
    return factories.fresh(kept), factories.fresh(given), colleague


def test_an_account_left_for_years_leaves_as_little_and_its_dossiers_are_vacant(person: User) -> None:
    live(person)
    away = factories.entity()
    RepresentationFactory(user=person, legal_entity=away, is_primary=False)
    held = factories.transmitted(by=person, legal_entity=away)
    told = timezone.now() - dt.timedelta(days=30)
    User.objects.filter(pk=person.pk).update(last_login=told - dt.timedelta(days=800), inactivity_told_at=told)
    assert purged("inactive") == 1
    with Transport() as transport:
        delivery.deliver(Email.objects.get(kind="account_deleted").pk, transport)
    assert traces() == []
    assert held.dossier in Dossier.objects.ownerless()
    assert Transmission.objects.filter(dossier_stage=held).exists()


def test_what_is_kept_for_the_next_referent_outlives_the_account_and_names_nobody(person: User) -> None:
    """Written before the account is deleted and after: the next référent reads both (Q38)."""
    home = person.representations.get().legal_entity
    held, lead = factories.transmitted(by=person, legal_entity=home), UserFactory(lead=True)
    delivery.sweep()
    User.objects.filter(pk=person.pk).update(is_active=False)
    workflow.reject(held, by=lead, reason="Hors périmètre.")
    told = timezone.now() - dt.timedelta(days=30)
    User.objects.filter(pk=person.pk).update(last_login=told - dt.timedelta(days=800), inactivity_told_at=told)
    assert purged("inactive") == 1
    delivery.sweep()
    workflow.reopen(factories.fresh(held), by=lead, reason="Nouvel examen.")
    assert traces() == []

    colleague = factories.referent(home)
    workflow.reassign(factories.fresh(held), by=lead, to=colleague, reason="Départ.")
    page = pages.text(factories.signed_in(colleague).get(pages.url("history", held)))
    letters = page.split("Lire l'e-mail")
    for subject, body in (("est rejeté", "Hors périmètre."), ("est de nouveau en instruction", "Nouvel examen.")):
        assert any(subject in each and body in each for each in letters), subject


def test_nothing_of_the_person_stays_and_their_dossiers_do(person: User) -> None:
    kept, given, colleague = live(person)
    assert {place.split(":")[0] for place in traces()} >= {
        "accounts_user",
        "notifications_email",
        "dossiers_transmission",
        "dossiers_dossier",
        "django_admin_log",
    }
    assert not AuditEntry.objects.filter(detail__icontains="ozouf").exists()
    before = Transmission.objects.get(dossier_stage=kept)
    client, elsewhere = factories.signed_in(person), factories.signed_in(person)

    assert client.post(DELETE, {**SURE, "password": "autre"}).status_code == 200
    assert client.post(DELETE, {"password": PASSWORD}).status_code == 200
    person.refresh_from_db()
    assert person.deleted_at is None
    response = client.post(DELETE, SURE)

    assert (response.status_code, response["Location"]) == (302, DELETED)
    assert client.get("/compte/").status_code == elsewhere.get("/compte/").status_code == 302
    farewell = Email.objects.get(kind="account_deleted")
    assert farewell.to == WHO["email"]
    assert traces() == ["notifications_email: zephyrine", "notifications_email: ozouf"]  # the farewell, on its way
    with Transport() as transport:
        assert delivery.deliver(farewell.pk, transport) is delivery.Outcome.SENT
    assert traces() == []

    person.refresh_from_db()
    assert (person.full_name, person.is_active, person.has_usable_password()) == ("Compte supprimé", False, False)
    assert not Session.objects.filter(account=person).exists()
    assert not Representation.objects.filter(user=person).exists()
    assert TakeoverRequest.objects.get(asker=person).state == "withdrawn"
    after = Transmission.objects.get(pk=before.pk)
    assert after.answers == before.answers
    assert after.applicant == {**before.applicant, "referent": "Compte supprimé", "referent_email": ""}
    history = pages.text(factories.signed_in(colleague).get(pages.url("stage", given, "candidature"), follow=True))
    assert "De Compte supprimé à Karim Benali" in history
    kept.dossier.refresh_from_db()
    assert kept.dossier.referent == person
    assert kept.dossier.reference.lower() in kept.dossier.search_text
    line = AuditEntry.objects.get(kind="account_deleted")
    assert (line.actor_id, line.detail) == (person.pk, {})


def test_the_person_may_register_again_and_nothing_is_written_to_who_left(person: User) -> None:
    accounts_workflow.delete_account(person, by=person)
    accounts_workflow.delete_account(person, by=person)  # once only
    assert Email.objects.filter(kind="account_deleted").count() == 1
    UserFactory(**WHO)
    person.refresh_from_db()
    with transaction.atomic():
        letter = outbox.post(kind="account_deleted", to=person.email, subject="Essai", context={}, key="essai")
    assert (letter.state, letter.text, letter.next_attempt_at) == (State.EXPIRED, "", None)


def test_dossiers_that_wait_keep_the_account_and_say_where_to_hand_them_over(person: User) -> None:
    stage = factories.draft(by=person, legal_entity=person.representations.get().legal_entity)
    client = factories.signed_in(person)
    for response in (client.get(DELETE), client.post(DELETE, SURE)):
        page = pages.text(response)
        assert "Des dossiers vous attendent encore" in page
        assert stage.dossier.reference in page
        assert reverse("dossiers:successors", args=[stage.dossier.reference]) in links(response)
        assert b'name="password"' not in response.content
    assert response.status_code == 409
    with pytest.raises(accounts_workflow.MattersOpen):
        accounts_workflow.delete_account(person, by=person)


def test_only_oneself_and_no_member_of_staff(person: User) -> None:
    verifier = UserFactory(verifier=True)
    assert factories.signed_in(verifier).post(DELETE, SURE).status_code == 404
    for user, by in ((verifier, verifier), (person, UserFactory(admin=True)), (person, UserFactory())):
        with pytest.raises(accounts_workflow.Refused):
            accounts_workflow.delete_account(user, by=by)
    person.refresh_from_db()
    assert person.deleted_at is None


def test_the_database_keeps_a_deleted_account_closed_and_the_transmissions_of_the_others(person: User) -> None:
    other = factories.transmitted()
    accounts_workflow.delete_account(person, by=person)
    for change in ({"is_active": True}, {"first_name": "Zoé"}, {"phone": "+33101010101"}, {"email": "z@exemple.fr"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=person.pk).update(**change)
    sent = Transmission.objects.filter(dossier_stage=other)
    erased = {**sent.get().applicant, "referent": "Compte supprimé", "referent_email": ""}
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sent.update(applicant=erased)


def test_what_was_transmitted_by_who_left_changes_in_nothing_else(person: User) -> None:
    stage = factories.rejected(by=person, legal_entity=person.representations.get().legal_entity)
    accounts_workflow.delete_account(person, by=person)
    sent = Transmission.objects.filter(dossier_stage=stage)
    for change in (
        {"answers": {}},
        {"applicant": {**sent.get().applicant, "name": "AUTRE"}},
        {"applicant": {**sent.get().applicant, "referent": "Autre Nom"}},
        {"number": 9},
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sent.update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sent._raw_delete(sent.db)


def test_one_s_own_data_after_being_asked_who_is_there(person: User) -> None:
    stage = factories.transmitted(by=person, legal_entity=person.representations.get().legal_entity)
    factories.transmitted()
    client = factories.signed_in(person)
    session = client.session
    del session["confirmed_at"]
    session.save()
    assert "Confirmez que c'est bien vous" in pages.text(client.post(DATA))
    client.post(DATA, {"confirm-resume": "get", "confirm-password": PASSWORD})
    assert AuditEntry.objects.filter(kind="downloaded").count() == 0
    response = client.post(DATA)

    assert re.search(r'attachment; filename="donnees-personnelles-[\d-]{10}\.json"', response["Content-Disposition"])
    data = json.loads(response.content)
    assert data["compte"]["adresse e-mail"] == WHO["email"]
    assert data["compte"]["téléphone"] == WHO["phone"]
    assert [each["référence"] for each in data["dossiers"]] == [stage.dossier.reference]
    assert {"question", "réponse"} == set(data["dossiers"][0]["réponses"][0])
    assert [each["FINESS"] for each in data["établissements"]] == [stage.dossier.legal_entity.finess]
    assert data["pièces déposées"]
    assert next(each["action"] for each in data["actions sur les dossiers"]) == "Dossier créé"
    assert AuditEntry.objects.get(kind="downloaded").actor_id == person.pk


def test_an_establishment_is_removed_and_the_oldest_other_becomes_the_first(person: User) -> None:
    first = person.representations.get()
    second, third = (RepresentationFactory(user=person, is_primary=False) for _ in range(2))
    client = factories.signed_in(person)
    assert remove(first.legal_entity.finess) in links(client.get("/compte/"))

    response = client.post(remove(first.legal_entity.finess))

    assert response["Location"] == "/compte/"
    left = Representation.objects.filter(user=person).order_by("-is_primary", "pk")
    assert [(each.pk, each.is_primary) for each in left] == [(second.pk, True), (third.pk, False)]
    assert client.post(remove(first.legal_entity.finess)).status_code == 404  # no longer theirs
    assert client.get(remove(UserFactory().username)).status_code == 404


def test_the_last_establishment_stays_and_says_what_to_do_instead(person: User) -> None:
    only = person.representations.get()
    client = factories.signed_in(person)
    assert remove(only.legal_entity.finess) not in links(client.get("/compte/"))
    response = client.post(remove(only.legal_entity.finess))
    assert response.status_code == 409
    assert {reverse("accounts:add-establishment"), DELETE} <= set(links(response))
    assert Representation.objects.filter(pk=only.pk).exists()


def test_an_establishment_whose_dossier_or_request_waits_is_not_removed(person: User) -> None:
    first = person.representations.get()
    second = RepresentationFactory(user=person, is_primary=False)
    mine = factories.draft(by=person, legal_entity=first.legal_entity)
    theirs = factories.draft(by=factories.referent(second.legal_entity), legal_entity=second.legal_entity)
    workflow.takeovers.ask(theirs, by=person, reason="Parti.", at=timezone.now())
    client = factories.signed_in(person)
    response = client.post(remove(first.legal_entity.finess))
    assert (response.status_code, mine.dossier.reference in pages.text(response)) == (409, True)
    response = client.post(remove(second.legal_entity.finess))
    assert reverse("dossiers:claims") in links(response)
    assert theirs.dossier.reference not in response.content.decode()  # D3
    assert person.representations.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_dossier_given_or_created_at_the_same_instant_is_never_left_to_who_leaves() -> None:
    """Ten rounds of each: either the account is deleted and holds nothing, or it holds the dossier and is open."""

    def attempt(act: object) -> None:
        try:
            act()  # type: ignore[operator]
        except (workflow.Refused, workflow.NotAllowed, accounts_workflow.Refused):
            pass
        finally:
            connections.close_all()

    outcomes = set()
    poc = factories.poc()
    for number in range(20):
        entity = factories.entity()
        giver, leaver = factories.referent(entity), factories.referent(entity)
        if number % 2:
            stage = factories.draft(by=giver, legal_entity=entity)
            rival = lambda: workflow.transfer([stage], by=giver, to=leaver)  # noqa: B023, E731
        else:
            rival = lambda: workflow.create_dossier(poc, entity, by=leaver, at=timezone.now())  # noqa: B023, E731
        with ThreadPoolExecutor(2) as pool:
            acts = [rival, lambda: accounts_workflow.delete_account(leaver, by=leaver)]  # noqa: B023
            list(pool.map(attempt, acts if number % 4 < 2 else acts[::-1]))
        leaver.refresh_from_db()
        held = leaver.dossiers.count()
        assert (leaver.deleted_at is None) == bool(held)
        outcomes.add(held)
    assert outcomes == {0, 1}
