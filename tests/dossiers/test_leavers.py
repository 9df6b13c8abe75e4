"""What the pages promise of a dossier whose référent left: no e-mail to him, the responsables the morning after."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.workflow.departure import erase
from dossiers import emails, workflow
from dossiers.enums import BatchAction
from dossiers.models import DossierStage, LateAccess, TakeoverRequest
from dossiers.workflow import batches
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db
INSTEAD = "les responsables d'instruction sont prévenus à sa place, demain matin au plus tard."
#: An e-mail promised to somebody: the référent of these dossiers reads none.
PROMISE = re.compile(r"\([^)]+@[^)]+\) reçoit|[Rr]éférent(?: de chaque dossier)? (?:en )?(?:reçoit|est informé)")


def left(stage: DossierStage) -> DossierStage:
    User.objects.filter(pk=stage.dossier.referent_id).update(is_active=False)
    return factories.fresh(stage)


def text(response: object) -> str:
    return pages.text(response).replace("\u00a0", " ")  # type: ignore[arg-type]


@pytest.fixture
def lead() -> User:
    user: User = UserFactory(lead=True)
    return user


@pytest.mark.parametrize("name", ["request-modification", "validate", "reject", "reopen", "correct-contact"])
def test_the_page_of_an_act_says_who_is_told_of_it(lead: User, name: str) -> None:
    here = factories.rejected() if name == "reopen" else factories.transmitted()
    gone = left(factories.rejected() if name == "reopen" else factories.transmitted())
    code = ["contact_ciso"] if name == "correct-contact" else []
    client = factories.signed_in(lead)
    read, unread = (
        text(client.get(reverse(f"dossiers:{name}", args=[each.dossier.reference, *code]))) for each in (here, gone)
    )
    assert f"{here.dossier.referent.full_name} ({here.dossier.referent.email}) reçoit un e-mail" in read
    assert INSTEAD not in read
    assert f"{gone.dossier.referent.full_name} n'est plus référent : {INSTEAD}" in unread
    assert not PROMISE.search(unread)


def test_what_is_said_once_it_is_done(lead: User) -> None:
    asked, corrected = left(factories.transmitted()), left(factories.transmitted())
    client, due_on = factories.signed_in(lead), timezone.localdate() + dt.timedelta(days=7)
    data = {"read": 1, "message": "À revoir.", "due_on": due_on.isoformat()}
    said = text(client.post(pages.url("request-modification", asked), data, follow=True))
    name = asked.dossier.referent.full_name
    assert f"La demande de modification est enregistrée. {name} n'est plus référent : {INSTEAD}" in said

    address = reverse("dossiers:correct-contact", args=[corrected.dossier.reference, "contact_ciso"])
    read = pages.fields(client.get(address))["read"]
    data = {**factories.contact(last_name="Martin"), "read": read, "reason": "Elle est partie."}
    said = text(client.post(address, data, follow=True))
    assert f"Le contact est corrigé. {corrected.dossier.referent.full_name} n'est plus référent : {INSTEAD}" in said


@pytest.mark.parametrize(
    ("action", "parameters", "told"),
    [
        (BatchAction.VALIDATE, {}, ", sans message"),
        (BatchAction.VALIDATE, {"message": "Bravo."}, ", avec le message ci-dessus"),
        (BatchAction.REJECT, {"reason": "Hors périmètre."}, ", avec le motif ci-dessus"),
        (BatchAction.REQUEST_MODIFICATION, {"message": "À revoir."}, ", avec le message ci-dessus"),
    ],
)
def test_a_batch_says_how_many_have_nobody_to_read_it(
    lead: User, action: BatchAction, parameters: dict[str, str], told: str
) -> None:
    here = [factories.transmitted(), factories.transmitted()]
    # Blocked: it is told to nobody, whoever its référent is.
    blocked = left(factories.transmitted())
    gone = left(factories.transmitted())
    chosen = DossierStage.objects.filter(pk__in=[each.pk for each in (*here, blocked, gone)]).order_by("pk")
    batch = batches.prepare(chosen, action, by=lead, at=timezone.now())
    if action == BatchAction.REQUEST_MODIFICATION:
        parameters = {**parameters, "due_on": (timezone.localdate() + dt.timedelta(days=7)).isoformat()}
    batches.complete(batch, by=lead, parameters=parameters)
    workflow.reject(blocked, by=lead, reason="Hors périmètre.")
    page = text(factories.signed_in(lead).get(reverse("dossiers:batch", args=[batch.public_id])))
    assert (
        f"Chaque référent reçoit un e-mail{told}. 1 dossier n'a plus de référent : les responsables d'instruction "
        "sont prévenus demain matin au plus tard."
    ) in page


def test_an_exception_taken_back_says_who_is_told() -> None:
    admin = UserFactory(admin=True)
    client, until = factories.signed_in(admin), timezone.now() + dt.timedelta(days=1)
    here, gone, entity = factories.draft(), left(factories.draft()), factories.entity()
    factories.poc(closes_at=timezone.now() - dt.timedelta(days=1))
    told = []
    for legal_entity in (here.dossier.legal_entity, gone.dossier.legal_entity, entity):
        late = workflow.grant_late_access(here.stage, legal_entity, until, by=admin, reason="Panne.")
        data = {"action": "revoke", "_selected_action": [late.pk]}
        told.append(text(client.post(reverse("admin:dossiers_lateaccess_changelist"), data, follow=True)))
    assert not LateAccess.objects.filter(revoked_at=None).exists()
    assert "1 délai retiré. Le référent reçoit un e-mail." in told[0]
    assert f"1 délai retiré. {emails.readers(1, 1)}".replace("\u00a0", " ") in told[1]
    assert "reçoit" not in told[2].partition("1 délai retiré.")[2], "there is no dossier, hence nobody to tell"


def test_nobody_is_said_to_write_to_an_account_that_was_deleted(lead: User) -> None:
    stage, other = factories.transmitted(), factories.transmitted()
    asker = factories.referent(stage.dossier.legal_entity)
    for each in (stage, other):
        erase(each.dossier.referent, by=None, at=timezone.now())
    factories.referent(other.dossier.legal_entity, last_name="Nouvelle")
    client = factories.signed_in(lead)
    shown = [pages.url("instruction-dossier", other), pages.url("reject", other), pages.url("reassign", other)]
    workflow.takeovers.ask(factories.fresh(stage), by=asker, reason="Départ.", at=timezone.now())
    request = TakeoverRequest.objects.get()
    shown.append(reverse("dossiers:decide-takeover", args=[request.public_id]))
    for address in shown:
        page = client.get(address)
        assert "compte-supprime.invalid" not in page.content.decode(), address
    assert f"Le compte du référent est supprimé : {INSTEAD}" in text(client.get(shown[1]))
    assert "Il reçoit un e-mail, avec le motif ci-dessous." in text(client.get(shown[2]))
    assert "Le dossier reste à réattribuer. Le demandeur reçoit un e-mail." in text(client.get(shown[3]))
    new = other.dossier.legal_entity.representations.get(user__last_name="Nouvelle").user
    done = client.post(shown[2], {"referent": new.public_id, "reason": "Départ."}, follow=True)
    assert f"est désormais le référent du dossier {other.dossier.reference}. Un e-mail l'en informe." in text(done)
    done = client.post(shown[3], {"accept": "1"}, follow=True)
    assert "L'ancien référent" not in text(done)
