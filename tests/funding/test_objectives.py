"""Objectives: presented, accepted or refused one by one, and what that gives (F5, Q&A 3.5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow as dossiers_workflow
from dossiers.enums import EventKind, Status
from dossiers.models import Batch, DossierStage, Event
from dossiers.workflow.obstacles import obstacles
from funding import workflow
from funding.models import Grant, ObjectiveDecision
from funding.queries import objectives
from funding.schedule import fixtures as schedules
from funding.schedule import workflow as schedule_workflow
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db


def address(stage: DossierStage, code: str) -> str:
    return reverse("funding:decide-objective", args=[stage.dossier.reference, code])


def test_a_verifier_accepts_and_refuses_then_validates_and_the_amount_follows() -> None:
    stage = reached.presented()
    verifier = UserFactory(verifier=True)
    browser = factories.signed_in(verifier)
    page = browser.get(pages.url("instruction-dossier", stage))
    text = pages.text(page)
    assert "Aucun objectif sur 5 accepté : 0 € sur 18 800 €" in text
    assert "5 objectifs restent à examiner" in text
    assert "Preuve backups_files.pdf" in text
    assert "Facultatif – 5 % de la subvention, soit 940 € – Réponse : Choisi" in text
    assert "Exigences de sécurité envers les fournisseurs Non présenté" in text
    refused = browser.post(pages.url("validate", stage), {"read": 1})
    assert "5 objectifs présentés sont encore à accepter ou à refuser" in pages.text(refused)
    assert factories.fresh(stage).status == Status.TRANSMITTED

    sent = {"read": 1, "version": 0}
    for code in ("diagnosis", "backups", "inventory"):
        response = browser.post(address(stage, code), {**sent, "accept": "1"})
        assert response["Location"].endswith(f"#objectif-{code}")
    silent = browser.post(address(stage, "awareness"), {**sent, "refuse": "1", "reason": " "})
    assert silent.status_code == 422
    assert "Votre décision n'est pas enregistrée Indiquez le motif du refus" in pages.text(silent), "said once"
    assert pages.title(silent).startswith("Erreur")
    browser.post(address(stage, "awareness"), {**sent, "refuse": "1", "reason": "Les feuilles ne sont pas signées."})
    browser.post(address(stage, "updates"), {**sent, "refuse": "1", "reason": "Hors délai."})
    browser.post(address(stage, "updates"), {"read": 1, "version": 1, "accept": "1"})
    browser.post(
        address(stage, "updates"), {"read": 1, "version": 2, "refuse": "1", "reason": "Décidément hors délai."}
    )
    text = pages.text(browser.get(pages.url("instruction-dossier", stage)))
    assert "3 objectifs sur 5 acceptés : 12 220 € sur 18 800 €" in text
    assert "Tous sont examinés" in text
    assert Grant.objects.get().payable == 0, "nothing is payable before the étape is decided"
    preview = pages.text(browser.post(pages.url("validate", stage), {"read": 1, "preview": "1"}))
    assert "3 objectifs sur 5 acceptés : 12 220 € sur 18 800 €." in preview

    before = Email.objects.count()
    browser.post(pages.url("validate", stage), {"read": 1})

    assert Grant.objects.get().payable == Decimal("12220.00")
    assert Email.objects.count() == before + 1
    email = Email.objects.get(kind="dossier_validated", text__contains="objectifs")
    told = email.text.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Objectifs acceptés :\n- Diagnostic OPSSIMS mis à jour en fin de projet (20 %)\n- Sauvegardes" in told
    assert "- Professionnels sensibilisés. Motif : Les feuilles ne sont pas signées." in told
    assert "Décidément hors délai." in told
    history = Event.objects.filter(kind=EventKind.OBJECTIVE_REFUSED).order_by("pk").last()
    assert history is not None
    assert history.message == (
        "Mises à jour des postes et des serveurs\n\nDécidément hors délai.\n\nDécision précédente\u00a0: accepté."
    )
    mine = pages.text(pages.owner(stage).get(pages.url("form", stage)))
    assert "3 objectifs sur 5 acceptés : 12 220 € sur 18 800 €" in mine
    assert "Les feuilles ne sont pas signées." in mine
    assert "Objectif refusé" in mine


def test_the_form_says_what_the_objectives_declared_would_give() -> None:
    stage = reached.begun()
    owner = pages.owner(stage)
    page = owner.get(pages.url("form", stage))
    assert "Aucun objectif n'est encore présenté." in pages.text(page)
    factories.save(stage, track={"value": "1"}, diagnosis={"value": "missed"}, backups={"value": "partly"})
    page = owner.get(pages.url("form", stage))
    assert "1 objectif présenté sur 6 : 7 520 € sur 18 800 €" in pages.text(page)
    saved = owner.post(
        pages.url("answer", stage, "diagnosis"),
        {"diagnosis-base": pages.fields(page)["diagnosis-base"], "diagnosis-value": "reached"},
    )
    assert 'id="consequences" hx-swap-oob="innerHTML"' in saved.content.decode()
    assert "2 objectifs présentés sur 6 : 11 280 € sur 18 800 €" in pages.text(saved)
    factories.save(stage, track={"value": "2"})
    assert "corrigez votre parcours" in pages.text(owner.get(pages.url("form", stage)))
    assert "Ce que vos objectifs peuvent donner" in pages.text(owner.get(pages.url("recap", stage)))


def test_a_decision_on_what_was_corrected_since_no_longer_stands_and_the_others_do() -> None:
    stage = reached.decided(refused={"backups": "Le test de restauration manque."})
    verifier = UserFactory(verifier=True)
    page = factories.signed_in(verifier).get(pages.url("instruction-dossier", stage))
    assert "#id_remark_backups" in page.content.decode()
    dossiers_workflow.request_modification(
        stage,
        by=verifier,
        message="Complétez.",
        remarks={"backups": "Joignez le compte rendu."},
        due_at=stage.stage.closes_at,  # type: ignore[arg-type]
    )
    asked = factories.fresh(stage)
    mine = pages.text(pages.owner(asked).get(pages.url("form", asked)))
    assert "Où en sont vos objectifs 4 objectifs sur 5 acceptés" in mine
    assert "Le test de restauration manque." in mine, "why it was refused stands on top of the form that comes back"
    with pytest.raises(workflow.Refused, match="Modification demandée"):
        reached.decide(asked, "backups", by=verifier)
    factories.deposit(asked, factories.pdf("Test de restauration.pdf"), "backups_files")
    stage = factories.transmit(asked)

    found = objectives.of_stage(stage)

    assert found is not None
    assert [row.objective.code for row in found.waiting] == ["backups"]
    assert found.row("backups").is_stale  # type: ignore[union-attr]
    text = pages.text(factories.signed_in(verifier).get(pages.url("instruction-dossier", stage)))
    assert "Le référent l'a modifié depuis. Refusé par" in text
    with pytest.raises(dossiers_workflow.Refused, match="encore à accepter"):
        dossiers_workflow.validate(stage, by=verifier)
    reached.decide(stage, "backups", by=verifier)
    dossiers_workflow.validate(stage, by=verifier)
    assert Grant.objects.get().payable == Decimal("17860.00")


def test_a_refused_objective_opens_with_its_reason_and_the_referent_corrects_it() -> None:
    """Without a remark of its own, one on another question would keep it closed (D11)."""
    stage = reached.decided(refused={"backups": "Le test manque.", "inventory": "La liste n'est pas datée."})
    verifier = UserFactory(verifier=True)
    browser, url = factories.signed_in(verifier), pages.url("request-modification", stage)
    page = browser.get(url)
    form = page.context["form"]
    proposed = {name: form[name].value() for name in form.fields if name.startswith("remark_") and form[name].value()}
    assert proposed == {"remark_backups": "Le test manque.", "remark_inventory_files": "La liste n'est pas datée."}
    assert "sans remarque, le référent ne pourrait pas le corriger" in pages.text(page)
    typed = {"read": "1", "message": "Complétez.", "due_on": (timezone.localdate() + dt.timedelta(days=9)).isoformat()}

    cleared = browser.post(url, {**typed, "remark_team": "Précisez.", "preview": "1"})
    assert "Objectif refusé : Sauvegardes protégées et testées. Sans remarque" in pages.text(cleared)
    assert 'href="#id_remark_backups"' in cleared.content.decode()
    everything = browser.post(url, {**typed, "remark_team": "Précisez.", "opens_everything": "on", "preview": "1"})
    assert "Sans remarque, le référent ne pourra pas" not in pages.text(everything)

    browser.post(url, {**typed, **proposed, "remark_team": "Précisez."})
    asked = factories.fresh(stage)
    assert asked.status == Status.MODIFICATION_REQUESTED
    mine = pages.text(pages.owner(asked).get(pages.url("form", asked)))
    assert mine.count("Le test manque.") >= 2, "on top, and beside the question"
    with pytest.raises(dossiers_workflow.Refused):
        factories.deposit(asked, factories.pdf("Hors sujet.pdf"), "diagnosis_files")
    factories.deposit(asked, factories.pdf("Test de restauration.pdf"), "backups_files")
    factories.deposit(asked, factories.pdf("Liste datée.pdf"), "inventory_files")
    stage = factories.transmit(asked)
    found = objectives.of_stage(stage)
    assert found is not None
    assert {row.objective.code for row in found.waiting} == {"backups", "inventory"}
    reached.decide(stage, "backups", by=verifier)
    reached.decide(stage, "inventory", by=verifier)
    dossiers_workflow.validate(stage, by=verifier)
    assert Grant.objects.get().payable == Decimal("17860.00")


def test_the_reason_of_a_refusal_joins_a_draft_begun_before_it_and_not_one_that_left_it_out() -> None:
    stage = reached.decided()
    verifier = UserFactory(verifier=True)
    browser, url = factories.signed_in(verifier), pages.url("request-modification", stage)
    browser.post(url, {"read": "1", "message": "Complétez.", "draft": "1"})
    reached.decide(stage, "backups", by=verifier, reason="Le test manque.")
    begun = browser.get(url).context["form"]
    assert (begun["message"].value(), begun["remark_backups"].value()) == ("Complétez.", "Le test manque.")
    browser.post(url, {"read": "1", "message": "Complétez.", "remark_team": "Précisez.", "draft": "1"})
    page = browser.get(url)
    assert not page.context["form"]["remark_backups"].value()
    assert "Sans remarque, le référent ne pourra pas le corriger" in pages.text(page)


def test_an_objective_withdrawn_after_it_was_accepted_gives_nothing() -> None:
    stage = reached.decided()
    verifier = UserFactory(verifier=True)
    dossiers_workflow.request_modification(
        stage,
        by=verifier,
        message="Corrigez.",
        remarks={},
        due_at=stage.stage.closes_at,  # type: ignore[arg-type]
    )
    factories.save(factories.fresh(stage), backups={"value": "missed"})
    stage = factories.transmit(stage)
    with pytest.raises(workflow.Refused, match="ne présente pas"):
        reached.decide(stage, "backups", by=verifier)
    dossiers_workflow.validate(stage, by=verifier)
    assert Grant.objects.get().payable == Decimal("10340.00")


def test_reopened_decisions_change_again_and_nothing_is_payable_meanwhile() -> None:
    stage = reached.decided()
    lead = UserFactory(lead=True)
    dossiers_workflow.validate(stage, by=lead)
    assert Grant.objects.get().payable == Decimal("17860.00")
    with pytest.raises(workflow.Refused, match="Validé"):
        reached.decide(stage, "backups", by=lead, reason="Trop tard.")
    dossiers_workflow.reopen(factories.fresh(stage), by=lead, reason="Une preuve est fausse.")
    assert Grant.objects.get().payable == 0
    reached.decide(stage, "backups", by=lead, reason="Le test est un faux.")
    dossiers_workflow.reject(factories.fresh(stage), by=lead, reason="Fraude.")
    assert Grant.objects.get().payable == 0
    email = Email.objects.get(kind="dossier_rejected")
    assert "Le test est un faux." in email.text
    assert "18\u202f800" not in email.text


def test_who_decides_late_is_told_who_decided_what_and_keeps_what_was_typed() -> None:
    stage = reached.presented()
    first, second = UserFactory(verifier=True), UserFactory(verifier=True)
    reached.decide(stage, "backups", by=first)
    page = factories.signed_in(second).post(
        address(stage, "backups"), {"read": 1, "version": 0, "refuse": "1", "reason": "La page n'est pas datée."}
    )
    assert page.status_code == 409
    assert f"{first.full_name} a accepté l'objectif « Sauvegardes protégées et testées »" in pages.text(page)
    assert "La page n'est pas datée." in pages.text(page)
    again = reached.decide(stage, "backups", by=first, version=0)
    assert (again.version, ObjectiveDecision.objects.count()) == (1, 1), "the same decision sent twice is taken once"
    stale = factories.signed_in(second).post(address(stage, "diagnosis"), {"read": 7, "version": 0, "accept": "1"})
    assert stale.status_code == 302, "a number to come is nobody's transmission"
    assert factories.signed_in(second).post(address(stage, "diagnosis"), {"accept": "1"}).status_code == 422


def test_a_decision_gives_the_dossier_to_nobody_and_the_page_offers_to_take_it() -> None:
    stage = reached.presented()
    verifier = UserFactory(verifier=True)
    browser = factories.signed_in(verifier)
    browser.post(address(stage, "diagnosis"), {"read": 1, "version": 0, "accept": "1"})
    assert factories.fresh(stage).dossier.verifier is None, "as any decision on a dossier"
    offered = "chaque décision porte votre nom, mais ne vous l'attribue pas"
    page = pages.text(browser.get(pages.url("instruction-dossier", stage)))
    assert offered in page
    assert f"Accepté par {verifier.full_name}" in page
    reader = factories.signed_in(UserFactory(regional=True, regions=[stage.dossier.legal_entity.region]))
    assert offered not in pages.text(reader.get(pages.url("instruction-dossier", stage)))

    browser.post(pages.url("take", stage))

    assert factories.fresh(stage).dossier.verifier == verifier
    assert offered not in pages.text(browser.get(pages.url("instruction-dossier", stage)))


def test_only_who_instructs_decides_and_others_read() -> None:
    stage = reached.presented()
    region = stage.dossier.legal_entity.region
    regional = UserFactory(regional=True, regions=[region])
    page = factories.signed_in(regional).get(pages.url("instruction-dossier", stage))
    assert "Sauvegardes protégées et testées" in pages.text(page)
    assert "Refuser" not in pages.text(page)
    for person in (regional, UserFactory(admin=True), stage.dossier.referent):
        assert factories.signed_in(person).post(address(stage, "backups"), {"read": 1, "version": 0}).status_code == 404
        with pytest.raises(workflow.NotAllowed):
            reached.decide(stage, "backups", by=person)
    assert factories.signed_in(UserFactory(verifier=True)).post(address(stage, "inconnu")).status_code == 404
    assert not ObjectiveDecision.objects.exists()


def test_the_database_refuses_a_decision_outside_instruction_and_one_without_its_reason() -> None:
    stage = reached.decided()
    statements = [
        "UPDATE funding_objectivedecision SET state = 'refused', version = version + 1",
        "UPDATE funding_objectivedecision SET reason = 'x'",
        "DELETE FROM funding_objectivedecision",
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
                cursor.execute(statement)
        dossiers_workflow.validate(stage, by=UserFactory(verifier=True))
        with pytest.raises((IntegrityError, DatabaseError), match="under instruction"), transaction.atomic():
            cursor.execute("UPDATE funding_objectivedecision SET version = version + 1")


def test_a_bareme_changed_in_the_middle_changes_nothing_of_a_dossier_under_way() -> None:
    stage = reached.decided(refused={"awareness": "Non signé."})
    terms, version, content = schedules.read(factories.FIXTURES / "schedules" / "poc-essms.yaml")
    moved = [
        one if one.track != "1" else type(one)(one.track, one.code, one.label, one.mandatory, share)
        for one, share in zip(content.objectives, [Decimal(each) for each in (85, 3, 3, 3, 3, 3)] * 3, strict=True)
    ]
    draft = schedule_workflow.draft(
        terms,
        version=version + 1,
        content=type(content)(content.valid_from, content.tracks, content.brackets, tuple(moved)),
    )
    schedule_workflow.publish(draft.pk)
    found = objectives.of_stage(stage)
    assert found is not None
    assert found.payable == Decimal("13160.00")
    dossiers_workflow.validate(stage, by=UserFactory(verifier=True))
    assert Grant.objects.get().payable == Decimal("13160.00")


def test_without_a_subsidy_yet_the_objectives_are_decided_and_the_amount_comes_with_it() -> None:
    stage = reached.decided(granted=False)
    verifier = UserFactory(verifier=True)
    text = pages.text(factories.signed_in(verifier).get(pages.url("instruction-dossier", stage)))
    assert "5 objectifs sur 5 acceptés" in text
    assert "la subvention n'est pas encore accordée" in text
    dossiers_workflow.validate(stage, by=verifier)
    first = stage.dossier.stages.get(stage__code="candidature")
    assert subsidies.granted(factories.fresh(first)).payable == Decimal("17860.00")


def test_the_page_costs_the_same_whatever_the_number_of_objectives() -> None:
    few = reached.presented(
        slots=("diagnosis_files",),
        overrides={
            "backups": {"value": "missed"},
            "awareness": {"value": "missed"},
            "optional": {},
        },
    )
    many = reached.decided()
    browser = factories.signed_in(UserFactory(verifier=True))

    def seen(stage: DossierStage) -> int:
        return pages.cost(lambda: browser.get(pages.url("instruction-dossier", stage)))

    seen(few)
    assert seen(few) == seen(many)


def test_a_batch_leaves_out_the_dossiers_whose_objectives_wait() -> None:
    ready, waiting = reached.decided(), reached.presented()
    verifier = UserFactory(verifier=True)
    given = DossierStage.objects.filter(pk__in=[ready.pk, waiting.pk])
    batch: Batch = dossiers_workflow.batches.prepare(given, "validate", by=verifier, at=ready.transmitted_at)  # type: ignore[arg-type]
    found = obstacles(batch, by=verifier)
    assert list(found) == [batch.items.get(dossier_stage=waiting).pk]
    [reason] = found.values()
    assert "sont encore à accepter ou à refuser" in reason
