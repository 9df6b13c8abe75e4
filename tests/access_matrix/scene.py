"""The people and the dossiers that the addresses of the table suppose."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import kinds, workflow
from dossiers.enums import BatchAction, ExportFormat
from dossiers.models import (
    Absence,
    AssignmentRule,
    Attachment,
    Batch,
    DossierStage,
    Export,
    Flag,
    SavedView,
    TakeoverRequest,
    TemplateText,
)
from funding.models import Agreement, Expense
from tests.access_matrix.table import PATTERNS
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import give_password
from tests.dossiers import factories
from tests.establishments.factories import RegionFactory
from tests.funding import expenses, payment_files, reached, subsidies

#: When its point of vigilance was.
RAISED_AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)


@dataclass
class Scene:
    """A dossier of the POC in the states that its addresses suppose, and everybody around it."""

    people: dict[str, User]
    awaited: User
    asked: DossierStage  # a modification is asked of the référent
    transmitted: DossierStage
    validated: DossierStage
    granted: DossierStage
    presented: DossierStage  # at the étape of its objectives, transmitted
    signed: Agreement  # of yet another validated dossier, deposited
    expense: Expense  # of its trame, with its file
    takeover: TakeoverRequest  # of the first, asked by the colleague
    made: Export  # the verifier's, ready
    waiting: Export  # his too, under way
    text: TemplateText  # for a rejection
    batches: dict[str, Batch]  # his as well, by the address it is for
    rule: AssignmentRule  # of every dossier
    absence: Absence  # the verifier's
    view: SavedView  # his too

    def __post_init__(self) -> None:
        half = Client()
        give_password(half, self.awaited)
        browsers = {"half": half, **{role: factories.signed_in(person) for role, person in self.people.items()}}
        # Middleware is loaded once, not by each of thousands of browsers.
        self.handler = half.handler
        self.sessions = {role: browser.cookies["sessionid"].value for role, browser in browsers.items()}

    def client(self, role: str) -> Client:
        client = Client()
        client.handler = self.handler
        if role in self.sessions:
            client.cookies["sessionid"] = self.sessions[role]
        return client

    def stage_of(self, name: str) -> DossierStage:
        if name.startswith("funding:"):
            others = {
                "funding:grant": self.validated,
                "funding:send-agreement": self.granted,
                "funding:decide-objective": self.presented,
            }
            return others.get(name, self.signed.grant.dossier_stage)
        match name.removeprefix("dossiers:"):
            case "reopen" | "start-stage" | "call-stage" | "instruction-stage":
                return self.validated
            case (
                "instruction-dossier"
                | "instructed-file"
                | "view-instructed-file"
                | "instructed-paper"
                | "presence"
                | "take"
                | "assign"
                | "correct-contact"
                | "note"
                | "examine-flag"
                | "instructed-comparison"
                | "all-files"
                | "request-modification"
                | "validate"
                | "reject"
            ):
                return self.transmitted
            case _:
                return self.asked

    def url(self, name: str) -> str:
        stage = self.stage_of(name)
        values: dict[str, Any] = {
            "reference": stage.dossier.reference,
            "public_id": self.people["colleague_of_all"].public_id,
            "number": 1,
            "pk": 1,
            "finess": self.asked.dossier.legal_entity.finess,
            "code": "poc-essms-cadre-de-reponse",
            "token": "aucun",
            "format": "csv",
            "stage": {"dossiers:start-stage": "objectifs", "dossiers:call-stage": "controle"}.get(name, "candidature"),
        }
        if name == "funding:control-piece":
            values["public_id"] = stage.attachments.get(code="controle-1").public_id
        if name in {"funding:change-expense", "funding:remove-expense", "funding:expense-file"}:
            values |= {"line": self.expense.line, "piece": "justificatif"}
        if name in {"dossiers:withdraw-claim", "dossiers:object-to-takeover", "dossiers:decide-takeover"}:
            values["public_id"] = self.takeover.public_id
        if name in {"dossiers:export-file", "dossiers:cancel-export"}:
            values["public_id"] = (self.made if name == "dossiers:export-file" else self.waiting).public_id
        if name == "dossiers:edit-text":
            values["public_id"] = self.text.public_id
        if name in {"dossiers:edit-rule", "dossiers:apply-rule"}:
            values["public_id"] = self.rule.public_id
        if name == "dossiers:withdraw-absence":
            values["public_id"] = self.absence.public_id
        if name == "dossiers:correct-contact":
            values["code"] = "contact_ciso"
        if name in {"dossiers:edit-view", "dossiers:open-on-view"}:
            values["public_id"] = self.view.public_id
        if name == "dossiers:spread":
            values["public_id"] = self.people["verifier"].public_id
        if name in self.batches:
            values["public_id"] = self.batches[name].public_id
        if name == "dossiers:examine-flag":
            values["kind"] = "diagnoses"
        if name == "dossiers:perimeter":
            values["code"] = "perimeter"
        if name == "funding:decide-objective":
            values["code"] = "backups"
        if name == "dossiers:answer":
            values["code"] = "comment"
        if name.removeprefix("dossiers:") in {"file", "instructed-file", "view-file", "view-instructed-file"}:
            values["public_id"] = self.attachment(stage).public_id
        if name == "dossiers:slot":
            values["code"] = "framework_files"
        return reverse(name, kwargs={key: values[key] for key in PATTERNS[name].pattern.converters})

    def attachment(self, stage: DossierStage) -> Attachment:
        return stage.attachments.get(code="bank")

    def data(self, name: str) -> dict[str, Any]:
        """What a person in her right would post."""
        next_week = timezone.localdate() + dt.timedelta(days=7)
        posts: dict[str, dict[str, Any]] = {
            "accounts:activation-again": {"email": "personne@exemple.fr"},
            "accounts:digest": {"digest": "mine"},
            "accounts:password-reset": {"email": "personne@exemple.fr"},
            "dossiers:form": {"comment-base": kinds.digest({}), "comment-value": "Un mot", "draft": "1"},
            "dossiers:perimeter": {"draft": "1"},
            "dossiers:answer": {"comment-base": kinds.digest({}), "comment-value": "Un mot"},
            "dossiers:transmit": {"seen": factories.seen(self.asked)} if name == "dossiers:transmit" else {},
            "dossiers:transfer": {"dossiers": [self.asked.dossier.reference]},
            "dossiers:claims": {
                "dossier": f"poc-essms.{self.transmitted.dossier.legal_entity.finess}",
                "reason": "Parti.",
            },
            "dossiers:object-to-takeover": {"reason": "Toujours là."},
            "dossiers:decide-takeover": {"accept": "1"},
            "dossiers:reassign": {"referent": self.people["colleague_of_all"].public_id, "reason": "Départ."},
            "dossiers:create-export": {"format": "csv", "columns": ["reference"]},
            "dossiers:create-text": {"name": "Autre", "purpose": "reject", "body": "Hors périmètre."},
            "dossiers:edit-text": {"name": "Motif", "purpose": "reject", "body": "Hors périmètre.", "read": 1},
            "dossiers:prepare-batch": {"action": "take", "dossiers": [self.transmitted.dossier.reference]},
            "dossiers:batch": {"reason": "Hors périmètre."},
            "dossiers:confirm-batch": {"count": 1},
            "dossiers:request-modification": {"message": "Complétez.", "due_on": next_week, "read": 1},
            "dossiers:create-rule": {"guichet": self.asked.dossier.guichet_id, "to": self.people["lead"].public_id},
            "dossiers:edit-rule": {"to": self.people["lead"].public_id, "read": 1},
            "dossiers:absences": {"first_day": next_week, "last_day": next_week, "user": self.people["lead"].public_id},
            "dossiers:spread": {"to": self.people["lead"].public_id},
            "dossiers:saved-views": {"name": "Corse", "query": "region=94"},
            "dossiers:edit-view": {"name": "Bretagne"},
            "dossiers:correct-contact": {
                **factories.contact(email="autre@exemple.fr"),
                "read": kinds.digest(factories.contact()),
                "reason": "Départ.",
            },
            "dossiers:assign": {"to": self.people["verifier"].public_id},
            "dossiers:note": {"text": "Appeler l'établissement."},
            "dossiers:examine-flag": {"diagnoses-read": RAISED_AT.isoformat(), "diagnoses-note": "Vu."},
            "dossiers:validate": {"read": 1},
            "dossiers:reject": {"reason": "Hors périmètre.", "read": 1},
            "funding:sign-agreement": {
                "file": factories.pdf("Autre exemplaire.pdf"),
                "read": self.signed.public_id,
            },
            "funding:grant": {"amount": "18800", "with_agreement": "on"},
            "funding:decide-objective": {"read": 1, "version": 0, "accept": "1"},
            "funding:check-agreement": {"read": self.signed.signed_copy_id, "accept": "1"},
            "funding:add-expenses": expenses.typed(expenses.row()),
            "funding:import-expenses": {"file": expenses.csv(expenses.CELLS)},
            "funding:review-expenses": {"abandon": "1"},
            "funding:change-expense": {**expenses.row(label="Autre libellé"), "read": 2},
            "funding:remove-expense": {"read": 2},
            "funding:own-control": {"pieces": factories.pdf("Autre preuve.pdf")},
            "funding:control": {"note": "1", "text": "Entretien du 12 mars."},
            "funding:retex": {"guichet": "poc-essms", "content": "nominatif", "format": "csv"},
            "funding:schedule": {"kind": "payment", "amount": "100", "due_on": next_week},
            "funding:import-payments": {"file": payment_files.csv(("ABCDEFGHJK-01", "10", "04/06/2026"))},
            "funding:payment": {
                "change": "1",
                "amount": "90",
                "due_on": next_week,
                "seen": self.signed.grant.payments.get().seen,
            },
            "dossiers:reopen": {"reason": "Erreur de lecture.", "read": 1},
        }
        return posts.get(name, {})


def build() -> Scene:
    former = factories.referent(factories.entity())
    entities = [former.representations.get().legal_entity]
    builders = [factories.modification_requested, factories.transmitted, *[factories.validated] * 3, reached.presented]
    stages = [builder(by=former, stage=factories.poc(), legal_entity=entities[0]) for builder in builders[:1]]
    for builder in builders[1:]:
        # One dossier an EJ and a guichet: the others are of other EJ of the same people.
        entity = factories.entity()
        factories.RepresentationFactory(user=former, legal_entity=entity, is_primary=False)
        entities.append(entity)
        stages.append(builder(by=former, legal_entity=entity))
    owner, colleague, everyone = (factories.referent(entities[0]) for _ in range(3))
    for person in (owner, colleague, everyone):
        for entity in entities[1:]:
            factories.RepresentationFactory(user=person, legal_entity=entity, is_primary=False)
    workflow.transfer(stages, by=former, to=owner)
    presented = factories.fresh(stages.pop())
    signed = subsidies.signed(stage=factories.fresh(stages.pop()))
    expense = expenses.proved(signed.grant)
    expenses.waiting(signed.grant)
    subsidies.planned(signed.grant, 100)
    subsidies.answered(signed.grant)
    subsidies.granted(factories.fresh(stages[-1]))
    factories.next_stages()
    people = {
        "referent": owner,
        "colleague": colleague,
        "former": former,
        "verifier": UserFactory(verifier=True),
        "regional": UserFactory(regional=True, regions=[entities[0].region]),
        "outside": UserFactory(regional=True, regions=[RegionFactory(code="94")]),
        "lead": UserFactory(lead=True),
        "admin": UserFactory(admin=True),
        "colleague_of_all": everyone,
    }
    takeover = workflow.takeovers.ask(stages[0], by=colleague, reason="Parti.", at=timezone.now())
    asked = [
        workflow.exports.ask(
            people["verifier"], query="", format=ExportFormat.CSV, columns=["reference"], at=timezone.now()
        )
        for _ in range(2)
    ]
    workflow.exports.produce(asked[0].pk)
    made, waiting = (Export.objects.get(pk=each.pk) for each in asked)
    Flag.objects.create(dossier_stage=stages[1], kind="diagnoses", text="Un diagnostic manque.", raised_at=RAISED_AT)
    content = {"name": "Motif", "purpose": "reject", "guichet": None, "body": "Hors barème."}
    text = workflow.texts.save(None, by=people["lead"], **content)
    given = DossierStage.objects.filter(pk=stages[1].pk)
    batches = {
        f"dossiers:{name}": workflow.batches.prepare(given, action, by=people["verifier"], at=timezone.now())
        for name, action in (
            ("batch", BatchAction.REJECT),
            ("confirm-batch", BatchAction.TAKE),
            ("stop-batch", BatchAction.TAKE),
        )
    }
    workflow.batches.confirm(batches["dossiers:stop-batch"], by=people["verifier"], count=1, at=timezone.now())
    rule = workflow.assignment_rules.save(None, by=people["lead"], guichet=None, region=None, people=[people["lead"]])
    day = timezone.localdate()
    absence = workflow.absences.declare(
        people["verifier"], by=people["verifier"], first_day=day, last_day=day, at=timezone.now()
    )
    now = [factories.fresh(stage) for stage in stages]
    view = workflow.saved_views.keep(by=people["verifier"], name="Bretagne", query="region=53", is_shared=False)
    context = (presented, signed, expense, takeover, made, waiting, text, batches, rule, absence, view)
    return Scene(people, UserFactory(), *now, *context)
