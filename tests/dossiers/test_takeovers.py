"""Asking for the dossier of a référent who left: told to him, decided by a responsable, nothing learnt (D13, D3)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import workflow
from dossiers.enums import EventKind, Takeover
from dossiers.models import Dossier, DossierStage, TakeoverRequest
from notifications.models import Email
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db
CLAIMS = "/dossiers/reprises/"


@dataclass
class Office:
    stage: DossierStage
    owner: User
    asker: User
    lead: User

    @property
    def key(self) -> str:
        dossier = self.stage.dossier
        return f"{dossier.guichet.code}.{dossier.legal_entity.finess}"

    def ask(self, reason: str = "Madame Petit est partie.", *, by: User | None = None) -> TakeoverRequest:
        return workflow.takeovers.ask(self.stage, by=by or self.asker, reason=reason, at=timezone.now())

    def holder(self) -> User:
        return Dossier.objects.get(pk=self.stage.dossier_id).referent


@pytest.fixture
def office() -> Office:
    entity = factories.entity()
    owner = factories.referent(entity, first_name="Odile", last_name="Petit", email="odile.petit@exemple.fr")
    asker = factories.referent(entity, first_name="Nadia", last_name="Grand")
    return Office(factories.draft(by=owner, legal_entity=entity), owner, asker, UserFactory(lead=True))


def sent(to: User) -> Counter[str]:
    return Counter(Email.objects.filter(to=to.email).exclude(kind="dossier_created").values_list("kind", flat=True))


def test_asking_tells_the_asker_the_referent_and_every_responsable(office: Office) -> None:
    second, closed = UserFactory(lead=True), UserFactory(lead=True, is_active=False)
    client = factories.signed_in(office.asker)

    response = client.post(CLAIMS, {"dossier": office.key, "reason": "Madame Petit est partie."})

    assert (response.status_code, response["Location"]) == (302, CLAIMS)
    request = TakeoverRequest.objects.get()
    assert (request.asker, request.former, request.dossier) == (office.asker, office.owner, office.stage.dossier)
    assert request.expires_at - request.at == workflow.takeovers.LASTS
    assert sent(office.asker) == {"takeover_received": 1}
    assert sent(office.owner) == {"takeover_asked": 1}
    assert sent(office.lead) == sent(second) == {"takeover_to_decide": 1}
    assert not sent(closed)
    assert "En attente d'une décision" in pages.text(client.get(CLAIMS))
    event = office.stage.events.get(kind=EventKind.TAKEOVER_ASKED)
    assert (event.actor, event.message) == (office.asker, "Madame Petit est partie.")
    letter = Email.objects.get(to=office.owner.email, kind="takeover_asked")
    assert "Nadia Grand" in letter.text
    assert reverse("dossiers:takeovers", args=[office.stage.dossier.reference]) in letter.text
    assert office.holder() == office.owner


def test_whoever_asks_learns_nothing_but_that_the_dossier_exists(office: Office) -> None:
    """D3: neither its reference, nor its référent, nor its status, on screen, by e-mail, nor by what is refused."""
    client = factories.signed_in(office.asker)
    seen = pages.text(client.get(CLAIMS)) + pages.text(
        client.post(CLAIMS, {"dossier": office.key, "reason": "Partie."}, follow=True)
    )
    request = TakeoverRequest.objects.get()
    workflow.takeovers.object_to(request, by=office.owner, text="Je suis là, Petit.", at=timezone.now())
    workflow.takeovers.refuse(request, by=office.lead, reason="Votre collègue est en poste.", at=timezone.now())
    workflow.transfer([office.stage], by=office.owner, to=factories.referent(office.stage.dossier.legal_entity))
    seen += pages.text(client.get(CLAIMS))
    letters = Email.objects.filter(to=office.asker.email)
    seen += "".join(f"{each.subject} {each.text} {each.html} {each.about}" for each in letters)
    assert office.stage.dossier.legal_entity.finess in seen
    for secret in (office.stage.dossier.reference, "Odile", "odile.petit", "Brouillon", "Je suis là"):
        assert secret not in seen
    assert client.get(pages.url("form", office.stage)).status_code == 404
    assert client.get(pages.url("takeovers", office.stage)).status_code == 404


def test_only_dossiers_of_ones_own_establishments_that_another_holds_can_be_asked_for(office: Office) -> None:
    foreign = factories.draft()
    body = factories.signed_in(office.asker).get(CLAIMS).content.decode()
    assert office.key in body
    assert foreign.dossier.legal_entity.finess not in body
    assert office.key not in factories.signed_in(office.owner).get(CLAIMS).content.decode()
    for person in (UserFactory(), UserFactory(verifier=True), factories.referent(foreign.dossier.legal_entity)):
        with pytest.raises(workflow.NotAllowed):
            office.ask(by=person)
    with pytest.raises(workflow.Refused, match="déjà le référent"):
        office.ask(by=office.owner)
    posted = factories.signed_in(office.asker).post(
        CLAIMS, {"dossier": f"poc-essms.{foreign.dossier.legal_entity.finess}", "reason": "Parti."}
    )
    assert posted.status_code == 200
    assert not TakeoverRequest.objects.exists()


def test_the_refusal_to_create_a_second_dossier_leads_to_asking_for_the_first(office: Office) -> None:
    client = factories.signed_in(office.asker)
    representation = office.asker.representations.get()
    page = client.post(reverse("dossiers:create"), {"stage": office.stage.stage_id, "establishment": representation.pk})
    assert f'href="{CLAIMS}?dossier={office.key}"' in page.content.decode()
    assert f'value="{office.key}" selected' in client.get(f"{CLAIMS}?dossier={office.key}").content.decode()


def test_asking_needs_a_reason_and_twice_is_once(office: Office) -> None:
    client = factories.signed_in(office.asker)
    assert "Indiquez pourquoi" in pages.text(client.post(CLAIMS, {"dossier": office.key, "reason": " "}))
    with pytest.raises(workflow.Refused, match="pourquoi"):
        office.ask("  ")
    assert office.ask() == office.ask()
    assert sent(office.owner) == {"takeover_asked": 1}
    with pytest.raises(workflow.Refused, match="est en cours"):
        office.ask("Pour une autre raison.")


def test_the_database_refuses_a_second_open_request_and_impossible_states(office: Office) -> None:
    request = office.ask()
    fields = {"dossier": request.dossier, "former": request.former, "reason": "x", "at": request.at}
    fields["expires_at"] = request.expires_at
    for changes, name in (
        ({"asker": office.asker}, "one_pending_takeover"),
        ({"asker": office.owner}, "takeover_by_somebody_else"),
        ({"asker": office.asker, "state": Takeover.WITHDRAWN}, "takeover_closed_iff_answered"),
        ({"asker": office.asker, "state": "refused", "closed_at": request.at}, "takeover_refused_with_reason"),
        ({"asker": office.asker, "state": "lost", "closed_at": request.at}, "takeover_state_known"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            TakeoverRequest.objects.create(**{**fields, **changes})
    other = factories.referent(office.stage.dossier.legal_entity)
    assert office.ask(by=other).pk  # somebody else may ask: nobody blocks a colleague by asking first
    with pytest.raises(ProtectedError):
        office.stage.dossier.delete()


def test_a_request_accepted_gives_the_dossier_and_closes_the_others(office: Office) -> None:
    other = factories.referent(office.stage.dossier.legal_entity)
    request, rival = office.ask(), office.ask(by=other)
    client = factories.signed_in(office.lead)
    listed = pages.text(client.get("/instruction/reprises/"))
    assert "Demandes de reprise (2)" in listed
    page = client.get(reverse("dossiers:decide-takeover", args=[request.public_id]))
    assert "Madame Petit est partie." in pages.text(page)

    for _ in range(2):  # pressed twice: one effect, the same page
        response = client.post(reverse("dossiers:decide-takeover", args=[request.public_id]), {"accept": "1"})
        assert response["Location"] == "/instruction/reprises/"

    assert office.holder() == office.asker
    assert factories.signed_in(office.asker).get(pages.url("form", office.stage)).status_code == 200
    assert factories.signed_in(office.owner).get(pages.url("form", office.stage)).status_code == 404
    assert sent(office.asker) == {"takeover_received": 1, "dossier_entrusted": 1}
    assert sent(office.owner) == {"takeover_asked": 2, "dossier_lost": 1}
    assert sent(other) == {"takeover_received": 1, "takeover_settled": 1}
    rival.refresh_from_db()
    assert (rival.state, rival.closed_by) == (Takeover.SETTLED, None)
    event = office.stage.events.get(kind=EventKind.REASSIGNED)
    assert event.actor == office.lead
    assert "De Odile Petit à Nadia Grand" in event.said
    late = client.post(reverse("dossiers:decide-takeover", args=[rival.public_id]), {"accept": "1"})
    assert late.status_code == 409
    assert "Close sans suite" in pages.text(late)


def test_a_request_refused_says_why_to_its_author_alone(office: Office) -> None:
    request = office.ask()
    client = factories.signed_in(office.lead)
    url = reverse("dossiers:decide-takeover", args=[request.public_id])
    assert "Indiquez le motif du refus" in pages.text(client.post(url, {"reason": ""}))
    assert client.post(url, {"reason": "Votre collègue est en poste."}).status_code == 302
    assert office.holder() == office.owner
    assert "Votre collègue est en poste." in Email.objects.get(kind="takeover_refused").text
    assert sent(office.owner) == {"takeover_asked": 1, "takeover_over": 1}
    assert "Votre collègue est en poste." in pages.text(factories.signed_in(office.asker).get(CLAIMS))
    assert "statut « Refusée »" in pages.text(client.get(url))
    # The other decision, too late, is told and keeps what was written.
    other = factories.signed_in(UserFactory(lead=True)).post(url, {"reason": "Une autre raison."})
    assert other.status_code == 409
    assert "Une autre raison." in pages.text(other)


def test_the_referent_objects_and_the_responsable_reads_it(office: Office) -> None:
    request = office.ask()
    client = pages.owner(office.stage)
    assert "Un collaborateur demande à reprendre le dossier" in pages.text(client.get("/tableau-de-bord/"))
    assert "Madame Petit est partie." in pages.text(client.get(pages.url("takeovers", office.stage)))
    url = pages.url("object-to-takeover", office.stage, request.public_id)
    for _ in range(2):
        assert client.post(url, {"reason": "Je suis en poste."}).status_code == 302
    assert "déjà enregistrée" in pages.text(client.post(url, {"reason": "Et j'y reste."}))
    assert sent(office.lead) == {"takeover_to_decide": 1, "takeover_objected": 1}
    lead = factories.signed_in(office.lead)
    page = pages.text(lead.get(reverse("dossiers:decide-takeover", args=[request.public_id])))
    assert "Je suis en poste." in page
    assert "S'y oppose" in pages.text(lead.get("/instruction/reprises/"))
    with pytest.raises(workflow.NotAllowed):
        workflow.takeovers.object_to(request, by=office.asker, text="Non.", at=timezone.now())


def test_a_referent_who_transfers_to_the_asker_answers_the_request(office: Office) -> None:
    request = office.ask()
    page = pages.owner(office.stage).get(pages.url("takeovers", office.stage)).content.decode()
    assert f"{reverse('dossiers:transfer', args=[office.asker.public_id])}?dossier=" in page
    workflow.transfer([office.stage], by=office.owner, to=office.asker)
    request.refresh_from_db()
    assert (request.state, request.closed_by) == (Takeover.ACCEPTED, office.owner)
    assert sent(office.asker) == {"takeover_received": 1, "dossier_received": 1}


def test_a_withdrawn_request_is_closed_once_and_told(office: Office) -> None:
    request = office.ask()
    client = factories.signed_in(office.asker)
    url = reverse("dossiers:withdraw-claim", args=[request.public_id])
    for _ in range(2):
        assert client.post(url)["Location"] == CLAIMS
    assert sent(office.owner) == {"takeover_asked": 1, "takeover_over": 1}
    assert factories.signed_in(office.owner).post(url).status_code == 404
    with pytest.raises(workflow.WrongStatus):
        workflow.takeovers.accept(request, by=office.lead, at=timezone.now())
    assert "Aucune demande" in pages.text(factories.signed_in(office.lead).get("/instruction/reprises/"))


def test_nobody_writes_to_a_referent_again_and_again(office: Office) -> None:
    for number in range(workflow.takeovers.MOST):
        workflow.takeovers.withdraw(office.ask(f"Raison {number}"), by=office.asker, at=timezone.now())
    with pytest.raises(workflow.Refused, match="écrivez au support"):
        office.ask("Encore.")
    with time_machine.travel(timezone.now() + workflow.takeovers.LASTS + dt.timedelta(seconds=1)):
        assert office.ask("Encore.")


def test_a_request_expires_by_the_clock_then_by_the_task(office: Office) -> None:
    request = office.ask()
    end = request.expires_at
    assert workflow.takeovers.expire(end - dt.timedelta(microseconds=1)) == 0
    with pytest.raises(workflow.WrongStatus, match="périmée"):
        workflow.takeovers.accept(request, by=office.lead, at=end)
    with time_machine.travel(end):
        assert "Aucune demande" in pages.text(factories.signed_in(office.lead).get("/instruction/reprises/"))
        assert "Périmée depuis" in pages.text(factories.signed_in(office.asker).get(CLAIMS))
    assert (workflow.takeovers.expire(end), workflow.takeovers.expire(end)) == (1, 0)
    assert sent(office.asker) == {"takeover_received": 1, "takeover_expired": 1}
    assert sent(office.owner) == {"takeover_asked": 1, "takeover_over": 1}
    request.refresh_from_db()
    assert (request.state, request.closed_by) == (Takeover.EXPIRED, None)


def test_a_request_of_somebody_who_may_no_longer_receive_is_not_accepted(office: Office) -> None:
    request = office.ask()
    office.asker.representations.all().delete()
    page = factories.signed_in(office.lead).post(
        reverse("dossiers:decide-takeover", args=[request.public_id]), {"accept": "1"}
    )
    assert page.status_code == 409
    assert "doit être activé et rattaché" in pages.text(page)
    assert office.holder() == office.owner


def test_only_responsables_decide(office: Office) -> None:
    request = office.ask()
    for person in (UserFactory(verifier=True), UserFactory(admin=True), office.asker, office.owner):
        with pytest.raises(workflow.NotAllowed):
            workflow.takeovers.accept(request, by=person, at=timezone.now())
        with pytest.raises(workflow.NotAllowed):
            workflow.takeovers.refuse(request, by=person, reason="Non.", at=timezone.now())


def test_a_closed_account_is_written_to_without_a_button(office: Office) -> None:
    User.objects.filter(pk=office.owner.pk).update(is_active=False)
    office.ask()
    letter = Email.objects.get(to=office.owner.email, kind="takeover_asked")
    assert "écrivez au support" in letter.text
    assert "/reprises/" not in letter.text


def test_lists_cost_the_same_whatever_their_length(office: Office) -> None:
    clients = [factories.signed_in(person) for person in (office.lead, office.asker, office.owner)]
    urls = ["/instruction/reprises/", CLAIMS, pages.url("takeovers", office.stage)]
    costs = []
    for number in (0, 2, 27):
        for _ in range(number):
            person = factories.referent(office.stage.dossier.legal_entity)
            office.ask(by=person)
            entity = factories.entity(sites=1)
            RepresentationFactory(user=office.asker, legal_entity=entity, is_primary=False)
            office_stage = factories.draft(legal_entity=entity)
            workflow.takeovers.ask(office_stage, by=office.asker, reason="Parti.", at=timezone.now())
        if number == 0:
            office.ask()
        costs.append([pages.cost(lambda c=c, u=u: c.get(u)) for c, u in zip(clients, urls, strict=True)])
    assert costs[0] == costs[1] == costs[2]
    assert max(costs[0]) <= 12
