"""The terms of use (A5, Q17)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import queries, workflow
from accounts.models import Block, TermsAcceptance, TermsVersion
from tests.accounts.factories import TermsVersionFactory, UserFactory
from tests.accounts.sessions import give_code, give_password, sign_in

pytestmark = pytest.mark.django_db
ACCEPT = "/cgu/accepter/"


@pytest.fixture
def version():
    return TermsVersionFactory(number=1)


def test_first_sign_in_leads_to_the_terms_then_to_the_page_asked_for(client, version):
    user = UserFactory()
    response = client.get(give_code(client, give_password(client, user, next_url="/compte/?a=1")).url)
    assert response.url == f"{ACCEPT}?next=/compte/%3Fa%3D1"
    page = client.get(response.url).content.decode()
    assert "J&#x27;accepte les conditions générales d&#x27;utilisation" in page
    assert "comment le portail s’utilise" in page
    response = client.post(response.url, {"version": 1, "accepted": "on", "next": "/compte/?a=1"})
    assert response.url == "/compte/?a=1"
    assert client.get("/compte/").status_code == 200


def test_version_and_time_of_the_acceptance_are_kept(client, version):
    user = UserFactory()
    sign_in(client, user)
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        client.post(ACCEPT, {"version": 1, "accepted": "on"})
        kept = TermsAcceptance.objects.get()
        assert (kept.user, kept.version, kept.accepted_at) == (user, version, timezone.now())
        client.post(ACCEPT, {"version": 1, "accepted": "on"})
    assert TermsAcceptance.objects.count() == 1


@pytest.mark.parametrize(
    "address",
    ["/", "/compte/", "/tableau-de-bord/", "/compte/mot-de-passe/", "/simulateur/", "/accessibilite/", "/connexion/"],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_else_can_be_reached_before(client, version, address, method):
    """Q17: every page but the terms and the way out."""
    sign_in(client, UserFactory())
    response = getattr(client, method)(address)
    assert response.status_code == 302
    assert response.url.startswith(ACCEPT)


@pytest.mark.parametrize("role", ["referent", "verifier", "regional", "lead", "admin"])
def test_every_role_accepts_them_the_admin_included(client, version, role):
    sign_in(client, UserFactory(**{role: True}))
    assert client.get("/admin/").url == f"{ACCEPT}?next=/admin/"


def test_terms_and_the_way_out_stay_reachable(client, version):
    sign_in(client, UserFactory())
    assert client.get("/cgu/").status_code == 200
    assert client.get(ACCEPT).status_code == 200
    assert client.post("/deconnexion/").url == "/"


def test_the_box_must_be_ticked(client, version):
    sign_in(client, UserFactory())
    page = client.post(ACCEPT, {"version": 1}).content.decode()
    assert "Cochez la case pour accepter les conditions et continuer." in page
    assert "<title>Erreur" in page
    assert not TermsAcceptance.objects.exists()


def test_a_new_version_in_force_leads_everyone_to_it_at_the_next_request(client, version):
    """Q17: sessions already open, at once, whatever the process."""
    user = UserFactory(terms_accepted=True)
    sign_in(client, user)
    assert client.get("/compte/").status_code == 200
    TermsVersionFactory(number=2)
    assert client.get("/compte/").url == f"{ACCEPT}?next=/compte/"
    client.post(ACCEPT, {"version": 2, "accepted": "on"})
    assert client.get("/compte/").status_code == 200


def test_a_version_published_for_later_waits_for_its_time(client, version):
    user = UserFactory(terms_accepted=True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        later = TermsVersion.objects.create(number=2, body="Demain.")
        workflow.publish_terms(later, in_force_from=timezone.now() + timedelta(minutes=20))
        sign_in(client, user)
        clock.shift(timedelta(minutes=19, seconds=59))
        assert client.get("/compte/").status_code == 200
        clock.shift(timedelta(seconds=1))
        assert client.get("/compte/").url == f"{ACCEPT}?next=/compte/"


def test_a_draft_concerns_nobody(client, version):
    TermsVersion.objects.create(number=2, body="Brouillon.")
    sign_in(client, UserFactory(terms_accepted=True))
    assert client.get("/compte/").status_code == 200
    assert "Brouillon" not in client.get("/cgu/").content.decode()


def test_a_version_replaced_while_it_was_read_is_not_accepted(client, version):
    sign_in(client, UserFactory())
    client.get(ACCEPT)
    TermsVersionFactory(number=2, body="Un autre texte.")
    page = client.post(ACCEPT, {"version": 1, "accepted": "on"}).content.decode()
    assert "Une nouvelle version vient d" in page
    assert "Un autre texte." in page
    assert not TermsAcceptance.objects.exists()


def test_the_session_changes_its_key_when_terms_are_accepted(client, version):
    """Q13."""
    sign_in(client, UserFactory())
    before = client.cookies["sessionid"].value
    client.post(ACCEPT, {"version": 1, "accepted": "on"})
    assert client.cookies["sessionid"].value != before
    assert client.get("/compte/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://exemple.org/", "//exemple.org/", "/\\exemple.org"])
def test_no_other_site_follows_the_acceptance(client, version, elsewhere):
    sign_in(client, UserFactory())
    assert client.post(ACCEPT, {"version": 1, "accepted": "on", "next": elsewhere}).url == "/tableau-de-bord/"


def test_visitors_read_the_terms_but_do_not_accept_them(client, version):
    assert "Version 1" in client.get("/cgu/").content.decode()
    assert client.get(ACCEPT).url == f"/connexion/?next={ACCEPT}"


def test_public_page_without_any_version(client):
    assert "pas encore publiées" in client.get("/cgu/").content.decode()


def test_the_check_costs_no_query(client, version):
    """The account and what it has to accept come in one query."""
    sign_in(client, UserFactory(terms_accepted=True))
    with CaptureQueriesContext(connection) as captured:
        client.get("/tableau-de-bord/")
    (statement,) = [query["sql"] for query in captured if "accounts_terms" in query["sql"]]
    assert 'FROM "accounts_user"' in statement


def test_a_published_version_is_published_once(version):
    with pytest.raises(workflow.Refused):
        workflow.publish_terms(version)


def test_a_version_that_nobody_would_be_asked_is_not_published(version):
    TermsVersionFactory(number=7)
    before, after = (TermsVersion.objects.create(number=number, body="x") for number in (6, 8))
    with pytest.raises(workflow.Refused, match="CGU version 7 s'applique déjà"):
        workflow.publish_terms(before)
    assert TermsVersion.objects.get(number=6).published_at is None
    workflow.publish_terms(after)


def test_a_version_applies_until_a_later_one_comes_into_force(version):
    """Published after it, but before it begins."""
    following, meanwhile = (TermsVersion.objects.create(number=number, body="x") for number in (3, 2))
    workflow.publish_terms(following, in_force_from=timezone.now() + timedelta(days=30))
    workflow.publish_terms(meanwhile)
    assert TermsVersion.objects.in_force().first() == meanwhile


def test_nothing_comes_into_force_before_it_is_published(version):
    draft = TermsVersion.objects.create(number=2, body="x", in_force_from=timezone.now() - timedelta(days=400))
    workflow.publish_terms(draft)
    assert draft.in_force_from == draft.published_at


def test_the_database_keeps_what_was_accepted(version):
    user = UserFactory(terms_accepted=True)
    accepted = TermsAcceptance.objects.filter(user=user)
    published = TermsVersion.objects.filter(pk=version.pk)
    for act in (
        lambda: accepted.update(accepted_at=timezone.now()),
        lambda: accepted._raw_delete("default"),
        lambda: published.update(body="Un autre texte."),
        lambda: published.update(published_at=None),
        lambda: published._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="are kept"), transaction.atomic():
            act()
    draft = TermsVersion.objects.create(number=2, body="Brouillon.")
    draft.body = "Un autre brouillon."
    draft.save()
    draft.delete()


def test_the_database_refuses_a_published_version_without_a_start():
    with pytest.raises(IntegrityError), transaction.atomic():
        TermsVersion.objects.create(number=9, body="x", published_at=timezone.now())


def test_the_text_is_cut_into_blocks_and_never_read_as_html(client):
    body = "## Objet\n\nUn <b>texte</b>,\nsur deux lignes.\n\n## Liste\n\n- premier\n- second"
    version = TermsVersionFactory(number=1, body=body)
    assert version.blocks() == [
        Block("title", "Objet"),
        Block("paragraph", "Un <b>texte</b>, sur deux lignes."),
        Block("title", "Liste"),
        Block("list", items=("premier", "second")),
    ]
    assert "Un &lt;b&gt;texte&lt;/b&gt;" in client.get("/cgu/").content.decode()


def test_load_terms_publishes_what_is_shipped_once(capsys):
    call_command("load_terms")
    version = queries.terms_in_force()
    assert version.number >= 1
    assert len(version.blocks()) > 10
    call_command("load_terms")
    assert queries.terms_in_force() == version
    assert "déjà présente" in capsys.readouterr().out
