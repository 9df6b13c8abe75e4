"""What people are told by e-mail of a subsidy (F4, F7, N1): one message per change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, emails
from dossiers.models import Event
from ecare import french
from funding import links
from funding.models import Agreement, Consumption, Control, Discrepancy, Grant, Payment
from notifications import outbox

VIEW = "Voir la subvention"
#: How many differences an e-mail names: the others are in the administration.
LISTED = 20


def granted(event: Event, grant: Grant) -> None:
    post(event, "subsidy_granted", "Une subvention est accordée à votre dossier {reference}", VIEW, grant=grant)


def agreement_ready(event: Event, agreement: Agreement) -> None:
    post(
        event,
        "agreement_ready",
        "La convention de votre dossier {reference} est à faire signer",
        "Télécharger la convention",
        agreement=agreement,
    )


def agreement_to_sign(event: Event, agreement: Agreement) -> None:
    """To the signatory, who has no account: a link to the convention itself, valid as long as it waits for him."""
    dossier = event.dossier
    outbox.post(
        kind="agreement_to_sign",
        to=agreement.signatory["email"],
        subject=f"Une convention est à signer, dossier {dossier.reference}",
        context={**emails.about(dossier), "agreement": agreement, "signatory": agreement.signatory["name"]},
        key=f"event-{event.pk}-agreement_to_sign",
        action=("Lire la convention (PDF)", links.agreement(agreement)),
        about=dossier.reference,
    )


def agreement_deposited(event: Event, agreement: Agreement) -> None:
    post_to_desk(
        event,
        "agreement_deposited",
        "Une convention signée est à contrôler, dossier {reference}",
        "Contrôler la convention",
        page="funding:subsidy",
        otherwise=agreement.sent_by,
        agreement=agreement,
    )


def agreement_accepted(event: Event, agreement: Agreement) -> None:
    post(event, "agreement_accepted", "La convention de votre dossier {reference} est contrôlée", VIEW)


def agreement_refused(event: Event, agreement: Agreement) -> None:
    post(
        event,
        "agreement_refused",
        "La convention de votre dossier {reference} est à signer de nouveau",
        "Déposer un nouvel exemplaire",
        agreement=agreement,
    )


def budget_used(consumption: Consumption, leads: Iterable[User]) -> None:
    """To every responsable: a threshold of a budget is reached."""
    guichet = consumption.envelope.guichet
    for lead in leads:
        outbox.post(
            kind="budget_used",
            to=lead.email,
            subject=f"{consumption.level}\u00a0% du budget de {guichet.short_title} sont engagés",
            context={"recipient": lead, "consumption": consumption, "guichet": guichet},
            key=f"budget-{consumption.envelope_id}-{consumption.budget}-{consumption.level}-{lead.pk}",
            action=("Voir les enveloppes", outbox.absolute(reverse("funding:envelopes"))),
        )


def money_differs(found: Sequence[Discrepancy], total: int, administrators: Iterable[User]) -> None:
    """To every administrator: sums that do not agree, `total` of them, the first ones named."""
    subject = f"{french.count(total, 'somme ne concorde pas', 'sommes ne concordent pas')} dans les subventions"
    for administrator in administrators:
        outbox.post(
            kind="money_differs",
            to=administrator.email,
            subject=subject,
            context={"recipient": administrator, "found": found, "total": total, "others": total - len(found)},
            key=f"money-{found[0].pk}-{total}-{administrator.pk}",
            action=(
                "Voir les écarts",
                outbox.absolute(f"{reverse('admin:funding_discrepancy_changelist')}?gone_at__isempty=1"),
            ),
        )


def paid(event: Event, payment: Payment) -> None:
    """A payment was made, or what was given back has come."""
    subject = "Un versement est fait pour votre dossier {reference}"
    if payment.is_repayment:
        subject = "Votre reversement est enregistré, dossier {reference}"
    post(event, "payment_paid", subject, VIEW, payment=payment)


def recomputed(event: Event, grant: Grant, said: str) -> None:
    """An amount of the subsidy was wrong, and was computed again: `said` is what it becomes."""
    subject = "Un montant de votre subvention est rectifié, dossier {reference}"
    post(event, "subsidy_recomputed", subject, VIEW, grant=grant, said=said)


def control_opened(event: Event, control: Control) -> None:
    post(
        event,
        "control_opened",
        "Un contrôle est ouvert sur votre dossier {reference}",
        "Déposer les pièces",
        page="funding:own-control",
        control=control,
    )


def control_answered(event: Event, control: Control) -> None:
    post_to_desk(
        event,
        "control_answered",
        "Des pièces de contrôle sont déposées, dossier {reference}",
        "Lire les pièces",
        page="funding:control",
        otherwise=control.opened_by,
        control=control,
    )


def control_closed(event: Event, control: Control) -> None:
    post(event, "control_closed", "Le contrôle de votre dossier {reference} est terminé", VIEW, control=control)


def post(
    event: Event, kind: str, subject: str, button: str, *, page: str = "funding:own-subsidy", **context: Any
) -> None:
    """To the référent, about what has just happened to the subsidy: the page that says more is one click away."""
    dossier = event.dossier
    outbox.post(
        kind=kind,
        to=dossier.referent.email,
        subject=subject.format(reference=dossier.reference),
        is_kept_only=not dossier.has_referent,
        context={**emails.about(dossier), "event": event, **context},
        key=f"event-{event.pk}-{kind}",
        action=(button, outbox.absolute(reverse(page, args=[dossier.reference]))),
        about=dossier.reference,
    )


def post_to_desk(
    event: Event, kind: str, subject: str, button: str, *, page: str, otherwise: User, **context: Any
) -> None:
    """To who instructs the dossier, `otherwise` to that person: the référent has done his part. To every responsable
    when neither of them may act on it any more: it would wait for nobody, and tell of a dossier to who lost it."""
    dossier = event.dossier
    assert event.dossier_stage is not None  # a subsidy is that of an étape
    for recipient in (dossier.verifier, otherwise):
        if recipient is not None and access.may_instruct(recipient, event.dossier_stage):
            recipients = [recipient]
            break
    else:
        recipients = list(accounts_queries.leads())
    for recipient in recipients:
        outbox.post(
            kind=kind,
            to=recipient.email,
            subject=subject.format(reference=dossier.reference),
            context={**emails.about(dossier), "recipient": recipient, **context},
            key=f"event-{event.pk}-{kind}-{recipient.pk}",
            action=(button, outbox.absolute(reverse(page, args=[dossier.reference]))),
            about=dossier.reference,
        )
