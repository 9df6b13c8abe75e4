"""The room in the Django admin (S1): found quickly, and nothing that is history can be changed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dossiers import models, workflow
from dossiers.enums import BatchAction, ExportFormat, FlagKind
from dossiers.models import DossierStage, FormRevision, Guichet, Stage, TemplateFile
from tests.accounts.factories import UserFactory
from tests.dossiers import factories

pytestmark = pytest.mark.django_db

#: Worked out behind, or nobody's but its author's: nothing there for an administrator to read.
OWN_BUSINESS = {
    models.Tally,
    models.DailyTally,
    models.DelayTally,
    models.Tallied,
    models.Appraisal,
    models.Presence,
    models.DecisionDraft,
    models.SavedView,
    models.DefaultView,
    models.Line,
    models.LineCount,
}
REGISTERED = [model for model in apps.get_app_config("dossiers").get_models() if model not in OWN_BUSINESS]
HISTORY = [
    models.Dossier,
    models.DossierStage,
    models.Answer,
    models.Attachment,
    models.Transmission,
    models.TransmittedFile,
    models.ModificationRequest,
    models.Remark,
    models.Event,
    models.TakeoverRequest,
    models.Flag,
    models.BatchItem,
]


@pytest.fixture
def client() -> Client:
    return factories.signed_in(UserFactory(admin=True))


def a_line_in_every_table() -> DossierStage:
    """A dossier with a line in every table of the room."""
    stage = factories.modification_requested(sites=3)
    workflow.add_file(
        stage, "framework_files", factories.pdf("Annexe.pdf"), by=stage.dossier.referent, at=timezone.now()
    )
    models.Milestone.objects.create(text="Ouverture", on=timezone.localdate())
    models.ParkedInput.objects.create(
        user=stage.dossier.referent,
        dossier_stage=stage,
        answers={"bank": {"raw": {"iban": factories.IBAN}, "base": ""}},
    )
    colleague = factories.referent(stage.dossier.legal_entity)
    workflow.takeovers.ask(stage, by=colleague, reason="Parti.", at=timezone.now())
    workflow.exports.ask(
        UserFactory(verifier=True), query="", format=ExportFormat.CSV, columns=["reference"], at=timezone.now()
    )
    content = {"name": "Motif", "purpose": "reject", "guichet": None, "body": "Dossier {reference} hors périmètre."}
    workflow.texts.save(None, by=UserFactory(lead=True), **content)
    lead, day = UserFactory(lead=True), timezone.localdate()
    workflow.assignment_rules.save(None, by=lead, guichet=None, region=None, people=[lead])
    workflow.absences.declare(lead, by=lead, first_day=day, last_day=day, at=timezone.now())
    models.Flag.objects.create(dossier_stage=stage, kind=FlagKind.values[0], text="Compte déjà utilisé.")
    given = DossierStage.objects.filter(pk=stage.pk)
    workflow.batches.prepare(given, BatchAction.TAKE, by=UserFactory(verifier=True), at=timezone.now())
    administrator = UserFactory(admin=True)
    models.WindowChange.objects.create(stage=stage.stage, reason="Panne.", by=administrator)
    models.LateAccess.objects.create(
        stage=stage.stage,
        legal_entity=stage.dossier.legal_entity,
        until=timezone.now(),
        reason="Incendie.",
        granted_by=administrator,
    )
    return stage


def page(model: type[Model], action: str, *args: Any) -> str:
    return reverse(f"admin:dossiers_{model._meta.model_name}_{action}", args=args)


def test_every_model_of_the_room_is_registered() -> None:
    assert {model for model in REGISTERED if not admin.site.is_registered(model)} == set()


@pytest.mark.parametrize("model", HISTORY)
def test_a_list_costs_the_same_at_1_and_3_dossiers(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, model: type[Model]
) -> None:
    costs = []
    for number in (1, 2):
        for _ in range(number):
            factories.modification_requested()
        with django_assert_max_num_queries(12) as captured:
            client.get(page(model, "changelist"))
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_what_was_answered_is_not_shown(client: Client) -> None:
    """An IBAN is masked except for those who must read it (Q60); a draft is its référent's."""
    a_line_in_every_table()
    for model in (models.Answer, models.Transmission, models.ParkedInput):
        for instance in model._default_manager.all():
            shown = client.get(page(model, "change", instance.pk)).content.decode()
            assert "FR76" not in shown
            assert "zoe.durand@exemple.fr" not in shown


@pytest.fixture(scope="class")
def built(lasting: Callable[[], AbstractContextManager[None]]) -> Iterator[DossierStage]:
    with lasting():
        yield a_line_in_every_table()


@pytest.fixture
def stage(built: DossierStage) -> DossierStage:
    return factories.fresh(built)


class TestHistory:
    """On one dossier with a line in every table of the room."""

    @pytest.mark.parametrize("model", REGISTERED)
    def test_lists_searches_and_pages_answer(self, client: Client, stage: DossierStage, model: type[Model]) -> None:
        assert client.get(page(model, "changelist")).status_code == 200
        for words in (stage.dossier.reference, "tilleuls", "%", "introuvable"):
            assert client.get(page(model, "changelist"), {"q": words}).status_code == 200, words
        instance = model._default_manager.first()
        assert instance is not None
        assert client.get(page(model, "change", instance.pk)).status_code == 200
        assert client.get(page(model, "history", instance.pk)).status_code == 200

    @pytest.mark.parametrize("model", HISTORY)
    def test_history_is_read_and_never_written(self, client: Client, stage: DossierStage, model: type[Model]) -> None:
        instance = model._default_manager.first()
        assert instance is not None
        assert client.get(page(model, "add")).status_code == 403
        assert client.post(page(model, "add"), {}).status_code == 403
        assert client.get(page(model, "delete", instance.pk)).status_code == 403
        assert client.post(page(model, "delete", instance.pk), {"post": "yes"}).status_code == 403
        data = {"status": "validated", "referent": "1", "reference": "ABCDEFGHJK", "message": "x", "name": "x"}
        assert client.post(page(model, "change", instance.pk), data).status_code == 403
        delete = {"action": "delete_selected", "_selected_action": [instance.pk], "post": "yes"}
        client.post(page(model, "changelist"), delete)
        assert model._default_manager.filter(pk=instance.pk).exists()
        assert 'name="_save"' not in client.get(page(model, "change", instance.pk)).content.decode()
        assert factories.fresh(stage).status == "modification_requested"

    @pytest.mark.parametrize("model", HISTORY)
    def test_a_line_of_history_is_found_by_its_dossier(
        self, client: Client, stage: DossierStage, model: type[Model]
    ) -> None:
        other = factories.modification_requested()
        everything = client.get(page(model, "changelist")).context["cl"].result_count
        found = client.get(page(model, "changelist"), {"q": stage.dossier.legal_entity.finess}).context["cl"]
        beside = client.get(page(model, "changelist"), {"q": other.dossier.reference}).context["cl"]
        assert found.result_count > 0
        assert found.result_count + beside.result_count == everything

    def test_files_are_not_linked(self, client: Client, stage: DossierStage) -> None:
        attachment = stage.attachments.all()[0]
        assert attachment.file.name not in client.get(page(models.Attachment, "change", attachment.pk)).content.decode()


# Settings


def guichet_data(guichet: Guichet, **fields: Any) -> dict[str, Any]:
    return {
        "title": guichet.title,
        "short_title": guichet.short_title,
        "presentation": guichet.presentation,
        "audience": guichet.audience,
        "support_email": "",
        "regional_role": guichet.regional_role,
        "position": guichet.position,
        **fields,
    }


def stage_data(stage: Stage, **fields: Any) -> dict[str, Any]:
    names = ("position", "kind", "entry", "regional_role", "title", "opening_text", "closing_text")
    return {**{name: getattr(stage, name) for name in names}, **fields}


def test_an_administrator_sets_a_guichet_and_its_links(client: Client) -> None:
    guichet = factories.poc().guichet
    data = guichet_data(
        guichet,
        title="Nouveau titre",
        code="autre-code",
        link_label_1="Guide",
        link_url_1="https://esante.gouv.fr/guide",
        link_label_2="Sans adresse",
    )
    refused = client.post(page(Guichet, "change", guichet.pk), data)
    assert "Ligne 2 : renseignez l&#x27;adresse du lien" in refused.content.decode().replace("\u00a0", " ")
    del data["link_label_2"]
    response = client.post(page(Guichet, "change", guichet.pk), data)
    assert response.status_code == 302, response.context["errors"]
    guichet.refresh_from_db()
    assert (guichet.title, guichet.code) == ("Nouveau titre", "poc-essms")
    assert guichet.audience == ["essms"]
    assert guichet.links == [{"label": "Guide", "url": "https://esante.gouv.fr/guide"}]


def test_an_administrator_moves_the_closing_of_an_etape(client: Client) -> None:
    stage = factories.poc()
    data = stage_data(stage, opens_at="2026-03-31T00:00", closes_at="2026-06-05T00:00", code="autre-code")
    response = client.post(page(Stage, "change", stage.pk), data)
    assert response.status_code == 302, response.context["errors"]
    stage.refresh_from_db()
    assert timezone.localtime(stage.closes_at).isoformat() == "2026-06-05T00:00:00+02:00"
    assert stage.code == "candidature"


def test_a_closing_before_the_opening_is_refused_in_words(client: Client) -> None:
    stage = factories.poc()
    data = stage_data(stage, opens_at="2026-03-31T00:00", closes_at="2026-03-01T00:00")
    response = client.post(page(Stage, "change", stage.pk), data)
    assert response.status_code == 200
    assert "La fermeture d&#x27;une étape doit être postérieure à son ouverture." in response.content.decode()


@pytest.mark.parametrize("model", [Guichet, FormRevision, models.Section, models.Question])
def test_a_guichet_and_its_published_forms_stay(client: Client, model: type[Model]) -> None:
    factories.poc()
    instance = model._default_manager.first()
    assert instance is not None
    assert client.post(page(model, "delete", instance.pk), {"post": "yes"}).status_code == 403
    if model is not Guichet:
        assert client.post(page(model, "change", instance.pk), {"title": "x"}).status_code == 403
        assert 'name="_save"' not in client.get(page(model, "change", instance.pk)).content.decode()
    assert model._default_manager.filter(pk=instance.pk).exists()


def test_a_blank_model_can_be_replaced(client: Client) -> None:
    factories.poc()
    template_file = TemplateFile.objects.get()
    shown = client.get(page(TemplateFile, "change", template_file.pk)).content.decode()
    assert "cadre-de-reponse-poc-essms" in shown
    assert f'href="{template_file.file.name}' not in shown
    data = {"title": "Cadre de réponse (version 2)", "file": factories.docx("nouveau.docx")}
    assert client.post(page(TemplateFile, "change", template_file.pk), data).status_code == 302
    template_file.refresh_from_db()
    assert template_file.title == "Cadre de réponse (version 2)"
    assert template_file.file.name == "modeles/nouveau.docx"


@pytest.mark.parametrize("role", ["referent", "verifier", "regional", "lead"])
def test_the_admin_of_the_room_does_not_exist_for_other_roles(role: str) -> None:
    client = factories.signed_in(UserFactory(**{role: True}))
    for model in REGISTERED:
        assert client.get(page(model, "changelist")).status_code == 404
