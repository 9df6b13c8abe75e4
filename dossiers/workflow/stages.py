"""Beginning an étape: the first one with the dossier, the next ones by its référent, the others on request (G1)."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, emails, kinds, queries, search, steps
from dossiers.enums import EventKind, StageEntry, Status
from dossiers.models import Answer, Dossier, DossierStage, FormRevision, LateAccess, Stage
from dossiers.models.guichets import LateAccessQuerySet
from dossiers.workflow.filling import Closed, write
from dossiers.workflow.table import NotAllowed, Refused, WrongStatus, locked, record, situation
from dossiers.workflow.transfer import held
from ecare import french
from establishments.models import LegalEntity

REFERENCE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: read aloud without doubt (D4)


class AlreadyExists(Refused):
    """There is a dossier for this EJ and this guichet; its référent is not named (D3)."""


@transaction.atomic
def create_dossier(stage: Stage, legal_entity: LegalEntity, *, by: User, at: dt.datetime, track: str = "") -> Dossier:
    """Open a dossier on the first étape of a guichet for an EJ that `by` represents (D2–D4).

    `at` is the instant the request was received. `track`, if the form offers that parcours, answers its question: it
    was chosen in the simulator (P2). Raises NotAllowed if `by` does not represent the EJ, Closed outside
    the window unless the EJ was given time (D15b), Refused if the guichet is not for this type of establishment,
    AlreadyExists if there is one (D3).
    """
    by = held(by)  # who leaves the EJ, or the portal, at the same instant is first, or waits
    representation = accounts_queries.establishments_of(by).filter(legal_entity=legal_entity).first()
    if not by.is_active or not by.is_referent or representation is None:
        raise NotAllowed("Vous ne représentez pas cet établissement.")
    if stage.entry != StageEntry.START:
        raise Refused("Un dossier commence par la première étape de son guichet.")
    if not stage.is_open(at) and not late_access(stage, legal_entity).active_at(at).exists():
        raise Closed("Ce guichet n'est pas ouvert\u00a0: aucun dossier ne peut y être créé.")
    if representation.establishment_type not in stage.guichet.audience:
        raise Refused("Ce guichet ne s'adresse pas à ce type d'établissement.")
    revision = queries.newest_revision(stage)
    if revision is None:
        raise Closed("Le formulaire de ce guichet n'est pas encore publié.")
    try:
        with transaction.atomic():
            dossier = Dossier.objects.create(
                reference=new_reference(),
                guichet=stage.guichet,
                legal_entity=legal_entity,
                establishment_type=representation.establishment_type,
                referent=by,
            )
            dossier_stage = begin(dossier, stage, revision)
            if question := queries.track_question(revision, track):
                raw: kinds.Raw = {"value": track}
                value = kinds.of(question).clean(question, raw, kinds.Context(legal_entity))
                write(
                    dossier_stage,
                    [Answer(dossier_stage=dossier_stage, code=question.code, raw=raw, value=value, updated_at=at)],
                )
            search.refresh(dossier_stage)
            event = record(dossier_stage, EventKind.CREATED, by=by)
            emails.created(event)
    except IntegrityError as error:
        if Dossier.objects.filter(guichet=stage.guichet, legal_entity=legal_entity).exists():
            raise AlreadyExists(
                f"Un dossier existe déjà pour {legal_entity.label} sur ce guichet. "
                "Rapprochez-vous de vos collègues\u00a0: le référent du dossier peut vous le transférer."
            ) from error
        raise
    return dossier


def new_reference() -> str:
    """A random reference of 10 characters (D4): 32^10 of them, so that the unique constraint hardly ever speaks."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10))


def late_access(stage: Stage, legal_entity: LegalEntity) -> LateAccessQuerySet:
    """The exception granted to an EJ on an étape, expired or not: one at most."""
    return LateAccess.objects.granted().filter(stage=stage, legal_entity=legal_entity)


def begin(dossier: Dossier, stage: Stage, revision: FormRevision) -> DossierStage:
    """The passage of a dossier through an étape, as its current one.

    An exception granted at the same instant either came before and is read, or comes after and finds the row.
    """
    hold_entry(stage, dossier.legal_entity)
    dossier_stage = DossierStage.objects.create(dossier=dossier, stage=stage, revision=revision)
    late = late_access(stage, dossier.legal_entity).first()
    if late is not None:
        dossier_stage.late_until = late.until
        dossier_stage.save(update_fields=["late_until"])
    return dossier_stage


def hold_entry(stage: Stage, legal_entity: LegalEntity) -> None:
    """Until the transaction ends, let nobody else begin that étape for that EJ, nor make an exception there. Before
    there is a dossier, there is no row to lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::integer, %s::integer)", [stage.pk, legal_entity.pk])


@transaction.atomic
def start_stage(dossier_stage: DossierStage, stage: Stage, *, by: User, at: dt.datetime) -> DossierStage:
    """Begin the étape that follows a validated one, by its référent (G1).

    `at` is the instant the request was received. Raises NotAllowed unless `by` is the référent, WrongStatus if the
    étape has begun or its turn has not come, Closed outside its window (unless the EJ was given time) or without form.
    """
    dossier_stage = locked(dossier_stage)
    if not access.is_referent(by, dossier_stage):
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    check_not_begun(dossier_stage, stage)
    following = steps.after(dossier_stage)
    if following is None or following.stage.pk != stage.pk:
        raise WrongStatus(f"L'étape {french.quoted(stage.title)} commence quand celle qui la précède est validée.")
    stage = following.stage
    if not following.may_start(at):
        raise Closed(not_open(stage, at))
    started = move_on(dossier_stage, stage)
    emails.stage_started(record(started, EventKind.STAGE_STARTED, by=by))
    return started


def callable_stages(dossier_stage: DossierStage, passages: steps.Steps, user: User) -> list[Stage]:
    """The étapes that `user` may open on request after the current one. Windows are checked by the call."""
    if not dossier_stage.is_current or dossier_stage.status != Status.VALIDATED:
        return []
    return [stage for stage in passages.on_request if access.instructs(user, dossier_stage.dossier, stage)]


@transaction.atomic
def call_stage(dossier_stage: DossierStage, stage: Stage, *, by: User, message: str = "") -> DossierStage:
    """Open an étape that begins on request, such as a control, for its référent to fill, who reads `message`.

    Raises NotAllowed unless `by` instructs that étape, WrongStatus if it has begun or the dossier stands elsewhere,
    Closed when its window is over or it has no form.
    """
    now = timezone.now()
    dossier_stage = locked(dossier_stage)
    stage = Stage.objects.select_related("guichet").get(pk=stage.pk)
    dossier = dossier_stage.dossier
    if not access.instructs(by, dossier, stage):
        raise NotAllowed
    check_not_begun(dossier_stage, stage)
    if not dossier_stage.is_current or dossier_stage.status != Status.VALIDATED:
        raise WrongStatus(situation(dossier_stage))
    if stage not in callable_stages(dossier_stage, steps.of(dossier), by):
        raise WrongStatus(f"L'étape {french.quoted(stage.title)} ne peut pas être ouverte à ce stade du dossier.")
    in_time = stage.is_open(now) or late_access(stage, dossier.legal_entity).active_at(now).exists()
    if not in_time or queries.newest_revision(stage) is None:
        raise Closed(not_open(stage, now))
    called = move_on(dossier_stage, stage)
    emails.stage_called(record(called, EventKind.STAGE_STARTED, by=by, message=message.strip()))
    return called


def check_not_begun(dossier_stage: DossierStage, stage: Stage) -> None:
    """Raise WrongStatus if the dossier went through that étape already: each begins once."""
    if DossierStage.objects.filter(dossier=dossier_stage.dossier_id, stage=stage).exists():
        raise WrongStatus(f"L'étape {french.quoted(stage.title)} a déjà commencé.")


def not_open(stage: Stage, at: dt.datetime) -> str:
    """Why an étape cannot begin now."""
    title = french.quoted(stage.title)
    if stage.opens_at is not None and at < stage.opens_at:
        return f"L'étape {title} ouvre le {french.moment(stage.opens_at)}."
    if stage.closes_at is not None and at >= stage.closes_at:
        return f"L'étape {title} est fermée depuis le {french.moment(stage.closes_at)}."
    return f"L'étape {title} n'est pas encore ouverte."


def move_on(dossier_stage: DossierStage, stage: Stage) -> DossierStage:
    """Leave an étape for the next one, on its newest form. Under the lock of the dossier."""
    revision = queries.newest_revision(stage)
    assert revision is not None
    DossierStage.objects.filter(pk=dossier_stage.pk).update(is_current=False)
    return begin(dossier_stage.dossier, stage, revision)
