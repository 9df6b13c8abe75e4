"""The state machine and who may move it (Q37): everything outside the table is refused and leaves no trace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from accounts.models import User
from dossiers import workflow
from dossiers.enums import EventKind, RegionalRole, Status
from dossiers.models import Dossier, DossierStage, Event, Guichet, LateAccess, Stage
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
    **{(status, "take"): (INSTRUCTORS, status) for status in Status.values if status != Status.DRAFT},
    **{(status, "assign"): (LEAD, status) for status in Status.values if status != Status.DRAFT},
    **{(status, "release"): (LEAD, status) for status in Status.values},
    **{
        (status, action): ({"admin"}, status)
        for status in Status.values
        for action in ("grant", "revoke", "move_closing")
    },
}

Act = Callable[[DossierStage, User, User], Any]


def archive(stage: DossierStage, by: User) -> None:
    attachment = stage.attachments.active().first()
    assert attachment is not None
    workflow.archive_file(attachment, by=by, at=timezone.now())


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
    return Scene(factories.fresh(stage), people, factories.referent(entity))


def everything() -> list[tuple[str, str]]:
    """A digest of every row of every table of the room, and of the outbox."""
    tables = [name for name in connection.introspection.table_names() if name.startswith("dossiers_")]
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
