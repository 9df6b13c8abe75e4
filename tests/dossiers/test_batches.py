"""Several dossiers at once: who may, what the pre-flight says, what is done, once, and what is told (I4b, I5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Digest, Role
from accounts.models import User
from dossiers import workflow
from dossiers.enums import BatchAction, BatchResult, BatchState, EventKind, RegionalRole, Status
from dossiers.models import Batch, DossierStage, Event, Guichet, Transmission
from dossiers.workflow import batch_work, batches
from ecare import retention
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db
PREPARE = "/instruction/lots/nouveau/"


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True)
    return user


def reference(stage: DossierStage) -> str:
    return str(stage.dossier.reference)


def ticked(client: Client, stages: list[DossierStage], action: str, **more: str) -> Any:
    """Tick these dossiers in the list and choose what to do: the page that comes."""
    data = {"dossiers": [reference(each) for each in stages], "action": action, "perimetre": "coches", **more}
    return client.post(PREPARE, data, follow=True)


def confirmed(client: Client, page: Any, **fields: Any) -> Any:
    """Confirm what the page of a batch offers."""
    batch = page.context["batch"]
    shown = page.context["possible"]
    data = {"count": shown, **({"typed": shown} if batch.is_decision else {}), **fields}
    return client.post(reverse("dossiers:confirm-batch", args=[batch.public_id]), data, follow=True)


def prepared(
    stages: list[DossierStage], action: BatchAction, by: User, to: User | None = None, **parameters: str
) -> Batch:
    chosen = DossierStage.objects.filter(pk__in=[each.pk for each in stages]).order_by("pk")
    batch = batches.prepare(chosen, action, by=by, at=timezone.now())
    if parameters or to:
        batches.complete(batch, by=by, parameters=parameters, to=to)
    return batch


def ready(stages: list[DossierStage], action: BatchAction, by: User, **said: Any) -> Batch:
    """Confirmed, all of it being possible, and waiting for a worker."""
    batch = prepared(stages, action, by, **said)
    batches.confirm(batch, by=by, count=len(stages), at=timezone.now())
    return batch


def results(batch: Batch) -> dict[str, str]:
    """What became of each dossier: why it was not done, or nothing."""
    items = batch.items.select_related("dossier_stage__dossier")
    return {each.dossier_stage.dossier.reference: each.reason for each in items if each.result != BatchResult.WAITING}


def told() -> Counter[str]:
    return Counter(Email.objects.values_list("kind", flat=True))


def test_eight_of_ten_are_validated_and_two_say_why(verifier: User) -> None:
    client = factories.signed_in(verifier)
    possible = [row() for _ in range(8)]
    rejected = factories.rejected(reason="Hors périmètre.")
    waiting = row(Status.MODIFICATION_REQUESTED)
    Email.objects.all().delete()
    page = ticked(client, [*possible, rejected, waiting], "validate")
    said = pages.text(page)
    assert "8 dossiers sur 10 peuvent être validés" in said
    assert "2 dossiers sont bloqués" in said
    assert "est au statut « Rejeté » depuis le" in said
    assert "est au statut « Modification demandée »" in said
    wrong = confirmed(client, page, typed="10")
    assert "Saisissez 8, le nombre de dossiers concernés" in pages.text(wrong)
    for typed in ("", "huit"):
        said = pages.text(confirmed(client, page, typed=typed))
        assert "Pour confirmer, saisissez le nombre de dossiers concernés : 8." in said
        assert "Saisissez 8, le nombre de dossiers concernés, pour confirmer." in said
    assert "Saisissez 8, le nombre" in pages.text(confirmed(client, page, count="9" * 5000, typed="9"))
    assert not Batch.objects.under_way().exists()
    after = confirmed(client, page)
    assert "0 dossier validé, 2 non traités, 8 à traiter" in pages.text(after)
    batch = Batch.objects.get()
    batch_work.carry_out(batch.pk)
    assert Counter(bool(reason) for reason in results(batch).values()) == {False: 8, True: 2}
    assert {factories.fresh(each).status for each in possible} == {Status.VALIDATED}
    assert factories.fresh(waiting).status == Status.MODIFICATION_REQUESTED
    assert told() == {"dossier_validated": 8}
    assert Event.objects.filter(kind=EventKind.VALIDATED, actor=verifier).count() == 8
    address = reverse("dossiers:batch", args=[batch.public_id])
    part = " ".join(client.get(address, headers={"HX-Request": "true"}).content.decode().split())
    assert "<title>Valider des dossiers – Terminé – Instruction – eCaRE</title>" in part, "the tab says that it is over"
    final = client.get(address)
    assert final.content.decode().count("<title>") == 1
    assert "8 dossiers validés, 2 non traités." in pages.text(final)
    assert "hx-trigger" not in final.content.decode()
    confirmed(client, page)  # the same page sent again
    batch_work.carry_out(batch.pk)
    batch_work.resume()
    assert told() == {"dossier_validated": 8}
    assert "Valider" in pages.text(client.get("/instruction/lots/"))


def test_each_action_does_what_it_does_on_one_dossier(verifier: User) -> None:
    lead = UserFactory(lead=True)
    client = factories.signed_in(lead)
    stages = [row() for _ in range(3)]

    def done(action: str, **said: Any) -> str:
        page = ticked(client, stages, action)
        if said:
            page = client.post(reverse("dossiers:batch", args=[page.context["batch"].public_id]), said, follow=True)
        confirmed(client, page)
        batch = Batch.objects.latest("pk")
        batch_work.carry_out(batch.pk)
        assert results(batch) == dict.fromkeys(map(reference, stages), "")
        return pages.text(client.get(reverse("dossiers:batch", args=[batch.public_id])))

    assert "3 dossiers pris en charge." in done("take")
    assert {factories.fresh(each).dossier.verifier for each in stages} == {lead}
    assert "3 dossiers attribués." in done("assign", to=str(verifier.public_id))
    assert {factories.fresh(each).dossier.verifier for each in stages} == {verifier}
    assert "3 dossiers libérés." in done("release")
    assert {factories.fresh(each).dossier.verifier for each in stages} == {None}
    due = timezone.localdate() + dt.timedelta(days=10)
    assert "3 dossiers renvoyés en modification." in done(
        "request_modification", message="Joignez le RIB.", due_on=due.isoformat()
    )
    asked = [each.modification_requests.get() for each in stages]
    assert {(each.message, each.opens_everything, timezone.localdate(each.due_at)) for each in asked} == {
        ("Joignez le RIB.", True, due + dt.timedelta(days=1))
    }
    DossierStage.objects.update(status=Status.TRANSMITTED, due_at=None)
    assert "3 dossiers rejetés." in done("reject", reason="Hors périmètre.")
    assert {each.message for each in Event.objects.filter(kind=EventKind.REJECTED)} == {"Hors périmètre."}
    assert told() == {"assigned": 1, "dossier_modification_requested": 3, "dossier_rejected": 3}


@pytest.mark.parametrize(("digest", "expected"), [(Digest.NONE, 0), (Digest.MINE, 1), (Digest.ALL, 1)])
def test_a_bulk_attribution_is_told_in_one_email_to_whom_wants_some(digest: Digest, expected: int) -> None:
    lead, to = UserFactory(lead=True, last_name="Laurent"), UserFactory(verifier=True, digest=digest)
    stages = [row() for _ in range(12)]
    batch_work.carry_out(ready(stages, BatchAction.ASSIGN, lead, to=to).pk)
    emails = list(Email.objects.filter(kind="assigned"))
    assert len(emails) == expected
    for email in emails:
        assert (email.to, email.subject) == (to.email, "12\xa0dossiers vous sont attribués")
        assert "Laurent vous attribue 12\xa0dossiers" in email.text
        assert email.text.count("instruction/") == 11  # ten by name, and the list


def test_what_is_missing_is_asked_and_what_was_typed_is_kept(verifier: User) -> None:
    client = factories.signed_in(verifier)
    stage = row()
    page = ticked(client, [stage], "request_modification")
    address = reverse("dossiers:batch", args=[page.context["batch"].public_id])
    refused = client.post(address, {"message": "Joignez le RIB.", "due_on": "2020-01-01"})
    assert "Cette date est passée" in pages.text(refused)
    assert "Joignez le RIB." in pages.text(refused)
    assert confirmed(client, page).context["batch"].is_prepared
    nothing = client.post(PREPARE, {"action": "take", "perimetre": "coches", "query": "tri=reference"}, follow=True)
    assert "Cochez au moins un dossier" in pages.text(nothing)
    assert nothing.redirect_chain[-1][0].endswith("?tri=reference")


def test_all_the_dossiers_of_a_filter_up_to_a_limit(verifier: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = factories.signed_in(verifier)
    for status in (Status.TRANSMITTED, Status.TRANSMITTED, Status.TRANSMITTED, Status.VALIDATED):
        row(status)
    data = {"action": "take", "perimetre": "tous", "query": "statut=transmitted&tri=reference"}
    page = client.post(PREPARE, data, follow=True)
    listed = client.get("/instruction/?statut=transmitted&tri=reference").context["page"]
    assert [item.dossier_stage.dossier.reference for item in page.context["batch"].items.all()] == [
        each.reference for each in listed
    ]
    monkeypatch.setattr(batches, "MOST", 2)
    assert "un lot en compte 2 au plus" in pages.text(client.post(PREPARE, data, follow=True))
    assert Batch.objects.count() == 1


def test_what_changed_since_it_was_seen_is_left_alone(verifier: User) -> None:
    """A transmission that nobody read is not decided on, a dossier that somebody took meanwhile is not taken away."""
    stages = [row() for _ in range(3)]
    validation = ready(stages, BatchAction.VALIDATE, verifier)
    Transmission.objects.create(
        dossier_stage=stages[1], number=2, at=timezone.now(), by=verifier, answers={}, applicant={}
    )
    batch_work.carry_out(validation.pk)
    assert "relisez-le" in results(validation)[reference(stages[1])]
    assert factories.fresh(stages[1]).status == Status.TRANSMITTED
    lead, other = UserFactory(lead=True), UserFactory(verifier=True, last_name="Chevalier")
    attribution = ready(stages, BatchAction.ASSIGN, lead, to=verifier)
    workflow.assignment.take(stages[0], by=other)
    batch_work.carry_out(attribution.pk)
    assert "Chevalier instruit ce dossier depuis" in results(attribution)[reference(stages[0])]
    assert factories.fresh(stages[0]).dossier.verifier == other


def test_another_number_than_the_one_shown_is_asked_again(verifier: User) -> None:
    client = factories.signed_in(verifier)
    stages = [row() for _ in range(3)]
    page = ticked(client, stages, "validate")
    workflow.validate(stages[0], by=UserFactory(verifier=True))
    again = confirmed(client, page)
    assert "2 dossiers au lieu de 3" in pages.text(again)
    assert again.context["batch"].is_prepared
    # Blocked when it was confirmed, not done even if it becomes possible.
    confirmed(client, again)
    workflow.reopen(stages[0], by=UserFactory(lead=True), reason="Erreur.")
    batch = Batch.objects.get()
    batch_work.carry_out(batch.pk)
    assert factories.fresh(stages[0]).status == Status.TRANSMITTED
    assert [bool(reason) for reason in results(batch).values()].count(True) == 1


# Who may


def test_a_regional_instructor_acts_on_his_regions_where_the_guichet_lets_him() -> None:
    mine, other = row(region_codes=["84"]), row(region_codes=["11"])
    user = UserFactory(regional=True, regions=[RegionFactory(code="84")])
    client = factories.signed_in(user)
    reading = client.get("/instruction/")
    assert "Préparer le lot" not in pages.text(reading)
    assert 'name="dossiers"' not in reading.content.decode(), "no box to tick for nothing"
    page = ticked(client, [mine, other], "validate")
    assert [item.dossier_stage_id for item in page.context["batch"].items.all()] == [mine.pk]
    assert "Aucun dossier ne peut être validé" in pages.text(page)
    Guichet.objects.update(regional_role=RegionalRole.INSTRUCT)
    acting = client.get("/instruction/")
    assert "Préparer le lot" in pages.text(acting)
    assert acting.content.decode().count('name="dossiers"') == 1
    confirmed(client, ticked(client, [mine, other], "validate"))
    batch = Batch.objects.latest("pk")
    user.regions.set([RegionFactory(code="11")])
    batch_work.carry_out(batch.pk)
    assert results(batch) == {reference(mine): "Vous ne pouvez pas faire cette action sur ce dossier."}
    assert reference(mine) not in client.get(reverse("dossiers:batch", args=[batch.public_id])).content.decode()
    assert {factories.fresh(each).status for each in (mine, other)} == {Status.TRANSMITTED}


@pytest.mark.parametrize("change", [{"role": Role.REFERENT}, {"is_active": False}])
def test_who_instructs_no_more_does_nothing_even_by_a_batch_confirmed_before(
    verifier: User, change: dict[str, Any]
) -> None:
    stages = [row(), row()]
    batch = ready(stages, BatchAction.REJECT, verifier, reason="Hors périmètre.")
    User.objects.filter(pk=verifier.pk).update(**change)
    batch_work.carry_out(batch.pk)
    assert all(results(batch).values())
    assert {factories.fresh(each).status for each in stages} == {Status.TRANSMITTED}
    assert not told()


def test_a_batch_is_its_author_s_and_only_a_responsable_gives_dossiers(verifier: User) -> None:
    stages = [row()]
    client, other = factories.signed_in(verifier), factories.signed_in(UserFactory(lead=True))
    assert ticked(client, stages, "assign").status_code == 404
    assert ticked(client, stages, "transmit").status_code == 404
    page = ticked(client, stages, "validate")
    for name in ("batch", "confirm-batch", "stop-batch"):
        address = reverse(f"dossiers:{name}", args=[page.context["batch"].public_id])
        assert other.post(address, {"count": "1", "typed": "1"}).status_code == 404
    assert Batch.objects.get().is_prepared


# What becomes of it


def test_a_batch_is_stopped_between_two_dossiers(verifier: User) -> None:
    stages = [row() for _ in range(3)]
    batch = ready(stages, BatchAction.VALIDATE, verifier)
    worker = batch_work.take(batch.pk)
    assert worker is not None
    batch_work.step(worker)
    client = factories.signed_in(verifier)
    page = client.post(reverse("dossiers:stop-batch", args=[batch.public_id]), follow=True)
    assert "1 dossier validé, 2 non traités. Le lot a été arrêté." in pages.text(page)
    with pytest.raises(batch_work.Overtaken):
        batch_work.step(worker)
    batch_work.resume()
    assert told() == {"dossier_validated": 1}


def test_another_worker_goes_on_after_one_that_died(verifier: User) -> None:
    stages = [row() for _ in range(3)]
    batch = ready(stages, BatchAction.VALIDATE, verifier)
    dead = batch_work.take(batch.pk)
    assert dead is not None
    batch_work.step(dead)
    batch_work.resume()  # it lives, for all we know
    assert told() == {"dossier_validated": 1}
    Batch.objects.update(beat_at=timezone.now() - batch_work.SILENCE - dt.timedelta(seconds=1))
    batch_work.resume()
    assert results(batch) == dict.fromkeys(map(reference, stages), "")
    with pytest.raises(batch_work.Overtaken):
        batch_work.step(dead)
    assert told() == {"dossier_validated": 3}


def test_a_dossier_that_fails_leaves_the_others(verifier: User) -> None:
    stages = [row() for _ in range(3)]
    broken = prepared(stages, BatchAction.REQUEST_MODIFICATION, verifier, message="Joignez le RIB.", due_on="?")
    Batch.objects.filter(pk=broken.pk).update(state=BatchState.WAITING, confirmed_at=timezone.now())
    batch_work.carry_out(broken.pk)
    assert set(results(broken).values()) == {
        "Une erreur l'a empêché\xa0: recommencez depuis le dossier, ou écrivez-nous si elle se répète."
    }
    assert Batch.objects.get().state == BatchState.DONE


def test_a_batch_that_nobody_confirmed_goes(verifier: User) -> None:
    old, kept = prepared([row()], BatchAction.TAKE, verifier), ready([row()], BatchAction.TAKE, verifier)
    Batch.objects.update(prepared_at=timezone.now() - dt.timedelta(days=3))
    list(retention.purge("batches", now=timezone.now()))
    assert list(Batch.objects.all()) == [kept]
    assert not Batch.objects.filter(pk=old.pk).exists()


def test_pages_cost_the_same_at_1_3_and_30_dossiers() -> None:
    lead, to = UserFactory(lead=True), UserFactory(regional=True, regions=[RegionFactory(code="84")])
    client = factories.signed_in(lead)
    costs: dict[str, list[int]] = {"list": [], "assign": [], "reject": [], "results": [], "history": []}
    stages: list[DossierStage] = []
    for number in (1, 2, 27):
        stages += [row(Status.TRANSMITTED if position % 2 else Status.VALIDATED) for position in range(number)]
        for action, said in ((BatchAction.ASSIGN, {"to": to}), (BatchAction.REJECT, {"reason": "Non."})):
            address = reverse("dossiers:batch", args=[prepared(stages, action, lead, **said).public_id])
            costs[action].append(pages.cost(lambda address=address: client.get(address)))
        done = ready(stages, BatchAction.ASSIGN, lead, to=UserFactory(verifier=True))
        address = reverse("dossiers:batch", args=[done.public_id])
        costs["results"].append(pages.cost(lambda address=address: client.get(address)))
        costs["history"].append(pages.cost(lambda: client.get("/instruction/lots/")))
        costs["list"].append(pages.cost(lambda: client.get("/instruction/")))
    assert {name: len(set(each)) for name, each in costs.items()} == dict.fromkeys(costs, 1), costs
    assert max(max(each) for each in costs.values()) <= 12, costs
