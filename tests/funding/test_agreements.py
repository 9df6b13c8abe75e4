"""The convention: its text, the paper, the signed copy, and how it is checked (F4, Q54, Q66)."""

from __future__ import annotations

import io
import re
import uuid

import pypdf
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import kinds
from dossiers import workflow as workflow_of_dossiers
from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment, Event
from dossiers.workflow import FileRefused
from funding import agreement_pdf, agreement_text, links, workflow
from funding.enums import AgreementState
from funding.models import Agreement, AgreementTemplate
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages, tagged
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_the_paper_is_tagged_and_says_what_was_granted_to_whom() -> None:
    agreement = subsidies.sent()
    content = agreement_pdf.of(agreement)
    assert tagged.flaws(content) == []
    text = text_of(content).replace("\u202f", " ").replace("\u00a0", " ")
    for words in ("Convention de financement", agreement.grant.dossier.reference, "18 800 €", "Madame Inès Grand"):
        assert words in text
    assert "Aperçu sans valeur" not in text
    assert tagged.flaws(agreement_pdf.preview(agreement.template)) == []


def test_a_text_is_checked_before_it_is_published_then_frozen() -> None:
    assert agreement_text.flaws("# Objet\nLe {montan} { est") == [
        "Ces champs n'existent pas\u00a0: «\u00a0montan\u00a0». Prenez ceux de la liste.",
        "Une accolade est seule\u00a0: un champ s'écrit entre deux accolades, par exemple {montant}.",
        "Le texte ne dit pas le montant accordé\u00a0: ajoutez le champ {montant}.",
    ]
    values = {**agreement_text.example(), "beneficiaire": "# <b>{montant}</b>"}
    [block] = agreement_text.blocks("Pour {beneficiaire}.", values)
    assert (block.kind, block.text) == ("paragraph", "Pour # <b>{montant}</b>.")
    template = subsidies.sent().template
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="published"), transaction.atomic():
        cursor.execute("UPDATE funding_agreementtemplate SET body = 'autre'")
    draft = workflow.templates.next_version(template.pk)
    assert (draft.version, draft.is_published) == (2, False)
    AgreementTemplate.objects.filter(pk=draft.pk).update(body="Sans article")
    with pytest.raises(workflow.Refused, match="aucun article"):
        workflow.templates.publish(draft.pk)


def test_an_administrator_writes_sees_and_publishes_a_text() -> None:
    template = subsidies.sent().template
    browser = factories.signed_in(UserFactory(admin=True))
    draft = workflow.templates.next_version(template.pk)
    address = reverse("admin:funding_agreementtemplate_change", args=[draft.pk])
    assert "{montant}" in browser.get(address).content.decode()
    sent = {"guichet": draft.guichet_id, "version": 2, "title": "Convention", "body": "# Objet\n{inconnu}"}
    assert "n&#x27;existent pas" in browser.post(address, sent).content.decode()
    browser.post(address, {**sent, "body": "# Objet\r\nUne aide de {montant}."})
    draft.refresh_from_db()
    assert draft.body == "# Objet\nUne aide de {montant}."
    preview = browser.get(reverse("admin:funding_agreementtemplate_preview", args=[draft.pk]))
    assert "Aperçu sans valeur" in text_of(preview.content).replace("\u00a0", " ")
    action = {"action": "publish", "_selected_action": [draft.pk]}
    browser.post(reverse("admin:funding_agreementtemplate_changelist"), action)
    draft.refresh_from_db()
    assert draft.is_published
    assert Agreement.objects.get().template == template, "what was sent keeps its text"


def test_from_sending_to_the_check_each_change_is_told_and_shown() -> None:
    verifier = UserFactory(verifier=True)
    grant = subsidies.granted(verifier=verifier)
    reference = grant.dossier.reference
    desk, owner = factories.signed_in(verifier), factories.signed_in(grant.dossier.referent)

    desk.post(reverse("funding:send-agreement", args=[reference]))

    agreement = Agreement.objects.get()
    to_sign = Email.objects.get(kind="agreement_to_sign")
    assert to_sign.to == factories.contact()["email"]
    link = re.search(r"http\S+/conventions/\S+", to_sign.text)
    assert link is not None
    public = Client().get(link[0].removeprefix("http://127.0.0.1:8000"))
    assert public["Content-Type"] == "application/pdf"
    assert "À signer" in pages.text(owner.get(reverse("funding:own-subsidy", args=[reference])))
    assert owner.get(reverse("funding:own-agreement", args=[reference])).status_code == 200

    address = reverse("funding:sign-agreement", args=[reference])
    shown = {"read": str(agreement.public_id)}
    wrong = owner.post(address, {"file": factories.upload(b"pas un PDF", "convention.pdf"), **shown})
    assert wrong.status_code == 422
    assert "n'est pas celui d'un PDF" in pages.text(wrong)
    owner.post(address, {"file": factories.pdf("Signée.pdf"), **shown})
    owner.post(address, {"file": factories.pdf("Signée.pdf"), **shown})
    copy = Attachment.objects.get(code="convention-signee")
    assert Event.objects.filter(kind=EventKind.AGREEMENT_SIGNED).count() == 1
    assert Email.objects.get(kind="agreement_deposited").to == verifier.email

    check = reverse("funding:check-agreement", args=[reference])
    assert desk.post(check, {"read": copy.pk, "refuse": "1"}).status_code == 422
    desk.post(check, {"read": copy.pk, "refuse": "1", "reason": "La page 2 manque."})
    assert "La page 2 manque." in Email.objects.get(kind="agreement_refused").text
    assert "La page 2 manque." in pages.text(owner.get(reverse("funding:own-subsidy", args=[reference])))
    owner.post(address, {"file": factories.upload(factories.pdf_bytes() + b"\n", "Signée 2.pdf"), **shown})
    stale = desk.post(check, {"read": copy.pk, "accept": "1"})
    assert stale.status_code == 409
    assert "un autre exemplaire" in pages.text(stale)
    agreement.refresh_from_db()
    desk.post(check, {"read": agreement.signed_copy_id, "accept": "1"})
    agreement.refresh_from_db()
    assert (agreement.state, agreement.checked_by) == (AgreementState.ACCEPTED, verifier)
    accepted = Email.objects.get(kind="agreement_accepted")
    assert accepted.to == grant.dossier.referent.email
    assert "en déposer les preuves" in accepted.text, "the subsidy is paid as objectives are reached"
    entity = grant.dossier.legal_entity
    assert f"({entity.display_name}, FINESS\u00a0{entity.finess})" in accepted.text, "no bracket within another"
    assert Client().get(link[0].removeprefix("http://127.0.0.1:8000")).status_code == 404, "settled: the link is void"
    late = owner.post(address, {"file": factories.pdf("Trop tard.pdf")})
    assert late.status_code == 422


def test_a_virus_is_never_accepted_and_a_replaced_convention_never_signed() -> None:
    agreement = subsidies.signed()
    copy = agreement.signed_copy
    assert copy is not None
    Attachment.objects.filter(pk=copy.pk).update(scan=Scan.INFECTED, scanned_at=copy.uploaded_at, threat="Eicar")
    with pytest.raises(workflow.Refused, match="virus"):
        workflow.agreements.accept(agreement, by=agreement.sent_by, read=copy.pk)
    workflow.agreements.refuse(agreement, by=agreement.sent_by, read=copy.pk, reason="Virus.")
    second = workflow.agreements.send(agreement.grant, by=agreement.sent_by)
    assert second.number == 2
    with pytest.raises(workflow.agreements.Late):
        workflow.agreements.sign(agreement, factories.pdf(), by=agreement.grant.dossier.referent)
    with pytest.raises(FileRefused):
        workflow.agreements.sign(second, factories.docx(), by=agreement.grant.dossier.referent)
    assert links.read_agreement("aucun") is None


def test_a_convention_goes_to_the_signatory_as_a_responsable_corrected_it() -> None:
    stage = factories.validated()
    former = stage.answers.get(code="contact_signatory").raw
    grant = subsidies.granted(stage)
    first = workflow.agreements.send(grant, by=grant.granted_by)
    workflow_of_dossiers.contacts.correct(
        factories.fresh(stage),
        "contact_signatory",
        by=UserFactory(lead=True),
        raw={**former, "last_name": "Moreau", "email": "nouvelle.direction@exemple.fr"},
        read=kinds.digest(former),
        reason="La directrice est partie.",
        at=timezone.now(),
    )
    Email.objects.all().delete()

    second = workflow.agreements.send(grant, by=grant.granted_by)

    assert Email.objects.get(kind="agreement_to_sign").to == "nouvelle.direction@exemple.fr"
    assert "Moreau" in text_of(agreement_pdf.of(second))
    assert first.values["signataire"] in text_of(agreement_pdf.of(first)), "what was sent keeps its signatory"


def test_a_copy_deposited_is_told_to_who_may_check_it_and_to_nobody_who_left() -> None:
    sender, verifier, lead = UserFactory(verifier=True), UserFactory(verifier=True), UserFactory(lead=True)
    agreement = subsidies.sent(verifier=sender)
    workflow_of_dossiers.assignment.take(agreement.grant.dossier_stage, by=verifier)

    def told(copy: bytes) -> list[str]:
        Email.objects.filter(kind="agreement_deposited").delete()
        file = factories.upload(factories.pdf_bytes() + copy, "Signée.pdf")
        workflow.agreements.sign(agreement, file, by=agreement.grant.dossier.referent)
        return sorted(Email.objects.filter(kind="agreement_deposited").values_list("to", flat=True))

    assert told(b"1") == [verifier.email]
    User.objects.filter(pk=verifier.pk).update(role="regional")  # of no région
    assert told(b"2") == [sender.email]
    User.objects.filter(pk=sender.pk).update(is_active=False)
    assert told(b"3") == [lead.email]


def test_the_copy_of_a_convention_replaced_meanwhile_is_not_taken_for_one_of_the_new() -> None:
    first = subsidies.sent()
    owner = factories.signed_in(first.grant.dossier.referent)
    read = pages.fields(owner.get(reverse("funding:own-subsidy", args=[first.grant.dossier.reference])))["read"]
    second = workflow.agreements.send(first.grant, by=first.sent_by)
    address = reverse("funding:sign-agreement", args=[first.grant.dossier.reference])

    late = owner.post(address, {"file": factories.pdf("Signée.pdf"), "read": read})

    assert late.status_code == 422
    assert "remplacée par une autre" in pages.text(late)
    second.refresh_from_db()
    assert (second.state, second.signed_copy) == (AgreementState.SENT, None)
    owner.post(address, {"file": factories.pdf("Signée.pdf"), "read": pages.fields(late)["read"]})
    second.refresh_from_db()
    assert second.state == AgreementState.SIGNED, "the new one, once it was read"


def test_a_copy_that_does_not_say_which_convention_it_is_of_is_not_deposited() -> None:
    agreement = subsidies.sent()
    owner = factories.signed_in(agreement.grant.dossier.referent)
    address = reverse("funding:sign-agreement", args=[agreement.grant.dossier.reference])

    for read in ({}, {"read": "1"}, {"read": str(uuid.uuid4())}):
        refused = owner.post(address, {"file": factories.pdf("Signée.pdf"), **read})
        assert refused.status_code == 422, read
        assert "Cette page ne dit plus quelle convention vous avez signée" in pages.text(refused)
        agreement.refresh_from_db()
        assert agreement.state == AgreementState.SENT

    owner.post(address, {"file": factories.pdf("Signée.pdf"), "read": pages.fields(refused)["read"]})
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.SIGNED, "from the page that came back"


def test_what_is_written_of_the_money_of_a_dossier_whose_referent_left_is_kept_for_the_next() -> None:
    agreement = subsidies.signed()
    User.objects.filter(pk=agreement.grant.dossier.referent_id).update(is_active=False)
    assert agreement.signed_copy_id is not None

    workflow.agreements.accept(agreement, by=agreement.sent_by, read=agreement.signed_copy_id)

    [kept] = Email.objects.kept()
    assert (kept.kind, kept.about) == ("agreement_accepted", agreement.grant.dossier.reference)
