"""A dossier whose référent can no longer sign in is told, listed, and given to somebody else (Q38, I8)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from dossiers import tasks, workflow
from dossiers.enums import EventKind
from dossiers.models import Dossier, DossierStage, Stage
from dossiers.personal_data import open_matters
from notifications import delivery
from notifications.enums import State
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db
LIST = "/instruction/sans-referent/"


def close(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def watch() -> int:
    return workflow.vacancies.watch(timezone.now())


@pytest.fixture
def lead() -> User:
    return UserFactory(lead=True)


@pytest.fixture
def stage() -> DossierStage:
    return factories.draft()


def kinds_in(stage: DossierStage) -> list[str]:
    return list(stage.events.exclude(kind=EventKind.CREATED).values_list("kind", flat=True))


def test_an_account_closed_by_an_administrator_puts_its_dossiers_on_the_list_at_once(
    lead: User, stage: DossierStage
) -> None:
    """Through the admin itself, drafts included; every responsable is told within a minute, once."""
    former = stage.dossier.referent
    second = factories.draft(by=former, legal_entity=stage.dossier.legal_entity, stage=factories.guichet().stages.get())
    client = factories.signed_in(lead)
    assert "Tous les dossiers en cours" in pages.text(client.get(LIST))
    admin = factories.signed_in(UserFactory(admin=True))
    url = reverse("admin:accounts_user_change", args=[former.pk])
    form = admin.get(url).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields if name not in {"is_active", "regions"}}
    data["phone"] = str(former.phone)
    for prefix in ("representations", "terms_acceptances"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    assert admin.post(url, data).status_code == 302
    former.refresh_from_db()
    assert not former.is_active

    page = pages.text(client.get(LIST))
    assert stage.dossier.reference in page
    assert second.dossier.reference in page
    assert "Dossiers à réattribuer (2)" in pages.text(client.get("/instruction/"))
    tasks.watch_referents()
    tasks.watch_referents()
    [letter] = Email.objects.filter(kind="referent_gone")
    assert (letter.to, letter.subject) == (lead.email, "2\u00a0dossiers à réattribuer")
    assert stage.dossier.reference in letter.text
    assert second.dossier.reference in letter.text
    assert LIST in letter.text
    assert kinds_in(stage) == kinds_in(second) == [EventKind.REFERENT_GONE]
    assert stage.events.latest("pk").author == "eCaRE"


def test_a_referent_who_becomes_staff_leaves_his_dossiers_too(lead: User, stage: DossierStage) -> None:
    User.objects.filter(pk=stage.dossier.referent_id).update(role=Role.VERIFIER)
    assert watch() == 1
    assert Email.objects.filter(kind="referent_gone", to=lead.email).count() == 1


def test_one_who_comes_back_keeps_his_dossiers_and_may_leave_again(lead: User, stage: DossierStage) -> None:
    close(stage.dossier.referent)
    watch()
    User.objects.filter(pk=stage.dossier.referent_id).update(is_active=True)
    assert (watch(), watch()) == (1, 0)
    assert Dossier.objects.get().vacant_since is None
    close(stage.dossier.referent)
    assert watch() == 1
    assert kinds_in(stage) == [EventKind.REFERENT_GONE, EventKind.REFERENT_BACK, EventKind.REFERENT_GONE]
    assert Email.objects.filter(kind="referent_gone", to=lead.email).count() == 2


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("case", ["draft", "transmitted", "rejected", "late", "excused", "never opened"])
def test_open_has_one_meaning_at_every_door(lead: User, case: str, closed: bool) -> None:
    """The list of responsables, the deletion of an account and leaving an establishment agree, before the closing and
    after it (docs/adr/0025)."""
    build = {"transmitted": factories.transmitted, "rejected": factories.rejected}.get(case, factories.draft)
    stage = build()
    referent, entity = stage.dossier.referent, stage.dossier.legal_entity
    until = timezone.now() + dt.timedelta(days=-1 if case == "late" else 1)
    if case in {"late", "excused"}:
        DossierStage.objects.update(late_until=until)
    if case == "never opened":
        Stage.objects.update(opens_at=None, closes_at=None)
    elif closed:
        factories.poc(closes_at=timezone.now())
    expected = case != "rejected" and not (closed and case in {"draft", "late"})
    assert bool(open_matters(referent)) is bool(open_matters(referent, entity)) is expected
    close(referent)
    assert watch() == expected
    assert (stage.dossier.reference in pages.text(factories.signed_in(lead).get(LIST))) is expected
    # Put off, the closing opens what it had closed; a decision reopened likewise.
    if case == "rejected":
        workflow.reopen(factories.fresh(stage), by=lead, reason="Nouvel examen.")
    factories.poc(closes_at=timezone.now() + dt.timedelta(days=1))
    assert Dossier.objects.ownerless().count() == 1


def test_a_responsable_gives_the_dossier_to_a_colleague_with_a_reason(lead: User, stage: DossierStage) -> None:
    former, entity = stage.dossier.referent, stage.dossier.legal_entity
    new, stranger = factories.referent(entity, last_name="Nouvelle"), factories.referent(factories.entity())
    pending = factories.referent(entity, activated_at=None)
    close(former)
    watch()
    client = factories.signed_in(lead)
    url = reverse("dossiers:reassign", args=[stage.dossier.reference])
    page = client.get(url).content.decode()
    assert str(new.public_id) in page
    for other in (stranger, pending, former):
        assert str(other.public_id) not in page
    assert "Indiquez le motif" in pages.text(client.post(url, {"referent": new.public_id, "reason": " "}))
    refused = client.post(url, {"referent": stranger.public_id, "reason": "Départ."})
    assert "ne peut pas recevoir" in pages.text(refused)

    response = client.post(url, {"referent": new.public_id, "reason": "Départ en retraite."})

    assert response["Location"] == LIST
    dossier = Dossier.objects.get()
    assert (dossier.referent, dossier.vacant_since) == (new, None)
    assert stage.dossier.reference not in pages.text(client.get(LIST)).partition("Dossiers à réattribuer (0)")[2]
    assert "nouvelle" in dossier.search_text
    event = stage.events.get(kind=EventKind.REASSIGNED)
    assert event.actor == lead
    assert event.message.endswith("Départ en retraite.")
    for person, kind in ((former, "dossier_lost"), (new, "dossier_entrusted")):
        assert "Départ en retraite." in Email.objects.get(to=person.email, kind=kind).text
    assert factories.signed_in(new).get(pages.url("form", stage)).status_code == 200
    # Sent twice, it is done once.
    again = client.post(url, {"referent": new.public_id, "reason": "Départ en retraite."})
    assert again.status_code == 200
    assert stage.events.filter(kind=EventKind.REASSIGNED).count() == 1


def test_the_page_of_a_reassignment_shows_nothing_of_a_draft(lead: User, stage: DossierStage) -> None:
    factories.save(stage, comment={"value": "Secret de brouillon"})
    page = pages.text(factories.signed_in(lead).get(reverse("dossiers:reassign", args=[stage.dossier.reference])))
    assert "Secret de brouillon" not in page
    assert "Aucun autre compte activé" in page


def test_a_responsable_replaces_the_referent_of_a_dossier_he_reads(lead: User) -> None:
    stage = factories.transmitted()
    link = f'href="{reverse("dossiers:reassign", args=[stage.dossier.reference])}'
    url = reverse("dossiers:instruction-dossier", args=[stage.dossier.reference])
    assert link in factories.signed_in(lead).get(url).content.decode()
    assert link not in factories.signed_in(UserFactory(verifier=True)).get(url).content.decode()
    assert "Dossiers à réattribuer" not in pages.text(
        factories.signed_in(UserFactory(verifier=True)).get("/instruction/")
    )


def test_what_the_workflow_refuses(lead: User, stage: DossierStage) -> None:
    new = factories.referent(stage.dossier.legal_entity)
    for person in (UserFactory(verifier=True), UserFactory(admin=True), stage.dossier.referent):
        with pytest.raises(workflow.NotAllowed):
            workflow.reassign(stage, by=person, to=new, reason="Départ.")
    with pytest.raises(workflow.Refused, match="motif"):
        workflow.reassign(stage, by=lead, to=new, reason=" ")
    with pytest.raises(workflow.Refused, match="déjà le référent"):
        workflow.reassign(stage, by=lead, to=stage.dossier.referent, reason="Départ.")
    close(new)
    with pytest.raises(workflow.Refused, match="activé et rattaché"):
        workflow.reassign(stage, by=lead, to=new, reason="Départ.")


def test_the_list_costs_the_same_whatever_its_length(lead: User) -> None:
    client = factories.signed_in(lead)
    costs = []
    for number in (1, 2, 27):
        for _ in range(number):
            close(factories.draft().dossier.referent)
        costs.append((pages.cost(lambda: client.get(LIST)), pages.cost(lambda: client.get("/instruction/"))))
    assert len(set(costs)) == 1
    assert max(costs[0]) <= 12


@pytest.mark.parametrize("gone", [{"is_active": False}, {"role": Role.VERIFIER}])
def test_what_is_decided_is_kept_for_the_next_referent(lead: User, gone: dict[str, object]) -> None:
    """Nothing goes to the address of who left; one e-mail a change of status all the same (N1), which the next référent
    reads in the history of the dossier (N4). No colleague of the EJ is told: he has no right to know of it (D3)."""
    stage = factories.transmitted()
    former, entity = stage.dossier.referent, stage.dossier.legal_entity
    colleague = factories.referent(entity)
    delivery.sweep()
    User.objects.filter(pk=former.pk).update(**gone)
    before = set(Email.objects.values_list("pk", flat=True))

    desk, name = factories.signed_in(UserFactory(verifier=True)), former.full_name
    instead = (
        f"{name} n'est plus référent : les responsables d'instruction sont prévenus à sa place, demain matin au plus "
        "tard."
    )
    assert instead in pages.text(desk.get(pages.url("reject", stage)))
    said = desk.post(pages.url("reject", stage), {"read": 1, "reason": "Hors périmètre."}, follow=True)
    assert f"L'étape est rejetée. {instead}" in pages.text(said)

    [kept] = Email.objects.exclude(pk__in=before)
    assert (kept.kind, kept.to, kept.state) == ("dossier_rejected", former.email, State.EXPIRED)
    delivery.sweep()
    assert not Email.objects.exclude(pk__in=before).filter(sent_at__isnull=False).exists()

    workflow.reassign(factories.fresh(stage), by=lead, to=colleague, reason="Départ.")
    page = pages.text(factories.signed_in(colleague).get(pages.url("history", stage)))
    assert "E-mail non remis" in page
    assert "Hors périmètre." in page
