"""Handing dossiers to a colleague (D13): from the page, one or several, all or none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dossiers import queries, workflow
from dossiers.enums import EventKind
from dossiers.models import Dossier, DossierStage, Event
from establishments.models import LegalEntity
from notifications.models import Email
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


@dataclass
class Office:
    """Two colleagues of an EJ; the first holds two dossiers of it, and one of another EJ."""

    entity: LegalEntity
    owner: User
    colleague: User
    mine: list[DossierStage]
    elsewhere: DossierStage

    def url(self, to: User | None = None) -> str:
        return reverse("dossiers:transfer", args=[(to or self.colleague).public_id])

    def post(self, *references: str, to: User | None = None, client: Client | None = None) -> HttpResponse:
        client = client or factories.signed_in(self.owner)
        return client.post(self.url(to), {"dossiers": references})


@pytest.fixture
def office() -> Office:
    entity, other = factories.entity(), factories.entity()
    owner, colleague = factories.referent(entity), factories.referent(entity)
    RepresentationFactory(user=owner, legal_entity=other, is_primary=False)
    mine = [
        factories.draft(by=owner, legal_entity=entity),
        factories.draft(by=owner, legal_entity=entity, stage=factories.guichet().stages.get()),
    ]
    return Office(entity, owner, colleague, mine, factories.draft(by=owner, legal_entity=other))


def owner_of(stage: DossierStage) -> User:
    return Dossier.objects.get(pk=stage.dossier_id).referent


def test_the_page_offers_what_the_colleague_may_receive(office: Office) -> None:
    page = factories.signed_in(office.owner).get(office.url()).content.decode()
    for stage in office.mine:
        assert stage.dossier.reference in page
    assert office.elsewhere.dossier.reference not in page
    assert office.colleague.full_name in page
    assert "vous n'aurez plus accès" in page.replace("’", "'").replace("&#x27;", "'")


def test_the_dossier_asked_for_in_the_address_is_ticked(office: Office) -> None:
    reference = office.mine[0].dossier.reference
    page = factories.signed_in(office.owner).get(f"{office.url()}?dossier={reference}").content.decode()
    [ticked] = [line for line in page.replace("\n", " ").split("<input")[1:] if "checked" in line.split(">")[0]]
    assert reference in ticked.split(">")[0]


def test_a_transfer_gives_access_to_one_and_takes_it_from_the_other_at_once(office: Office) -> None:
    stage = office.mine[0]
    old_tab = factories.signed_in(office.owner)
    form = reverse("dossiers:form", args=[stage.dossier.reference])
    assert old_tab.get(form).status_code == 200

    response = office.post(stage.dossier.reference)

    assert (response.status_code, response["Location"]) == (302, reverse("dossiers:dashboard"))
    assert owner_of(stage) == office.colleague
    assert owner_of(office.mine[1]) == office.owner
    # Every tab that the former référent had left open is shut.
    assert old_tab.get(form).status_code == 404
    assert old_tab.post(form, {"draft": "1"}).status_code == 404
    assert old_tab.post(reverse("dossiers:transmit", args=[stage.dossier.reference])).status_code == 404
    assert stage.dossier.reference not in old_tab.get(reverse("dossiers:dashboard")).content.decode().split("alert")[-1]
    assert factories.signed_in(office.colleague).get(form).status_code == 200


def test_history_keeps_the_transfer(office: Office) -> None:
    office.post(office.mine[0].dossier.reference)
    event = Event.objects.get(kind=EventKind.TRANSFERRED)
    assert (event.actor, event.dossier) == (office.owner, office.mine[0].dossier)
    assert office.owner.full_name in event.said
    assert office.colleague.full_name in event.said
    assert event.from_status == event.to_status == ""


def test_several_dossiers_at_once(office: Office) -> None:
    response = office.post(*[stage.dossier.reference for stage in office.mine])
    assert response.status_code == 302
    assert {owner_of(stage) for stage in office.mine} == {office.colleague}
    assert Email.objects.filter(kind="dossier_received").count() == 2


def test_none_chosen_is_told(office: Office) -> None:
    response = office.post()
    assert response.status_code == 200
    assert "Sélectionnez au moins un dossier" in response.content.decode()
    assert {owner_of(stage) for stage in office.mine} == {office.owner}


@pytest.mark.parametrize("foreign", ["another entity", "somebody else", "inexistent"])
def test_all_or_none(office: Office, foreign: str) -> None:
    """A reference that cannot follow stops them all."""
    reference = {
        "another entity": office.elsewhere.dossier.reference,
        "somebody else": factories.draft().dossier.reference,
        "inexistent": "ABCDEFGH23",
    }[foreign]
    response = office.post(office.mine[0].dossier.reference, reference)
    assert response.status_code == 200
    assert not Event.objects.filter(kind=EventKind.TRANSFERRED).exists()
    assert owner_of(office.mine[0]) == office.owner


def test_the_page_of_somebody_who_is_no_colleague_does_not_exist(office: Office) -> None:
    client = factories.signed_in(office.owner)
    strangers = [
        UserFactory(),
        UserFactory(verifier=True),
        factories.referent(office.entity, activated_at=None),
        factories.referent(office.entity, is_active=False),
        factories.referent(factories.entity()),
        office.owner,
    ]
    for stranger in strangers:
        assert client.get(office.url(stranger)).status_code == 404
        assert office.post(office.mine[0].dossier.reference, to=stranger).status_code == 404
    assert owner_of(office.mine[0]) == office.owner


def test_a_colleague_whose_account_closed_meanwhile_receives_nothing(office: Office) -> None:
    """The colleague was usable when the page was made, not any more under the lock."""
    stale = User.objects.get(pk=office.colleague.pk)
    User.objects.filter(pk=office.colleague.pk).update(is_active=False)
    with pytest.raises(workflow.Refused):
        workflow.transfer([office.mine[0]], by=office.owner, to=stale)
    assert owner_of(office.mine[0]) == office.owner


def test_one_cannot_transfer_to_oneself(office: Office) -> None:
    with pytest.raises(workflow.Refused):
        workflow.transfer([office.mine[0]], by=office.owner, to=office.owner)
    assert not Email.objects.filter(kind="dossier_received").exists()


def test_a_transferred_dossier_goes_on_where_it_was(office: Office) -> None:
    stage = factories.fill(office.mine[0])
    office.post(stage.dossier.reference)
    assert factories.transmit(stage).status == "transmitted"
    assert owner_of(stage) == office.colleague


def test_the_dossier_is_found_under_the_name_of_its_new_referent(office: Office) -> None:
    office.colleague.last_name = "Zyxwvut"
    office.colleague.save()
    office.post(office.mine[0].dossier.reference)
    assert "zyxwvut" in Dossier.objects.get(pk=office.mine[0].dossier_id).search_text


def test_the_dossier_leads_to_the_colleagues_who_may_receive_it_by_name_only(office: Office) -> None:
    stage = office.mine[0]
    elsewhere = factories.referent(office.elsewhere.dossier.legal_entity, last_name="Ailleurs")
    client = factories.signed_in(office.owner)
    for page in ("form", "recap"):
        assert f'href="{pages.url("successors", stage)}"' in client.get(pages.url(page, stage)).content.decode()
    body = client.get(pages.url("successors", stage)).content.decode()
    assert f"{office.url()}?dossier={stage.dossier.reference}" in body
    assert "est bien détenu par le collaborateur du même nom" in pages.text(client.get(pages.url("successors", stage)))
    assert str(elsewhere.public_id) not in body
    assert office.colleague.email not in body
    alone = factories.draft()
    assert "doit d'abord s'inscrire" in pages.text(pages.owner(alone).get(pages.url("successors", alone)))


def test_colleagues_come_by_name_page_by_page_in_the_same_number_of_queries(office: Office) -> None:
    client, costs, stage = factories.signed_in(office.owner), [], office.mine[0]
    for number in (0, 2, 27):
        for _ in range(number):
            factories.referent(office.entity)
        costs.append(pages.cost(lambda: client.get(pages.url("successors", stage))))
    assert len(set(costs)) == 1
    assert costs[0] <= 12
    first, second = (pages.text(client.get(pages.url("successors", stage), {"page": page})) for page in (1, 2))
    assert "Page 1 sur 2 (30 collaborateurs)" in first
    names = [person.full_name for person in queries.successors(stage.dossier)]
    assert names == sorted(names)
    assert names[19] in first
    assert names[20] in second


def test_the_pop_in_is_the_page_without_what_surrounds_it(office: Office) -> None:
    client = factories.signed_in(office.owner)
    body = client.get(office.url(), headers={"HX-Request": "true"}).content.decode()
    assert body.lstrip().startswith("<dialog")
    assert "<html" not in body
    for words in (office.mine[0].dossier.reference, "Confirmer le transfert", "vous n'aurez plus accès"):
        assert words in body.replace("&#x27;", "'")


def test_both_are_told_by_email(office: Office) -> None:
    office.post(office.mine[0].dossier.reference)
    for person, kind in ((office.owner, "dossier_handed_over"), (office.colleague, "dossier_received")):
        letter = Email.objects.get(kind=kind)
        assert letter.to == person.email
        assert office.mine[0].dossier.reference in letter.subject


def test_a_transfer_costs_the_same_number_of_queries_to_show(
    office: Office, django_assert_max_num_queries: object
) -> None:
    client = factories.signed_in(office.owner)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(office.url())
