"""Two people at once on a subsidy or on its convention, with real threads: one wins, the other is told."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
from django.urls import reverse

from dossiers import workflow as workflow_of_dossiers
from dossiers.enums import EventKind, Status
from dossiers.models import Event
from funding import tasks, workflow
from funding.enums import AgreementState
from funding.models import Agreement, Consumption, Envelope, Grant
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories, pages
from tests.funding import subsidies

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10


def test_ten_grants_at_once_make_one_and_the_others_are_told_who() -> None:
    stage = factories.validated()
    subsidies.templates.load(subsidies.AGREEMENTS / "poc-essms.md")
    address = reverse("funding:grant", args=[stage.dossier.reference])
    people = [UserFactory(verifier=True) for _ in range(10)]
    browsers = [factories.signed_in(each) for each in people]

    asked = [{"amount": "18800"}, {"amount": "9400", "reason": "Une EG a déjà été financée."}] * 5
    responses = crowd.at_once(*[partial(each.post, address, data) for each, data in zip(browsers, asked, strict=True)])

    granted = Grant.objects.get()
    winner = people.index(granted.granted_by)
    assert granted.amount == Decimal(asked[winner]["amount"])
    assert {response.status_code for response in responses} == {302}
    assert Event.objects.filter(kind=EventKind.GRANTED).count() == 1
    assert Email.objects.filter(kind="subsidy_granted").count() == 1
    # As browsers do, the page they are sent to is read: it tells the nine others.
    told = [pages.text(each.get(response.url)) for each, response in zip(browsers, responses, strict=True)]
    said = f"{granted.granted_by.full_name} a accordé"
    assert [said in page for page in told] == [index != winner for index in range(10)]


def test_a_grant_and_a_reopening_never_both_happen() -> None:
    """Whoever comes first; a subsidy always stands on a validated étape."""
    lead, verifier = UserFactory(lead=True), UserFactory(verifier=True)
    subsidies.templates.load(subsidies.AGREEMENTS / "poc-essms.md")
    results: Counter[bool] = Counter()
    with crowd.of(2) as together:
        for number in range(ROUNDS):
            stage = factories.validated()
            calls = [
                partial(workflow.grants.grant, stage, by=verifier, amount=subsidies.ESTIMATED),
                partial(workflow_of_dossiers.reopen, stage, by=lead, reason="Une pièce manque."),
            ]
            together(*(calls if number % 2 else reversed(calls)))
            status = factories.fresh(stage).status
            is_granted = Grant.objects.filter(dossier=stage.dossier).exists()
            assert (status == Status.VALIDATED) == is_granted
            kinds = {EventKind.GRANTED, EventKind.REOPENED}
            assert Event.objects.filter(dossier=stage.dossier, kind__in=kinds).count() == 1
            results[is_granted] += 1
    assert sum(results.values()) == ROUNDS


def test_grants_that_use_a_budget_up_are_counted_exactly_and_told_once() -> None:
    """A budget does not bind: those who lead are told, once, whatever the number of workers that count."""
    lead = UserFactory(lead=True)
    subsidies.templates.load(subsidies.AGREEMENTS / "poc-essms.md")
    stages = [factories.validated() for _ in range(5)]
    Envelope.objects.create(guichet=stages[0].dossier.guichet, budget=Decimal(100_000))
    tasks.count_budgets()
    assert Consumption.objects.get().level == 80
    verifiers = [UserFactory(verifier=True) for _ in stages]
    more = partial(workflow.grants.grant, amount=Decimal("20000.01"), reason="Un site de plus.")

    crowd.at_once(
        *[partial(more, stage, by=verifier) for stage, verifier in zip(stages, verifiers, strict=True)],
        *[tasks.count_budgets] * 5,
    )
    crowd.at_once(*[tasks.count_budgets] * 5)

    consumption = Consumption.objects.get()
    assert (consumption.granted, consumption.to_grant, consumption.level) == (Decimal("100000.05"), 0, 95)
    assert consumption.excess == Decimal("0.05")
    told = Email.objects.filter(kind="budget_used", to=lead.email).order_by("pk").values_list("subject", flat=True)
    assert [subject[:2] for subject in told] == ["80", "95"]


def test_a_signed_copy_checked_by_two_is_decided_once() -> None:
    first, second = UserFactory(verifier=True), UserFactory(verifier=True)
    found: Counter[str] = Counter()
    with crowd.of(4) as together:
        for number in range(ROUNDS):
            agreement = subsidies.signed(verifier=first)
            read, referent = agreement.signed_copy_id or 0, agreement.grant.dossier.referent
            acts = workflow.agreements
            calls = [
                partial(acts.accept, agreement, by=first, read=read),
                partial(acts.refuse, agreement, by=second, read=read, reason="La page 2 manque."),
                partial(acts.accept, agreement, by=second, read=read),
                partial(acts.sign, agreement, factories.pdf("Autre exemplaire.pdf"), by=referent),
            ]
            results = together(*(calls if number % 2 else reversed(calls)))
            current = Agreement.objects.get(pk=agreement.pk)
            found[current.state] += 1
            decided = [each for each in results if isinstance(each, Agreement)]
            kinds = {EventKind.AGREEMENT_ACCEPTED, EventKind.AGREEMENT_REFUSED}
            events = Event.objects.filter(dossier=agreement.grant.dossier, kind__in=kinds).count()
            emails = Email.objects.filter(
                kind__in=["agreement_accepted", "agreement_refused"], about=agreement.grant.dossier.reference
            ).count()
            # One decision at most on each copy; a decision on a copy that was replaced is refused.
            assert events == emails <= 1
            assert len(decided) >= 1
            if current.state == AgreementState.ACCEPTED:
                assert current.signed_copy_id == read
                assert current.checked_by in {first, second}
            else:
                assert current.state in {AgreementState.REFUSED, AgreementState.SIGNED}
            refusals = [each for each in results if isinstance(each, workflow.Refused)]
            assert len(refusals) + len(decided) == 4
    assert sum(found.values()) == ROUNDS


def test_a_refused_copy_is_never_taken_as_signed() -> None:
    lead = UserFactory(lead=True)
    agreement = subsidies.signed(verifier=lead)
    grant, read = agreement.grant, agreement.signed_copy_id or 0
    Grant.objects.filter(pk=grant.pk).update(payable=10_000)
    payment = subsidies.planned(grant, 5_000, by=lead)
    workflow.agreements.refuse(agreement, by=lead, read=read, reason="La page 2 manque.")

    with pytest.raises(workflow.agreements.Late, match="À signer de nouveau"):
        workflow.agreements.accept(agreement, by=lead, read=read)
    with pytest.raises(workflow.Refused, match="pas encore signée et contrôlée"):
        workflow.payments.order(payment, by=lead)
    desk, owner = factories.signed_in(lead), pages.owner(grant.dossier_stage)
    page = pages.text(desk.get(reverse("funding:subsidy", args=[grant.dossier.reference])))
    assert "Exemplaire refusé" in page
    assert "Exemplaire signé" not in page
    assert "Accepter l'exemplaire" not in page
    assert "Refusée le" in page
    page = pages.text(owner.get(reverse("funding:own-subsidy", args=[grant.dossier.reference])))
    assert "Refusée le" in page
    assert "Contrôlée le" not in page
    # Signed anew and accepted, it counts.
    again = factories.upload(factories.pdf_bytes() + b"\n", "Signée 2.pdf")
    agreement = workflow.agreements.sign(agreement, again, by=grant.dossier.referent)
    workflow.agreements.accept(agreement, by=lead, read=agreement.signed_copy_id or 0)
    assert workflow.payments.order(payment, by=lead).state == "ordered"
