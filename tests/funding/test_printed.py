"""The subsidy on the paper of a dossier (D15, F4): what its référent was told, tagged as the rest (Q66)."""

from __future__ import annotations

import io
from decimal import Decimal

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers import access, dossier_pdf
from dossiers import workflow as dossiers_workflow
from dossiers.models import Dossier
from funding import printed, workflow
from funding.models import Grant
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, tagged
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db

REFUSAL = "Sans compte rendu de restauration."


def paper(dossier: Dossier) -> bytes:
    """As its référent takes it."""
    stages = access.own_passages(dossier.referent).filter(dossier=dossier).with_context().order_by("stage__position")
    return dossier_pdf.paper(dossier, list(stages), at=timezone.now())


def section(content: bytes) -> str:
    """The words of the subsidy, without any space: a long word is cut at the end of a line."""
    text = "".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())
    assert "Montantaccordé" in text
    return text[text.index("Montantaccordé") : text.index("L'empreinteSHA-256")]


def says(content: bytes, *words: str) -> bool:
    said = section(content)
    return all("".join(each.split()) in said for each in words)


def test_what_is_decided_of_the_objectives_is_printed_once_the_etape_says_so() -> None:
    stage = reached.presented()
    dossier, verifier = stage.dossier, UserFactory(verifier=True)
    before = ("18 800 €", "Présentés, à l'étude", "Sauvegardes protégées et testées", "À l'étude", "Non présenté")
    assert says(paper(dossier), *before)
    reached.decide(stage, "backups", by=verifier, reason=REFUSAL)
    for code in ("diagnosis", "awareness", "inventory", "updates"):
        reached.decide(stage, code, by=verifier)
    untold = paper(dossier)
    assert says(untold, *before)
    assert not says(untold, "Accepté")
    assert not says(untold, REFUSAL)
    dossiers_workflow.validate(factories.fresh(stage), by=verifier)
    told = paper(dossier)
    assert says(told, "4 objectifs sur 5 acceptés : 10 340 € sur 18 800 €", "Peut être versé 10 340 €", REFUSAL)
    assert says(told, "Accepté", "Refusé", "Non présenté", "40 %", "7 520 €")
    assert tagged.flaws(told) == tagged.flaws(untold) == []


def test_nothing_is_kept_of_the_objectives_of_an_etape_rejected() -> None:
    stage = reached.presented()
    verifier = UserFactory(verifier=True)
    reached.decide(stage, "diagnosis", by=verifier)
    dossiers_workflow.reject(factories.fresh(stage), by=verifier, reason="Hors sujet.")
    found = paper(stage.dossier)
    assert says(found, "aucun objectif n'est retenu", "Non retenu")
    assert not says(found, "Accepté")


def test_it_tells_the_convention_the_controls_and_the_payments() -> None:
    verifier = UserFactory(verifier=True)
    keywords = {"amount": Decimal(16_000), "reason": "Un site est déjà financé.", "with_agreement": False}
    grant = subsidies.granted(verifier=verifier, **keywords)
    Grant.objects.filter(pk=grant.pk).update(payable=15_000)
    grant = Grant.objects.get(pk=grant.pk)
    dossier = grant.dossier
    assert says(paper(dossier), "16 000 €", "Estimation transmise 18 800 €", "Un site est déjà financé.")
    assert says(paper(dossier), "Aucune n'est à signer", "Aucun versement n'est encore prévu.")
    paid = subsidies.paid(grant, 12_000)
    cancelled = subsidies.planned(grant, 1_000)
    workflow.payments.cancel(cancelled, by=cancelled.prepared_by, reason="Doublon.")
    control = subsidies.controlled(grant, by=verifier)
    workflow.controls.note(control, by=verifier, text="Ce qui se dit entre nous.")
    workflow.controls.close(control, by=verifier, read=0, ceiling=Decimal(9_400), reason="Une EG n'est pas équipée.")
    found = paper(dossier)
    assert says(found, "Montant après contrôle 9 400 €", "Versé 12 000 €", paid.reference)
    assert says(found, "Montant diminué : 9 400 €", "Une EG n'est pas équipée.", "Trop-perçu à reverser")
    assert not says(found, cancelled.reference)
    assert not says(found, "Ce qui se dit entre nous.")
    assert tagged.flaws(found) == []


def test_it_costs_nothing_before_the_first_decision_and_the_same_whatever_it_holds() -> None:
    draft = factories.draft()
    assert cost(draft.dossier) == 0
    stage = reached.presented()
    grant = Grant.objects.get()
    costs = []
    for _ in range(3):
        subsidies.planned(grant, 1_000)
        control = subsidies.controlled(grant)
        workflow.controls.close(control, by=control.opened_by, read=0)
        costs.append(cost(stage.dossier))
    assert costs == [12] * 3


def cost(dossier: Dossier) -> int:
    """The queries of the section."""
    stages = list(access.own_passages(dossier.referent).filter(dossier=dossier).with_context())
    with CaptureQueriesContext(connection) as queries:
        printed.of(dossier, stages)
    return len(queries)
