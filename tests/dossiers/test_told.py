"""A référent reads, in the history of a dossier, the e-mails sent about it (N4): theirs, and those to a former one."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import timezone

from dossiers import queries, workflow
from dossiers.emails import TO_REFERENT
from notifications import delivery
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def test_a_referent_reads_the_emails_of_the_dossier_and_no_one_else_s() -> None:
    lead, verifier = UserFactory(lead=True), UserFactory(verifier=True, username="paul.girard")
    stage = factories.modification_requested()
    entity, former = stage.dossier.legal_entity, stage.dossier.referent
    asker = factories.referent(entity, last_name="Demandeur")
    workflow.takeovers.ask(stage, by=asker, reason="Parti à la retraite.", at=timezone.now())
    workflow.desk.note(stage, by=lead, text="Note secrète pour @paul.girard", at=timezone.now())
    assert Email.objects.filter(to=verifier.email, about=stage.dossier.reference).exists()
    new = factories.referent(entity)
    workflow.reassign(stage, by=lead, to=new, reason="Départ.")
    delivery.sweep()
    stage = factories.fresh(stage)

    for page in ("history", "form"):
        if page == "form":
            stage = factories.transmit(stage)  # a page that is read, no longer a form
        text = pages.text(factories.signed_in(new).get(pages.url(page, stage)))
        for subject in ("est créé", "est transmis", "Modification demandée sur votre dossier", "vous est confié"):
            assert subject in text
        assert "Le diagnostic OPSSIMS est incomplet." in text
        assert "au référent d'alors" in text
        for hidden in (
            former.email,
            asker.email,
            lead.email,
            "Reprise demandée pour votre",
            "Note secrète",
            "à décider",
        ):
            assert hidden not in text


def test_an_email_stands_beside_what_it_tells_whenever_it_left() -> None:
    stage = factories.transmitted()
    delivery.sweep()
    lines = [line.kind for line in queries.told(stage, stage.dossier.referent)]
    assert [kind for kind in lines if kind != "file_added"] == ["letter", "transmitted", "letter", "created"]


def test_what_is_not_delivered_is_said_so() -> None:
    stage = factories.draft()
    Email.objects.filter(about=stage.dossier.reference).update(state="failed", text="", html="")
    text = pages.text(factories.signed_in(stage.dossier.referent).get(pages.url("history", stage)))
    assert "E-mail non remis" in text
    assert "Lire l'e-mail" not in text, "kept long enough, its text is gone"


def test_every_kind_that_a_referent_is_told_by_exists() -> None:
    """A kind renamed would vanish from histories."""

    bodies = {path.stem for path in (settings.BASE_DIR / "templates" / "emails").glob("*.txt")}
    assert bodies >= TO_REFERENT
