"""Several étapes (G1): which begins, when, by whom; what each person sees of the others."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dossiers import queries, search, steps, workflow
from dossiers.enums import EventKind, RegionalRole, StageEntry, Status
from dossiers.models import Dossier, DossierStage, FormRevision, Guichet, Stage
from ecare import french
from establishments.models import Region
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.creating import creatable

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def start(first: DossierStage, stage: Stage, *, at: dt.datetime | None = None) -> DossierStage:
    return factories.fresh(
        workflow.start_stage(first, stage, by=first.dossier.referent, at=at or timezone.now()),
    )


def transmit(passage: DossierStage) -> DossierStage:
    factories.save(passage, word={"value": "Preuves jointes"})
    return factories.transmit(passage)


# Beginning


def test_a_dossier_begins_by_the_etape_that_says_so_whatever_its_rank_and_its_kind() -> None:
    """A self-assessment is a guichet like another."""
    stage = factories.guichet().stages.get()
    Stage.objects.filter(pk=stage.pk).update(position=2, kind="assessment")
    before = Stage.objects.create(guichet=stage.guichet, position=1, code="avant", kind="application", title="Avant")
    person = factories.referent(factories.entity())
    entity = person.representations.get().legal_entity
    now = timezone.now()
    assert [each.pk for each, _ in creatable(person, at=now)] == [stage.pk]
    with pytest.raises(workflow.Refused, match="première étape"):
        workflow.create_dossier(before, entity, by=person, at=now)
    dossier = workflow.create_dossier(Stage.objects.get(pk=stage.pk), entity, by=person, at=now)
    assert dossier.stages.get().stage_id == stage.pk


def test_the_next_etape_begins_as_a_draft_on_its_newest_form_and_the_first_one_stays() -> None:
    first = factories.validated()
    _, objectives = factories.next_stages()

    started = start(first, objectives)

    first = factories.fresh(first)
    assert (first.status, first.is_current, first.is_instructed) == (Status.VALIDATED, False, True)
    assert (started.status, started.is_current, started.is_instructed) == (Status.DRAFT, True, False)
    assert started.revision == queries.newest_revision(objectives)
    event = started.events.get()
    assert (event.kind, event.from_status, event.to_status) == (EventKind.STAGE_STARTED, "", Status.DRAFT)
    email = Email.objects.get(kind="stage_started")
    assert email.to == started.dossier.referent.email
    assert started.deadline is not None
    assert french.until(started.deadline) in email.text
    assert [step.stage for step in steps.of(started.dossier).counted] == [first.stage, objectives]
    started = transmit(started)
    assert (started.is_instructed, factories.fresh(first).is_instructed) == (True, False)
    with pytest.raises(workflow.WrongStatus, match="a déjà commencé"):
        start(started, objectives)


@pytest.mark.parametrize("status", ["draft", "transmitted", "modification_requested", "rejected"])
def test_it_waits_until_the_one_before_is_validated(status: str) -> None:
    first = factories.BUILDERS[status]()
    _, objectives = factories.next_stages()
    with pytest.raises(workflow.WrongStatus, match="quand celle qui la précède est validée"):
        start(first, objectives)
    assert first.dossier.stages.count() == 1


def test_it_begins_in_its_window_to_the_millisecond() -> None:
    first = factories.validated()
    opens_at = timezone.now() + DAY
    _, objectives = factories.next_stages(opens_at=opens_at)
    millisecond = dt.timedelta(milliseconds=1)
    assert objectives.closes_at is not None
    for at, said in (
        (opens_at - millisecond, french.moment(opens_at)),
        (objectives.closes_at, "est fermée depuis"),
    ):
        with pytest.raises(workflow.Closed) as refusal:
            start(first, objectives, at=at)
        assert said in str(refusal.value)
    start(first, objectives, at=objectives.closes_at - millisecond)


def test_it_needs_a_published_form_and_its_own_guichet() -> None:
    first = factories.validated()
    _, objectives = factories.next_stages(published=False)
    FormRevision.objects.filter(stage=objectives, published_at__isnull=True).delete()
    if not objectives.revisions.exists():
        with pytest.raises(workflow.Closed):
            start(first, objectives)
    with pytest.raises(workflow.WrongStatus):
        start(first, factories.guichet().stages.get())


def test_an_etape_left_behind_no_longer_changes() -> None:
    """Reopening étape 1 after étape 2 began: refused with a sentence."""
    started = factories.started()
    first = started.dossier.stages.get(stage__position=1)
    lead = UserFactory(lead=True)
    with pytest.raises(workflow.WrongStatus, match=r"Atteinte des objectifs.» a commencé le .* ne change plus"):
        workflow.reopen(factories.fresh(first), by=lead, reason="Erreur.")
    assert workflow.allowed_moves(factories.fresh(first), lead) == set()
    client = factories.signed_in(lead)
    page = client.get(reverse("dossiers:reopen", args=[started.dossier.reference]))
    assert page.status_code == 409
    assert "ne change plus" in pages.text(page)
    with pytest.raises(workflow.Closed):
        factories.save(factories.fresh(first), comment={"value": "Trop tard"})


# On request


def test_an_instructor_opens_a_control_and_the_referent_fills_it() -> None:
    first = factories.validated()
    control, objectives = factories.next_stages()
    assert control.opens_at is None
    client = factories.signed_in(UserFactory(verifier=True))
    url = reverse("dossiers:call-stage", args=[first.dossier.reference, "controle"])
    dossier_page = client.get(reverse("dossiers:instruction-dossier", args=[first.dossier.reference]))
    assert "Ouvrir l'étape Contrôle" in pages.text(dossier_page)
    with pytest.raises(workflow.WrongStatus):
        start(first, control)
    for _ in range(2):  # pressed twice, it is opened once and shows the same page
        response = client.post(url, {"message": "Joignez la facture."})
        assert response.status_code == 302
    called = factories.fresh(first.dossier.stages.get(is_current=True))
    assert (called.stage, called.status) == (control, Status.DRAFT)
    email = Email.objects.get(kind="stage_called")
    assert email.to == called.dossier.referent.email
    assert "Joignez la facture." in email.text
    assert steps.of(called.dossier).number == 2
    with pytest.raises(workflow.WrongStatus):
        start(first, objectives)
    called = transmit(called)
    workflow.validate(called, by=UserFactory(verifier=True))
    start(factories.fresh(called), objectives)


def test_a_control_closes_and_is_not_called_outside_its_turn() -> None:
    first = factories.transmitted()
    control, objectives = factories.next_stages()
    verifier = UserFactory(verifier=True)
    with pytest.raises(workflow.WrongStatus):
        workflow.call_stage(first, control, by=verifier)
    workflow.validate(first, by=verifier)
    with pytest.raises(workflow.WrongStatus, match="ne peut pas être ouverte"):
        workflow.call_stage(first, objectives, by=verifier)
    Stage.objects.filter(pk=control.pk).update(closes_at=timezone.now())
    with pytest.raises(workflow.Closed, match="est fermée depuis"):
        workflow.call_stage(first, control, by=verifier)


# What the référent sees


def test_the_page_of_a_validated_dossier_offers_the_next_etape_and_the_dashboard_too() -> None:
    first = factories.validated()
    factories.next_stages()
    client = pages.owner(first)
    page = client.get(pages.url("form", first))
    assert "Commencer l'étape « Atteinte des objectifs »" in pages.text(page)
    dashboard = pages.text(client.get(reverse("dossiers:dashboard")))
    assert f"L'étape « Atteinte des objectifs » du dossier {first.dossier.reference} peut commencer" in dashboard

    for _ in range(2):
        response = client.post(reverse("dossiers:start-stage", args=[first.dossier.reference, "objectifs"]))
        assert response.url == pages.url("form", first)

    form = client.get(pages.url("form", first))
    assert "Un mot" in pages.text(form)
    assert "Étape 2 sur 2" in pages.text(form)
    assert "Estimation de la subvention" not in pages.text(form)
    dashboard = pages.text(client.get(reverse("dossiers:dashboard")))
    assert "peut commencer" not in dashboard
    assert "Atteinte des objectifs" in dashboard


def test_the_page_says_when_the_next_etape_opens_and_refuses_it_before() -> None:
    first = factories.validated()
    opens_at = timezone.now() + DAY
    factories.next_stages(opens_at=opens_at)
    client = pages.owner(first)
    page = pages.text(client.get(pages.url("form", first)))
    assert f"Elle ouvre le {french.moment(opens_at)}".replace("\u00a0", " ") in page
    assert "Commencer l'étape" not in page
    response = client.post(reverse("dossiers:start-stage", args=[first.dossier.reference, "objectifs"]))
    assert response.status_code == 409
    assert "ouvre le" in pages.text(response)


def test_an_earlier_etape_is_read_with_its_receipt_and_its_files() -> None:
    started = factories.started()
    reference = started.dossier.reference
    client = pages.owner(started)
    url = reverse("dossiers:stage", args=[reference, "candidature"])
    page = client.get(url)
    said = pages.text(page)
    assert "Association Les Tilleuls" in said
    assert "Aller à l'étape en cours" in said
    receipt = reverse("dossiers:stage-receipt", args=[reference, "candidature", 1])
    assert receipt in page.content.decode()
    assert client.get(receipt)["Content-Type"] == "application/pdf"
    attachment = started.dossier.stages.get(stage__position=1).attachments.get(code="bank")
    file = client.get(reverse("dossiers:file", args=[reference, attachment.public_id]))
    assert b"".join(file.streaming_content) == factories.pdf_bytes()
    assert client.get(reverse("dossiers:stage", args=[reference, "controle"])).status_code == 404
    intruder = factories.signed_in(factories.referent(started.dossier.legal_entity))
    assert intruder.get(url).status_code == intruder.get(receipt).status_code == 404


def test_the_dossier_is_still_found_by_its_sites_once_transferred_on_its_second_etape() -> None:
    started = factories.started()
    site = started.dossier.legal_entity.sites.first()
    assert site is not None
    search.refresh(started)
    started.dossier.refresh_from_db()
    assert site.finess in started.dossier.search_text


def test_pages_of_several_etapes_cost_the_same_at_1_and_3_dossiers(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """Q70: at most 12 queries."""
    begun = transmit(factories.started())
    person, reference = begun.dossier.referent, begun.dossier.reference
    regional = UserFactory(regional=True, regions=list(Region.objects.all()))
    costs = []
    for more in (1, 2):
        for _ in range(more):
            first = factories.validated()
            Dossier.objects.filter(pk=first.dossier_id).update(referent=person)
        pages_of = {
            person: [("dashboard",), ("form", first.dossier.reference), ("stage", reference, "candidature")],
            regional: [("instruction-dossier", reference)],
        }
        for user, asked in pages_of.items():
            client = factories.signed_in(user)
            for name, *args in asked:
                with django_assert_max_num_queries(12) as captured:
                    assert client.get(reverse(f"dossiers:{name}", args=args)).status_code == 200
                costs.append(len(captured))
    assert costs[:4] == costs[4:]


# What instruction sees


@pytest.fixture
def verifier() -> Client:
    return factories.signed_in(UserFactory(verifier=True))


def test_an_etape_begun_shows_its_status_and_nothing_else_until_it_is_transmitted(verifier: Client) -> None:
    started = factories.started()
    factories.save(started, word={"value": "Brouillon secret"})
    reference = started.dossier.reference
    page = verifier.get(reverse("dossiers:instruction-dossier", args=[reference]))
    said = pages.text(page)
    assert "Atteinte des objectifs Brouillon" in said
    assert "secret" not in said
    assert "que son référent n'a pas encore transmise" in said
    assert verifier.get(reverse("dossiers:instruction-stage", args=[reference, "objectifs"])).status_code == 404
    rows = verifier.get(reverse("dossiers:instruction-list")).context["page"]
    assert [row.stage for row in rows] == [started.dossier.guichet.stages.get(code="candidature").title]

    transmit(started)

    said = pages.text(verifier.get(reverse("dossiers:instruction-dossier", args=[reference])))
    assert "Brouillon secret" not in said
    assert "Preuves jointes" in said
    earlier = verifier.get(reverse("dossiers:instruction-stage", args=[reference, "candidature"]))
    assert "Association Les Tilleuls" in pages.text(earlier)
    assert "Rouvrir" not in pages.text(earlier)
    attachment = started.dossier.stages.get(stage__position=1).attachments.get(code="bank")
    file = verifier.get(reverse("dossiers:instructed-file", args=[reference, attachment.public_id]))
    assert b"".join(file.streaming_content) == factories.pdf_bytes()


@pytest.mark.parametrize(
    ("on_guichet", "on_stage", "reads", "decides"),
    [
        (RegionalRole.INSTRUCT, "", True, True),
        (RegionalRole.NONE, RegionalRole.READ, True, False),
        (RegionalRole.NONE, RegionalRole.INSTRUCT, True, True),
        (RegionalRole.INSTRUCT, RegionalRole.READ, True, False),
        (RegionalRole.INSTRUCT, RegionalRole.NONE, False, False),
    ],
)
def test_an_etape_says_what_regional_instructors_may_do_and_otherwise_its_guichet(
    on_guichet: str, on_stage: str, *, reads: bool, decides: bool
) -> None:
    second = transmit(factories.started())
    Guichet.objects.update(regional_role=on_guichet)
    Stage.objects.filter(pk=second.stage_id).update(regional_role=on_stage)
    regional = UserFactory(regional=True, regions=[second.dossier.legal_entity.region])
    client = factories.signed_in(regional)
    assert len(client.get(reverse("dossiers:instruction-list")).context["page"]) == reads
    page = client.get(reverse("dossiers:instruction-dossier", args=[second.dossier.reference]))
    assert page.status_code == (200 if reads else 404)
    assert ("validate" in workflow.allowed_moves(factories.fresh(second), regional)) == decides
    # The étape before follows its guichet.
    earlier = client.get(reverse("dossiers:instruction-stage", args=[second.dossier.reference, "candidature"]))
    assert earlier.status_code == (404 if on_guichet == RegionalRole.NONE else 200)


# Told


def test_the_email_of_the_validation_leads_to_the_next_etape_when_it_is_open() -> None:
    factories.poc()
    factories.next_stages()
    first = factories.validated()
    email = Email.objects.get(kind="dossier_validated")
    assert "L'étape suivante, «\u00a0Atteinte des objectifs\u00a0», est ouverte" in email.text
    assert "Commencer l'étape «\u00a0Atteinte des objectifs\u00a0»" in html.unescape(email.html)
    assert workflow.announce(timezone.now()) == 0, "told already"
    assert first.decided_at is not None


def test_referents_are_told_once_when_the_next_etape_opens() -> None:
    opens_at = timezone.now() + DAY
    factories.poc()
    factories.next_stages(opens_at=opens_at)
    first = factories.validated()
    factories.transmitted()
    assert french.moment(opens_at) in Email.objects.get(kind="dossier_validated").text
    assert workflow.announce(opens_at - dt.timedelta(milliseconds=1)) == 0
    assert [workflow.announce(opens_at) for _ in range(3)] == [1, 0, 0]
    email = Email.objects.get(kind="stage_open")
    assert (email.to, email.about) == (first.dossier.referent.email, first.dossier.reference)
    assert settings.CELERY_BEAT_SCHEDULE["announce"]["task"] == "dossiers.tasks.announce"


def test_who_began_or_may_not_begin_is_not_told() -> None:
    opens_at = timezone.now() + DAY
    factories.poc()
    _, objectives = factories.next_stages(opens_at=opens_at)
    begun = factories.validated()
    start(begun, objectives, at=opens_at)
    called = factories.validated()
    control = Stage.objects.get(entry=StageEntry.ON_REQUEST)
    workflow.call_stage(called, control, by=UserFactory(verifier=True))
    assert workflow.announce(opens_at) == 0
