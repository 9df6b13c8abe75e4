"""What a new installation shows: one account a role, one dossier a status, guichets open today (S3, G6).

Everything is done as people would do it, by the functions of each `workflow`: nothing here can make a state that the
portal itself could not. Only the windows of the guichets are set directly, since time is what they stand for.
"""

from __future__ import annotations

import datetime as dt
import io
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts import workflow as accounts_workflow
from accounts.enums import Role
from accounts.models import User
from accounts.workflow import Identity
from dossiers import catalog, queries, workflow
from dossiers.demo import answers
from dossiers.demo.cast import PASSWORD, PEOPLE, PLANS, REJECTION, REMARKS, REQUEST, Person, Plan
from dossiers.enums import Status
from dossiers.kinds import Raw
from dossiers.models import Dossier, DossierStage, Milestone, Stage
from establishments.enums import EstablishmentType
from establishments.models import LegalEntity, Region
from notifications import delivery
from notifications.models import Email

GUICHET, STAGE = "poc-essms", "candidature"
DAYS_LEFT = 30
DAYS_TO_CORRECT = 14
FILES = Path(settings.BASE_DIR) / "fixtures" / "demo"
MODELS = Path(settings.BASE_DIR) / "fixtures" / "guichets" / "modeles"


class Impossible(Exception):
    """The database holds nothing to build on; the message, in French, says what to load first."""


def exists() -> bool:
    """Whether the demonstration was already loaded in this database."""
    return User.objects.with_username(PEOPLE[0].username).exists()


@transaction.atomic
def load() -> None:
    """Fill the database, all or nothing: windows, accounts, dossiers. Raises Impossible.

    Call it once: `exists()` tells.
    """
    if User.objects.exists():
        raise Impossible(
            "Cette base a déjà des comptes : la démonstration, qui déplace les dates des guichets et dont le mot "
            "de passe est public, ne se charge que dans une base sans compte."
        )
    stage = Stage.objects.filter(guichet__code=GUICHET, code=STAGE).select_related("guichet").first()
    if stage is None or accounts_queries.terms_in_force() is None:
        raise Impossible("Les guichets ou les CGU manquent : lancez d'abord « manage.py prepare ».")
    entities = legal_entities()
    shift_windows(stage, today=timezone.localdate())
    people = {person.username: create_account(person, entities) for person in PEOPLE}
    verifier = next(user for user in people.values() if user.role == Role.VERIFIER)
    for number, plan in enumerate(PLANS):
        create_dossier(plan, number, stage, referent=people[plan.referent], verifier=verifier, entities=entities)
    put_emails_away(people)


def legal_entities() -> dict[str, LegalEntity]:
    """The EJ of the accounts and dossiers, by number. Raises Impossible when some are not loaded."""
    wanted = {finess for person in PEOPLE for finess in person.entities}
    found = {entity.finess: entity for entity in LegalEntity.objects.active().filter(finess__in=wanted)}
    if missing := sorted(wanted - set(found)):
        raise Impossible(
            f"Ces établissements manquent : {', '.join(missing)}. Lancez d'abord « manage.py load_reference »."
        )
    return found


# Windows


def shift_windows(stage: Stage, *, today: dt.date) -> None:
    """Move every window and every announced milestone by the same number of days, so that `stage` closes at the end of
    the thirtieth day from `today` (G6). The files in fixtures/ keep the real dates."""
    if stage.closes_at is None:
        return
    last_day = timezone.localdate(stage.closes_at - dt.timedelta(microseconds=1))
    days = dt.timedelta(days=DAYS_LEFT) + (today - last_day)
    for each in Stage.objects.all():
        each.opens_at, each.closes_at = shifted(each.opens_at, days), shifted(each.closes_at, days)
        each.save(update_fields=["opens_at", "closes_at"])
    for milestone in Milestone.objects.all():
        milestone.on += days
        milestone.save(update_fields=["on"])
    stage.refresh_from_db(fields=["opens_at", "closes_at"])


def shifted(at: dt.datetime | None, days: dt.timedelta) -> dt.datetime | None:
    """The same time of day in Paris, so many days later: midnight stays midnight across a change of clocks."""
    if at is None:
        return None
    local = timezone.localtime(at)
    return timezone.make_aware(dt.datetime.combine(local.date() + days, local.time()))


# Accounts


def create_account(person: Person, entities: dict[str, LegalEntity]) -> User:
    user = register(person, entities) if person.role == Role.REFERENT else employ(person)
    terms = accounts_queries.terms_in_force()
    if person.accepts_terms and terms is not None:
        accounts_workflow.accept_terms(terms, by=user)
    return user


def register(person: Person, entities: dict[str, LegalEntity]) -> User:
    """A référent registers, follows the link received, then adds other establishments."""
    identity = Identity(
        public_id=uuid.uuid4(),
        username=person.username,
        email=person.email,
        civility=person.civility,
        first_name=person.first_name,
        last_name=person.last_name,
        phone="+33101010101",
    )
    first, *others = (entities[finess] for finess in person.entities)
    accounts_workflow.register(
        identity,
        password_hash=make_password(PASSWORD),
        legal_entity=first,
        establishment_type=EstablishmentType.ESSMS,
    )
    user = User.objects.get(public_id=identity.public_id)
    accounts_workflow.activate(user)
    user.refresh_from_db()
    for entity in others:
        accounts_workflow.add_establishment(user, entity, EstablishmentType.ESSMS, by=user)
    return user


def employ(person: Person) -> User:
    """Staff choose their password from the link that an administrator sends; the first administrator creates
    himself, as with `manage.py createsuperuser`."""
    names = {"civility": person.civility, "first_name": person.first_name, "last_name": person.last_name}
    if person.role == Role.ADMIN:
        admin: User = User.objects.create_superuser(person.username, person.email, PASSWORD, **names)
        return admin
    user: User = User.objects.create_user(person.username, person.email, role=person.role, **names)
    user.regions.set(Region.objects.filter(code=person.region))
    token = default_token_generator.make_token(user)
    accounts_workflow.reset_password(user, token=token, new_password=PASSWORD)
    return user


# Dossiers


@dataclass(frozen=True)
class Piece:
    """A file deposited in a slot: the name its owner gave it, and the file shipped; zipped when the name says so."""

    code: str
    name: str
    path: Path

    def upload(self) -> SimpleUploadedFile:
        """As a browser sends it."""
        if not self.name.endswith(".zip"):
            return SimpleUploadedFile(self.name, self.path.read_bytes())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(self.path, self.path.name)
        return SimpleUploadedFile(self.name, buffer.getvalue())


FIRST_PIECES = (Piece("prerequisite_1_files", "Attestation DUI Ségur.pdf", FILES / "attestation-dui-segur.pdf"),)
PIECES = (
    *FIRST_PIECES,
    Piece("prerequisite_2_files", "Lettre d'engagement.pdf", FILES / "lettre-engagement.pdf"),
    Piece("prerequisite_3_files", "Diagnostic OPSSIMS.pdf", FILES / "diagnostic-opssims.pdf"),
    Piece("framework_files", "Cadre de réponse.docx", MODELS / "cadre-de-reponse-poc-essms.docx"),
    Piece("bank", "RIB.pdf", FILES / "rib.pdf"),
)
CORRECTED_PIECES = (
    Piece("prerequisite_3_files", "Diagnostics OPSSIMS complétés.zip", FILES / "diagnostic-opssims.pdf"),
)


def create_dossier(
    plan: Plan, number: int, stage: Stage, *, referent: User, verifier: User, entities: dict[str, LegalEntity]
) -> None:
    """Open a dossier and lead it to the status of its plan."""
    dossier = workflow.create_dossier(stage, entities[plan.finess], by=referent, at=timezone.now())
    if plan.status == Status.DRAFT:
        fill(dossier, plan.answers, FIRST_PIECES if plan.answers else ())
        return
    fill(dossier, answers.complete(dossier.legal_entity, number) | plan.answers, PIECES)
    transmit(dossier)
    if plan.corrected or plan.status == Status.MODIFICATION_REQUESTED:
        due_at = catalog.closing(timezone.localdate() + dt.timedelta(days=DAYS_TO_CORRECT))
        assert due_at is not None
        workflow.request_modification(current(dossier), by=verifier, message=REQUEST, remarks=REMARKS, due_at=due_at)
    if plan.corrected:
        fill(dossier, answers.CORRECTION, CORRECTED_PIECES)
        transmit(dossier)
    elif plan.status == Status.VALIDATED:
        workflow.validate(current(dossier), by=verifier)
    elif plan.status == Status.REJECTED:
        workflow.reject(current(dossier), by=verifier, reason=REJECTION)


def current(dossier: Dossier) -> DossierStage:
    """The étape as it now stands: each change is made by somebody who just opened the page."""
    return DossierStage.objects.with_context().select_related("stage__guichet").get(dossier=dossier, is_current=True)


def fill(dossier: Dossier, raws: dict[str, Raw], pieces: Iterable[Piece]) -> None:
    now = timezone.now()
    dossier_stage = current(dossier)
    workflow.save_answers(dossier_stage, raws, bases={}, by=dossier.referent, at=now)
    for piece in pieces:
        workflow.add_file(dossier_stage, piece.code, piece.upload(), by=dossier.referent, at=now)


def transmit(dossier: Dossier) -> None:
    now = timezone.now()
    dossier_stage = current(dossier)
    recap = queries.sheet(dossier_stage, on=now)
    workflow.transmit(dossier_stage, by=dossier.referent, at=now, seen=recap.fingerprint)


# E-mails


def put_emails_away(people: dict[str, User]) -> None:
    """Mark what all this wrote as sent: each dossier shows its e-mails, and the mailbox of a newcomer stays empty, so
    that the first one in it is the code he waits for."""
    for email in Email.objects.filter(to__in=[user.email for user in people.values()]):
        delivery.mark_sent(email, now=timezone.now())
