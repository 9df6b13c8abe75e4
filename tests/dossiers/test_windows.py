"""Closings put off, and named exceptions (D15b, Q42): by administrators alone, logged, told to those concerned."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow
from dossiers.enums import EventKind
from dossiers.models import DossierStage, LateAccess, Stage, WindowChange
from ecare import french
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.creating import creatable
from tests.establishments.factories import DepartementFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
MILLISECOND = dt.timedelta(milliseconds=1)
REASON = "Panne nationale du fournisseur d'accès."


def administrator() -> Any:
    return UserFactory(admin=True)


def close(*drafts: DossierStage) -> list[DossierStage]:
    """Their étape closed a day ago."""
    Stage.objects.filter(dossier_stages__in=drafts).update(closes_at=timezone.now() - DAY)
    return [factories.fresh(draft) for draft in drafts]


def closed() -> DossierStage:
    """A complete draft, too late."""
    return close(factories.fill(factories.draft()))[0]


# A closing that moves


def test_a_closing_put_off_is_logged_and_lets_drafts_be_transmitted() -> None:
    draft, admin = closed(), administrator()
    before, after = draft.stage.closes_at, timezone.now() + DAY
    workflow.move_closing(draft.stage, after, by=admin, reason=f" {REASON} ")
    change = WindowChange.objects.get()
    assert (change.closed_at, change.closes_at, change.by, change.reason) == (before, after, admin, REASON)
    factories.transmit(draft)


@pytest.mark.parametrize(
    ("days", "reason", "said"),
    [(0, REASON, "déjà sa date"), (-100, REASON, "postérieure à son ouverture"), (5, "  \n", "motif")],
)
def test_a_closing_moves_elsewhere_after_its_opening_and_with_a_reason(days: int, reason: str, said: str) -> None:
    stage = factories.poc()
    assert stage.closes_at is not None
    with pytest.raises(workflow.Refused, match=said):
        workflow.move_closing(stage, stage.closes_at + days * DAY, by=administrator(), reason=reason)
    assert not WindowChange.objects.exists()


def test_the_referents_of_drafts_are_told_once_of_an_extension_and_of_nothing_else() -> None:
    draft = factories.draft()
    factories.transmitted()
    admin, now = administrator(), timezone.now()
    stage = draft.stage
    workflow.move_closing(stage, now + 60 * DAY, by=admin, reason=REASON)
    assert [workflow.announce(timezone.now()) for _ in range(2)] == [1, 0]
    email = Email.objects.get(kind="closing_moved")
    assert (email.to, email.about) == (draft.dossier.referent.email, draft.dossier.reference)
    assert french.until(now + 60 * DAY) in email.text
    workflow.move_closing(stage, now + 50 * DAY, by=admin, reason="Finalement non.")
    workflow.move_closing(stage, now + 55 * DAY, by=admin, reason="Finalement si.")
    factories.draft()  # created since: it knows
    assert workflow.announce(timezone.now()) == 1
    assert Email.objects.filter(kind="closing_moved").count() == 2


def test_an_announcement_costs_no_more_memory_than_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of drafts are told some hundreds at a time."""
    monkeypatch.setattr("dossiers.workflow.announcements.BATCH", 2)
    drafts = [factories.draft() for _ in range(3)]
    workflow.move_closing(drafts[0].stage, None, by=administrator(), reason=REASON)
    assert [workflow.announce(timezone.now()) for _ in range(3)] == [2, 1, 0]


# A named exception


def test_an_exception_gives_one_establishment_time_to_the_millisecond() -> None:
    mine, other = close(*[factories.fill(factories.draft()) for _ in range(2)])
    until = timezone.now() + DAY
    workflow.grant_late_access(mine.stage, mine.dossier.legal_entity, until, by=administrator(), reason=REASON)
    mine = factories.fresh(mine)
    assert mine.deadline == until
    for at in (until, until + MILLISECOND):
        with pytest.raises(workflow.Closed):
            factories.transmit(mine, at=at)
    with pytest.raises(workflow.Closed):
        factories.transmit(other)
    event = mine.events.get(kind=EventKind.EXCEPTION_GRANTED)
    assert REASON in event.message
    email = Email.objects.get(kind="late_access_granted")
    assert email.to == mine.dossier.referent.email
    assert french.until(until) in email.text
    assert REASON in email.text
    factories.transmit(mine, at=until - MILLISECOND)


def test_an_exception_lets_a_dossier_be_created_and_its_activated_referents_know() -> None:
    stage = factories.poc(closes_at=timezone.now() - DAY)
    entity = factories.entity()
    person, colleague = factories.referent(entity), factories.referent(entity)
    factories.referent(entity, activated_at=None)
    stranger = factories.referent(factories.entity())
    now = timezone.now()
    assert creatable(person, at=now) == []
    workflow.grant_late_access(stage, entity, now + DAY, by=administrator(), reason=REASON)
    told = Email.objects.filter(kind="late_access_to_create").values_list("to", flat=True)
    assert set(told) == {person.email, colleague.email}
    [(offered, representation)] = creatable(person, at=now)
    assert (offered, representation.legal_entity) == (stage, entity)
    assert creatable(person, at=now + DAY) == creatable(stranger, at=now) == []
    data = {"stage": stage.pk, "establishment": representation.pk}
    response = factories.signed_in(person).post(reverse("dossiers:create"), data)
    created = DossierStage.objects.get(dossier__legal_entity=entity)
    assert response.url == pages.url("form", created)
    assert created.late_until == now + DAY
    factories.transmit(factories.fill(created))


def test_an_exception_opens_the_next_etape_for_one_dossier() -> None:
    first, other = factories.validated(), factories.validated()
    _, objectives = factories.next_stages(opens_at=timezone.now() - 90 * DAY)
    until = timezone.now() + DAY
    workflow.grant_late_access(objectives, first.dossier.legal_entity, until, by=administrator(), reason=REASON)
    assert "Commencer l'étape" in pages.text(pages.owner(first).get(pages.url("form", first)))
    started = workflow.start_stage(first, objectives, by=first.dossier.referent, at=timezone.now())
    assert factories.fresh(started).deadline == until
    with pytest.raises(workflow.Closed):
        workflow.start_stage(other, objectives, by=other.dossier.referent, at=timezone.now())


def test_an_exception_is_one_at_a_time_revoked_with_its_time_and_kept() -> None:
    draft, admin = closed(), administrator()
    entity, until = draft.dossier.legal_entity, timezone.now() + DAY
    late = workflow.grant_late_access(draft.stage, entity, until, by=admin, reason=REASON)
    with pytest.raises(workflow.Refused, match="déjà accordé"):
        workflow.grant_late_access(draft.stage, entity, until + DAY, by=admin, reason=REASON)
    for _ in range(2):
        workflow.revoke_late_access(late, by=admin)
    late.refresh_from_db()
    assert (late.revoked_by, factories.fresh(draft).late_until) == (admin, None)
    assert draft.events.filter(kind=EventKind.EXCEPTION_REVOKED).count() == 1
    assert Email.objects.filter(kind="late_access_revoked").count() == 1
    with pytest.raises(workflow.Closed):
        factories.transmit(draft)
    workflow.grant_late_access(draft.stage, entity, until, by=admin, reason=REASON)
    with time_machine.travel(until + DAY):  # expired by itself, it makes room
        workflow.grant_late_access(draft.stage, entity, until + 3 * DAY, by=admin, reason="Encore.")
    assert LateAccess.objects.count() == 3
    assert LateAccess.objects.granted().count() == 1


@pytest.mark.parametrize(("days", "reason"), [(0, REASON), (-1, REASON), (1, " ")])
def test_an_exception_ends_in_the_future_and_has_a_reason(days: int, reason: str) -> None:
    draft = closed()
    until = timezone.now() + days * DAY
    with pytest.raises(workflow.Refused):
        workflow.grant_late_access(draft.stage, draft.dossier.legal_entity, until, by=administrator(), reason=reason)


# In the admin


@pytest.fixture
def client() -> Client:
    return factories.signed_in(administrator())


def local(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def test_an_administrator_moves_a_closing_with_its_date_in_sight_and_a_reason(client: Client) -> None:
    draft = closed()
    url = reverse("admin:dossiers_windowchange_add")
    assert draft.stage.closes_at is not None
    assert f"(jusqu'au {french.day(draft.stage.closes_at)}" in pages.text(client.get(url))
    after = (timezone.now() + DAY).replace(second=0, microsecond=0)
    data = {"stage": draft.stage_id, "closes_at": local(after), "reason": ""}
    assert "Renseignez" in pages.text(client.post(url, data))
    assert client.post(url, data | {"reason": REASON}).status_code == 302
    assert Stage.objects.get(pk=draft.stage_id).closes_at == after
    change = WindowChange.objects.get()
    assert change.by.role == "admin"
    assert "déjà sa date" in pages.text(client.post(url, data | {"reason": REASON}))
    # In the page of the étape, it no longer moves without a reason.
    page = reverse("admin:dossiers_stage_change", args=[draft.stage_id])
    assert "ajoutez un changement de fermeture" in pages.text(client.get(page))
    stage = Stage.objects.get(pk=draft.stage_id)
    fields = {name: getattr(stage, name) for name in ("position", "kind", "entry", "title", "undated_text")}
    late = local(timezone.now() + 9 * DAY)
    fields |= {"opens_at": local(stage.opens_at), "closes_at": late, "kind": "objectives", "title": "Un autre titre"}
    assert client.post(page, fields).status_code == 302
    saved = Stage.objects.get(pk=draft.stage_id)
    # Nor does the nature of the étape, from which follows what is paid.
    assert (saved.closes_at, saved.kind, saved.title) == (after, stage.kind, "Un autre titre")
    assert "la nature de l'étape ne change plus" in pages.text(client.get(page))


def test_the_nature_of_an_etape_without_dossiers_is_still_a_choice(client: Client) -> None:
    stage = factories.poc()
    fields = {name: getattr(stage, name) for name in ("position", "entry", "title", "undated_text")}
    page = reverse("admin:dossiers_stage_change", args=[stage.pk])
    assert client.post(page, {**fields, "kind": "assessment"}).status_code == 302
    assert Stage.objects.get(pk=stage.pk).kind == "assessment"


def test_an_administrator_grants_and_revokes_an_exception(client: Client) -> None:
    draft = closed()
    url = reverse("admin:dossiers_lateaccess_add")
    entity = draft.dossier.legal_entity
    data = {"stage": draft.stage_id, "legal_entity": "999", "until": local(timezone.now() - DAY), "reason": REASON}
    assert "Aucune entité juridique ne porte ce numéro." in pages.text(client.post(url, data))
    data["legal_entity"] = f"{entity.finess[:2]} {entity.finess[2:]}"
    assert "Cette échéance est passée" in pages.text(client.post(url, data))
    data["until"] = local(timezone.now() + DAY)
    assert client.post(url, data).status_code == 302
    late = LateAccess.objects.get()
    assert factories.fresh(draft).late_until == late.until
    again = client.post(url, data, follow=True)
    assert "déjà accordé" in pages.text(again)
    client.post(reverse("admin:dossiers_lateaccess_changelist"), {"action": "revoke", "_selected_action": [late.pk]})
    late.refresh_from_db()
    assert late.revoked_at is not None
    assert factories.fresh(draft).late_until is None


# Elsewhere it is another time


def test_who_is_overseas_reads_their_own_time_beside_that_of_paris() -> None:
    """Q39."""
    closes_at = dt.datetime(2031, 6, 5, tzinfo=french.PARIS)
    stage = factories.poc(closes_at=closes_at)
    entity = factories.entity(departement=DepartementFactory(code="974"))
    draft = factories.draft(stage=stage, legal_entity=entity)
    said = "mercredi 4 juin 2031 à 23 h 59, heure de Paris, soit jeudi 5 juin à 1 h 59 à La Réunion"
    client = pages.owner(draft)
    for page in (pages.url("form", draft), pages.url("recap", draft), reverse("dossiers:dashboard")):
        assert said in pages.text(client.get(page)), page
    assert said in Email.objects.get(kind="dossier_created").text.replace("\u00a0", " ")
