"""The state machine and who may move it (Q37): everything outside the table is refused and leaves no trace."""

from __future__ import annotations

import datetime as dt
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from accounts.models import User
from dossiers import kinds, workflow
from dossiers.enums import (
    BatchAction,
    BatchResult,
    BatchState,
    EventKind,
    FlagKind,
    RegionalRole,
    Status,
    Takeover,
)
from dossiers.models import (
    Attachment,
    Batch,
    Dossier,
    DossierStage,
    Event,
    Flag,
    Guichet,
    LateAccess,
    Stage,
    TakeoverRequest,
)
from notifications.models import Email
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.dossiers import factories
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db

#: product.md, « Statuses of an étape », written again by hand: who may do what, from which status. An instructor is a
#: verifier, a responsable, or an instructeur régional of the région where the guichet lets him instruct.
REFERENT = {"referent"}
INSTRUCTORS = {"verifier", "lead", "regional who instructs"}
LEAD = {"lead"}
#: Who represents the EJ, and may become the référent of its dossiers.
COLLEAGUES = {"colleague", "former referent"}
READERS = INSTRUCTORS | {"regional who reads"}
TRANSMITTED_ONCE = [status for status in Status.values if status != Status.DRAFT]
TABLE: dict[tuple[str, str], tuple[set[str], str]] = {
    ("draft", "transmit"): (REFERENT, "transmitted"),
    ("draft", "save"): (REFERENT, "draft"),
    ("draft", "add_file"): (REFERENT, "draft"),
    ("draft", "archive_file"): (REFERENT, "draft"),
    ("modification_requested", "transmit"): (REFERENT, "transmitted"),
    ("modification_requested", "save"): (REFERENT, "modification_requested"),
    ("modification_requested", "add_file"): (REFERENT, "modification_requested"),
    ("modification_requested", "archive_file"): (REFERENT, "modification_requested"),
    ("transmitted", "request_modification"): (INSTRUCTORS, "modification_requested"),
    ("transmitted", "validate"): (INSTRUCTORS, "validated"),
    ("transmitted", "reject"): (INSTRUCTORS, "rejected"),
    ("validated", "reopen"): (LEAD, "transmitted"),
    ("rejected", "reopen"): (LEAD, "transmitted"),
    # The étape that is left stays as it is; the one that begins is a draft.
    ("validated", "start_stage"): (REFERENT, "validated"),
    ("validated", "call_stage"): (INSTRUCTORS, "validated"),
    **{(status, "transfer"): (REFERENT, status) for status in Status.values},
    ("draft", "replace_file"): (REFERENT, "draft"),
    ("draft", "move_file"): (REFERENT, "draft"),
    ("modification_requested", "replace_file"): (REFERENT, "modification_requested"),
    ("modification_requested", "move_file"): (REFERENT, "modification_requested"),
    **{(status, "take"): (INSTRUCTORS, status) for status in TRANSMITTED_ONCE},
    **{(status, "assign"): (LEAD, status) for status in TRANSMITTED_ONCE},
    **{(status, "release"): (LEAD, status) for status in Status.values},
    **{(status, "note"): (READERS, status) for status in TRANSMITTED_ONCE},
    **{(status, "examine"): (INSTRUCTORS, status) for status in TRANSMITTED_ONCE},
    **{(status, "keep_decision"): (INSTRUCTORS, status) for status in TRANSMITTED_ONCE},
    **{(status, "correct_contact"): (LEAD, status) for status in TRANSMITTED_ONCE},
    **{(status, "reassign"): (LEAD, status) for status in Status.values},
    **{(status, "ask_takeover"): (COLLEAGUES, status) for status in Status.values},
    **{(status, "object_to_takeover"): (REFERENT, status) for status in Status.values},
    # Its author alone, who is none of these.
    **{(status, "withdraw_takeover"): (set(), status) for status in Status.values},
    **{(status, "accept_takeover"): (LEAD, status) for status in Status.values},
    **{(status, "refuse_takeover"): (LEAD, status) for status in Status.values},
    **{
        (status, action): ({"admin"}, status)
        for status in Status.values
        for action in ("grant", "revoke", "move_closing")
    },
}

Act = Callable[[DossierStage, User, User], Any]


#: When the point of vigilance of the scene was raised.
RAISED_AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)


def active(stage: DossierStage) -> Attachment:
    return stage.attachments.active().earliest("pk")


def asked(stage: DossierStage) -> TakeoverRequest:
    """What somebody who plays no role in the table asked for."""
    return TakeoverRequest.objects.get(dossier=stage.dossier_id, state=Takeover.PENDING)


def archive(stage: DossierStage, by: User) -> None:
    workflow.archive_file(active(stage), by=by, at=timezone.now())


MOVES: dict[str, Act] = {
    "transmit": lambda stage, by, _: workflow.transmit(stage, by=by, at=timezone.now(), seen=factories.seen(stage)),
    "save": lambda stage, by, _: factories.save(stage, by=by, comment={"value": "Un mot."}),
    "add_file": lambda stage, by, _: workflow.add_file(
        stage, "framework_files", factories.pdf(), by=by, at=timezone.now()
    ),
    "archive_file": lambda stage, by, _: archive(stage, by),
    "transfer": lambda stage, by, to: workflow.transfer([stage], by=by, to=to),
    "request_modification": lambda stage, by, _: workflow.request_modification(
        stage, by=by, message="Complétez.", remarks={}, due_at=timezone.now() + dt.timedelta(days=3)
    ),
    "validate": lambda stage, by, _: workflow.validate(stage, by=by),
    "reject": lambda stage, by, _: workflow.reject(stage, by=by, reason="Hors périmètre."),
    "reopen": lambda stage, by, _: workflow.reopen(stage, by=by, reason="Erreur de lecture."),
    "start_stage": lambda stage, by, _: workflow.start_stage(
        stage, after(stage, "objectifs"), by=by, at=timezone.now()
    ),
    "call_stage": lambda stage, by, _: workflow.call_stage(stage, after(stage, "controle"), by=by),
    "take": lambda stage, by, _: workflow.assignment.take(stage, by=by),
    "assign": lambda stage, by, _: workflow.assignment.assign(stage, by=by, to=somebody()),
    "release": lambda stage, by, _: workflow.assignment.release(stage, by=by),
    "replace_file": lambda stage, by, _: workflow.replace_file(
        active(stage), factories.archive("Autre.zip"), by=by, at=timezone.now()
    ),
    "move_file": lambda stage, by, _: workflow.move_file(active(stage), up=False, by=by, at=timezone.now()),
    "note": lambda stage, by, _: workflow.desk.note(stage, by=by, text="À rappeler.", at=timezone.now()),
    "examine": lambda stage, by, _: workflow.vigilance.examine(
        stage, FlagKind.REGIONS, by=by, note="Vu avec l'ARS.", read=RAISED_AT.isoformat()
    ),
    "keep_decision": lambda stage, by, _: workflow.drafts.keep(
        factories.fresh(stage), "validate", by=by, content={"message": "Bravo."}, at=timezone.now()
    ),
    "correct_contact": lambda stage, by, _: workflow.contacts.correct(
        stage,
        "contact_ciso",
        by=by,
        raw=factories.contact(email="nouvelle@exemple.fr"),
        read=kinds.digest(stage.answers.get(code="contact_ciso").raw),
        reason="Départ.",
        at=timezone.now(),
    ),
    "reassign": lambda stage, by, to: workflow.reassign(stage, by=by, to=to, reason="Départ."),
    "ask_takeover": lambda stage, by, _: workflow.takeovers.ask(stage, by=by, reason="Départ.", at=timezone.now()),
    "object_to_takeover": lambda stage, by, _: workflow.takeovers.object_to(
        asked(stage), by=by, text="Je suis toujours là.", at=timezone.now()
    ),
    "withdraw_takeover": lambda stage, by, _: workflow.takeovers.withdraw(asked(stage), by=by, at=timezone.now()),
    "accept_takeover": lambda stage, by, _: workflow.takeovers.accept(asked(stage), by=by, at=timezone.now()),
    "refuse_takeover": lambda stage, by, _: workflow.takeovers.refuse(
        asked(stage), by=by, reason="Le référent est là.", at=timezone.now()
    ),
    "grant": lambda stage, by, _: workflow.grant_late_access(
        after(stage, "objectifs"), stage.dossier.legal_entity, in_two_months(), by=by, reason="Incendie."
    ),
    "revoke": lambda stage, by, _: workflow.revoke_late_access(LateAccess.objects.get(stage=stage.stage), by=by),
    "move_closing": lambda stage, by, _: workflow.move_closing(stage.stage, None, by=by, reason="Panne nationale."),
}


def somebody() -> User:
    return User.objects.filter(role="verifier", is_active=True).earliest("pk")


def in_two_months() -> dt.datetime:
    return timezone.now() + dt.timedelta(days=60)


def after(stage: DossierStage, code: str) -> Stage:
    return Stage.objects.get(guichet=stage.dossier.guichet, code=code)


ROLES = [
    "referent",
    "colleague",
    "former referent",
    "stranger",
    "verifier",
    "regional who reads",
    "regional who instructs",
    "regional out of region",
    "regional without region",
    "regional on a closed guichet",
    "lead",
    "admin",
    "inactive referent",
    "inactive verifier",
    "inactive regional",
    "inactive lead",
    "inactive admin",
    "verifier who was the referent",
]


@dataclass
class Scene:
    """A dossier and everybody around it."""

    stage: DossierStage
    people: dict[str, User]
    newcomer: User

    def play(self, role: str) -> User:
        """The person of that role; what the role supposes of the rest is arranged."""
        access = {
            "regional who instructs": RegionalRole.INSTRUCT,
            "regional out of region": RegionalRole.INSTRUCT,
            "regional without region": RegionalRole.INSTRUCT,
            "inactive regional": RegionalRole.INSTRUCT,
            "regional on a closed guichet": RegionalRole.NONE,
        }
        Guichet.objects.update(regional_role=access.get(role, RegionalRole.READ))
        person = self.people[role]
        if role in {"inactive referent", "verifier who was the referent"}:
            Dossier.objects.filter(pk=self.stage.dossier_id).update(referent=person)
        return person


def played_by(role: str) -> str:
    """What a role may do is said under this name in the table."""
    return "verifier" if role == "verifier who was the referent" else role


def scene(status: str) -> Scene:
    entity = factories.entity()
    here, elsewhere = entity.region, RegionFactory(code="94")
    former, owner = factories.referent(entity), factories.referent(entity)
    stage = factories.BUILDERS[status](by=former, legal_entity=entity)
    if status == Status.DRAFT:
        stage = factories.fill(stage)
    workflow.transfer([stage], by=former, to=owner)
    factories.next_stages()
    regional = UserFactory(regional=True, regions=[here])
    people = {
        "referent": owner,
        "colleague": factories.referent(entity),
        "former referent": former,
        "stranger": factories.referent(factories.entity()),
        "verifier": UserFactory(verifier=True),
        "regional who reads": regional,
        "regional who instructs": regional,
        "regional on a closed guichet": regional,
        "regional out of region": UserFactory(regional=True, regions=[elsewhere]),
        "regional without region": UserFactory(regional=True),
        "lead": UserFactory(lead=True),
        "admin": UserFactory(admin=True),
        "inactive referent": factories.referent(entity, is_active=False),
        "inactive verifier": UserFactory(verifier=True, is_active=False),
        "inactive regional": UserFactory(regional=True, is_active=False, regions=[here]),
        "inactive lead": UserFactory(lead=True, is_active=False),
        "inactive admin": UserFactory(admin=True, is_active=False),
        # A référent hired by the ANS: the dossier still bears his name.
        "verifier who was the referent": UserFactory(verifier=True),
    }
    assert people.keys() == set(ROLES)
    workflow.grant_late_access(stage.stage, entity, in_two_months(), by=people["admin"], reason="Inondation.")
    workflow.takeovers.ask(stage, by=factories.referent(entity), reason="Il est parti.", at=timezone.now())
    Flag.objects.create(dossier_stage=stage, kind=FlagKind.REGIONS, text="Plusieurs régions.", raised_at=RAISED_AT)
    return Scene(factories.fresh(stage), people, factories.referent(entity))


@functools.cache
def tables_of_the_room() -> list[str]:
    return [name for name in connection.introspection.table_names() if name.startswith("dossiers_")]


def everything(*, but: str = "nothing") -> list[tuple[str, str]]:
    """A digest of every row of every table of the room, and of the outbox; but those whose name begins so."""
    tables = [name for name in tables_of_the_room() if not name.startswith(but)]
    digests = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, md5(string_agg(row::text, ' ' ORDER BY row::text)) FROM {} AS row").format(
            sql.Literal(table), sql.Identifier(table)
        )
        for table in [*tables, "notifications_email"]
    )
    with connection.cursor() as cursor:
        cursor.execute(digests)
        return sorted(cursor.fetchall())


@pytest.mark.parametrize("status", Status.values)
def test_outside_the_table_every_move_is_refused_and_changes_nothing(status: str) -> None:
    place = scene(status)
    wrong = []
    for role in ROLES:
        scenery = transaction.savepoint()
        person = place.play(role)
        before = everything()
        for name, act in MOVES.items():
            roles, target = TABLE.get((status, name), (set(), status))
            expected = played_by(role) in roles
            attempt = transaction.savepoint()
            try:
                act(place.stage, person, place.newcomer)
                done = True
            except workflow.Refused:
                done = False
            after = factories.fresh(place.stage).status
            if done != expected or after != (target if done else status):
                wrong.append(f"{role} – {name}: {'done' if done else 'refused'}, now {after}")
            elif not done and everything() != before:
                wrong.append(f"{role} – {name}: refused, and yet something changed")
            transaction.savepoint_rollback(attempt)
        transaction.savepoint_rollback(scenery)
    assert not wrong


def test_the_table_of_the_code_says_the_same() -> None:
    """A move added to the workflow has to be added to these tests."""
    moves = {
        (source.value, name): move.target.value for name, move in workflow.MOVES.items() for source in move.sources
    }
    assert moves == {(status, name): target for (status, name), (_, target) in TABLE.items() if name in workflow.MOVES}


def writes() -> set[str]:
    """The functions of the workflow that somebody calls on a dossier, a file of it, or a request about it."""
    found = set()
    for module in pkgutil.iter_modules(workflow.__path__, "dossiers.workflow."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            parameters = inspect.signature(function).parameters
            about = next(iter(parameters.values())).annotation if parameters else ""
            named = {"DossierStage", "Iterable[DossierStage]", "Attachment", "TakeoverRequest"}
            if about in named and "by" in parameters and function.__module__ == module.name:
                found.add(f"{module.name.rpartition('.')[2]}.{name}")
    return found


def test_every_write_on_a_dossier_has_its_rows_in_these_tests() -> None:
    """A function added to the workflow has to be added to the table, or to say why it is not."""
    in_the_table = {
        *("moves.transmit", "moves.request_modification", "moves.validate", "moves.reject", "moves.reopen"),
        *("filling.save_answers", "stages.start_stage", "stages.call_stage", "transfer.transfer", "transfer.reassign"),
        *("files.add_file", "files.replace_file", "files.archive_file", "files.move_file"),
        *("assignment.take", "assignment.assign", "assignment.release", "desk.note", "drafts.keep"),
        *("contacts.correct", "vigilance.examine"),
        *("takeovers.ask", "takeovers.object_to", "takeovers.withdraw", "takeovers.accept", "takeovers.refuse"),
    }
    of_oneself = {  # they touch what `by` alone left there
        *("desk.see", "drafts.forget", "parking.drop_parked", "parking.forget"),
    }
    under_them = {  # called by these, under their lock and after their guard
        *("assignment.check_take", "assignment.check_assign", "assignment.check_release", "assignment.give"),
        *("filling.check_editable", "table.record", "transfer.hand_over"),
        *("transfer.close", "files.changeable", "files.put", "files.take_out"),
    }
    assert writes() == in_the_table | of_oneself | under_them


@pytest.mark.parametrize("status", Status.values)
def test_a_batch_does_what_one_dossier_at_a_time_would(status: str) -> None:
    """Every action that a batch offers, by everybody: the same rows of the table, nothing left where it is refused."""
    place = scene(status)
    wrong = []
    for role in ROLES:
        scenery = transaction.savepoint()
        person = place.play(role)
        before = everything(but="dossiers_batch")
        for action in BatchAction:
            roles, target = TABLE.get((status, str(action)), (set(), status))
            if status == Status.DRAFT:
                roles = set()  # no list shows it
            expected = played_by(role) in roles
            attempt = transaction.savepoint()
            done = by_batch(place.stage, action, person)
            after = factories.fresh(place.stage).status
            if done != expected or after != (target if done else status):
                wrong.append(f"{role} – {action}: {'done' if done else 'refused'}, now {after}")
            elif not done and everything(but="dossiers_batch") != before:
                wrong.append(f"{role} – {action}: refused, and yet something changed")
            transaction.savepoint_rollback(attempt)
        transaction.savepoint_rollback(scenery)
    assert not wrong


def by_batch(stage: DossierStage, action: BatchAction, by: User) -> bool:
    """Whether a batch of this dossier alone did it, put to the worker without the page that would have said no."""
    said = {
        BatchAction.REQUEST_MODIFICATION: {"message": "Complétez.", "due_on": str(in_two_months().date())},
        BatchAction.REJECT: {"reason": "Hors périmètre."},
    }
    try:
        batch = workflow.batches.prepare(
            DossierStage.objects.filter(pk=stage.pk, is_instructed=True), action, by=by, at=timezone.now()
        )
    except workflow.Refused:
        return False
    if action == BatchAction.ASSIGN:
        batch.items.update(to=somebody())
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.WAITING, is_complete=True, confirmed_at=timezone.now(), parameters=said.get(action, {})
    )
    workflow.batch_work.carry_out(batch.pk)
    return batch.items.get().result == BatchResult.DONE


@pytest.mark.parametrize("status", Status.values)
def test_the_pages_offer_what_the_table_allows(status: str) -> None:
    place = scene(status)
    for role in ROLES:
        person = place.play(role)
        offered = workflow.allowed_moves(factories.fresh(place.stage), person)
        expected = {
            name
            for (source, name), (roles, _) in TABLE.items()
            if source == status and played_by(role) in roles and name in workflow.MOVES
        }
        assert offered == expected, role


@pytest.mark.parametrize(
    ("move", "from_status", "to_status", "kind"),
    [
        ("transmit", "draft", "transmitted", EventKind.TRANSMITTED),
        ("request_modification", "transmitted", "modification_requested", EventKind.MODIFICATION_REQUESTED),
        ("transmit", "modification_requested", "transmitted", EventKind.TRANSMITTED),
        ("validate", "transmitted", "validated", EventKind.VALIDATED),
        ("reject", "transmitted", "rejected", EventKind.REJECTED),
        ("reopen", "validated", "transmitted", EventKind.REOPENED),
        ("reopen", "rejected", "transmitted", EventKind.REOPENED),
    ],
)
def test_each_change_of_status_writes_one_line_of_history_and_one_email(
    move: str, from_status: str, to_status: str, kind: EventKind
) -> None:
    place = scene(from_status)
    actor = place.people["referent" if move == "transmit" else "lead"]
    events, emails = Event.objects.count(), Email.objects.count()
    before = timezone.now()

    MOVES[move](place.stage, actor, place.newcomer)

    assert (Event.objects.count(), Email.objects.count()) == (events + 1, emails + 1)
    event = Event.objects.latest("pk")
    assert (event.dossier, event.dossier_stage, event.actor) == (place.stage.dossier, place.stage, actor)
    assert (event.kind, event.from_status, event.to_status) == (kind, from_status, to_status)
    assert before <= event.at <= timezone.now()
    email = Email.objects.latest("pk")
    assert email.to == place.people["referent"].email
    assert email.about == place.stage.dossier.reference
    assert place.stage.dossier.reference in email.subject


def test_the_dates_of_an_etape_follow_its_status() -> None:
    lead = UserFactory(lead=True)
    due_at = timezone.now() + dt.timedelta(days=3)
    stage = factories.fill(factories.draft())
    first = timezone.now()
    stage = factories.transmit(stage, at=first)
    assert (stage.first_transmitted_at, stage.transmitted_at, stage.due_at, stage.decided_at) == (
        first,
        first,
        None,
        None,
    )
    workflow.request_modification(stage, by=lead, message="Encore.", remarks={}, due_at=due_at)
    stage = factories.fresh(stage)
    assert (stage.transmitted_at, stage.due_at, stage.decided_at) == (first, due_at, None)
    second = timezone.now()
    stage = factories.transmit(stage, at=second)
    assert (stage.first_transmitted_at, stage.transmitted_at, stage.due_at) == (first, second, None)
    assert stage.modification_requests.get().answered_at == second
    workflow.validate(stage, by=lead)
    stage = factories.fresh(stage)
    assert stage.decided_at is not None
    workflow.reopen(stage, by=lead, reason="Erreur.")
    stage = factories.fresh(stage)
    assert (stage.status, stage.decided_at, stage.transmitted_at) == (Status.TRANSMITTED, None, second)


@pytest.mark.parametrize("blank", ["", "  \n\t "])
def test_a_decision_that_needs_words_is_refused_without_them(blank: str) -> None:
    lead = UserFactory(lead=True)
    stage = factories.transmitted()
    tomorrow = timezone.now() + dt.timedelta(days=1)
    with pytest.raises(workflow.Refused, match="Expliquez"):
        workflow.request_modification(stage, by=lead, message=blank, remarks={"track": "Non."}, due_at=tomorrow)
    with pytest.raises(workflow.Refused, match="motif"):
        workflow.reject(stage, by=lead, reason=blank)
    workflow.validate(stage, by=lead)
    with pytest.raises(workflow.Refused, match="motif"):
        workflow.reopen(stage, by=lead, reason=blank)
    assert factories.fresh(stage).status == Status.VALIDATED


def test_a_due_date_in_the_past_is_refused() -> None:
    stage = factories.transmitted()
    with pytest.raises(workflow.Refused, match="échéance à venir"):
        workflow.request_modification(
            stage, by=UserFactory(verifier=True), message="Encore.", remarks={}, due_at=timezone.now()
        )
    assert factories.fresh(stage).status == Status.TRANSMITTED


def test_remarks_that_open_nothing_are_refused() -> None:
    """D12, Q&A 1.10: the référent was asked to correct, and everything was read-only."""
    stage = factories.transmitted()
    asked: dict[str, Any] = {
        "by": UserFactory(verifier=True),
        "message": "Corrigez.",
        "due_at": timezone.now() + dt.timedelta(days=7),
    }
    frozen = {"contact_cio": "Directeur de quoi ?", "contact_ciso": "Un numéro ?"}
    with pytest.raises(workflow.Refused, match="ne peut plus modifier"):
        workflow.request_modification(stage, remarks=frozen, **asked)
    assert factories.fresh(stage).status == Status.TRANSMITTED
    for remarks, opens in (({**frozen, "track": "Précisez."}, False), (frozen, True), ({}, False)):
        stage = factories.transmitted()
        workflow.request_modification(stage, remarks=remarks, opens_everything=opens, **asked)


def test_remarks_are_kept_by_question_without_the_blank_and_the_unknown() -> None:
    stage = factories.modification_requested(
        remarks={"track": " Précisez. ", "bank": "  ", "no_such_question": "Perdu ?"}
    )
    request = stage.modification_requests.get()
    assert {remark.code: remark.text for remark in request.remarks.all()} == {"track": "Précisez."}
    assert request.transmission == stage.transmissions.get()


def test_a_regional_instructor_sees_an_entity_by_any_of_its_regions() -> None:
    """An EJ whose sites span several régions is instructed by each of them."""
    entity = factories.entity(region_codes=["11", "94"])
    stage = factories.transmitted(legal_entity=entity)
    Guichet.objects.update(regional_role=RegionalRole.INSTRUCT)
    corsican = UserFactory(regional=True, regions=[RegionFactory(code="94")])
    workflow.validate(stage, by=corsican)
    assert factories.fresh(stage).status == Status.VALIDATED


def test_a_dossier_transferred_to_someone_who_left_the_entity_is_refused() -> None:
    place = scene("draft")
    place.newcomer.representations.all().delete()
    with pytest.raises(workflow.Refused, match="activé et rattaché"):
        workflow.transfer([place.stage], by=place.people["referent"], to=place.newcomer)
    RepresentationFactory(user=place.newcomer, legal_entity=place.stage.dossier.legal_entity)
    workflow.transfer([place.stage], by=place.people["referent"], to=place.newcomer)
