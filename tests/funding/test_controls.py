"""A control: pieces asked for and deposited, an interview noted, the amount confirmed or lowered (Q&A 4.2, Q37)."""

from __future__ import annotations

import datetime as dt
import importlib
import uuid
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from dossiers import uploads
from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment, Event
from funding import cells, workflow
from funding.enums import ControlState
from funding.models import Control, Grant, Interview
from funding.queries import payments
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def test_from_opening_to_the_amount_lowered_each_side_reads_its_part() -> None:
    verifier = UserFactory(verifier=True)
    grant = subsidies.payable(15_000, verifier=verifier)
    subsidies.paid(grant, 12_000)
    reference = grant.dossier.reference
    desk, owner = factories.signed_in(verifier), factories.signed_in(grant.dossier.referent)
    address, own = reverse("funding:control", args=[reference]), reverse("funding:own-control", args=[reference])
    due = timezone.localdate() + dt.timedelta(days=20)
    assert owner.get(own).status_code == 404
    assert desk.post(address, {"open": "1", "documents": "", "due_on": due}).status_code == 422
    past = desk.post(address, {"open": "1", "documents": "Un rapport", "due_on": due - dt.timedelta(days=40)})
    assert "L'échéance est passée" in pages.text(past)
    mistyped = desk.post(address, {"open": "1", "documents": "Un rapport", "due_on": "2205-09-15"})
    assert "Cette date est postérieure à 2099 : vérifiez l'année." in pages.text(mistyped)

    desk.post(address, {"open": "1", "documents": "Un rapport\nUne facture", "due_on": due})

    opened = Email.objects.get(kind="control_opened")
    assert opened.to == grant.dossier.referent.email
    assert "Une facture" in opened.text
    assert "Un contrôle est en cours" in pages.text(owner.get(reverse("funding:own-subsidy", args=[reference])))
    assert desk.post(address, {"open": "1", "documents": "Encore", "due_on": due}).status_code == 409
    assert owner.post(own, {}).status_code == 422
    wrong = owner.post(own, {"pieces": [factories.pdf("Rapport.pdf"), factories.upload(b"MZ", "virus.exe")]})
    assert wrong.status_code == 422
    assert "virus.exe" in pages.text(wrong)
    owner.post(own, {"pieces": factories.pdf("Rapport.pdf")})
    piece = Attachment.objects.get(code="controle-1")
    assert Event.objects.filter(kind=EventKind.CONTROL_ANSWERED).count() == 1
    assert Email.objects.filter(kind="control_answered").count() == 1
    took = reverse("funding:control-piece", args=[reference, piece.public_id])
    Attachment.objects.filter(pk=piece.pk).update(scan=Scan.CLEAN, scanned_at=timezone.now())
    assert b"".join(desk.get(took).streaming_content).startswith(b"%PDF")
    assert desk.get(reverse("funding:control-piece", args=[reference, uuid.uuid4()])).status_code == 404

    desk.post(address, {"note": "1", "text": "Entretien du 12 mars avec la direction."})
    assert "Entretien du 12 mars" in pages.text(desk.get(address))
    assert "Entretien du 12 mars" not in pages.text(owner.get(own))
    sent = {"close": "1", "outcome": "lower", "ceiling": "9400", "reason": "Une EG n'est pas équipée.", "read": 1}
    for changed in ({"reason": ""}, {"ceiling": ""}, {"ceiling": "18800"}, {"outcome": ""}, {"outcome": "confirm"}):
        assert desk.post(address, {**sent, **changed}).status_code == 422, changed
    assert desk.post(address, {**sent, "read": 0}).status_code == 409, "a piece was not read"
    desk.post(address, sent)

    control = Control.objects.get()
    assert (control.state, control.ceiling, control.closed_by) == (ControlState.LOWERED, Decimal(9400), verifier)
    grant = Grant.objects.get()
    assert (grant.ceiling, payments.sums(grant).overpaid) == (Decimal(9400), Decimal(12_000))
    assert "Une EG n'est pas équipée." in Email.objects.get(kind="control_closed").text
    mine = pages.text(owner.get(reverse("funding:own-subsidy", args=[reference])))
    assert "Trop-perçu à reverser : 12 000 €" in mine
    assert "Montant après contrôle 9 400 €" in mine
    assert desk.post(address, sent).status_code == 409
    assert owner.post(own, {"pieces": factories.upload(factories.pdf_bytes() + b"\n", "Tard.pdf")}).status_code == 422
    kinds = list(Event.objects.filter(kind__startswith="control").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["control_opened", "control_answered", "control_noted", "control_closed"]
    said = Event.objects.filter(kind__startswith="control").values_list("message", flat=True)
    assert all(each.startswith("Contrôle n°\u00a01\n\n") for each in said)


def test_a_page_left_open_on_a_control_concludes_no_other() -> None:
    verifier = UserFactory(verifier=True)
    control = subsidies.controlled(subsidies.granted(verifier=verifier), by=verifier)
    address = reverse("funding:control", args=[control.grant.dossier.reference])
    desk = factories.signed_in(verifier)
    shown = {name: value for name, value in pages.fields(desk.get(address)).items() if name in ("control", "read")}
    workflow.controls.close(control, by=verifier, read=0)
    second = subsidies.controlled(control.grant, by=verifier)
    for sent in ({"close": "1", "outcome": "confirm"}, {"note": "1", "text": "Entretien du 12 mars."}):
        late = desk.post(address, {**shown, **sent})
        assert late.status_code == 409
        assert "Contrôle n° 2 est maintenant en cours" in pages.text(late)
    assert "Entretien du 12 mars." in late.content.decode(), "what was typed is not lost"
    second.refresh_from_db()
    assert second.is_under_way
    assert not second.interviews.exists()


def test_pieces_that_do_not_come_in_time_are_said_late_on_both_sides_and_may_still_come() -> None:
    verifier = UserFactory(verifier=True)
    control = subsidies.controlled(subsidies.granted(verifier=verifier), by=verifier)
    dossier = control.grant.dossier
    for days, is_late in ((30, False), (31, True)):
        with time_machine.travel(timezone.now() + dt.timedelta(days=days)):
            desk, own = factories.signed_in(verifier), factories.signed_in(dossier.referent)
            read = {
                reverse("funding:subsidy", args=[dossier.reference]): (desk, "Le référent avait jusqu'au"),
                reverse("funding:own-subsidy", args=[dossier.reference]): (own, "Des pièces étaient à déposer"),
                reverse("dossiers:form", args=[dossier.reference]): (own, "des pièces étaient à déposer"),
                reverse("dossiers:dashboard"): (own, "Elles étaient à déposer"),
            }
            for address, (browser, words) in read.items():
                assert (words in pages.text(browser.get(address))) is is_late, address
    workflow.controls.deposit(control, factories.pdf("Rapport.pdf"), by=dossier.referent)


def test_a_second_control_lowers_further_and_one_that_confirms_changes_nothing() -> None:
    grant, verifier = subsidies.payable(), UserFactory(verifier=True)
    close = workflow.controls.close
    close(subsidies.controlled(grant), by=verifier, read=0, ceiling=Decimal(10_000), reason="Moins.")
    with pytest.raises(workflow.Refused, match="inférieur à 10"):
        close(subsidies.controlled(grant), by=verifier, read=0, ceiling=Decimal(10_000), reason="Moins.")
    control = Control.objects.get(number=2)
    close(control, by=verifier, read=0)
    assert Grant.objects.get().ceiling == 10_000
    assert "confirmé" in Email.objects.filter(kind="control_closed").latest("pk").text
    close(subsidies.controlled(grant), by=verifier, read=0, ceiling=Decimal(0), reason="Rien n'est fait.")
    assert Grant.objects.get().ceiling == 0


def test_each_interview_is_read_with_its_control() -> None:
    verifier = UserFactory(verifier=True)
    grant = subsidies.payable(verifier=verifier)
    for number, said in ((1, ("Appel du matin.", "Appel du soir.")), (2, ("Visite sur place.",))):
        control = subsidies.controlled(grant, by=verifier)
        for text in said:
            workflow.controls.note(control, by=verifier, text=f" {text}\n")
        assert [each.text for each in control.interviews.all()] == list(reversed(said))
        if number == 1:
            workflow.controls.close(control, by=verifier, read=0)
            with pytest.raises(workflow.controls.Late):
                workflow.controls.note(control, by=verifier, text="Trop tard.")
    desk = factories.signed_in(verifier)
    page = pages.text(desk.get(reverse("funding:control", args=[grant.dossier.reference])))
    places = [page.index(each) for each in ("Contrôle n° 2", "Visite sur place.", "Contrôle n° 1", "Appel du soir.")]
    assert places == sorted(places)
    for each in ("UPDATE funding_interview SET text = 'x'", "DELETE FROM funding_interview"):
        with pytest.raises(DatabaseError, match="kept"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(each)


def test_interviews_that_were_in_history_alone_join_the_control_of_their_day() -> None:
    """Those before the first control and after the last one too: nothing that was written is lost."""
    carry = importlib.import_module("funding.migrations.0025_interviews_of_controls").CARRY
    verifier, other = UserFactory(verifier=True), UserFactory(verifier=True)
    grant, elsewhere = subsidies.payable(verifier=verifier), subsidies.payable(verifier=verifier)
    start = timezone.now()
    moments = {"before": -1, "first": 1, "between": 3, "second": 5}
    for opened in (0, 4):
        with time_machine.travel(start + dt.timedelta(days=opened)):
            control = subsidies.controlled(grant, by=verifier)
        with time_machine.travel(start + dt.timedelta(days=opened + 2)):
            workflow.controls.close(control, by=verifier, read=0)
    subsidies.controlled(elsewhere, by=verifier)
    for text, day in moments.items():
        Event.objects.create(
            dossier=grant.dossier,
            kind=EventKind.CONTROL_NOTED,
            actor=other,
            message=text,
            at=start + dt.timedelta(days=day),
        )
    with connection.cursor() as cursor:
        cursor.execute(carry)
    found = Interview.objects.order_by("noted_at").values_list("control__grant", "control__number", "text", "noted_by")
    assert list(found) == [
        (grant.pk, number, text, other.pk) for number, text in zip((1, 1, 1, 2), moments, strict=True)
    ]


def test_only_who_instructs_controls_and_only_the_referent_answers() -> None:
    grant = subsidies.granted()
    outsiders = (UserFactory(regional=True), UserFactory(admin=True), grant.dossier.referent)
    for outsider in outsiders:
        with pytest.raises(workflow.NotAllowed):
            subsidies.controlled(grant, by=outsider)
    control = subsidies.controlled(grant)
    for outsider in outsiders:
        with pytest.raises(workflow.NotAllowed):
            workflow.controls.note(control, by=outsider, text="Un mot.")
        with pytest.raises(workflow.NotAllowed):
            workflow.controls.close(control, by=outsider, read=0)
    with pytest.raises(workflow.NotAllowed):
        workflow.controls.deposit(control, factories.pdf(), by=control.opened_by)
    workflow.controls.close(control, by=control.opened_by, read=0)
    with connection.cursor() as cursor:
        for statement in ("UPDATE funding_control SET reason = 'x'", "DELETE FROM funding_control"):
            with pytest.raises(DatabaseError, match="kept"), transaction.atomic():
                cursor.execute(statement)


def test_a_photo_is_refused_in_words_and_every_type_offered_is_one_that_is_checked() -> None:
    control = subsidies.controlled(subsidies.payable(15_000))
    dossier = control.grant.dossier
    photo = factories.upload(b"\xff\xd8\xff\xe0" + b"\0" * 64, "Facture.jpg")
    answer = factories.signed_in(dossier.referent).post(
        reverse("funding:own-control", args=[dossier.reference]), {"pieces": photo}
    )
    assert answer.status_code == 422
    assert "Le fichier « Facture.jpg » n'est pas accepté : déposez un document pdf, doc, docx, xlsx, ods ou zip." in (
        pages.text(answer).replace("\u00a0", " ")
    )
    for rules in (workflow.controls.RULES, workflow.agreements.RULES, workflow.expenses.RULES, cells.RULES):
        assert set(rules.extensions) <= uploads.MIME_TYPES.keys()
