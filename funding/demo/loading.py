"""What a new installation shows of subsidies: one dossier a step, from the convention to sign to the payment made.

Added to what `dossiers.demo` loads, and done as people would do it, by the functions of each `workflow`. A validated
dossier that waits for its grant is there already.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from dossiers import workflow as dossiers_workflow
from dossiers.demo import applications, cast
from dossiers.demo import loading as dossiers_loading
from dossiers.demo.applications import current
from dossiers.demo.cast import Plan
from dossiers.enums import Status
from dossiers.kinds import Raw
from dossiers.models import Dossier, Guichet, Stage
from dossiers.workflow import tallies
from establishments.models import LegalEntity
from funding import workflow
from funding.demo import answers, spending
from funding.enums import ObjectiveState
from funding.expense_rules import Entry
from funding.models import Envelope, Grant, Payment
from funding.queries import agreements, envelopes, payments
from funding.schedule.estimates import Estimate
from notifications import delivery
from notifications.models import Email

GUICHET = "poc-essms"
REFERENT = "marc.delattre"
TO_SIGN, CHECKED, PRESENTED, CONTROLLED, PAID = answers.BANKS
#: How many days ago each was transmitted.
DAYS = {TO_SIGN: 11, CHECKED: 16, PRESENTED: 22, CONTROLLED: 25, PAID: 28}
REASON = "Les feuilles d'émargement ne sont pas signées et ne disent pas qui a été formé."
CORRECTION = "Une partie des travaux a déjà été financée par le programme ESMS numérique."
CONTROL = "Rapport du test de restauration\nFactures acquittées du serveur de sauvegarde"
INTERVIEW = "Appel de M. Delattre : le test de restauration a été refait depuis, le rapport suit."
DAYS_TO_ANSWER, DAYS_TO_PAY = 20, 15
#: The part of its budget that a guichet has used: past the first threshold, under the second one.
USED = Decimal("0.84")
#: What a budget is a multiple of, in euros.
ROUND = 5_000


class Impossible(Exception):
    """The database holds nothing to build on; the message, in French, says what to load first."""


def exists() -> bool:
    """Whether these subsidies are there."""
    return Grant.objects.filter(dossier__referent__username=REFERENT).exists()


@transaction.atomic
def load() -> None:
    """Add the subsidies, all or nothing. Raises Impossible. Call it once: `exists()` tells."""
    people = {user.username: user for user in User.objects.filter(email__in=[each.email for each in cast.PEOPLE])}
    if REFERENT not in people:
        raise Impossible("Les comptes de la démonstration manquent\u00a0: lancez d'abord « manage.py seed_demo ».")
    entities = dossiers_loading.legal_entities()
    team = Team(
        people[REFERENT],
        next(user for user in people.values() if user.role == Role.VERIFIER),
        next(user for user in people.values() if user.role == Role.LEAD),
        entities,
    )
    first = Email.objects.order_by("pk").last()
    team.grant(TO_SIGN, track="2")
    checked = team.grant(CHECKED, less=1_000)
    team.check(checked)
    team.spend(checked)
    team.present(PRESENTED, accepted=("diagnosis", "inventory"))
    team.control(CONTROLLED)
    team.pay(PAID)
    follow_the_budget()
    put_emails_away(after=first.pk if first else 0)
    tallies.refresh(timezone.now())


@dataclass(frozen=True)
class Team:
    """Those who act: a référent for his EJ, a verifier, a responsable."""

    referent: User
    verifier: User
    lead: User
    entities: Mapping[str, LegalEntity]

    def grant(self, finess: str, *, track: str = "1", less: int = 0) -> Grant:
        """A dossier validated and granted, `less` euros under the estimate, whose convention is sent."""
        typed: dict[str, Raw] = {"track": {"value": track}, "bank": answers.BANKS[finess]}
        dossier = applications.create(
            Plan(REFERENT, finess, Status.VALIDATED, answers=typed, days=DAYS[finess]),
            0,
            stage_of("candidature"),
            referent=self.referent,
            verifier=self.verifier,
            entities=self.entities,
        )
        estimate = current(dossier).transmissions.get().estimate
        assert estimate is not None
        granted = workflow.grants.grant(
            current(dossier),
            by=self.verifier,
            amount=Estimate.from_json(estimate).total - less,
            reason=CORRECTION if less else "",
        )
        workflow.agreements.send(granted, by=self.verifier)
        return granted

    def check(self, granted: Grant) -> None:
        """Its convention signed, then checked."""
        sent = agreements.in_force(granted)
        assert sent is not None
        signed = workflow.agreements.sign(sent, answers.AGREEMENT.upload(), by=self.referent)
        assert signed.signed_copy_id is not None
        workflow.agreements.accept(signed, by=self.verifier, read=signed.signed_copy_id)

    def spend(self, granted: Grant) -> None:
        """What its EJ spent, with files for one of the lines."""
        lines = spending.entries(granted.dossier.legal_entity.finess)
        for line in workflow.expenses.add(granted, lines, by=self.referent):
            if line.label == spending.WITH_FILES:
                files = {name: piece.upload() for name, piece in spending.PROOFS.items()}
                workflow.expenses.change(line, Entry.of(line), files, by=self.referent, read=line.version)

    def present(self, finess: str, *, accepted: Collection[str]) -> Grant:
        """Five objectives presented, one of them refused, those `accepted`, the others to examine."""
        granted = self.grant(finess)
        self.check(granted)
        self.spend(granted)
        dossier = granted.dossier
        dossiers_workflow.start_stage(current(dossier), stage_of("objectifs"), by=self.referent, at=timezone.now())
        applications.fill(dossier, answers.OBJECTIVES, answers.PROOFS)
        applications.transmit(dossier)
        self.decide(dossier, "awareness", ObjectiveState.REFUSED, reason=REASON)
        for code in accepted:
            self.decide(dossier, code, ObjectiveState.ACCEPTED)
        return granted

    def decide(self, dossier: Dossier, code: str, state: ObjectiveState, *, reason: str = "") -> None:
        workflow.objectives.decide(current(dossier), code, state, by=self.verifier, read=1, version=0, reason=reason)

    def settle(self, finess: str) -> Grant:
        """Every other objective accepted and the étape validated: part of the subsidy may be paid."""
        granted = self.present(finess, accepted=("diagnosis", "backups", "inventory", "updates"))
        dossiers_workflow.validate(current(granted.dossier), by=self.verifier)
        return granted

    def control(self, finess: str) -> None:
        """A control opened, an interview noted, the pieces still to be deposited."""
        due_on = timezone.localdate() + dt.timedelta(days=DAYS_TO_ANSWER)
        control = workflow.controls.open(self.settle(finess), by=self.verifier, documents=CONTROL, due_on=due_on)
        workflow.controls.note(control, by=self.verifier, text=INTERVIEW)

    def pay(self, finess: str) -> None:
        """Half of what may be paid is, the rest is ordered."""
        granted = self.settle(finess)
        today = timezone.localdate()
        half = (Grant.objects.get(pk=granted.pk).payable / 2).quantize(Decimal(1))
        done = self.order(granted, half, due_on=today)
        workflow.payments.pay(done, by=self.lead, on=today)
        rest = payments.sums(Grant.objects.get(pk=granted.pk)).may_order
        self.order(granted, rest, due_on=today + dt.timedelta(days=DAYS_TO_PAY))

    def order(self, granted: Grant, amount: Decimal, *, due_on: dt.date) -> Payment:
        payment = workflow.payments.plan(granted, by=self.lead, amount=amount, due_on=due_on)
        return workflow.payments.order(payment, by=self.lead)


def follow_the_budget() -> None:
    """Give the guichet a budget, counted at once: the page of the envelopes waits for nothing. It follows what the
    dossiers ask, which the register decides."""
    guichet = Guichet.objects.get(code=GUICHET)
    budget = ROUND * math.ceil(envelopes.amounts(guichet.pk).used / USED / ROUND)
    Envelope.objects.update_or_create(guichet=guichet, defaults={"budget": budget})
    workflow.envelopes.count(timezone.now())


def stage_of(code: str) -> Stage:
    return Stage.objects.select_related("guichet").get(guichet__code=GUICHET, code=code)


def put_emails_away(*, after: int) -> None:
    """Mark what all this wrote as sent: see `dossiers.demo.loading.put_emails_away`."""
    for email in Email.objects.filter(pk__gt=after):
        delivery.mark_sent(email, now=timezone.now())
